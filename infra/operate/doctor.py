"""`bridgehead doctor`: is everything there that a question and its answer need? With --canary one makes the whole way.

Each check says ok, warning or MISSING, and what to do. Only what is MISSING makes the command fail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3

from chalicelib import settings
from chalicelib.aws import table
from chalicelib.aws.conversations import SHARDS
from chalicelib.rounds import errands
from chalicelib.rounds.tokens import TOKENS
from chalicelib.text import one_line
from infra import operate
from infra.operate import ses
from infra.operate.canary import Trial, fly
from infra.operate.findings import Finding, Patient, missing, ok, warning
from infra.parameters.secrets import secret_status
from infra.stack.deploy import connect
from infra.stack.package import Say
from infra.stack.rollout import permissions
from infra.stack.target import Target, open_target

MOST_STUCK = 100
MOST_SAID = 80  # characters


class NotWell(Exception):
    """Something is missing; the message says how much."""


Check = Callable[[Patient], Iterator[Finding]]


def doctor(stage: str, with_canary: bool, minutes: float, say: Say = print) -> None:
    """Prints what every check found. Raises NotWell, DeployError."""
    target = open_target(stage)
    examine(patient_of(target, connect(target.endpoint_url)), with_canary, minutes, say)


def patient_of(target: Target, session: boto3.Session) -> Patient:
    """The stack with what is stored in it."""
    kept, version, _ = target.parameters.get("settings")
    return Patient(target, session, settings.build(kept) if version else None)


def examine(patient: Patient, with_canary: bool, minutes: float, say: Say) -> None:
    """Raises NotWell."""
    found = [finding for check in CHECKS for finding in _said(check(patient), say)]
    if with_canary and patient.settings:
        say("")
        found += _said(fly(Trial(patient.settings, say), timedelta(minutes=minutes)), say)
    ended(found, say)


def ended(found: list[Finding], say: Say) -> None:
    """The last line. Raises NotWell."""
    lacking, doubtful = (sum(each.word == word for each in found) for word in ("MISSING", "warning"))
    if lacking:
        raise NotWell(f"\n{lacking} missing, {doubtful} warnings: see the arrows above")
    say(f"\nAll is well{f', {doubtful} warnings' if doubtful else ''}.")


def _said(findings: Iterator[Finding], say: Say) -> list[Finding]:
    found = []
    for finding in findings:
        say(finding.lines)
        found.append(finding)
    return found


def _settings(patient: Patient) -> Iterator[Finding]:
    if patient.settings is None:
        yield missing("settings", "nothing is configured", f"run: bridgehead configure --stage {patient.target.stage}")
        return
    names = ", ".join(patient.settings.connections) or "none"
    yield ok("settings", f"{patient.settings.business}, connections: {names}")
    if not patient.settings.connections:
        yield missing("connections", "there is none", "add [connections.…] to bridgehead.toml, then configure")


def _weak_settings(patient: Patient) -> Iterator[Finding]:
    known = patient.settings
    if known is None:
        return
    for domain in known.agent_domains:
        do = "name your agents one by one in [[agents]] instead"
        yield warning("agents", f"everybody at {domain} may answer in your name", do)
    if not known.helpdesk.sends_from:
        yield ok("sends_from", f"answers are expected from {known.helpdesk.address}; the canary shows if that is so")
    if known.helpdesk.kind == "plain":
        do = "if it is one of those in docs/helpdesk.md, name it in helpdesk.kind: its automatic mails are then known"
        yield warning("helpdesk.kind", "is plain", do)


def _deployed_for(patient: Patient) -> Iterator[Finding]:
    """SES takes only mail from and to the addresses that the stack's roles name."""
    known, deployed = patient.settings, patient.target.template_parameters
    if known is None:
        return
    wanted = {
        "ReplyDomain": known.reply_domain,
        "OwnerAddress": known.owner.address,
        **permissions(known),
    }
    for name, value in wanted.items():
        if deployed.get(name, value) != value:
            do = f"run: bridgehead deploy --stage {patient.target.stage}"
            yield missing("deployed for", f"{deployed[name]}, the settings say {value}", do)


def _keys(patient: Patient) -> Iterator[Finding]:
    kept, version, _ = patient.target.parameters.get("keys")
    if version and kept["current"] in kept["keys"]:
        yield ok("reply keys", f"{len(kept['keys'])}, the current one is {kept['current']!r}")
    else:
        do = f"run: bridgehead configure --stage {patient.target.stage}"
        yield missing("reply keys", "there is none, no ticket can be mailed", do)


def _secrets(patient: Patient) -> Iterator[Finding]:
    states = secret_status(patient.target.parameters, patient.settings) if patient.settings else []
    for state in states:
        what, which = "secret", f"{state.connection} {state.name} {state.account}".rstrip()
        do = f"run: {state.command} --stage {patient.target.stage}"
        yield ok(what, which) if state.is_set else missing(what, f"{which} {state.lacking}", do)


def _dead_letters(patient: Patient) -> Iterator[Finding]:
    sqs, outputs = patient.session.client("sqs"), patient.target.outputs
    queues = {"jobs": outputs.dead_jobs_url, "mail": outputs.dead_mail_url, "records": outputs.dead_records_url}
    for name, url in queues.items():
        asked: list[Any] = ["ApproximateNumberOfMessages"]
        most = int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"][asked[0]])
        do = "see dead letters in docs/operations.md"
        yield missing(f"dead {name}", f"{most} wait", do) if most else ok(f"dead {name}", "none")


def _stuck(patient: Patient) -> Iterator[Finding]:
    now = int(time.time())
    stuck = {item["pk"] for shard in range(SHARDS) for item in table.overdue(str(shard), now, MOST_STUCK)}
    do = "wait five minutes for the sweep; if they stay, see one: bridgehead show " + min(stuck, default="")
    yield warning("stuck", f"{len(stuck)} conversations", do) if stuck else ok("stuck", "nothing")


def _errands(patient: Patient) -> Iterator[Finding]:
    connections = patient.settings.connections if patient.settings else {}
    failing = errands.failing(connections)
    for each in failing:
        since = f"{each.failing_since:%Y-%m-%d %H:%M} UTC" if each.failing_since else ""
        do = _mended(each.duty, connections[each.connection].channel)
        said = f": {one_line(each.said, MOST_SAID)}" if each.said else ""
        yield warning(f"{each.connection} {each.duty}", f"{each.account} has been failing since {since}{said}", do)
    if not failing:
        yield ok("platforms", "whatever was asked of them went well")


def _mended(duty: str, channel: str) -> str:
    again = "look for `errand failed` in the clock's log; it is tried again by itself"
    return f"{again}, else sign in anew: docs/channels/{channel}.md" if duty == TOKENS.name else again


def _quarantine(patient: Patient) -> Iterator[Finding]:
    most = sum(1 for _ in operate.put_aside())
    do = "look through them: bridgehead quarantine list"
    yield warning("quarantine", f"{most} wait for you", do) if most else ok("quarantine", "empty")


CHECKS: tuple[Check, ...] = (
    _settings,
    _weak_settings,
    _deployed_for,
    _keys,
    _secrets,
    ses.domain,
    ses.receipt_rule,
    _dead_letters,
    _stuck,
    _errands,
    _quarantine,
)
