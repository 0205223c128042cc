"""Messenger: what an event in a conversation between a Page and a person means, and how an answer is addressed.

https://developers.facebook.com/docs/messenger-platform/webhooks
https://developers.facebook.com/docs/messenger-platform/reference/send-api
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.channels.base import Limits, Media, Outcome, PostFailed, text_id
from chalicelib.channels.meta import Piece, moment, unknown
from chalicelib.channels.meta.attachments import attachments
from chalicelib.channels.told import words
from chalicelib.http import Form
from chalicelib.model import (
    Attachment,
    Author,
    Echo,
    Edit,
    Event,
    File,
    Kind,
    Message,
    Note,
    NoteKind,
    Reaction,
    Reply,
    Trouble,
    TroubleKind,
    Unsend,
)

LONGEST_TEXT = 2000  # characters
MOST_PARTS = 5
LARGEST_FILE = 25_000_000  # bytes, all that Meta takes; pictures by upload too
FILES = Media(
    types=(
        *("image/jpeg", "image/png", "image/gif", "video/mp4", "audio/mpeg", "audio/mp4"),
        *("application/pdf", "text/plain"),
    ),
    size=LARGEST_FILE,
    most=5,
)
WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)
PRIVATE_WINDOW = timedelta(days=7)  # in which something public may be answered privately
OURS = "bridgehead:"  # in front of a reply's id, in the metadata that an echo brings back
THREAD_CONTROL = {"pass_thread_control", "take_thread_control", "request_thread_control", "app_roles"}
SILENT = {"read", "delivery", "referral", "optin", "account_linking", *THREAD_CONTROL}


def to_event(piece: Piece) -> Event | None:
    """One of `entry[].messaging[]` or `entry[].standby[]`; its kind is whichever key exists.

    Standby means that another app has the thread. The customer wrote all the same, and who answers through us is a
    human, so it is a ticket like any other; it is bots that must keep quiet there.
    """
    for name, read in READERS.items():
        if name in piece.item:
            return read(piece, piece.item[name])
    return None if SILENT & piece.item.keys() else unknown(piece)


def limits(human_agent: bool) -> Limits:
    """Of an answer in a conversation; `human_agent`: Meta has allowed us to say that a human wrote it."""
    extended = HUMAN_WINDOW if human_agent else None
    return Limits(False, LONGEST_TEXT, window=WINDOW, extended_window=extended, parts=MOST_PARTS, media=FILES)


def addressed(reply: Reply, recipient: Mapping[str, str], human_agent: bool) -> dict[str, Any]:
    """The body of a Send API call. `human_agent`: the day has passed, and a human wrote this, which Meta has allowed us to say."""
    kind = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if human_agent else {"messaging_type": "RESPONSE"}
    content = {"attachment": _uploaded(reply.files[0])} if reply.files else {"text": reply.text}
    return {"recipient": recipient, **kind, "message": {**content, "metadata": OURS + reply.id}}


def with_file(body: Mapping[str, Any], file: File) -> Form:
    """The same as a form, with the file that the message speaks of."""
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    return {**fields, "filedata": (file.name, file.content, file.media_type)}


def needs_tag(reply: Reply, now: datetime, human_agent: bool) -> bool:
    """Whether only Meta's permission for human agents lets this through. Raises PostFailed when nothing does."""
    passed = now - reply.window_from
    if passed <= WINDOW:
        return False
    if not human_agent or passed > HUMAN_WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    return True


def private_recipient(reply: Reply, now: datetime, names: Mapping[Kind, str]) -> dict[str, str]:
    """Whom a private answer to something public goes to, by what it answers; `names` says how Meta calls that.

    Raises PostFailed where there is no such thing: never publicly instead.
    """
    if reply.kind not in names:
        raise PostFailed(Outcome.REFUSED, "private-only")
    if now - reply.window_from > PRIVATE_WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    return {names[reply.kind]: reply.parent}


def _uploaded(file: File) -> dict[str, Any]:
    major = file.media_type.partition("/")[0]
    return {"type": major if major in ("image", "audio", "video") else "file", "payload": {"is_reusable": False}}


