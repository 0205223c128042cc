"""What no agent typed: bounces, automatic mail, our own mail coming back, notes, forwards. The first reason wins.

Machine headers alone do not separate answers from noise: RT and Roundup send agents' words with `Precedence: bulk`,
Redmine with `Auto-Submitted: auto-generated` and `List-Id`. A helpdesk's profile says which of them mean nothing there.
Silent guards stand before those that tell the agent, so that no machine is ever answered (RFC 3834).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.helpdesks import Helpdesk
from chalicelib.mailroom.addresses import only_mailbox
from chalicelib.mailroom.frames import closing_words, not_an_answer
from chalicelib.mailroom.mime import Kind, Mail
from chalicelib.mailroom.subjects import ABSENCES, CONFIRMATIONS, FORWARD, NOTE_OPENINGS, NOTE_SUBJECT, folded

CLOSING = "closing"  # the one reason that goes when nothing new was said
MOST_HOPS = 25  # Received fields; RFC 5321 6.3 asks for room for 100, real mail has under 15


class Disposition(StrEnum):
    """What becomes of a mail that is not an answer."""

    DROP = "drop"  # counted, nothing else
    QUARANTINE = "quarantine"  # kept for the owner to look at; nobody is told
    HOLD = "hold"  # kept, and the agent is told why


@dataclass(frozen=True)
class Reason:
    """Why a mail is not posted; `code` names a text in the locales and a counter."""

    code: str
    disposition: Disposition


@dataclass(frozen=True)
class Incoming:
    """A mail and what we know about where it arrived."""

    mail: Mail
    return_path: str  # the envelope's MAIL FROM; "" or "<>" for bounces
    conversation_id: str  # by the envelope's recipient
    own_domain: str  # the reply domain
    helpdesk: Helpdesk
    own_message_ids: frozenset[str] = frozenset()  # with angle brackets, as SES gave them
    known_texts: Sequence[str] = ()  # what was said in this conversation, by anyone


def inspect(incoming: Incoming, guards: Sequence[Guard] | None = None) -> Reason | None:
    """Why this mail must not be posted, or None; `guards` are those of agents' answers unless others are given."""
    return next((reason for guard in guards or GUARDS if (reason := guard(incoming))), None)


def bounced(incoming: Incoming) -> Reason | None:
    senders = {incoming.return_path.lower(), only_mailbox(incoming.mail.from_values) or ""}
    is_daemon = any(DAEMON.match(sender) for sender in senders)
    nobody = incoming.return_path in ("", "<>") or incoming.mail.header("return-path") == "<>"
    if nobody or is_daemon or Kind.REPORT in incoming.mail.kinds:
        return Reason("bounced", Disposition.DROP)
    return None


def our_own(incoming: Incoming) -> Reason | None:
    """A loop, or a helpdesk that sends one customer's words to another on the same ticket."""
    mail, home = incoming.mail, re.compile(rf"@{re.escape(incoming.own_domain)}(?![\w-]|\.\w)", re.IGNORECASE)
    told = (value for name in ORIGIN_HEADERS for value in mail.headers.get(name, ()))
    origins = (*mail.from_values, mail.message_id, *told)
    marked = any(name.startswith(MARK) for name in mail.headers)
    if marked or mail.message_id in incoming.own_message_ids or any(map(home.search, origins)):
        return Reason("our_own", Disposition.DROP)
    return None


def looping(incoming: Incoming) -> Reason | None:
    hops = len(incoming.mail.headers.get("received", ()))
    return Reason("looping", Disposition.DROP) if hops > MOST_HOPS else None


def automatic(incoming: Incoming) -> Reason | None:
    for name, value, is_normal, disposition in MACHINE_HEADERS:
        said = any(value.match(given.lower()) for given in incoming.mail.headers.get(name, ()))
        if said and not is_normal(incoming.helpdesk):
            return Reason("automatic", disposition)
    return None


def absent(incoming: Incoming) -> Reason | None:
    is_absence = folded(incoming.mail.subject).startswith(ABSENCES)
    return Reason("automatic", Disposition.QUARANTINE) if is_absence else None


def confirming(incoming: Incoming) -> Reason | None:
    """Somebody registered somewhere with a conversation's address; the link in such a mail is worth an account."""
    is_confirmation = folded(incoming.mail.subject).startswith(CONFIRMATIONS)
    return Reason("confirmation", Disposition.QUARANTINE) if is_confirmation else None


def invited(incoming: Incoming) -> Reason | None:
    return Reason("calendar", Disposition.QUARANTINE) if Kind.CALENDAR in incoming.mail.kinds else None


def noted(incoming: Incoming) -> Reason | None:
    """A note among colleagues; it comes when a conversation's address is a watcher of the ticket."""
    opening = folded(incoming.mail.text or TAG.sub(" ", incoming.mail.html[:20_000]))
    is_note = NOTE_SUBJECT.match(incoming.mail.subject) or opening.startswith(NOTE_OPENINGS)
    return Reason("note", Disposition.QUARANTINE) if is_note else None


