"""`bridgehead sla show`: the whole story of a conversation's clock, in the owner's language; ids and times from the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib import stored
from chalicelib.aws import clocks, conversations, parameters, table
from chalicelib.aws.conversations import stamp
from chalicelib.channels import spec_of
from chalicelib.locales import duration, moment, say, short_moment
from chalicelib.model import AgentReply, Closed, Conversation, OutgoingMail, Turn
from chalicelib.reply_address import CONVERSATION_ID, LOCAL_PART
from chalicelib.settings import Settings
from chalicelib.text import one_line
from infra.operate import NotFound
from infra.pages.texts import text

MAILS_LOOKED_AT = 200
LONGEST_NAME = 60


@dataclass(frozen=True)
class Told:
    """What a sentence needs besides its turn."""

    conversation: Conversation
    settings: Settings
    cancelled: frozenset[datetime]  # when reminders were decided that an answer then made needless

    @property
    def language(self) -> str:
        """The owner's."""
        return self.settings.owner.language

    def say(self, key: str, **values: object) -> str:
        """A text of ours; the author's name and the channel are known to it."""
        author = self.conversation.author
        name = one_line(author.name or author.handle, LONGEST_NAME) or say(self.language, "author_unknown")
        title = spec_of(self.conversation.channel).title
        return text(f"story_{key}", self.language).format(name=name, channel=title, **values)

    def when(self, at: datetime | None) -> str:
        """Day and time in the business's zone."""
        return short_moment(self.language, at, self.settings.hours.zone) if at else "?"

    def span(self, since: datetime | None, until: datetime | None) -> str:
        """How long it is between two times."""
        return duration(self.language, until - since) if since and until else "?"


def conversation_of(name: str) -> str:
    """The conversation that an id or a ticket's address names. Raises NotFound."""
    plain = name.strip().strip("<>").casefold()
    address = LOCAL_PART.fullmatch(plain.partition("@")[0])
    found = address["conversation"] if address else plain
    if not CONVERSATION_ID.fullmatch(found):
        raise NotFound(f"{one_line(name, 60)} is neither a conversation's id nor the address of a ticket mail")
    return found


def story(name: str) -> Iterator[str]:
    """A line for each turn, and how it stands now. Raises NotFound."""
    told = _told(conversation_of(name))
    zone = told.settings.hours.zone
    yield told.say("title", since=moment(told.language, told.conversation.opened_at, zone))
    for turn in clocks.turns(told.conversation.id):
        yield f"{told.when(turn.at)}  {_sentence(turn, told)}"
    yield _now(told)


def as_json(name: str) -> str:
    """The same for a program. Raises NotFound."""
    found = _told(conversation_of(name)).conversation
    more = {"resolve_by": found.resolve_by, "resolution": found.resolution, "next_look": found.next_look}
    return stored.dump({"conversation": found.id, "turns": clocks.turns(found.id), "clock": found.clock, **more})


def _told(pk: str) -> Told:
    conversation = conversations.load(pk)
    if conversation is None:
        raise NotFound(f"there is no conversation {pk}. Its id stands in a ticket mail's address, after c-")
    ended = [each for each in conversations.mails(pk, MAILS_LOOKED_AT) if each.kind == "mail"]
    cancelled = frozenset(each.read(OutgoingMail).created_at for each in ended if each.more.get("state") == "cancelled")
    return Told(conversation, parameters.load_settings(), cancelled)


def _sentence(turn: Turn, told: Told) -> str:
    return _SENTENCES[turn.what](turn, told)


def _started(turn: Turn, told: Told) -> str:
    about = {"target": told.say(turn.target), "policy": turn.policy, "version": turn.policy_version or "-"}
    began = told.say("started", since=told.when(turn.since), number=turn.cycle, due=told.when(turn.due_at), **about)
    window = told.say("window", window=told.when(turn.window_at)) if turn.window_at else ""
    return " ".join(filter(None, (began, window)))


def _reminded(turn: Turn, told: Told) -> str:
    step = told.say("at_window") if turn.code == "window" else told.say("at_percent", percent=turn.code)
    people = ", ".join(_person(each, turn, told) for each in turn.to)
    needless = told.say("needless") if turn.at in told.cancelled else ""
    return " ".join(filter(None, (told.say("reminded", step=step, people=people), needless)))


def _person(whom: str, turn: Turn, told: Told) -> str:
    who, how = whom.split(" ")
    named = told.say(f"to_{who}") + (told.say("by_sms") if how == "sms" else "")
    prefix = f"i#{stamp(turn.at)}#alarm#{told.conversation.id}-{turn.cycle}-"
    waits = how == "mail" and who in ("owner", "lead") and _rests(who, prefix)
    return f"{named} {told.say('in_quiet_hours')}" if waits else named


def _rests(who: str, prefix: str) -> bool:
    return any(item["state"] == "waiting" for item in table.query(clocks.person_key(who), prefix))


def _answered(turn: Turn, told: Told) -> str:
    by = told.say("by_echo") if turn.by == "echo" else told.say("by_agent", agent=_agent(turn, told) or "?")
    span, waited = told.span(turn.due_at, turn.until), told.span(turn.since, turn.until)
    return told.say(turn.what, by=by, span=span, waited=waited)


def _stopped(turn: Turn, told: Told) -> str:
    return told.say(f"stopped_{turn.by}", agent=_agent(turn, told) or "?")


def _agent(turn: Turn, told: Told) -> str:
    found = conversations.one(told.conversation.id, turn.item)
    if found is None or found.kind not in ("reply", "closed"):
        return ""
    kept = found.read(AgentReply) if found.kind == "reply" else found.read(Closed)
    return one_line(kept.agent, LONGEST_NAME)


def _timed(turn: Turn, told: Told) -> str:
    about = {"policy": turn.policy, "version": turn.policy_version}
    return told.say(turn.what, until=told.when(turn.until), due=told.when(turn.due_at), **about)


def _now(told: Told) -> str:
    clock, look_at = told.conversation.clock, told.conversation.next_look
    if clock.waiting_since is None:
        return told.say("now_nobody")
    late = clock.due_at is not None and clock.due_at <= datetime.now(clock.due_at.tzinfo)
    now = told.say(
        "now_late" if late else "now_waiting", since=told.when(clock.waiting_since), due=told.when(clock.due_at)
    )
    return " ".join(filter(None, (now, told.say("now_next", at=told.when(look_at)) if look_at else "")))


_SENTENCES: Mapping[str, Callable[[Turn, Told], str]] = {
    "started": _started,
    "reminded": _reminded,
    "met": _answered,
    "late": _answered,
    "stopped": _stopped,
    **dict.fromkeys(("paused", "resumed", "missed", "reopened", "resolved", "unresolved", "repinned"), _timed),
}
