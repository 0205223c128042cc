"""What the settings must be to each other: no loops, nobody let in by accident, a clock that can run.

Each rule sees the file's tables with defaults filled in; a key that was wrong by itself is not there any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.channels import CHANNELS, LETTER, WHATSAPP
from chalicelib.reply_address import LOCAL_PART
from chalicelib.settings import VERSION
from infra import settings_calendars, settings_ladder, settings_numbers
from infra.settings_problems import SECRET_NAMES, Problems, name_of
from infra.settings_tables import ALWAYS, MATCHES
from infra.settings_values import Wrong, closest
from infra.shared_domains import is_shared
from infra.toml_lines import Path

Tables = Mapping[str, Any]


def refuse_other_version(found: Any, problems: Problems) -> None:
    """A file for a newer Bridgehead is not guessed at."""
    if isinstance(found, int) and not isinstance(found, bool) and found > VERSION:
        newer = f"version is {found}, but this Bridgehead knows settings up to version {VERSION}: update it first"
        problems.add(("version",), newer)
    elif found != VERSION or isinstance(found, bool):
        what = "is missing" if found is None else "is not one we know"
        problems.add(("version",), f"version {what}, begin the file with: version = {VERSION}")


def refuse_secrets(document: Any, problems: Problems, path: Path = ()) -> None:
    """By the key's name or by the looks of the value; the value itself is never repeated."""
    if isinstance(document, Mapping):
        for key, inner in document.items():
            refuse_secrets(inner, problems, (*path, key))
    elif isinstance(document, list):
        for number, inner in enumerate(document):
            refuse_secrets(inner, problems, (*path, number) if isinstance(inner, Mapping) else path)
    elif isinstance(document, str) and path and (_is_secret_name(str(path[-1])) or SECRET_LOOKS.search(document)):
        problems.secret(path)


def _is_secret_name(key: str) -> bool:
    return any(part in key.casefold().replace("-", "_") for part in SECRET_NAMES)


def _no_loop(tables: Tables, problems: Problems) -> None:
    """What we mail there would come back to us."""
    helpdesk, reply_domain = tables["helpdesk"], tables["business"].get("reply_domain")
    ours: dict[Path, Any] = {("helpdesk", "address"): helpdesk.get("address")}
    ours.update({(person, "address"): tables[person].get("address") for person in settings_ladder.PEOPLE})
    for path, address in ours.items():
        local, _, domain = (address or "").rpartition("@")
        if reply_domain and domain == reply_domain:
            problems.add(
                path, f'{name_of(path)} is in the reply domain "{domain}": its mail would come back here (loop)'
            )
        elif LOCAL_PART.fullmatch(local):
            problems.add(
                path, f"{name_of(path)} is the reply address of a Bridgehead: two would mail each other (loop)"
            )


def _own_reply_domain(tables: Tables, problems: Problems) -> None:
    """All mail to the reply domain comes to us, so it must not be where people have their mailboxes."""
    business = tables["business"]
    domain = business.get("reply_domain", "")
    if is_shared(domain):
        problems.add(("business", "reply_domain"), f'business.reply_domain is "{domain}", which is not yours alone')
    people = [agent.get("address", "") for agent in tables["agents"]] + tables["helpdesk"].get("sends_from", [])
    used = next((address for address in people if domain and address.rpartition("@")[2] == domain), None)
    if used and not business.get("reply_domain_is_dedicated"):
        problems.add(
            ("business", "reply_domain"),
            f'business.reply_domain is "{domain}", where {used} has its mail, and all mail to it comes to Bridgehead; '
            f'take a name of its own such as "reply.{domain}", or say reply_domain_is_dedicated = true',
        )


