"""The words all rooms share: what customers write, what agents answer, what platforms tell us besides.

Everything here is plain data without behaviour that reaches outside. Times are aware and UTC and end in `_at`.
Ids are the platform's own, always strings. The raw payload is kept with each event so that it can be replayed.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class Kind(StrEnum):
    """What a customer's message is on its platform; tells the agent what a reply will look like."""

    DIRECT = "direct"
    GROUP = "group"
    COMMENT = "comment"
    POST = "post"
    MENTION = "mention"
    QUOTE = "quote"
    REVIEW = "review"
    CALL = "call"  # on the phone; the answer is a text to the caller
    CALL_BACK = "call_back"  # on the phone, by somebody who can only be called back


class AttachmentKind(StrEnum):
    """What an attachment is; LOCATION and LINK have no bytes worth fetching, those of a STORY may not be kept."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    LINK = "link"
    STORY = "story"


@dataclass(frozen=True)
class Author:
    """Who writes on the platform; anything but the id may be unknown, and even the id can be "" (a mention without author)."""

    id: str
    name: str = ""
    handle: str = ""
    followers: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Attachment:
    """Something that came with a message; `url` is the platform's and often expires within minutes or days."""

    kind: AttachmentKind
    url: str = ""
    name: str = ""
    ref: str = ""  # what the channel itself fetches it by, where a public address does not do


@dataclass(frozen=True)
class Message:
    """One thing a customer wrote, in our words instead of the platform's."""

    channel: str
    account: str  # the page, number or handle it was written to
    id: str  # the platform's own; with channel and account it makes a redelivery recognisable
    thread: str  # where an answer has to go; opaque outside the channel's module; "" = that of `parent`
    author: Author
    text: str
    sent_at: datetime
    kind: Kind = Kind.DIRECT
    public: bool = False
    attachments: tuple[Attachment, ...] = ()
    permalink: str = ""
    parent: str = ""  # the platform id of what it answers, "" if nothing or not told
    overflow: str = ""  # where the whole text lies when `text` had to be cut (over 200 KB)
    rating: str = ""  # a review's stars or recommendation, as shown to the agent: "3/5", "POSITIVE"
    translation: str = ""  # the platform's own, where it brings one beside the original
    also: str = ""  # another thread in which the same person may have written before, where a platform renames people
    partial: bool = False  # the webhook only told where it is: the desk asks for the rest (`powers.Completes`)
    title: str = ""  # a mail's subject, which an answer repeats
    doubt: str = ""  # what the agent must know about it; the text is in `locales` under `note_<doubt>`
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Edit:
    """The customer changed message `id`; `text` is the new one."""

    channel: str
    account: str
    id: str
    text: str
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Unsend:
    """Message `id` was deleted or taken back; its words must go from our store too."""

    channel: str
    account: str
    id: str
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Reaction:
    """The customer put a sign at message `id`, or took it back (`sign` ""). No answer is expected: it opens no ticket."""

    channel: str
    account: str
    id: str
    sign: str  # as shown: "❤️"; a platform's word for it where it has no sign
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Echo:
    """Something the business itself wrote there: our reply coming back, or an answer given in the platform's own app.

    The conversation is found by `thread` and `author_id` (the customer it went to), or, where the platform does not
    tell them, by `parent`, the message it answers.
    """

    channel: str
    account: str
    id: str
    text: str
    at: datetime
    thread: str = ""
    author_id: str = ""
    parent: str = ""
    reply_id: str = ""  # our own correlation string, where the platform carries one back
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Undelivered:
    """An answer of ours, platform id `id`, that the platform took and could not deliver, or took down, after all."""

    channel: str
    account: str
    id: str
    code: str  # the agent's text is in `locales` under `refused_<code>`
    at: datetime
    detail: str = ""  # the platform's own code, never words
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Moved:
    """The customer whose thread was `old` goes on in thread `new`: another number or id of the same person."""

    channel: str
    account: str
    id: str
    old: str
    new: str
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class ThreadMoved:
    """Everybody who wrote in thread `old` goes on in thread `new`: a group has got another id."""

    channel: str
    account: str
    id: str
    old: str
    new: str
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class NoteKind(StrEnum):
    """Things worth a line in the ticket that are no words of the customer; the text is in `locales` under `note_<value>`."""

    UNSUPPORTED = "unsupported"  # a message type the platform does not hand out
    ENCRYPTED = "encrypted"  # an end-to-end encrypted message we cannot read
    LEFT = "left"  # blocked or unfollowed us; only told where there is a conversation
    WITHHELD = "withheld"  # a message of which nothing is handed out, not even whose it is