def noise(incoming: Incoming) -> Reason | None:
    """What this product mails besides answers: acknowledgements, status notices, another customer's words."""
    code = _no_answer(incoming)
    closes = code == "notice" and closing_words(incoming.mail.text, incoming.helpdesk)
    return Reason(code, Disposition.DROP) if code and not closes else None


def crossed(incoming: Incoming) -> Reason | None:
    """Addressed to, or answering, another conversation than the envelope says: a replayed mail, or merged tickets."""
    mail, home = incoming.mail, re.escape(incoming.own_domain)
    shown = " ".join((*mail.headers.get("to", ()), *mail.headers.get("cc", ()), mail.in_reply_to, *mail.references))
    ids = re.findall(rf"(?:conv-([a-z2-7]{{16}})|c-([a-z2-7]{{16}})-[a-z2-7]{{27}})@{home}", shown, re.IGNORECASE)
    named = {(conversation or address).lower() for conversation, address in ids}
    return Reason("crossed", Disposition.QUARANTINE) if named - {incoming.conversation_id} else None


def echoed(incoming: Incoming) -> Reason | None:
    said = " ".join(incoming.mail.text.split())
    is_echo = said != "" and any(said == " ".join(text.split()) for text in incoming.known_texts)
    return Reason("echo", Disposition.DROP) if is_echo else None


def sealed(incoming: Incoming) -> Reason | None:
    return Reason("encrypted", Disposition.HOLD) if Kind.ENCRYPTED in incoming.mail.kinds else None


def wrapped(incoming: Incoming) -> Reason | None:
    is_wrapped = {Kind.TNEF, Kind.UUENCODED} & incoming.mail.kinds
    return Reason("unreadable_files", Disposition.HOLD) if is_wrapped else None


def closing(incoming: Incoming) -> Reason | None:
    """The notice that `noise` lets pass: a ticket was closed with words. Whether they are new is seen when they are read."""
    return Reason(CLOSING, Disposition.HOLD) if _no_answer(incoming) else None


def forwarded(incoming: Incoming) -> Reason | None:
    is_forward = Kind.FORWARDED in incoming.mail.kinds or FORWARD.match(folded(incoming.mail.subject))
    return Reason("forwarded", Disposition.HOLD) if is_forward else None


def _no_answer(incoming: Incoming) -> str | None:
    mail, home = incoming.mail, f"@{incoming.own_domain}"
    headers = {name: values[0] for name, values in mail.headers.items()}
    return not_an_answer(incoming.helpdesk, headers, mail.subject, mail.text, [home])


Guard = Callable[[Incoming], Reason | None]

GUARDS: tuple[Guard, ...] = (
    bounced,
    our_own,
    looping,
    automatic,
    absent,
    confirming,
    invited,
    noted,
    noise,
    crossed,
    echoed,
    sealed,
    wrapped,
    closing,
    forwarded,
)

# of what customers write: nobody's machine becomes a ticket
CUSTOMERS: tuple[Guard, ...] = (bounced, our_own, looping, automatic, absent)
SERVICES: tuple[Guard, ...] = (bounced, our_own, looping)  # of mails that only machines send

MARK = "x-bridgehead"  # every mail of ours carries a header that begins so
ORIGIN_HEADERS = ("x-rt-originator", "x-redmine-sender", "x-loop")
DAEMON = re.compile(r"<?(?:mailer-daemon|mail-daemon|postmaster)(?:@|>|$)")
TAG = re.compile(r"<[^<>]*>")


def never(_: Helpdesk) -> bool:
    return False


def generated(helpdesk: Helpdesk) -> bool:
    return helpdesk.automatic_headers_are_normal


def bulk(helpdesk: Helpdesk) -> bool:
    return helpdesk.bulk_is_normal


# header, what its value begins with, where agents' answers carry it too, what becomes of the mail
MACHINE_HEADERS: tuple[tuple[str, re.Pattern[str], Callable[[Helpdesk], bool], Disposition], ...] = (
    ("auto-submitted", re.compile(r".*auto-replied"), never, Disposition.DROP),
    ("auto-submitted", re.compile(r"auto-generated"), generated, Disposition.QUARANTINE),
    ("auto-submitted", re.compile(r"(?!no\b|auto-generated)."), never, Disposition.QUARANTINE),
    ("precedence", re.compile(r"auto"), never, Disposition.QUARANTINE),
    ("precedence", re.compile(r"bulk|junk|list"), bulk, Disposition.QUARANTINE),
    ("x-auto-response-suppress", re.compile(r"(?!none\b)."), generated, Disposition.QUARANTINE),
    ("x-autoreply", re.compile(r"."), never, Disposition.QUARANTINE),
    ("x-autorespond", re.compile(r"."), never, Disposition.QUARANTINE),
    ("x-autoresponder", re.compile(r"."), never, Disposition.QUARANTINE),
    ("list-id", re.compile(r"."), bulk, Disposition.QUARANTINE),
    ("list-unsubscribe", re.compile(r"."), bulk, Disposition.QUARANTINE),
)
