"""How helpdesks differ, as data: a row each, no branches. What a row says is read by the desk, the mailroom and the tests.

Measured (m): Request Tracker 5.0.3, Roundup 2.6.0, django-helpdesk 2.6.1, Redmine 5.0.4, a shared mailbox. Read in the
product's source or documentation (s). Where a comment says (u), nobody has confirmed it yet. Times to wait are our own
choice. Whether it confirms new tickets is the account's own setting, and learnt by `desk.silence`. A new product: add a
row, add what it mails to tests/mails, see that the tests agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Frame:
    """What a template puts around an answer: the line before it, and the lines (one pattern each) that end it."""

    start: str
    ends: tuple[tuple[str, ...], ...]
    within: int = 12  # the lines of the mail, empty ones aside, among which it starts
    changes_first: bool = False  # lines after exactly one empty line tell what changed, up to the next empty one
    closes: bool = False  # around words given when a ticket was closed: perhaps an old answer's once more
    nothing: str = ""  # what stands inside when no words were given


@dataclass(frozen=True)
class Noise:
    """Mail to the customer's address that is no answer, by where it shows; patterns, in any case.

    Subject and text hold words of customers and agents, too: patterns are tied to the beginning or the end.
    """

    subject: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case name: pattern
    sender_headers: tuple[str, ...] = ()  # name who wrote it: no answer when that is one of our own addresses


@dataclass(frozen=True)
class Refusal:
    """Its mail about a mail of ours that it did not take, from the helpdesk's own domain; patterns as in Noise."""

    subject: str
    sender: str = ""  # the address, which need not be one that answers come from


@dataclass(frozen=True)
class Helpdesk:
    """One product. Patterns are of the product's default templates in English unless the frame says otherwise."""

    name: str
    tag: str = ""  # its ticket's name in a subject
    threads_by_tag_only: bool = False  # nothing else puts a follow-up onto its ticket
    frames: tuple[Frame, ...] = ()
    always_framed: bool = False  # a mail without its frame is no answer of an agent
    separators: tuple[str, ...] = ()  # lines below or above which history stands
    noise: Noise = field(default_factory=Noise)
    refusal: Refusal | None = None
    automatic_headers_are_normal: bool = False  # its agents' answers carry Auto-Submitted: auto-generated
    bulk_is_normal: bool = False  # and these Precedence: bulk
    largest_mail: int = 10_000_000  # bytes it takes; SES sends no larger one
    pace: tuple[int, timedelta] | None = None  # mails of one sender in that time before it blocks the sender
    suppress: str = "All"  # which automatic answers our X-Auto-Response-Suppress asks it to leave out
    priority_header: str = ""  # of a mail of ours, to raise the ticket's priority
    priorities: Mapping[str, str] = field(default_factory=dict)  # our word for one: its own
    tag_header: str = ""  # of a mail of ours, for words by which tickets are sorted, with commas between
    waits_for_first_mail: timedelta | None = None  # a follow-up waits so long for the mail that names the ticket