def _message(piece: Piece, message: Mapping[str, Any]) -> Event:
    if message.get("is_deleted"):
        return Unsend(piece.channel, piece.account, text_id(message["mid"]), _at(piece), piece.raw)
    if message.get("is_echo") or _is_own(piece):
        return _echo(piece, message)
    text, sent = _text(message), tuple(dict.fromkeys(attachments(message)))
    # marked is_unsupported, or simply empty: the customer sent something that Meta does not hand out
    if not (text or sent):
        return _note(piece, message)
    return _written(piece, text_id(message["mid"]), text, sent, _answered(message))


def _edit(piece: Piece, edit: Mapping[str, Any]) -> Edit | None:
    if _is_own(piece):
        return None
    return Edit(piece.channel, piece.account, text_id(edit["mid"]), words(edit.get("text")), _at(piece), piece.raw)


def _reaction(piece: Piece, reaction: Mapping[str, Any]) -> Reaction | None:
    if _is_own(piece):
        return None
    is_given = reaction.get("action") != "unreact"
    sign = words(reaction.get("emoji")) or words(reaction.get("reaction")) if is_given else ""
    return Reaction(piece.channel, piece.account, text_id(reaction["mid"]), sign, _at(piece), piece.raw)


def _postback(piece: Piece, postback: Mapping[str, Any]) -> Message:
    # a button pressed is a message with the button's words; without an id it gets one from who and when, and that
    # "when" has to be the event's own, for entry.time changes with each redelivery
    id = words(postback.get("mid")) or f"postback:{_person(piece)}:{text_id(piece.item['timestamp'])}"
    return _written(piece, id, words(postback.get("title")) or words(postback.get("payload")), (), "")


def _policy(piece: Piece, enforcement: Mapping[str, Any]) -> Trouble:
    action, at = words(enforcement.get("action")), _at(piece)
    detail = f"{action}: {words(enforcement.get('reason'))}"[:300]
    id = f"policy:{action}:{at.timestamp():.3f}"
    return Trouble(piece.channel, piece.account, id, TroubleKind.POLICY, at, detail, piece.raw)


READERS: Mapping[str, Callable[[Piece, Mapping[str, Any]], Event | None]] = {
    "message": _message,
    "message_edit": _edit,
    "reaction": _reaction,
    "postback": _postback,
    "policy-enforcement": _policy,
    "policy_enforcement": _policy,  # Meta's pages have both spellings
}


def _echo(piece: Piece, message: Mapping[str, Any]) -> Echo:
    person, metadata = _person(piece), words(message.get("metadata"))
    return Echo(
        channel=piece.channel,
        account=piece.account,
        id=text_id(message["mid"]),
        text=words(message.get("text")),
        at=_at(piece),
        thread=person,
        author_id=person,
        reply_id=metadata.removeprefix(OURS) if metadata.startswith(OURS) else "",
        raw=piece.raw,
    )


def _note(piece: Piece, message: Mapping[str, Any]) -> Note:
    person = _person(piece)
    return Note(
        channel=piece.channel,
        account=piece.account,
        id=text_id(message["mid"]),
        thread=person,
        author=Author(person),
        kind=NoteKind.UNSUPPORTED,
        at=_at(piece),
        raw=piece.raw,
    )


def _written(piece: Piece, id: str, text: str, attachments: tuple[Attachment, ...], parent: str) -> Message:
    person = _person(piece)
    return Message(
        channel=piece.channel,
        account=piece.account,
        id=id,
        thread=person,
        author=Author(person),
        text=text,
        sent_at=_at(piece),
        attachments=attachments,
        parent=parent,
        raw=piece.raw,
    )


def _person(piece: Piece) -> str:
    """Whichever of the two is not the Page: an echo has them the other way round, and some echoes do not."""
    for side in ("sender", "recipient"):
        found = (piece.item.get(side) or {}).get("id")
        if found and text_id(found) != piece.account:
            return text_id(found)
    raise ValueError("person")


def _is_own(piece: Piece) -> bool:
    return str((piece.item.get("sender") or {}).get("id")) == piece.account


def _at(piece: Piece) -> datetime:
    return moment(piece.item.get("timestamp"), *piece.times)


def _text(message: Mapping[str, Any]) -> str:
    return words(message.get("text")) or words((message.get("quick_reply") or {}).get("payload"))


def _answered(message: Mapping[str, Any]) -> str:
    return words((message.get("reply_to") or {}).get("mid"))
