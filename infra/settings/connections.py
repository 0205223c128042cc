"""What a connection must have so that its channel can work: ids in the platform's own form, and what it cannot do without.

A handle where an id belongs, or a forgotten app id, would otherwise show days later, as customers whom nobody heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.channels import (
    BLUESKY,
    CHANNELS,
    FACEBOOK,
    GOOGLE_BUSINESS,
    INSTAGRAM,
    LETTER,
    LINE,
    LINKEDIN,
    MASTODON,
    PHONE,
    TELEGRAM,
    THREADS,
    TIKTOK,
    VIBER,
    WECHAT,
    WECOM,
    WHATSAPP,
    YOUTUBE,
    ZALO,
    ZALO_BOT,
    X,
)
from chalicelib.reply_address import LOCAL_PART
from chalicelib.settings import LANGUAGES
from infra.settings.problems import Problems
from infra.settings.shared_domains import is_shared
from infra.settings.values import ADDRESS, DOMAIN, Value, Wrong

Tables = Mapping[str, Any]
Complaints = Iterator[tuple[str, str]]  # a setting of the connection, and what is wrong with it


@dataclass(frozen=True)
class Form:
    """How a platform writes an account, and where somebody finds it."""

    pattern: re.Pattern[str]
    words: str


def check(tables: Tables, problems: Problems) -> None:
    """Every complaint about a connection that follows from its channel; and none has what another one has."""
    taken: dict[tuple[str, str], str] = {}
    for name, connection in tables["connections"].items():
        for rule in RULES:
            for key, told in rule(connection, tables):
                problems.add(("connections", name, key), f"connections.{name}.{key} {told}")
        for account in connection.get("accounts", ()):
            # two connections with one account would make two tickets of each message
            way = "mail" if _is_by_mail(connection) else connection.get("channel", name)
            first = taken.setdefault((way, account.casefold()), name)
            if first != name:
                told = f'connections.{name}.accounts has "{account}", which connections.{first} already has'
                problems.add(("connections", name, "accounts"), told)


def _accounts_in_form(connection: Tables, tables: Tables) -> Complaints:
    channel, accounts = connection.get("channel", ""), connection.get("accounts", ())
    form = FORMS.get(channel)
    for account in accounts if form else ():
        if form and not form.pattern.fullmatch(account):
            yield "accounts", f'has "{account}", allowed: {form.words}'
    if len(accounts) > 1 and channel in ALONE:
        yield "accounts", f"has {len(accounts)} of them, allowed: one; make a connection for each"


def _letterboxes_are_ours(connection: Tables, tables: Tables) -> Complaints:
    """Mail to them comes only with the reply domain's, and a conversation's own address opens the way back."""
    domain = tables["business"].get("reply_domain", "")
    for account in connection.get("accounts", ()) if domain and _is_by_mail(connection) else ():
        local, _, host = account.partition("@")
        if host != domain or not local or LOCAL_PART.fullmatch(local) or account != account.lower():
            yield "accounts", f'has "{account}", allowed: an address such as "hello@{domain}"'


def _nothing_is_missing(connection: Tables, tables: Tables) -> Complaints:
    options = connection.get("options", {})
    for key, words in NEEDED.get(connection.get("channel", ""), {}).items():
        if not options.get(key):
            yield key, f"is missing, it is {words}"
    if connection.get("channel") == LETTER.name and _is_by_mail(connection) and not options.get("senders"):
        yield "senders", "is missing, it names the addresses or domains that mail the scans"


def _sign_ins_name_their_app(connection: Tables, tables: Tables) -> Complaints:
    """An OAuth 2.0 token is renewed for the app that it was given to."""
    options = connection.get("options", {})
    by_keys = connection.get("channel") != X.name or options.get("login", "keys") == "keys"
    if not (by_keys or options.get("client_id")):
        yield "client_id", f'is missing, login = "{options["login"]}" needs the app\'s Client ID'


def _aws_numbers_are_told(connection: Tables, tables: Tables) -> Complaints:
    """Through AWS a phone number is asked for by AWS's own id of it."""
    options = connection.get("options", {})
    is_asked = connection.get("channel") == WHATSAPP.name and options.get("provider") == "aws"
    for account in connection.get("accounts", ()) if is_asked else ():
        if not str(options.get("aws_numbers", {}).get(account, "")).startswith("phone-number-id-"):
            yield "aws_numbers", f'lacks "{account}", write {{ "{account}" = "phone-number-id-…" }}'


def _letters_come_and_go(connection: Tables, tables: Tables) -> Complaints:
    """Nobody brings letters because strangers have mail there, and what is to be printed does not come back to us."""
    options = connection.get("options", {}) if connection.get("channel") == LETTER.name else {}
    for each in filter(None, map(str.strip, str(options.get("senders", "")).split(","))):
        if _read(ADDRESS if "@" in each else DOMAIN, each) is None:
            yield "senders", f'has "{each}", allowed: addresses and domains, with commas between'
        elif is_shared(each.lower()):
            yield "senders", f'has "{each}", where anybody can have mail: name the one address'
    printer = str(options.get("print_to", ""))
    if printer and _read(ADDRESS, printer) is None:
        yield "print_to", f'is "{printer}", allowed: {ADDRESS.allowed}'
    elif printer and printer.lower().endswith(f"@{tables['business'].get('reply_domain')}"):
        yield "print_to", "is in the reply domain: its mail would come back here (loop)"


