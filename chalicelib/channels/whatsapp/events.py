"""WhatsApp: what each item of a delivery means. The same through Meta and through AWS.

A customer is known by several ids: the phone number (`wa_id`), which may be missing or change, and Meta's own id of a
person for one business (`user_id`, "US.134…"), which stands still unless the number changes. The latter is the thread
wherever it is told, the number only where it is not.
https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib.channels.base import WebhookRequest, each, read_json, text_id
from chalicelib.channels.meta import moment
from chalicelib.channels.told import words
from chalicelib.channels.whatsapp import account_news, failures
from chalicelib.channels.whatsapp.content import CONTENTS, content
from chalicelib.channels.whatsapp.pieces import Piece, account_of, cut
from chalicelib.model import (
    Author,
    Echo,
    Edit,
    Event,
    Kind,
    Message,
    Moved,
    Note,
    NoteKind,
    Reaction,
    Undelivered,
    Unreadable,
    Unsend,
)

OURS = "bridgehead:"  # in front of what a status brings back: our reply's id, the author, the thread
GROUP = "group:"  # in front of a group's id, in a thread
TAKEN = ("sent", "delivered", "failed")  # statuses of what WhatsApp took from us; `read` comes after one of them


def events(request: WebhookRequest, accounts: Collection[str]) -> list[Event]:
    """Every item of the delivery; what concerns numbers we do not serve is kept as unreadable. Raises Malformed."""
    deliveries = list(cut(read_json(request.body)))
    return [event for raw in deliveries for event in _events(raw, accounts, request.received_at)]


def _events(raw: Mapping[str, Any], accounts: Collection[str], received_at: float) -> Iterator[Event]:
    for read in _readers(raw):
        yield from each([raw], partial(_event, read, accounts, received_at))


def _readers(raw: Mapping[str, Any]) -> tuple[Reader, ...]:
    try:
        value = raw["entry"][0]["changes"][0]["value"]
        return next((READERS[name] for name in READERS if name in value), (_account_field,))
    except (LookupError, TypeError):
        return (_account_field,)


def _event(read: Reader, accounts: Collection[str], received_at: float, raw: Mapping[str, Any]) -> Event | None:
    entry = raw["entry"][0]
    value = entry["changes"][0]["value"]
    name = next((name for name in READERS if name in value), "")
    item = value[name][0] if name else value
    # what concerns the business account as a whole names no number
    account = account_of(entry) if name or "metadata" in value else next(iter(accounts), "")
    if account not in accounts:
        return Unreadable("unknown-account", raw)
    return read(Piece(account, item, next(iter(value.get("contacts", ())), {}), (entry.get("time"), received_at), raw))


def _message(piece: Piece) -> Event | None:
    kind = piece.item.get("type")
    if kind in CHANGES:
        return CHANGES[kind](piece)
    if kind not in CONTENTS:
        return _unknown(piece)
    text, attachments = content(piece.item)
    group = words(piece.item.get("group_id"))
    if not (text or attachments):
        return None if group else _note(piece)
    author, number = _author(piece), _number(piece)
    return Message(
        channel="whatsapp",
        account=piece.account,
        id=text_id(piece.item["id"]),
        thread=f"{GROUP}{group}" if group else author.id,
        author=author,
        text=text,
        sent_at=_at(piece),
        kind=Kind.GROUP if group else Kind.DIRECT,
        public=bool(group),
        attachments=attachments,
        parent=words((piece.item.get("context") or {}).get("id")),
        also="" if group or number == author.id else number,
        raw=piece.raw,
    )


def _note(piece: Piece) -> Note:
    author = _author(piece)
    id = text_id(piece.item["id"])
    return Note("whatsapp", piece.account, id, author.id, author, NoteKind.UNSUPPORTED, _at(piece), piece.raw)


def _reaction(piece: Piece) -> Reaction:
    reaction = piece.item["reaction"]
    sign = words(reaction.get("emoji"))  # taken back: empty, or not there
    return Reaction("whatsapp", piece.account, text_id(reaction["message_id"]), sign, _at(piece), piece.raw)


def _edit(piece: Piece) -> Edit:
    edit = piece.item["edit"]
    text, _ = content(edit["message"])
    return Edit("whatsapp", piece.account, text_id(edit["original_message_id"]), text, _at(piece), piece.raw)


def _revoke(piece: Piece) -> Unsend:
    original = text_id(piece.item["revoke"]["original_message_id"])
    return Unsend("whatsapp", piece.account, original, _at(piece), piece.raw)


def _system(piece: Piece) -> Moved | None:
    """Another number or id of the same person; a new security code, `customer_identity_changed`, says nothing to us."""
    system = piece.item["system"]
    new = words(system.get(RENAMINGS.get(system.get("type"), "")))
    if not new:
        return None
    told = [*map(piece.item.get, ("from_user_id", "from")), *PERSON.findall(words(system.get("body")))]
    old = next(
        (words(each) for each in told if words(each) and _is_person(each) == _is_person(new) and each != new), ""
    )
    return _moved(piece, text_id(piece.item["id"]), old, new) if old else None


def _user_id(piece: Piece) -> Moved | None:
    change = piece.item["user_id"]
    old, new = text_id(change["previous"]), text_id(change["current"])
    return _moved(piece, f"moved:{old}:{new}", old, new) if old != new else None


def _moved(piece: Piece, id: str, old: str, new: str) -> Moved:
    return Moved("whatsapp", piece.account, id, old, new, _at(piece), piece.raw)


def _nothing(piece: Piece) -> None:
    return None


CHANGES: Mapping[Any, Callable[[Piece], Event | None]] = {
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    "request_welcome": _nothing,  # somebody opened the chat for the first time
}
RENAMINGS = {
    "user_changed_number": "wa_id",
    "customer_changed_number": "wa_id",
    "user_changed_user_id": "user_id",
}  # which field has the new one


def _sent(piece: Piece) -> Echo | None:
    """WhatsApp took an answer of ours: proof where the answer to our call was lost."""
    kept = words(piece.item.get("biz_opaque_callback_data"))
    if piece.item["status"] not in TAKEN or not kept.startswith(OURS):
        return None
    reply_id, author, thread = kept.removeprefix(OURS).split(":", 2)
    echo = Echo("whatsapp", piece.account, text_id(piece.item["id"]), "", _at(piece), thread, author)
    return replace(echo, reply_id=reply_id, raw=piece.raw)


def _failed(piece: Piece) -> Undelivered | None:
    if piece.item["status"] != "failed":
        return None
    code = next((error.get("code") for error in piece.item.get("errors") or ()), 0)
    word, detail = failures.word(code), str(code)
    return Undelivered("whatsapp", piece.account, text_id(piece.item["id"]), word, _at(piece), detail, piece.raw)


def _echo(piece: Piece) -> Echo | None:
    """The business answered in the WhatsApp Business app; what it changes or takes back there it sees there."""
    if piece.item.get("type") not in CONTENTS:
        return None
    person = _person(piece, "to_user_id", "to")
    text, _ = content(piece.item)
    echo = Echo("whatsapp", piece.account, text_id(piece.item["id"]), text, _at(piece), person, person)
    return replace(echo, raw=piece.raw)


def _error(piece: Piece) -> Event:
    """Errors alone, about nothing we sent: the app's own, such as a sign-in that no longer holds."""
    code = piece.item.get("code", 0)
    return account_news.of_error(piece.account, code, _at(piece), piece.raw) or Unreadable("error", piece.raw)