HELPDESKS: Mapping[str, Helpdesk] = {
    desk.name: desk
    for desk in (
        Helpdesk("plain"),
        Helpdesk("gmail"),  # (s): subject and References; since 2019 References has to name an earlier id
        Helpdesk(
            "zendesk",  # (s); `#word` at a line's start is a command of its mail API
            separators=("##- Please type your reply above this line -##",),  # of older accounts; the newer default (u)
            # satisfaction mail, 24 h after solved (s); its words (u)
            noise=Noise(text=(r"^how would you rate the (support|help) you received",)),
            # suspends many mails of one sender for an hour (s); how many is not told
        ),
        Helpdesk(
            "freshdesk",  # (s); subject prefix configurable
            tag=r"\[#\d+\]",
            largest_mail=20 * MEGABYTE,  # (u)
            pace=(50, timedelta(minutes=30)),  # the 51st deletes the sender (s)
        ),
        Helpdesk("helpscout"),  # From, headers, one automatic reply if switched on: all (u)
        Helpdesk("front"),  # an ordinary reply with quotes below (u)
        Helpdesk(
            "zammad",  # (s)
            tag=r"\[Ticket#\d+\]",  # hook and number, configurable; the brackets (u)
            noise=Noise(headers={"x-loop": "yes"}),  # its notifications
            # both on channels set to trusted only (s)
            priority_header="X-Zammad-Ticket-Priority",
            priorities={"high": "3 high", "urgent": "3 high"},
            tag_header="X-Zammad-Ticket-Tags",
            # no acknowledgement: our X-Auto-Response-Suppress stops its trigger (s)
        ),
        Helpdesk(
            "osticket",  # (s); keeps the first display name it saw for an address
            noise=Noise(headers={"x-autoreply": "yes", "precedence": "auto_reply"}),
            priority_header="X-Priority",
            priorities={"high": "2", "urgent": "1"},
        ),
        Helpdesk(
            "rt",  # (m); needs its tag: nothing else threads
            tag=r"\[[^\[\]]+ #\d+\]",
            threads_by_tag_only=True,
            noise=Noise(
                subject=(r"^(Re: )*\[[^\[\]]+ #\d+\] (Resolved: |AutoReply: |\[Comment\])",),
                text=(
                    *(r"^Ticket URL: http", r"^This is a comment about ticket \d+", r"^[\w :]+: Request \d+ \(http"),
                    r"^Greetings,\s+This message has been automatically generated in response to the creation",
                    r"^According to our records, your request has been resolved",
                ),
                sender_headers=("x-rt-originator",),
            ),
            refusal=Refusal(r"^Message not recorded"),
            bulk_is_normal=True,
            waits_for_first_mail=timedelta(minutes=10),
        ),
        Helpdesk(
            "roundup",  # (m)
            tag=r"\[[a-z]+\d+\]",
            frames=(
                Frame(
                    r"^.+ <[^<>]+> added the comment:$",
                    ((r"^-{10}$", r"^\w[\w ]*: .*(->| [+-])"), (r"^_{20,}$", r"^.+ <.+@.+>$")),
                ),
            ),
            always_framed=True,
            refusal=Refusal(r"^Failed issue tracker submission", r"^roundup-admin@"),
            bulk_is_normal=True,
        ),
        Helpdesk(
            "django-helpdesk",  # (m)
            tag=r"\[[\w-]+-\d+\]",
            frames=(
                Frame(
                    r"^The following (comment|resolution) was added to ticket \[.+\]:$",
                    (
                        (r"^If you need to provide us with further information, ",),
                        (r"^Can you please confirm that this resolution ",),
                    ),
                ),
                Frame(
                    r"^The resolution provided was:$",
                    (
                        (r"^Regards,$", r".", r"^[^\s@]+@[^\s@]+$", r"^This e-mail was sent to you as a user of our "),
                        (r"^Regards,$", r".", r"^This e-mail was sent to you as a user of our "),
                    ),
                    closes=True,
                    nothing="None",
                ),
            ),
            always_framed=True,
            noise=Noise(
                subject=(r"\((Opened|Closed|Escalated)\)$",),
                text=(
                    r"^Hello,\s+This is a courtesy e-mail to let you know",
                    # resolved without a word: the frame is empty
                    r"^Hello,\s+[^\n]+\s+The following (comment|resolution) was added to ticket \[[^\]\n]+\]:\s+"
                    r"(If you need to provide us with further information, please reply|Can you please confirm that this)",
                ),
            ),
            # after "All" a customer's next message would not open a closed ticket again (m)
            suppress="OOF",
            priority_header="Priority",
            priorities={"high": "high", "urgent": "urgent"},
        ),
        Helpdesk(
            "redmine",  # (m); the frame's first line in other languages (u), so any that names the issue will do
            tag=r"\[[^\[\]]+ #\d+\]",
            frames=(Frame(r"^.*#\d+.*[.。]$", ((r"^[-_]{16,}$", r"^.+ #\d+: "),), within=1, changes_first=True),),
            always_framed=True,
            noise=Noise(
                text=(r"^\(Private notes\)", r"^Issue #\d+ has been reported by"), sender_headers=("x-redmine-sender",)
            ),
            automatic_headers_are_normal=True,
            bulk_is_normal=True,
            waits_for_first_mail=timedelta(minutes=1),  # a burst; it tells its author nothing before an answer
        ),
        Helpdesk(
            "jira-service-management",  # (s); our domain has to be on its allow list, or no automatic header used
            tag=r"\b[A-Z][A-Z0-9_]+-\d+\b",
            largest_mail=25 * MEGABYTE,
        ),
        Helpdesk("freescout"),  # (s)
    )
}
