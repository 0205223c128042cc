"""A customer's mail to an address of the business: read into a message, or why it becomes no ticket. Pure.

Anybody may write here, so nothing in the mail is believed: who wrote is shown, and whether that is proven. Nothing is
ever answered from here, and no machine's mail becomes a ticket, so that two machines cannot talk to each other. The
words that are new come first; a quote is left out only where it is certain to be one, and the whole mail is kept beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mail_headers import without_answer_signs
from chalicelib.mailroom import authority, decoding
from chalicelib.mailroom.addresses import domain_of, only_mailbox
from chalicelib.mailroom.authority import Receipt
from chalicelib.mailroom.extraction import Context, said
from chalicelib.mailroom.guards import CUSTOMERS, DAEMON, Disposition, Incoming, Reason, bounced, inspect, looping
from chalicelib.mailroom.letterbox import Letterbox, Stored
from chalicelib.mailroom.mime import AttachedFile, Kind, Mail
from chalicelib.model import Author, Message
from chalicelib.settings import Settings
from chalicelib.text import one_line, tidy

MOST_FILES = 20
SMALLEST_PICTURE = 8_000  # bytes of one that stands in the text; what is smaller is a logo in a signature
LONGEST_NAME = 80
UNREAD = {Kind.TNEF, Kind.UUENCODED, Kind.FORWARDED, Kind.CALENDAR}  # more is in the mail than its words
# around what is signed in the text itself, and not sealed
SIGNED, SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----\n", "\n-----BEGIN PGP SIGNATURE-----"
ANSWER = "x-bridgehead-answer"
COLLEAGUES = (bounced, looping)  # of what people of another business like ours answered, which bears our own marks
PLAIN = HELPDESKS["plain"]


def objection(mail: Mail, receipt: Receipt, box: Letterbox) -> Reason | None:
    """Why it becomes no ticket; None for a customer's own mail."""
    unsafe, sender = authority.unsafe(receipt), sender_of(mail)
    if unsafe:
        return Reason(unsafe, Disposition.QUARANTINE)
    if not sender:
        return Reason("unreadable_sender", Disposition.QUARANTINE)
    helpdesk = box.settings.helpdesk
    if sender in (helpdesk.address, *helpdesk.sends_from):
        return Reason("helpdesk", Disposition.QUARANTINE)  # what it mails by itself would come back to it as a ticket
    desk = replace(PLAIN, bulk_is_normal=_came_by_own_group(mail, box))
    guards = COLLEAGUES if _is_a_colleagues(mail, sender, box.settings) else CUSTOMERS
    reason = inspect(Incoming(mail, receipt.return_path, "", box.settings.reply_domain, desk), guards)
    return _kept_if_no_bounce(reason, mail, sender)


def sender_of(mail: Mail) -> str:
    """The address in From, "" if there is not exactly one."""
    return only_mailbox(mail.from_values) or ""


def name_of(mail: Mail) -> str:
    """The same mail is the same message, however often and by whichever way it comes."""
    parts = (mail.message_id, *mail.from_values, mail.subject, mail.text, mail.html)
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def author_of(mail: Mail, settings: Settings) -> Author:
    """Who is answered: where the mail asks for answers, else who sent it. Its id is the address."""
    sender, wanted = sender_of(mail), only_mailbox(mail.headers.get("reply-to", ()))
    address = wanted if wanted and not _is_ours(wanted, settings) else sender
    shown = decoding.line(mail.from_values[0].rpartition("<")[0]).strip("\"' ")
    return Author(address, one_line(shown, LONGEST_NAME) or address.rpartition("@")[0])


