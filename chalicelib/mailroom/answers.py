"""What an agent's mail asks for: an answer to post, now or later, a yes to one that is held, an end, or nothing. Pure.

The words are only doubted or known, never guessed at: whatever speaks against posting them at once is a reason to hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib import commands, text
from chalicelib.assent import is_yes
from chalicelib.aws.conversations import Entry
from chalicelib.commands import Command, Orders
from chalicelib.mailroom import enclosures
from chalicelib.mailroom.attributions import is_left_over
from chalicelib.mailroom.extraction import Context, as_it_is, extract
from chalicelib.mailroom.guards import CLOSING
from chalicelib.mailroom.holds import BY_YES, RELEASE_WITHIN, is_releasable
from chalicelib.mailroom.lines import tokens
from chalicelib.mailroom.mime import Mail
from chalicelib.model import AgentReply, Closed, Conversation, Echo, Held, Message
from chalicelib.objections import RATE_SPAN, is_repeat, objections, publicly
from chalicelib.settings import Settings

LOOK_BACK = (
    60  # items of the conversation, to know our own words, repeats and floods; a reply comes with what it taught
)

HELD_CODE = re.compile(r"\bh-[0-9a-f]{8}\b")


@dataclass(frozen=True)
class Arrived:
    """A mail that is proven to come from the business, and what we know where it arrived."""

    name: str  # of what comes of it
    mail: Mail
    address: str  # by the envelope
    sender: str
    objection: str  # the guards': why it must be held; "" if they have none
    conversation: Conversation
    said: Sequence[Entry]
    held: Entry | None
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Release:
    """A yes to a held answer."""

    held: Entry


@dataclass(frozen=True)
class Noted:
    """A note among colleagues, or a notice without a new word: nothing comes of it."""

    code: str = "note"


Decision = AgentReply | Held | Closed | Release | Noted


def decide(arrived: Arrived) -> Decision:
    """What comes of the mail."""
    orders, doubt = _read(arrived)
    if Command.NOTE in orders.commands:
        return Noted()
    answer = _answer(arrived, orders)
    if arrived.objection == CLOSING and _was_said(arrived.said, answer.text):
        return Noted("notice")
    # what can never be released is what the agent is told first
    reasons = sorted(_reasons(arrived, orders, answer, doubt), key=BY_YES.__contains__)
    if is_yes(answer.text) and not orders.commands:
        return _assent(arrived, answer, reasons)
    if reasons:
        silent = reasons[0] == "rate" and _told_of_flood(arrived)
        return Held(reasons[0], answer, is_releasable(reasons, answer.text), silent)
    return answer if answer.text or answer.template else Closed(arrived.now, arrived.sender)


def known_texts(said: Sequence[Entry]) -> tuple[str, ...]:
    """What was said in the conversation by anyone; a customer's own "yes" would be no quote in an agent's mail."""
    words = (_words_of(each) for each in said)
    return tuple(each for each in words if each and not is_yes(each))


def _read(arrived: Arrived) -> tuple[Orders, str]:
    """What is ordered, the words it is about, and why they are not certain."""
    context, mail = _context(arrived), arrived.mail
    found = extract(mail.text or None, mail.html or None, context)
    whole = commands.read(_plain(as_it_is(mail.text or None, mail.html or None, context)))
    orders = commands.read(_plain(found.text))
    if Command.AS_IS in orders.commands | whole.commands:
        left_over = any(map(is_left_over, whole.text.split("\n")))
        return whole, "attribution-in-text" if left_over else ""
    if Command.NOTE in whole.commands:
        return whole, ""
    return orders, "" if found.sure else _PLAINER.get(found.reason, found.reason)


def _context(arrived: Arrived) -> Context:
    conversation, helpdesk = arrived.conversation, arrived.settings.helpdesk
    return Context(
        addresses=(arrived.address, f"@{arrived.settings.reply_domain}"),
        names=(conversation.author.name,) if conversation.author.name else (),
        marks=(text.mark(conversation.id), *_marks(helpdesk.marks)),
        known_texts=known_texts(arrived.said),
        helpdesk=helpdesk.kind,
    )


def _plain(words: str) -> str:
    """What a mail of ours can show is what is posted: nothing invisible, and nothing that we put in ourselves."""
    return text.fuse(text.tidy(words))


def _answer(arrived: Arrived, orders: Orders) -> AgentReply:
    return AgentReply(
        id=arrived.name,
        at=arrived.now,
        text=orders.text,
        agent=arrived.sender,
        message_id=arrived.mail.message_id,
        attachments=enclosures.describe(arrived.name, enclosures.files(arrived.mail)),
        public=publicly(orders),
        template=orders.template,
        not_before=arrived.now + orders.wait if orders.wait else None,
    )


def _reasons(arrived: Arrived, orders: Orders, answer: AgentReply, doubt: str) -> Iterator[str]:
    """Everything that speaks against posting it now."""
    closes = Command.CLOSE in orders.commands and not answer.attachments
    yield from filter(None, [arrived.objection])
    yield from objections(answer, orders, arrived.conversation, arrived.said, arrived.settings)
    reasons = {
        "attachment": len(answer.attachments) > enclosures.MOST_FILES,
        "empty": not (answer.text.strip() or answer.template or closes),
        doubt: True,
        "repeat": is_repeat(answer, arrived.said),
    }
    yield from (code for code, holds in reasons.items() if code and holds)


def _assent(arrived: Arrived, answer: AgentReply, reasons: Sequence[str]) -> Release | Held:
    """A yes is never an answer by itself: it could be meant for something that was released or replaced before."""
    against = [each for each in reasons if each != "repeat"]
    if against:
        return Held(against[0], answer)
    return Release(arrived.held) if arrived.held and _is_meant(arrived.held, arrived) else Held("nothing-held", answer)


def _is_meant(entry: Entry, arrived: Arrived) -> bool:
    """A yes that quotes a mail about another held answer is not meant for this one."""
    held = entry.read(Held)
    quoted = set(HELD_CODE.findall(f"{arrived.mail.text}\n{arrived.mail.html}"))
    is_fresh = arrived.now - held.answer.at <= RELEASE_WITHIN
    return held.by_yes and is_fresh and (not quoted or held.code in quoted)


def _was_said(said: Sequence[Entry], words: str) -> bool:
    """By whom ever, or shown to the agent as held before."""
    held = (each.read(Held).answer.text for each in said if each.kind == "held")
    return not words.strip() or any(tokens(each) == tokens(words) for each in (*map(_words_of, said), *held))


def _told_of_flood(arrived: Arrived) -> bool:
    held = (each.read(Held) for each in arrived.said if each.kind == "held")
    return any(each.reason == "rate" and arrived.now - each.answer.at <= RATE_SPAN for each in held)


def _words_of(said: Entry) -> str:
    kinds: dict[str, type[Message | AgentReply | Echo]] = {"message": Message, "reply": AgentReply, "echo": Echo}
    return said.read(kinds[said.kind]).text if said.kind in kinds else ""


_PLAINER = {"too-long": "unsure", "no-text": "empty"}


def _marks(given: tuple[str, ...]) -> tuple[str | tuple[str, ...], ...]:
    """Two lines stand around the answer; a single one is where everything else begins."""
    return given if len(given) < 2 else (given,)