def _somebody_may_answer(tables: Tables, problems: Problems) -> None:
    """Answers are taken from named people; a whole domain only on purpose, a domain of strangers never."""
    helpdesk = tables["helpdesk"]
    domains = helpdesk.get("agent_domains", [])
    for domain in filter(is_shared, domains):
        problems.add(
            ("helpdesk", "agent_domains"), f'helpdesk.agent_domains has "{domain}", where anybody can have mail'
        )
    if domains and not helpdesk.get("allow_whole_domains"):
        risk = "lets everybody with an address there answer customers; name the [[agents]], or say allow_whole_domains = true"
        problems.add(("helpdesk", "agent_domains"), f"helpdesk.agent_domains {risk}")
    if not (tables["agents"] or domains or helpdesk.get("sends_from", True)):
        nobody = (
            "nobody may answer: name your [[agents]], or the address your helpdesk answers from in helpdesk.sends_from"
        )
        problems.add(("agents",), nobody)


def _policies_can_match(tables: Tables, problems: Problems) -> None:
    """A policy for an account that no connection has is a misspelling, and its customers would wait longer."""
    lists = [connection.get("accounts") for connection in tables["connections"].values()]
    known = [account for accounts in lists for account in accounts or ()]
    names: dict[str, int] = {}
    for number, policy in enumerate(tables["policies"]):
        for account in policy.get("accounts", ()):
            if account not in known and all(lists):
                wrong = Wrong(account, closest(account, known), "the accounts of your connections")
                problems.wrong(("policies", number, "accounts"), wrong)
        for connection in policy.get("connections", ()):
            if connection not in tables["connections"]:
                wrong = Wrong(connection, closest(connection, tables["connections"]), "the names of your connections")
                problems.wrong(("policies", number, "connections"), wrong)
        if names.setdefault(policy["name"], number) != number:
            problems.add(("policies", number, "name"), f'policies.name "{policy["name"]}" is there twice')


def _accounts_are_taken_once(tables: Tables, problems: Problems) -> None:
    """Two connections with one account would make two tickets of each message."""
    taken: dict[tuple[str, str], str] = {}
    for name, connection in tables["connections"].items():
        for account in connection.get("accounts", ()):
            first = taken.setdefault((connection.get("channel", name), account.casefold()), name)
            if first != name:
                told = f'connections.{name}.accounts has "{account}", which connections.{first} already has'
                problems.add(("connections", name, "accounts"), told)


def _letterboxes_are_ours(tables: Tables, problems: Problems) -> None:
    """Mail to them comes only with the reply domain's, and a conversation's own address opens the way back."""
    domain = tables["business"].get("reply_domain", "")
    for name, connection in tables["connections"].items():
        spec = CHANNELS.get(connection.get("channel", ""))
        by_mail = spec and spec.by_mail and not _is_asked(connection)
        for account in connection.get("accounts", ()) if by_mail else ():
            local, _, host = account.partition("@")
            if domain and (host != domain or not local or LOCAL_PART.fullmatch(local) or account != account.lower()):
                told = f'connections.{name}.accounts has "{account}", allowed: an address such as "hello@{domain}"'
                problems.add(("connections", name, "accounts"), told)


def _is_asked(connection: Tables) -> bool:
    """A mailbox with an interface of its own, which mails nothing."""
    return bool(connection.get("options", {}).get("provider", "mail") != "mail")


def _scans_have_senders(tables: Tables, problems: Problems) -> None:
    """Nobody else may bring letters."""
    for name, connection in tables["connections"].items():
        by_mail = connection.get("channel") == LETTER.name and not _is_asked(connection)
        if by_mail and not connection.get("options", {}).get("senders"):
            told = f"connections.{name}.senders is missing, it names the addresses or domains that mail the scans"
            problems.add(("connections", name, "senders"), told)


def _aws_numbers_are_told(tables: Tables, problems: Problems) -> None:
    """Through AWS a phone number is asked for by AWS's own id of it."""
    for name, connection in tables["connections"].items():
        options = connection.get("options", {})
        is_asked = connection.get("channel") == WHATSAPP.name and options.get("provider") == "aws"
        for account in connection.get("accounts", ()) if is_asked else ():
            if not str(options.get("aws_numbers", {}).get(account, "")).startswith("phone-number-id-"):
                missing = f'{{ "{account}" = "phone-number-id-…" }}'
                told = f'connections.{name}.aws_numbers lacks "{account}", write {missing}'
                problems.add(("connections", name, "aws_numbers"), told)


