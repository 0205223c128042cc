"""What a scanned letter says: the PDF's own text layer, else Textract's, and the reference of ours that it names."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from threading import Thread

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.model import Message

LARGEST_SCAN = 20_000_000  # bytes
MOST_PAGES, LONGEST_TEXT = 30, 100_000
SECONDS = 10.0  # for a text layer; the desk has 30 for a job
FEWEST_LETTERS = 20  # less is a scanner's own mark
LOOK_AGAIN = timedelta(seconds=20)
UNREAD = "unread"
PREFIX = "BH"
# a scanner takes 0 for O, 1 for I, 8 for B, and any dash for ours
REFERENCE = re.compile(rf"\b{PREFIX}[-–—_ ]{{0,3}}([A-Z0-9]{{4}})[-–—_ ]{{0,3}}([A-Z0-9]{{4}})\b", re.IGNORECASE)
LOOKS_LIKE = str.maketrans("018", "OIB")


def read(message: Message, with_textract: bool) -> Message:
    """The letter with its words and its conversation. Raises PostFailed, passing, while Textract is at it."""
    from chalicelib.aws import objects

    key = message.attachments[0].ref
    try:
        words = text_layer(objects.get(key, LARGEST_SCAN))
    except (KeyError, ValueError):
        return replace(message, doubt=UNREAD)
    if _is_empty(words) and with_textract:
        words = _seen(key, message.id)
    return placed(message, words)


def placed(message: Message, words: str) -> Message:
    """The letter with its words, in the conversation whose reference it names."""
    if _is_empty(words):
        return replace(message, doubt=UNREAD)
    return replace(message, text=words[:LONGEST_TEXT], thread=_thread_of(words, message) or message.thread)


def reference(conversation_id: str) -> str:
    """What stands on our letters of a conversation: "BH-K7QX-M3PA", without signs that look alike."""
    name = b32encode(sha256(f"letter {conversation_id}".encode()).digest()).decode()
    return f"{PREFIX}-{name[:4]}-{name[4:8]}"


def references_in(words: str) -> list[str]:
    """All that may be references of ours, as they were before they were scanned."""
    parts = ((found[1], found[2]) for found in REFERENCE.finditer(words))
    return list(dict.fromkeys(f"{PREFIX}-{'-'.join(parts).upper().translate(LOOKS_LIKE)}" for parts in parts))


def text_layer(pdf: bytes) -> str:
    """The words that the scanner put into the PDF; "" when it has none, is broken, or takes too long."""
    found: list[str] = []
    worker = Thread(target=_extract, args=(pdf, found), daemon=True)
    worker.start()
    worker.join(SECONDS)
    return "\n".join(found).strip()


def _extract(pdf: bytes, found: list[str]) -> None:
    from pypdf import PdfReader

    try:
        for page in PdfReader(BytesIO(pdf)).pages[:MOST_PAGES]:
            found.append(page.extract_text())
    except Exception:  # noqa: BLE001 - whatever is wrong with a stranger's file, the agent has the file itself
        return


def _is_empty(words: str) -> bool:
    return sum(map(str.isalnum, words)) < FEWEST_LETTERS


def _seen(key: str, name: str) -> str:
    from chalicelib.aws import textract

    try:
        words = textract.words(key, name)
    except textract.Unreadable:
        return ""
    if words is None:
        raise PostFailed(Outcome.PASSING, "unread", retry_after=LOOK_AGAIN)
    return words


def _thread_of(words: str, message: Message) -> str:
    """The thread of the conversation whose reference the letter names, "" if it names none that we know."""
    from chalicelib.aws import conversations

    for name in references_in(words):
        found = conversations.whereabouts(conversations.identity_key(message.channel, message.account, name))
        known = conversations.load(str(found["conversation"])) if found else None
        if known:
            return known.thread
    return ""