@dataclass(frozen=True)
class Note:
    """Something happened in a conversation that the agent must know and can answer, but without readable words."""

    channel: str
    account: str
    id: str
    thread: str
    author: Author
    kind: NoteKind
    at: datetime
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class TroubleKind(StrEnum):
    """Why a connection needs its owner; the text is in `locales` under `trouble_<value>`."""

    REVOKED = "revoked"  # the platform took our permission away: nothing arrives any more
    POLICY = "policy"  # the platform warns or blocks the business
    EXPIRING = "expiring"  # a token runs out and could not be renewed
    UNSUBSCRIBED = "unsubscribed"  # the platform dropped our subscription, and it could not be set up again
    UNREACHABLE = "unreachable"  # we ask for what is new, and for an hour nothing was told
    UNPUSHED = "unpushed"  # messages that were never pushed to us; `detail` is their number
    QUOTA = "quota"  # the messages that the platform allows in a month are nearly used up; `detail` is the percentage


@dataclass(frozen=True)
class Trouble:
    """The connection itself needs the owner: no conversation, an alert."""

    channel: str
    account: str
    id: str
    kind: TroubleKind
    at: datetime
    detail: str = ""  # the platform's own code or short reason, never a customer's words
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Ring:
    """A delivery that says no more than that there is something for an account: what it is, the next poll brings."""

    channel: str
    account: str
    id: str
    at: datetime
    word: str = field(default="", repr=False)  # what the platform wants to be asked with, if it gave anything
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Unreadable:
    """A proven piece of a delivery that we could not make sense of: kept raw in quarantine, counted, replayed after a fix."""

    reason: str  # a short code: "unknown-kind", "missing: sender", ...
    raw: Any = field(default=None, repr=False, compare=False)


Event = (
    Message | Edit | Unsend | Reaction | Echo | Undelivered | Moved | ThreadMoved | Note | Trouble | Ring | Unreadable
)


@dataclass(frozen=True)
class File:
    """A file on its way to the platform: its bytes, and a link to them where the other side fetches it itself."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    link: str = ""


@dataclass(frozen=True)
class Reply:
    """One thing an agent answered, on its way to the platform: the whole answer, or one part where it becomes several posts."""

    conversation_id: str
    id: str  # derived from the agent's mail, so the same mail is the same reply; another for each part
    channel: str
    account: str
    thread: str
    author_id: str  # the customer it goes to
    parent: str  # the platform id of the customer's latest message, which the answer answers
    kind: Kind
    public: bool
    text: str
    window_from: datetime  # when the customer last wrote: the platform's answer window runs from here
    files: tuple[File, ...] = ()
    earlier: tuple[str, ...] = ()  # the platform ids of the parts before it, which no look-up may take for it
    tried_at: datetime | None = None  # when it was first tried: what is older cannot be it
    template: str = (
        ""  # the platform's approved text to send instead, by its name; `text` fills its places, a line each
    )
    title: str = ""  # of the customer's latest message


@dataclass(frozen=True)
class Learnt:
    """What a helpdesk's mail taught us about its side of the ticket, kept also when the mail itself is no answer."""

    at: datetime
    subject: str = ""
    message_ids: tuple[str, ...] = ()
    reason: str = ""  # why the mail itself was no answer, a code of guards.py; "" when it was one


@dataclass(frozen=True)
class Bounced:
    """A mail of ours that did not arrive, as SES reports it or the helpdesk; `reason` is SES's own code or the product's words."""

    at: datetime
    event: str  # bounce, complaint, reject; refused: by the helpdesk
    reason: str = ""


class MailKind(StrEnum):
    """The mails we send: into the conversation's ticket, to agents' own addresses, to the owner or the lead."""

    TICKET = "ticket"
    NOTICE = "notice"
    REMINDER = "reminder"
    AGENT = "agent"  # a reminder to one agent
    OWNER = "owner"
    SUMMARY = "summary"  # of many customers who wait, to the owner or the lead

    @property
    def in_ticket(self) -> bool:
        """Whether it goes to the helpdesk, which puts it onto the conversation's ticket."""
        return self in (MailKind.TICKET, MailKind.NOTICE, MailKind.REMINDER)