def _account_field(piece: Piece) -> Event | None:
    field = piece.raw["entry"][0]["changes"][0]["field"]
    if field in account_news.FIELDS:
        return account_news.FIELDS[field](piece.account, piece.item, _at(piece), piece.raw)
    return None if field in account_news.SILENT else _unknown(piece)


def _unknown(piece: Piece) -> Unreadable:
    return Unreadable("unknown-kind", piece.raw)


Reader = Callable[[Piece], Event | None]
READERS: Mapping[str, tuple[Reader, ...]] = {
    "messages": (_message,),
    "statuses": (_sent, _failed),
    "message_echoes": (_echo,),
    "user_id_update": (_user_id,),
    "errors": (_error,),
}


def _author(piece: Piece) -> Author:
    profile, number = piece.contact.get("profile") or {}, _number(piece)
    return Author(
        id=_person(piece, "from_user_id", "from"),
        name=words(profile.get("name")),
        handle=words(profile.get("username")).lstrip("@"),
        url=f"https://wa.me/{number}" if number else "",
    )


def _person(piece: Piece, *sides: str) -> str:
    """The stable id where it is told, else the number. Raises ValueError when nobody is named."""
    known = [*map(piece.item.get, sides), piece.contact.get("user_id"), piece.contact.get("wa_id")]
    told = [words(each) for each in known if words(each)]
    return text_id(next((each for each in told if _is_person(each)), told[0] if told else ""))


def _number(piece: Piece) -> str:
    told = (words(each) for each in (piece.item.get("from"), piece.contact.get("wa_id")))
    return next((each for each in told if each.isdecimal()), "")


def _is_person(id: Any) -> bool:
    return "." in words(id)  # "US.134…"; numbers are digits alone


def _at(piece: Piece) -> datetime:
    return moment(piece.item.get("timestamp"), *piece.times)


PERSON = re.compile(r"\b[A-Z]{2}(?:\.ENT)?\.\w+")
