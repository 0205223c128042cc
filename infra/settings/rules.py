"""What the settings must be to each other: no loops, nobody let in by accident, a clock that can run.

Each rule sees the file's tables with defaults filled in; a key that was wrong by itself is not there any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.channels import RESERVED
from chalicelib.reply_address import LOCAL_PART
from chalicelib.settings import VERSION
from infra.settings import calendars, connections, ladder, numbers
from infra.settings.problems import Problems, is_secret_name, name_of
from infra.settings.shared_domains import is_shared
from infra.settings.tables import ALWAYS, MATCHES
from infra.settings.toml_lines import Path
from infra.settings.values import Wrong, closest

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
    elif isinstance(document, str) and path and (_is_secret_key(path) or SECRET_LOOKS.search(document)):
        problems.secret(path)


def _is_secret_key(path: Path) -> bool:
    # names inside a connection's setting are the owner's own: an approved text may be called password_reset
    return is_secret_name(str(path[-1])) and (path[0] != "connections" or len(path) <= 3)


def _no_loop(tables: Tables, problems: Problems) -> None:
    """What we mail there would come back to us."""
    helpdesk, reply_domain = tables["helpdesk"], tables["business"].get("reply_domain")
    ours: dict[Path, Any] = {("helpdesk", "address"): helpdesk.get("address")}
    ours.update({(person, "address"): tables[person].get("address") for person in ladder.PEOPLE})
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


def _phones_can_be_reached(tables: Tables, problems: Problems) -> None:
    """Twilio takes a text only with the account it is for."""
    phone = tables["phone"]
    if phone.get("provider") == "twilio" and not numbers.TWILIO_ACCOUNT.fullmatch(phone.get("account", "")):
        told = 'phone.account is needed for twilio, it is the account SID: "AC" and 32 characters'
        problems.add(("phone", "account"), told)
    for person in ladder.PEOPLE if phone.get("number") else ():
        if tables[person].get("phone") == phone["number"]:
            told = (
                f"phone.number is {person}.phone too: texts come from a number of the provider's, not from that phone"
            )
            problems.add(("phone", "number"), told)


def _names_are_free(tables: Tables, problems: Problems) -> None:
    """What is ours lies where that of a connection of the same name would."""
    for name in ("phone", *RESERVED):
        if name in tables["connections"]:
            told = f'connections.{name} cannot be called "{name}", that name is taken: choose another'
            problems.add(("connections", name), told)


def _phone_without_provider(tables: Tables, stage: str) -> Iterator[str]:
    for person in ladder.PEOPLE:
        if tables[person].get("phone") and not tables["phone"]:
            yield f"{person}.phone is never used: there is no table [phone]"


def _only_the_helpdesk(tables: Tables, stage: str) -> Iterator[str]:
    helpdesk = tables["helpdesk"]
    if not (tables["agents"] or helpdesk["agent_domains"] or helpdesk["sends_from"]):
        yield (
            f"only mail from {helpdesk['address']} counts as an answer: name your [[agents]], "
            "or the address your helpdesk answers from in helpdesk.sends_from"
        )


def _no_accounts(tables: Tables, stage: str) -> Iterator[str]:
    if not tables["connections"]:
        yield "there is no [connections.<name>] yet: nothing will arrive"


def _nobody_is_reminded(tables: Tables, stage: str) -> Iterator[str]:
    for policy in tables["policies"]:
        if not ladder.steps(policy, tables):
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
    calendars.check,
    calendars.known,
    ladder.check,
    _phones_can_be_reached,
    _names_are_free,
    _policies_can_match,
    connections.check,
    numbers.check,
)
WARNINGS = (
    _only_the_helpdesk,
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
