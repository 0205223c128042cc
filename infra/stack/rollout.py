"""From a settings file to a working stack: deploy, configure, secrets; and what is still missing, with the command for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chalicelib import settings
from chalicelib.aws import objects
from chalicelib.channels import BLUESKY, EMAIL, LETTER, MASTODON, PHONE, YOUTUBE, spec_of
from chalicelib.channels.base import Connection
from chalicelib.phone import twilio
from chalicelib.settings import Settings
from infra.parameters import Parameters, Refused, put_settings
from infra.parameters.reply_keys import ensure_keys, retire_old_keys, rotate_keys
from infra.parameters.secrets import Status, put_secret, read_value, secret_status, wanted, what_is_missing
from infra.settings.document import check, read
from infra.stack import letterheads
from infra.stack.deploy import Outputs, deploy
from infra.stack.target import Target, endpoint_of, open_target

Checked = Mapping[str, Any]
ASKED = (YOUTUBE.name, MASTODON.name, BLUESKY.name)  # they push nothing
RIGHTS = {  # what the roles say of the settings, by parameter of the template
    "ReplyDomain": "the reply domain",
    "OwnerAddress": "the owner's address",
    "Recipients": "whom the desk may write to (helpdesk, owner, lead, reminded agents, print_to)",
    "CustomerAddresses": "the addresses of e-mail connections",
    "ReadScans": "whether scans are read (textract)",
    "PrintLetters": "whether there are letters",
    "WriteDownCalls": "whether calls are written down by AWS (transcribe)",
}


def roll_out(stage: str, file: Path) -> None:
    """Deploys, configures, and says what is left to do. Raises SettingsError, DeployError."""
    checked = _check(stage, file)
    outputs = deploy(stage, template_parameters(checked), endpoint_of(stage))
    target = open_target(stage)
    typed = _store(target, checked, file.parent)
    _say_where(outputs, typed)
    _say_domain(outputs)
    _say_missing(stage, target.parameters, typed)


def template_parameters(checked: Checked) -> dict[str, str]:
    """What of the settings the template must know: whom the desk may write to, and from where."""
    return {
        "ReplyDomain": checked["reply_domain"],
        "OwnerAddress": checked["owner"]["address"],
        **permissions(settings.build(checked)),
    }


def permissions(typed: Settings) -> dict[str, str]:
    """What the desk's role must allow for these settings, as parameters of the template."""
    connections = typed.connections.values()
    addresses = [address for each in connections if each.channel == EMAIL.name for address in each.accounts]
    reads = any(each.channel == LETTER.name and each.options.get("textract") for each in connections)
    return {
        "Recipients": ",".join(recipients(typed)),
        "CustomerAddresses": ",".join(addresses),
        "ReadScans": "true" if reads else "",
        "PrintLetters": "true" if any(each.channel == LETTER.name for each in connections) else "",
        "WriteDownCalls": "true" if any(map(_is_written_down, connections)) else "",
    }


def _is_written_down(connection: Connection) -> bool:
    return connection.channel == PHONE.name and connection.options.get("transcribe", "aws") == "aws"


def recipients(typed: Settings) -> list[str]:
    """Whom the desk mails by these settings: the lead, and agents only if a policy reminds them at their own address."""
    reminds_agents = any("agents" in step.to for policy in typed.policies for step in policy.ladder)
    agents = [agent.address for agent in typed.agents] if reminds_agents else []
    leads = [typed.lead.address] if typed.lead else []
    printers = [str(each.options.get("print_to", "")) for each in typed.connections.values()]
    found = [typed.helpdesk.address, typed.owner.address, *leads, *agents, *filter(None, printers)]
    return list(dict.fromkeys(found))


def configure(stage: str, file: Path) -> None:
    """Checks and stores the settings of a stack that is there. Raises SettingsError, DeployError."""
    checked = _check(stage, file)
    target = open_target(stage)
    _refuse_what_needs_a_deployment(target, checked)
    typed = _store(target, checked, file.parent)
    print("The settings are stored; they hold everywhere within five minutes.")
    _say_missing(stage, target.parameters, typed)


def set_secret(stage: str, connection: str, name: str, account: str | None, keep_previous: bool) -> None:
    """Raises Refused."""
    target = open_target(stage)
    typed = _stored(target.parameters)
    wanted(typed, connection, name, account)
    put_secret(target.parameters, typed, connection, name, read_value(f"{connection} {name}"), account, keep_previous)
    print("Stored; it holds everywhere within five minutes.")
    _say_missing(stage, target.parameters, typed)