def read(
    mail: Mail, receipt: Receipt, raw: bytes, box: Letterbox, is_known: bool, now: datetime
) -> tuple[list[Message], list[Stored]]:
    """What the customer wrote, and the files to be kept for it. `is_known`: the mail it answers is one we know."""
    author, name = author_of(mail, box.settings), name_of(mail)
    signed = _signed(mail.text)
    words, is_whole = said(signed or mail.text or None, mail.html or None, Context(addresses=(box.account,)))
    is_sealed = Kind.ENCRYPTED in mail.kinds and not signed
    files = list(_files(mail))[: MOST_FILES - 1]
    if is_sealed or not is_whole or mail.kinds & UNREAD:
        files.append(AttachedFile("mail.eml", "message/rfc822", raw))
    kept = [Stored(f"incoming/{name}/{number}", each) for number, each in enumerate(files, 1)]
    written = Message(
        channel=box.connection.channel,
        account=box.account,
        id=f"{mail.message_id} {name[:8]}".strip(),
        thread="" if is_known else _thread(mail, name),
        author=author,
        text=_with_subject(mail, "" if is_sealed else words),
        sent_at=now,  # a mail's own date is what its sender likes it to be
        attachments=tuple(each.attachment for each in kept),
        parent=mail.in_reply_to if is_known else "",
        title=mail.subject,
        doubt=_doubt(mail, receipt, author, is_sealed),
        raw={"object": receipt.key, "message_id": mail.message_id, "in_reply_to": mail.in_reply_to},
    )
    return [written], kept


def _is_a_colleagues(mail: Mail, sender: str, settings: Settings) -> bool:
    """An agent's answer by another Bridgehead: a person's words, whatever they answered."""
    _, names_it, elsewhere = mail.header(ANSWER).strip().lower().rpartition("@")
    return bool(names_it) and settings.reply_domain.lower() not in (elsewhere, domain_of(sender))


def _kept_if_no_bounce(reason: Reason | None, mail: Mail, sender: str) -> Reason | None:
    """Some websites' forms send with nobody's return path, as bounces have it: somebody may look for what they brought."""
    if reason is None or reason.code != "bounced" or Kind.REPORT in mail.kinds or DAEMON.match(sender):
        return reason
    return replace(reason, disposition=Disposition.QUARANTINE)


def _is_ours(address: str, settings: Settings) -> bool:
    """An answer sent there would come into the helpdesk as a ticket."""
    people = (settings.helpdesk.address, *settings.helpdesk.sends_from, settings.owner.address)
    return domain_of(address) == settings.reply_domain.lower() or address in people


def _came_by_own_group(mail: Mail, box: Letterbox) -> bool:
    """Through the business's own group, such as Google's, which puts a list's headers on every mail."""
    group = str(box.connection.options.get("group", "")).lower()
    return bool(group) and f"<{group}>" in mail.header("list-id").lower()


def _files(mail: Mail) -> Iterator[AttachedFile]:
    return (each for each in mail.attachments if not each.inline or len(each.content) >= SMALLEST_PICTURE)


def _signed(text: str) -> str:
    """The words without the marks of their signature; "" where there are none."""
    before, begins, rest = text.partition(SIGNED)
    signed, ends, _ = rest.partition(SIGNATURE)
    # names of algorithms stand above the first empty line
    _, _, words = signed.partition("\n\n")
    return f"{before}{words}".strip() if begins and ends else ""


def _thread(mail: Mail, name: str) -> str:
    """Named by its first mail, as far as this one tells."""
    return next(filter(None, (*mail.references[:1], mail.in_reply_to, mail.message_id)), name)


def _with_subject(mail: Mail, words: str) -> str:
    """A subject is a customer's first sentence; in an answer it is an old one."""
    is_answer = mail.in_reply_to or mail.references
    subject = "" if is_answer else without_answer_signs(mail.subject)
    return "\n\n".join(filter(None, (subject, tidy(words))))


def _doubt(mail: Mail, receipt: Receipt, author: Author, is_sealed: bool) -> str:
    if is_sealed:
        return "encrypted"
    domain = domain_of(sender_of(mail))
    is_proven = domain_of(author.id) == domain and authority.is_proven(receipt, mail, domain)
    return "" if is_proven else "unproven"
