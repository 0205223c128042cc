"""What the owner or the lead texted us, settled: an answer to a customer on its way, a sign noted, a question back.

Only their own phones come this far, over a proven way. An answer by text obeys what an answer by mail does and goes
into the same ledger; what becomes of it is texted back (`texts.told`). Words without a code are asked about, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import commands, text
from chalicelib.aws import conversations, phones
from chalicelib.aws.conversations import Entry, entry, item_key
from chalicelib.aws.table import Change, Put
from chalicelib.commands import Command, Orders
from chalicelib.desk.texting import Line, stop_mail
from chalicelib.desk.view import name_of
from chalicelib.model import AgentReply, Closed, Conversation, Handset, HeldState, OutgoingText, TextIn
from chalicelib.objections import is_repeat, objections, publicly
from chalicelib.phone.reading import Said, Wish, read

REMEMBERED = timedelta(days=1)  # whom somebody without a code may mean
YES_WITHIN = timedelta(minutes=30)  # to our question
LOOK_BACK = 60  # items, for repeats and floods, and for those texted of

Writes = list[Put | Change]


@dataclass(frozen=True)
class Arrived:
    """A text and who wrote it."""

    entry: Entry
    text: TextIn
    said: Said
    handset: Handset
    line: Line


@dataclass(frozen=True)
class Settled:
    """What comes of it: writes, our answer's code ("" = none) and what that is about, the phone's state."""

    writes: Sequence[Put | Change] = ()
    answer: str = ""
    conversation: str = ""
    words: str = ""
    detail: str = ""
    handset: Handset | None = None


def settle(found: Entry, line: Line) -> None:
    """All of it in one write; doing it twice is refused."""
    handset, texted = phones.load(line.pk), found.read(TextIn)
    arrived = Arrived(found, texted, read(texted.text), handset, line)
    settled = Settled(answer="pictures") if texted.files else _HANDLERS[arrived.said.wish](arrived)
    # whatever comes, our question is over with it
    known = settled.handset or replace(handset, asked="", asked_for="")
    taken = replace(conversations.done(found, state="done", wish=arrived.said.wish), when={"state": "pending"})
    kept = [phones.save(line.pk, known)] if known != handset else []
    conversations.write([taken, *settled.writes, *kept, *_answered(arrived, settled)])


def _answered(arrived: Arrived, settled: Settled) -> list[Put]:
    if not settled.answer:
        return []
    line, cause = arrived.line, name_of("text", arrived.entry.sk, settled.answer)
    answer = OutgoingText(
        cause, line.role, line.now, settled.answer, False, settled.conversation, settled.words, settled.detail
    )
    return phones.text_on_its_way(line.pk, answer, line.now)


def _stop(arrived: Arrived) -> Settled:
    """The provider says so to the phone itself."""
    if arrived.handset.stopped:
        return Settled()
    return Settled([stop_mail(arrived.line)], handset=replace(arrived.handset, stopped=True, asked="", asked_for=""))


def _start(arrived: Arrived) -> Settled:
    return Settled(answer="help", handset=replace(arrived.handset, stopped=False, asked="", asked_for=""))


def _help(arrived: Arrived) -> Settled:
    return Settled(answer="help")


def _about_one(arrived: Arrived) -> Settled:
    """What a code stands for."""
    found = phones.whose(arrived.said.code, arrived.line.now)
    return Settled(answer="again", conversation=found) if found else _unknown(arrived)


def _seen(arrived: Arrived) -> Settled:
    conversation = _of_code(arrived)
    if conversation is None:
        return _unknown(arrived)
    return Settled([phones.seen(conversation.id, conversation.clock.cycle)], "seen", conversation.id)


def _confirm(arrived: Arrived) -> Settled:
    """A bare "yes" with a code may be meant for the customer or for us."""
    conversation = _of_code(arrived)
    return _ask(arrived, conversation.id, arrived.said.words) if conversation else _unknown(arrived)


def _unaddressed(arrived: Arrived) -> Settled:
    waiting = _texted_of(arrived.line)
    if len(waiting) == 1:
        return _ask(arrived, waiting[0], arrived.said.words)
    return Settled(answer="which", detail=" ".join(waiting)) if waiting else Settled(answer="help")


def _ask(arrived: Arrived, conversation: str, words: str) -> Settled:
    asked = replace(arrived.handset, asked=arrived.entry.sk, asked_for=conversation)
    return Settled([], "ask", conversation, words, handset=asked)


def _yes(arrived: Arrived) -> Settled:
    """To our last question, if there is one that is fresh."""
    handset, line = arrived.handset, arrived.line
    asked = conversations.one(line.pk, handset.asked) if handset.asked else None
    conversation = conversations.load(handset.asked_for) if handset.asked_for else None
    if asked is None or conversation is None or line.now - asked.read(TextIn).at > YES_WITHIN:
        return Settled(answer="help")
    words = read(asked.read(TextIn).text).words
    return _post(arrived, conversation, words)


def _answer(arrived: Arrived) -> Settled:
    conversation = _of_code(arrived)
    return _post(arrived, conversation, arrived.said.words) if conversation else _unknown(arrived)


def _post(arrived: Arrived, conversation: Conversation, words: str) -> Settled:
    """The same way as an agent's mail: commands first, then everything that speaks against it."""
    orders, line = commands.read(text.fuse(words)), arrived.line
    if Command.NOTE in orders.commands:
        return Settled(answer="note", conversation=conversation.id)
    answer = _reply(arrived, orders)
    said = conversations.latest(conversation.id, LOOK_BACK)
    against = [*objections(answer, orders, conversation, said, line.settings)]
    closes = Command.CLOSE in orders.commands and not answer.text.strip()
    against += ["empty"] if not (answer.text.strip() or closes) else ["repeat"] if is_repeat(answer, said) else []
    if against:
        return Settled([], "refused", conversation.id, answer.text, against[0])
    if closes:
        return Settled(_closing(conversation, arrived), "closed", conversation.id)
    later = answer.not_before.isoformat() if answer.not_before else ""
    return Settled(_posting(conversation, answer, line), "later" if later else "", conversation.id, answer.text, later)