def _options_in_form(connection: Tables, tables: Tables) -> Complaints:
    channel, options = connection.get("channel", ""), connection.get("options", {})
    for key, form in OPTIONS.get(channel, {}).items():
        if key in options and not form.pattern.fullmatch(options[key]):
            yield key, f'is "{options[key]}", allowed: {form.words}'


def _is_by_mail(connection: Tables) -> bool:
    spec = CHANNELS.get(connection.get("channel", ""))
    # a mailbox with an interface of its own mails nothing
    return bool(spec and spec.by_mail and connection.get("options", {}).get("provider", "mail") == "mail")


def _read(value: Value, written: str) -> Any:
    with suppress(Wrong):
        return value.read(written)
    return None


def _form(pattern: str, words: str) -> Form:
    return Form(re.compile(pattern), words)


FORMS: Mapping[str, Form] = {
    FACEBOOK.name: _form(r"[0-9]+", "the Page's id, digits only (on the Page: About, Page transparency)"),
    INSTAGRAM.name: _form(r"[0-9]+", "the account's id, digits only, not its name"),
    THREADS.name: _form(r"[\w.]+", "the account's name without @"),
    WHATSAPP.name: _form(r"[0-9]+", "Meta's Phone number ID, digits only; not the number itself"),
    X.name: _form(r"[0-9]+", "the account's number, not its @name: the access token begins with it"),
    LINKEDIN.name: _form(r"[0-9]+", "the page's number (in the address of its admin view, /company/<number>/admin)"),
    GOOGLE_BUSINESS.name: _form(r"accounts/[^/\s]+/locations/[^/\s]+", "accounts/<id>/locations/<id>"),
    YOUTUBE.name: _form(
        r"UC[\w-]{22}", "the channel's id, UC and 22 more (YouTube Studio, Settings, Channel, Advanced)"
    ),
    LINE.name: _form(r"U[0-9a-z]{32,33}", "the bot's own user id, U and 32 more (the answer of /v2/bot/info)"),
    ZALO.name: _form(r"[0-9]+", "the OA's id, digits only"),
    WECHAT.name: _form(r"gh_\w+", "the original id (原始ID), gh_…"),
    WECOM.name: _form(r"wk[\w-]+", "the ids of service accounts (客服账号), wk…"),
    TELEGRAM.name: _form(r"[0-9]+", "the number before the colon of the bot's token"),
    VIBER.name: _form(r"[^\s/:@]+", "the bot's URI: its name in links, without viber://"),
    TIKTOK.name: _form(r"[\w.=-]+", "the account's open_id, not its @name"),
    MASTODON.name: _form(r"[\w.-]+@[\w.-]+\.[\w-]+", "name@server, without an @ in front"),
    BLUESKY.name: _form(r"did:[a-z]+:\S+|[\w-]+(?:\.[\w-]+)+", "the handle without @, or the DID"),
}
ALONE = frozenset(spec.name for spec in (LINE, TELEGRAM, THREADS, VIBER, WECHAT, YOUTUBE, ZALO_BOT))
NEEDED: Mapping[str, Mapping[str, str]] = {
    GOOGLE_BUSINESS.name: {
        "audience": "the audience of your push subscription, exactly",
        "push_account": "the service account of your push subscription",
        "client_id": "the id of your OAuth client",
    },
    YOUTUBE.name: {"client_id": "the id of your OAuth client"},
    ZALO.name: {"app_id": "the id of your app"},
    WECHAT.name: {"app_id": "the AppID, wx…"},
    WECOM.name: {"corp_id": "the corporation's id, ww…"},
    TIKTOK.name: {"app_id": "the id of your app"},
}
_META = _form(r"v[0-9]+\.[0-9]+", 'a version such as "v26.0"')
_SPOKEN = "|".join(LANGUAGES)
OPTIONS: Mapping[str, Mapping[str, Form]] = {
    **{spec.name: {"api_version": _META} for spec in (FACEBOOK, INSTAGRAM, THREADS, WHATSAPP)},
    LINKEDIN.name: {"api_version": _form(r"20[0-9]{4}", 'year and month, such as "202610"')},
    PHONE.name: {
        "languages": _form(
            rf"(?:{_SPOKEN})(?:[, ]+(?:{_SPOKEN}))*", f"some of {', '.join(LANGUAGES)}, with commas between"
        )
    },
    VIBER.name: {"sender_name": _form(r".{1,28}", "up to 28 characters")},
}
RULES = (
    _accounts_in_form,
    _letterboxes_are_ours,
    _nothing_is_missing,
    _sign_ins_name_their_app,
    _aws_numbers_are_told,
    _letters_come_and_go,
    _options_in_form,
)