def _phones_can_be_reached(tables: Tables, problems: Problems) -> None:
    """Twilio takes a text only with the account it is for."""
    phone = tables["phone"]
    if phone.get("provider") == "twilio" and not settings_numbers.TWILIO_ACCOUNT.fullmatch(phone.get("account", "")):
        told = 'phone.account is needed for twilio, it is the account SID: "AC" and 32 characters'
        problems.add(("phone", "account"), told)


def _phone_is_no_connection(tables: Tables, problems: Problems) -> None:
    """Its secrets lie where a connection of that name would have them."""
    if "phone" in tables["connections"]:
        problems.add(("connections", "phone"), 'connections.phone cannot be called "phone", that is the table [phone]')


def _phone_without_provider(tables: Tables, stage: str) -> Iterator[str]:
    for person in settings_ladder.PEOPLE:
        if tables[person].get("phone") and not tables["phone"]:
            yield f"{person}.phone is never used: there is no table [phone]"


def _no_accounts(tables: Tables, stage: str) -> Iterator[str]:
    if not tables["connections"]:
        yield "there is no [connections.<name>] yet: nothing will arrive"


def _nobody_is_reminded(tables: Tables, stage: str) -> Iterator[str]:
    for policy in tables["policies"]:
        if not settings_ladder.steps(policy, tables):
            yield f'policy "{policy["name"]}" has no reminders: nobody hears of a late answer'


def _policy_never_reached(tables: Tables, stage: str) -> Iterator[str]:
    catching = [number for number, policy in enumerate(tables["policies"]) if catches_all(policy)][:1]
    for policy in tables["policies"][catching[0] + 1 :] if catching else ():
        yield f'policy "{policy["name"]}" is never reached: "{tables["policies"][catching[0]]["name"]}" before it takes all'


def catches_all(policy: Tables) -> bool:
    """Whether a policy is for every message."""
    return not any(policy.get(key) not in ([], None) for key in MATCHES)


def _long_business_hours(tables: Tables, stage: str) -> Iterator[str]:
    for policy in tables["policies"]:
        longest = max(policy["first_response"], policy["next_response"])
        if policy["calendar"] != ALWAYS and longest >= DAY_SECONDS:
            hours = f"{longest // 3600} open hours, not calendar days"
            yield f'policy "{policy["name"]}" counts only while you are open: its longest target means {hours}'


def _sample_addresses(tables: Tables, stage: str) -> Iterator[str]:
    used = (tables["business"]["reply_domain"], tables["helpdesk"]["address"], tables["owner"]["address"])
    for address in used if stage != "local" else ():
        if _SAMPLE.search(address):
            yield f"{address} is a sample: no mail will ever arrive there"


RULES = (
    _no_loop,
    _own_reply_domain,
    _somebody_may_answer,
    settings_calendars.check,
    settings_calendars.known,
    settings_ladder.check,
    _phones_can_be_reached,
    _phone_is_no_connection,
    _policies_can_match,
    _accounts_are_taken_once,
    _letterboxes_are_ours,
    _scans_have_senders,
    _aws_numbers_are_told,
    settings_numbers.check,
)
WARNINGS = (
    _no_accounts,
    _nobody_is_reminded,
    _phone_without_provider,
    _policy_never_reached,
    _long_business_hours,
    _sample_addresses,
)

DAY_SECONDS = 24 * 60 * 60
# known beginnings of tokens and keys, a key in a link, a bot token, a long run of hex, a long run of mixed letters and digits
SECRET_LOOKS = re.compile(
    r"whsec_|whsk_|\bsk_(?:live|test)_|\bxox[abp]-|\bEAA[A-Za-z0-9]{20}|\bAKIA[A-Z0-9]{16}\b|-----BEGIN|\bBearer \S{16}"
    r"|[?&](?:token|key|secret|password|sig)=|\b[0-9]{6,}:[\w-]{30,}|^(?=.*[a-f])(?=.*[0-9])[0-9a-f]{32,}$"
    r"|^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{40,}={0,2}$"
)
_SAMPLE = re.compile(r"[@.](?:example|invalid|test)$|(?:^|[@.])example\.(?:com|net|org)$")