@dataclass(frozen=True)
class OutgoingMail:
    """A mail that is to be sent; what it says is written when it goes, from what is stored then."""

    id: str  # derived from its cause
    kind: MailKind
    created_at: datetime
    # TICKET: the sort keys of what it brings; NOTICE: of the answer it is about, if kept; OWNER, SUMMARY: of alarms
    covers: tuple[str, ...] = ()
    code: str = ""  # NOTICE, OWNER: which text; REMINDER, AGENT: `Reminder.code`
    text: str = ""  # NOTICE: the answer it is about
    detail: str = ""  # the platform's own reason, or a link
    to: str = ""  # AGENT: the address; OWNER, SUMMARY: "lead" when it is not the owner


@dataclass(frozen=True)
class OutgoingText:
    """A text to somebody's phone that is to be sent; like a mail's, its words are written when it goes."""

    id: str  # derived from its cause
    person: str  # "owner" or "lead"
    created_at: datetime
    code: str  # which text: "reminder", "missed", "window", ...
    urgent: bool = False  # also in the person's quiet hours, and at once
    conversation: str = ""  # whose it is; "" = no customer's
    words: str = ""  # of the answer it is about
    # of a reminder its `Reminder.code`; else why something was not posted, until when it waits, whom we ask about
    detail: str = ""


@dataclass(frozen=True)
class TextIn:
    """What the owner or the lead texted us; from whose phone is told by where it is kept."""

    id: str  # the provider's own
    at: datetime
    text: str
    files: int = 0  # pictures that came with it; they are not fetched


@dataclass(frozen=True)
class Handset:
    """What we know about a phone that we text."""

    stopped: bool = False  # its owner texted STOP
    day: str = ""  # in the business's zone, which is counted
    alerts: int = 0  # texts of that day that we began
    answers: int = 0  # texts of that day that answered one
    alerted_at: datetime | None = None  # when we last began
    asked: str = ""  # the sort key of the text we asked about: what a "yes" is meant for
    asked_for: str = ""  # the conversation it would be posted to
    version: int = 0


class ReplyState(StrEnum):
    """The ledger of one answer: written before and after every try to post it."""

    PENDING = "pending"
    ATTEMPTING = "attempting"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    HELD = "held"
    UNDELIVERED = "undelivered"  # the platform took it and could not deliver it


@dataclass(frozen=True)
class Enclosure:
    """A file that came with an agent's answer, kept for the desk; what it is was read from its bytes."""

    name: str  # safe to show and to send, never ""
    media_type: str
    key: str  # of the object that holds it
    size: int  # bytes


@dataclass(frozen=True)
class AgentReply:
    """What an agent answered, as the mailroom kept it for the desk."""

    id: str
    at: datetime
    text: str  # exactly what is posted
    agent: str
    message_id: str = ""  # of the agent's mail
    attachments: tuple[Enclosure, ...] = ()
    public: bool | None = None  # what the agent asked for; None = as the conversation is
    template: str = ""  # the platform's approved text to send, by its name
    not_before: datetime | None = None
    texted: str = ""  # who gave it by text, and is told by text what became of it: owner or lead


class HeldState(StrEnum):
    """What became of a held answer."""

    OPEN = "open"
    RELEASED = "released"
    REPLACED = "replaced"  # by a later answer
    DROPPED = "dropped"


@dataclass(frozen=True)
class Held:
    """An agent's answer that is not posted as it is: why, and what would have been posted."""

    reason: str
    answer: AgentReply
    by_yes: bool = False  # the agent may have exactly this posted by answering "yes"
    silent: bool = False  # one of a flood: the agent was told at the first

    @property
    def code(self) -> str:
        """How our mail about it names it, so that a quoted copy tells which answer a "yes" is meant for."""
        return f"h-{self.answer.id[:8]}"


@dataclass(frozen=True)
class Closed:
    """An agent said that nothing more is to be done: nobody waits any more."""

    at: datetime
    agent: str


@dataclass(frozen=True)
class Reminder:
    """One step of the reminder ladder: when it comes, whom it reaches and how."""

    at: datetime
    percent: int = 0  # of the target that are over then; 0 = counted from the window's end
    to: tuple[str, ...] = ("ticket",)  # of ticket, agents, lead, owner
    by: tuple[str, ...] = ("mail",)  # mail, sms
    urgent: bool = False  # also in a person's quiet hours
    window: bool = False  # what is near is the end of the platform's window, not the business's target

    @property
    def code(self) -> str:
        """Which text says it: a percentage, or "window"."""
        return str(self.percent) if self.percent else "window"


