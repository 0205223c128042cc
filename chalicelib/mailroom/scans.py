"""A scanned letter: a PDF that a digital mailbox or the business's own scanner mails. Each PDF is one letter. Pure.

Only services that the owner names may bring letters, and it must be proven that the mail is theirs. What a letter says
is read later, by the desk (`channels/letter`): it takes longer than a mail should wait.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import authority
from chalicelib.mailroom.authority import AllowList, Receipt
from chalicelib.mailroom.guards import SERVICES as GUARDS
from chalicelib.mailroom.guards import Disposition, Incoming, Reason, inspect
from chalicelib.mailroom.letterbox import Letterbox, Stored
from chalicelib.mailroom.mime import AttachedFile, Mail
from chalicelib.model import Author, Message

PDF = b"%PDF-"
MOST_LETTERS = 20  # in one mail


def objection(mail: Mail, receipt: Receipt, box: Letterbox) -> Reason | None:
    """Why it brings no letter; that it comes from a machine is as it should be."""
    senders = [each.strip() for each in str(box.connection.options.get("senders", "")).split(",") if each.strip()]
    allowed = AllowList.of([each for each in senders if "@" in each], [each for each in senders if "@" not in each])
    refusal = authority.judge(receipt, mail, allowed, box.settings.reply_domain).refusal
    if refusal:
        return Reason(refusal, Disposition.QUARANTINE)
    return inspect(Incoming(mail, receipt.return_path, "", box.settings.reply_domain, HELPDESKS["plain"]), GUARDS)


def read(
    mail: Mail, receipt: Receipt, raw: bytes, box: Letterbox, is_known: bool, now: datetime
) -> tuple[list[Message], list[Stored]]:
    """A message for each PDF, and the PDFs; the same PDF again is the same letter, whatever mail brings it."""
    found = {_name(each): each for each in mail.attachments if each.content.startswith(PDF)}
    stored = {name: Stored(f"incoming/{name}/letter.pdf", each) for name, each in list(found.items())[:MOST_LETTERS]}
    letters = [_letter(name, each, mail, receipt, box, now) for name, each in stored.items()]
    return letters, list(stored.values())


def _name(file: AttachedFile) -> str:
    return sha256(file.content).hexdigest()[:32]


def _letter(name: str, pdf: Stored, mail: Mail, receipt: Receipt, box: Letterbox, now: datetime) -> Message:
    return Message(
        channel=box.connection.channel,
        account=box.account,
        id=name,
        thread=name,
        author=Author(""),
        text="",
        sent_at=now,  # the clock begins when the scan is there
        attachments=(pdf.attachment,),
        partial=True,
        raw={"object": receipt.key, "message_id": mail.message_id},
    )
