"""May this sender speak for the business? The receipt's verdicts and the one strictly parsed From decide.

The conversation's token (`chalicelib.reply_address`) is not asked here: it stands in every quoted mail. Verdicts are
only ever those in the notice SES sent us
(https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html), never words of the mail.

Aligned DKIM without DMARC: SES's `dkimVerdict` does not tell whose signature passed. The `Authentication-Results` SES
writes into the mail would, but it is unsigned, its place is not documented, and it repeats what the sending server
said in HELO and MAIL FROM. So the signatures themselves are read: if every DKIM-Signature in the mail names the From
domain, covers From and the whole body, then the one SES found good does too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.mailroom.addresses import domain_of, only_mailbox
from chalicelib.mailroom.mime import Mail

PASS, FAIL = "PASS", "FAIL"
NOT_SPAM = (PASS, "GRAY", "PROCESSING_FAILED")  # the scan ran and did not say FAIL; DISABLED is not among them


class Refusal(StrEnum):
    """Why a mail is not taken. All of them are silent; SPOOFED is worth an alarm, UNPROVEN a look at the DNS."""

    VIRUS = "virus"
    UNSCANNED = "unscanned"
    SPAM = "spam"
    UNREADABLE_SENDER = "unreadable_sender"
    OWN_DOMAIN = "own_domain"
    STRANGER = "stranger"
    SPOOFED = "spoofed"  # an address on the list, and a check says it is not theirs
    UNPROVEN = "unproven"  # an address on the list, and no check says it is theirs


@dataclass(frozen=True)
class Receipt:
    """What SES says about a mail; "" where it says nothing."""

    message_id: str
    recipients: tuple[str, ...]  # the envelope's RCPT TO
    return_path: str  # the envelope's MAIL FROM
    bucket: str
    key: str
    virus: str
    spam: str
    spf: str
    dkim: str
    dmarc: str


@dataclass(frozen=True)
class AllowList:
    """Who may answer: addresses, and domains whose every address may. Both in lower case."""

    addresses: frozenset[str]
    domains: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[str], domains: Iterable[str] = ()) -> AllowList:
        return cls(frozenset(map(str.lower, addresses)), frozenset(map(str.lower, domains)))

    def holds(self, sender: str) -> bool:
        return sender in self.addresses or domain_of(sender) in self.domains


@dataclass(frozen=True)
class Verdict:
    """`sender` is the From address, "" if there is not exactly one."""

    sender: str
    refusal: Refusal | None

    @property
    def passed(self) -> bool:
        return self.refusal is None


def judge(receipt: Receipt, mail: Mail, allowed: AllowList, own_domain: str) -> Verdict:
    """Whether this sender may answer for the business. `own_domain` is the reply domain; nobody writes from there."""
    sender = only_mailbox(mail.from_values)
    return Verdict(sender or "", unsafe(receipt) or unauthorised(receipt, mail, sender, allowed, own_domain.lower()))


def read_receipt(notification: Mapping[str, Any]) -> Receipt:
    """The receipt in SES's notice (the SNS message, parsed). What is missing or of the wrong type is ""."""
    receipt, mail = at(notification, "receipt"), at(notification, "mail")
    recipients = receipt.get("recipients")
    return Receipt(
        message_id=word(mail, "messageId"),
        recipients=tuple(name for name in recipients if isinstance(name, str)) if isinstance(recipients, list) else (),
        return_path=word(mail, "source"),
        bucket=word(at(receipt, "action"), "bucketName"),
        key=word(at(receipt, "action"), "objectKey"),
        virus=word(at(receipt, "virusVerdict"), "status"),
        spam=word(at(receipt, "spamVerdict"), "status"),
        spf=word(at(receipt, "spfVerdict"), "status"),
        dkim=word(at(receipt, "dkimVerdict"), "status"),
        dmarc=word(at(receipt, "dmarcVerdict"), "status"),
    )


def at(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    branch = tree.get(name)
    return branch if isinstance(branch, Mapping) else {}


def word(tree: Mapping[str, Any], name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def unsafe(receipt: Receipt) -> Refusal | None:
    if receipt.virus != PASS:
        return Refusal.VIRUS if receipt.virus == FAIL else Refusal.UNSCANNED
    if receipt.spam not in NOT_SPAM:
        return Refusal.SPAM if receipt.spam == FAIL else Refusal.UNSCANNED
    return None


def unauthorised(
    receipt: Receipt, mail: Mail, sender: str | None, allowed: AllowList, own_domain: str
) -> Refusal | None:
    if sender is None:
        return Refusal.UNREADABLE_SENDER
    if domain_of(sender) == own_domain:
        return Refusal.OWN_DOMAIN
    if not allowed.holds(sender):
        return Refusal.STRANGER
    if is_proven(receipt, mail, domain_of(sender)):
        return None
    return Refusal.SPOOFED if FAIL in (receipt.dmarc, receipt.dkim, receipt.spf) else Refusal.UNPROVEN


def is_proven(receipt: Receipt, mail: Mail, domain: str) -> bool:
    if receipt.dmarc in (PASS, FAIL):
        return receipt.dmarc == PASS
    signatures = mail.headers.get("dkim-signature", ())
    return receipt.dkim == PASS and len(signatures) > 0 and all(vouches(each, domain) for each in signatures)


def vouches(signature: str, domain: str) -> bool:
    """Whether a DKIM-Signature (RFC 6376 3.5), if good, proves that `domain` sent this From and all of this body."""
    tags = [(name.strip(), value.strip()) for name, _, value in (tag.partition("=") for tag in signature.split(";"))]
    by_name = dict(tags)
    names = [name.lower() for name, value in tags if name or value]
    covered = [name.strip().lower() for name in by_name.get("h", "").split(":")]
    if len(set(names)) < len(names) or "l" in names or "from" not in covered:
        return False
    return by_name.get("d", "").lower() == domain