@dataclass(frozen=True)
class Clock:
    """How long a customer has been waiting; the policy is pinned for a cycle, from question to answer."""

    cycle: int = 0
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    target: str = "first_response"  # or "next_response"
    arrived_at: datetime | None = None  # of what started it, by our own time
    window_at: datetime | None = None  # when the platform's window ends
    policy: str = ""
    policy_version: str = ""
    reminders: tuple[Reminder, ...] = ()
    stage: int = 0  # how many reminders of this cycle are over
    scheduled: str = ""  # the one-time schedule that is set
    missed: bool = False  # the deadline went by
    paused_until: datetime | None = None  # an answer is written and waits for its time: reminders rest
    stopped_since: datetime | None = None  # `waiting_since`, kept in case the answer does not arrive after all


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation's clock, kept for whoever asks later what happened: ids and times, no words."""

    # started, paused, resumed, reminded, missed, met, late, stopped, reopened, resolved, unresolved, repinned
    what: str
    at: datetime
    cycle: int
    by: str = ""  # what caused it: message, note, reaction, reply, echo, closed, unsend, undelivered
    item: str = ""  # its sort key
    target: str = ""
    policy: str = ""
    policy_version: str = ""
    since: datetime | None = None  # the customer waits
    due_at: datetime | None = None
    window_at: datetime | None = None
    until: datetime | None = None  # paused
    code: str = ""  # reminded: `Reminder.code`
    to: tuple[str, ...] = ()  # reminded: whom and how, "ticket mail", "owner sms"


@dataclass(frozen=True)
class Alarm:
    """A customer who waits, of whom the owner or the lead is to hear."""

    person: str  # owner, lead
    conversation: str
    cycle: int
    stage: int
    at: datetime  # when it was decided
    code: str  # `Reminder.code`, or "unresolved"
    urgent: bool = False


@dataclass(frozen=True)
class TicketThread:
    """How the helpdesk's side of the conversation is found again by mail; the newest ids last."""

    subject: str = ""  # our first
    tag: str = ""  # the ticket's name, as the helpdesk writes it into subjects
    our_ids: tuple[str, ...] = ()
    their_ids: tuple[str, ...] = ()
    opened_at: datetime | None = None  # when our first mail went out
    sent_at: tuple[datetime, ...] = ()  # when our mails of the last hour went out


@dataclass(frozen=True)
class Conversation:
    """One author in one thread, and its ticket."""

    id: str
    connection: str
    channel: str
    account: str
    thread: str
    author: Author
    kind: Kind
    public: bool
    opened_at: datetime
    last_message_at: datetime | None = None  # the platform's answer window runs from here
    last_message_id: str = ""  # what an answer answers
    clock: Clock = field(default_factory=Clock)
    ticket: TicketThread = field(default_factory=TicketThread)
    priority: str = ""  # high, urgent; "" = like any other
    intent: str = ""  # of the latest message, as `triage` names it; "" = not sure
    language: str = ""  # of the customer's words; "" = not sure
    title: str = ""  # of the latest message that had one
    resolve_by: datetime | None = None  # when all is to be settled, by the policy it was opened under
    resolution: str = ""  # met, missed; "" = not yet known
    version: int = 0

    @property
    def next_look(self) -> datetime | None:
        """When the clock has something to do: a reminder, the deadline, the end of the time to settle it all."""
        clock = self.clock
        if not clock.waiting_since:
            return None
        times = [step.at for step in clock.reminders[clock.stage :][:1]]
        times += [clock.due_at] if clock.due_at and not clock.missed else []
        times += [self.resolve_by] if self.resolve_by and not self.resolution else []
        return max(min(times), clock.paused_until or min(times)) if times else None


def conversation_id(channel: str, account: str, thread: str, author_id: str) -> str:
    """The name of one author's conversation in one thread: 16 lower-case base32 characters (80 bits), never dependent on time."""
    return _name("conversation", channel, account, thread, author_id)[:16]


def identity(channel: str, account: str, message_id: str) -> str:
    """The name of one platform message, safe as a key whatever characters the platform's id has: 32 characters."""
    return _name("message", channel, account, message_id)[:32]


def _name(*parts: str) -> str:
    # lengths in front keep ("ab", "c") and ("a", "bc") apart
    joined = b"".join(b"%d:%s" % (len(encoded), encoded) for encoded in (_utf8(part) for part in parts))
    return b32encode(sha256(joined).digest()).decode().lower().rstrip("=")


def _utf8(part: str) -> bytes:
    return part.encode("utf-8", "surrogatepass")
