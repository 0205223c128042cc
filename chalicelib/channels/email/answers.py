"""The agent's answer as an ordinary mail in the customer's own thread: from the business, to one person, by a human.

It names nothing of ours: no ticket, no address of a conversation, no quote. SES replaces Message-ID and Date, so what
the customer's next mail answers is the id that SES gave. A header marks it as ours, by our domain, so that it never
becomes a ticket when somebody's server sends it back; to another business that works as we do it is a customer's mail.
https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.mail_headers import MESSAGE_ID, SEVEN_BIT, answering, literal, plain_name
from chalicelib.model import File, Reply

MARK = "X-Bridgehead-Answer"
LARGEST_MAIL = 9_500_000  # bytes as sent; SES takes 10 MB
# what SES says to a mail that it did not take, and what that means; all else passes
FAILURES: Mapping[str, tuple[Outcome, str]] = {
    "MessageRejected": (Outcome.REFUSED, "restricted"),  # above all: the account is in the sandbox
    "AccountSendingPausedException": (Outcome.REFUSED, "restricted"),
    "ConfigurationSetSendingPausedException": (Outcome.REFUSED, "restricted"),
    "MailFromDomainNotVerifiedException": (Outcome.REFUSED, "restricted"),
    "InvalidParameterValue": (Outcome.REFUSED, "rejected"),
    "InvalidParameterCombination": (Outcome.REFUSED, "rejected"),
    "AccessDenied": (Outcome.PASSING, "permission"),
    "Throttling": (Outcome.PASSING, "throttled"),
}


def post(reply: Reply, name: str, now: datetime) -> str:
    """The Message-ID under which SES sent it. Raises PostFailed."""
    from chalicelib.aws import mail

    written = compose(reply, name or business(), now)
    if len(written.as_bytes()) > LARGEST_MAIL:
        raise PostFailed(Outcome.REFUSED, "attachment")
    try:
        return mail.send(written, {"place": reply.conversation_id, "answer": reply.id})
    except mail.MailFailed as failed:
        if not failed.sure:
            raise PostFailed(Outcome.UNKNOWN, "unknown", failed.code) from failed
        outcome, code = FAILURES.get(failed.code, (Outcome.PASSING, "rejected"))
        raise PostFailed(outcome, code, failed.code) from failed


def compose(reply: Reply, name: str, now: datetime) -> EmailMessage:
    """The mail. Pure."""
    written = EmailMessage(policy=SEVEN_BIT)
    written["From"] = Address(literal(plain_name(name)), addr_spec=reply.account)
    written["To"] = Address(addr_spec=reply.author_id)
    written["Subject"] = literal(answering(reply.title or plain_name(name)))
    written["Date"] = now.astimezone(UTC)
    written["Message-ID"] = f"<{reply.id}@{reply.account.rpartition('@')[2]}>"
    for header, value in _thread(reply).items():
        written[header] = value
    # no answer from a machine is wanted; that a human wrote it must not be doubted: nothing says "automatic"
    written["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    written[MARK] = f"{reply.id}@{reply.account.rpartition('@')[2]}"
    written.set_content(reply.text)
    for file in reply.files:
        _attach(written, file)
    return written


def business() -> str:
    """The business's name, where the connection has none of its own."""
    from chalicelib.aws import parameters

    return parameters.load_settings().business


def _thread(reply: Reply) -> dict[str, str]:
    """The thread's first mail and the one that is answered; a message's id begins with its Message-ID, if it had one."""
    answered = reply.parent.partition(" ")[0]
    if not MESSAGE_ID.fullmatch(answered):
        return {}
    references = dict.fromkeys(each for each in (reply.thread, answered) if MESSAGE_ID.fullmatch(each))
    return {"In-Reply-To": answered, "References": " ".join(references)}


def _attach(written: EmailMessage, file: File) -> None:
    main, _, sub = file.media_type.partition("/")
    written.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