def _reply(arrived: Arrived, orders: Orders) -> AgentReply:
    line = arrived.line
    return AgentReply(
        id=name_of("texted", arrived.line.pk, arrived.text.id),
        at=line.now,
        text=orders.text.strip(),
        agent=line.person.address,
        public=publicly(orders),
        not_before=line.now + orders.wait if orders.wait else None,
        texted=line.role,
    )


def _posting(conversation: Conversation, answer: AgentReply, line: Line) -> Writes:
    key = item_key(line.now, "reply", answer.id)
    item = entry(conversation.id, key, "reply", answer, line.now, state="pending", tries=0)
    return [Put(item, unless_there=True), *_end_held(conversation, HeldState.REPLACED, line)]


def _closing(conversation: Conversation, arrived: Arrived) -> Writes:
    line = arrived.line
    key = item_key(line.now, "closed", name_of("texted", line.pk, arrived.text.id))
    item = entry(conversation.id, key, "closed", Closed(line.now, line.person.address), line.now)
    return [Put(item, unless_there=True), *_end_held(conversation, HeldState.DROPPED, line)]


def _end_held(conversation: Conversation, state: HeldState, line: Line) -> Writes:
    held, at = conversations.held_now(conversation.id), conversations.stamp(line.now)
    return [conversations.concluded(held, state, ended_by=line.person.address, ended_at=at)] if held else []


def _unknown(arrived: Arrived) -> Settled:
    return Settled(answer="unknown", detail=arrived.said.code)


def _of_code(arrived: Arrived) -> Conversation | None:
    found = phones.whose(arrived.said.code, arrived.line.now)
    return conversations.load(found) if found else None


def _texted_of(line: Line) -> list[str]:
    """The conversations of the last day that this phone was texted of and in which somebody still waits."""
    found = [each for each in conversations.latest(line.pk, LOOK_BACK) if each.kind == "text"]
    texts = [each.read(OutgoingText) for each in found if each.more["state"] == "done"]
    names = dict.fromkeys(
        each.conversation for each in texts if each.conversation and line.now - each.created_at <= REMEMBERED
    )
    return [name for name in names if _waits(name)]


def _waits(name: str) -> bool:
    found = conversations.load(name)
    return found is not None and found.clock.waiting_since is not None


_HANDLERS: Mapping[Wish, Callable[[Arrived], Settled]] = {
    Wish.STOP: _stop,
    Wish.START: _start,
    Wish.HELP: _help,
    Wish.YES: _yes,
    Wish.ASK: _about_one,
    Wish.SEEN: _seen,
    Wish.CONFIRM: _confirm,
    Wish.ANSWER: _answer,
    Wish.UNADDRESSED: _unaddressed,
}