def show_secrets(stage: str) -> None:
    """A line for each secret that is needed."""
    target = open_target(stage)
    states = secret_status(target.parameters, _stored(target.parameters))
    for status in _each_once(states):
        state = "set" if status.is_set else "MISSING"
        since = f"{status.changed_at:%Y-%m-%d}" if status.is_set and status.changed_at else ""
        print(f"{status.connection:<16} {status.name:<16} {status.account:<20} {state:<8} {since}".rstrip())


def rotate(stage: str) -> None:
    """Takes five minutes: every Lambda must know the new key before it is used."""
    target = open_target(stage)
    print("A new key for reply addresses; this takes five minutes. Interrupted, just run it again.")
    print(f"New addresses carry key {rotate_keys(target.parameters)!r} now; mails already sent can still be answered.")


def retire(stage: str) -> None:
    """After a key leaked: tickets mailed with the old ones cannot be answered any more."""
    gone = retire_old_keys(open_target(stage).parameters)
    print(f"No longer valid: {', '.join(gone) or 'none, there is only the current key'}.")


def _check(stage: str, file: Path) -> Checked:
    if not file.exists():
        raise Refused(f"{file} is not there. Copy bridgehead.example.toml to it and make it yours")
    checked = check(read(file), stage, file.name)
    for warning in checked.warnings:
        print(f"note: {warning}")
    letterheads.check(checked.settings, file.parent)
    return checked.settings


def _refuse_what_needs_a_deployment(target: Target, checked: Checked) -> None:
    """The desk's role names the addresses it may write to; with others every mail would be refused."""
    wanted = template_parameters(checked)
    changed = [name for name, value in wanted.items() if target.template_parameters.get(name, "") != value]
    if changed:
        what = ", ".join(RIGHTS.get(name, name) for name in changed)
        raise Refused(f"changed: {what}. This needs a deployment, run: make deploy STAGE={target.stage}")


def _store(target: Target, checked: Checked, folder: Path) -> Settings:
    whole = {**letterheads.store(checked, folder, objects.put), "public_url": target.outputs.api_url}
    put_settings(target.parameters, whole)
    ensure_keys(target.parameters)
    return settings.build(whole)


def _stored(parameters: Parameters) -> Settings:
    kept, version, _ = parameters.get("settings")
    if not version:
        raise Refused("nothing is configured yet, run: bridgehead configure")
    return settings.build(kept)


def _say_where(outputs: Outputs, typed: Settings) -> None:
    print("\nWhere questions come in; an address of https:// is to be entered on the platform:")
    for name, connection in typed.connections.items():
        print(f"  {name:<16} {_way_in(outputs, connection)}")
    if typed.phone and typed.phone.provider == "twilio":
        print(f"  {'phone':<16} {outputs.api_url}{twilio.PATH}")


def _way_in(outputs: Outputs, connection: Connection) -> str:
    spec = spec_of(connection.channel)
    within = spec.needs_no_secrets.items() <= {**spec.settings, **connection.options}.items()
    if spec.by_mail and within:
        return ", ".join(connection.accounts)
    if spec.needs_no_secrets and within:
        return f"the topic {outputs.stack}-platforms, to be entered in the AWS console"
    if connection.channel in ASKED:
        return "nothing to enter: the platform is asked every two minutes"
    return f"{outputs.api_url}/webhooks/{connection.channel}/{connection.name}"


def _say_domain(outputs: Outputs) -> None:
    if outputs.domain is None:
        return
    print(f"\nDNS records for {outputs.domain.name}:")
    for record in outputs.domain.records:
        print(
            f"  {record.type:<6} {record.name}  {record.value}   {record.purpose}{'' if record.required else ' (optional)'}"
        )
    if not outputs.domain.verified:
        print("SES has not seen them yet; mail flows as soon as it has.")
    if not outputs.domain.production_access:
        print("SES is in its sandbox: verify the addresses it writes to there, or ask AWS for production access.")


def _say_missing(stage: str, parameters: Parameters, typed: Settings) -> None:
    missing = what_is_missing(parameters, typed)
    if not missing:
        print("\nNothing is missing.")
        return
    print("\nStill missing:")
    for status in _each_once(missing):
        without = [WITHOUT[each.side] for each in missing if each.command == status.command]
        print(f"  {status.command} --stage {stage}   # without it {' and '.join(without)}")


def _each_once(states: Iterable[Status]) -> list[Status]:
    """Some secrets serve both ways and are given once; what one way lacks is told."""
    found: dict[str, Status] = {}
    for state in states:
        if state.command not in found or found[state.command].is_set:
            found[state.command] = state
    return list(found.values())


WITHOUT = {"receive": "nothing arrives", "send": "no answer goes out"}
