"""Headers that must arrive as they were written, whatever their script and length."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.utils import parseaddr

import pytest

from chalicelib.desk.writing.labels import labels
from chalicelib.desk.writing.notices import Notice, notice_mail
from chalicelib.desk.writing.tickets import ticket_mail
from chalicelib.helpdesks import HELPDESKS
from chalicelib.mail_headers import SEVEN_BIT
from chalicelib.model import Author, Conversation, Kind
from tests.desk.test_tickets import AT, sent, ticket

SUBJECTS = [
    "[Facebook] Linh Nguyễn: Xin chào, quán có chỗ cho 8 người tối nay không?",
    "Re: [X] 田中 花子: 抹茶ケーキは来週もありますか？ " + "あ" * 60,
    "[Facebook] ليلى حداد: أين طلبي رقم 4711؟ Please hurry!",
    "[Facebook] Mia Müller: " + "Grüße an das ganze Team 🍰" * 6,
    "[Facebook] Mia Muster: Do you open on Sunday? " + "And the day after?" * 6,
    "[Facebook] x: 👩‍👩‍👧‍👦" + "👩‍👩‍👧‍👦" * 15,
]
NAMES = [
    "Linh Nguyễn (Facebook)",
    "王小明王小明王小明王小明王小明 王小明王小明 (微信)",
    "Mia Muster (Facebook)",
    "Zoë O’Neil-Ångström (X)",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_arrives_letter_by_letter(subject: str) -> None:
    assert _sent("Subject", subject)["Subject"] == subject


@pytest.mark.parametrize("name", NAMES)
def test_a_display_name_arrives_letter_by_letter(name: str) -> None:
    mail = _sent("From", Address(name, addr_spec="c-abc@reply.lindner.example"))
    # read as mail programs do; the standard library's own address parser splits long names
    words, address = parseaddr(str(mail.get("From")))
    assert (str(make_header(decode_header(words))), address) == (name, "c-abc@reply.lindner.example")


def business(**more: object) -> Conversation:
    made = Conversation(
        "a" * 16, "fb", "facebook", "1", "t", Author("9", "#urgent\r\nX-Evil: 1"), Kind.COMMENT, True, AT
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "priority", "found"),
    [
        ("plain", "urgent", {}),
        ("zammad", "", {"X-Zammad-Ticket-Tags": "facebook,comment"}),
        ("zammad", "high", {"X-Zammad-Ticket-Tags": "facebook,comment", "X-Zammad-Ticket-Priority": "3 high"}),
        ("django-helpdesk", "", {}),
        ("django-helpdesk", "urgent", {"Priority": "urgent"}),
        ("osticket", "urgent", {"X-Priority": "1"}),
        ("zammad", "a customer's word", {"X-Zammad-Ticket-Tags": "facebook,comment"}),
    ],
)
def test_a_ticket_can_be_sorted_by_channel_kind_and_priority(kind: str, priority: str, found: dict[str, str]) -> None:
    given = labels(business(priority=priority), HELPDESKS[kind])
    assert dict(given) == found
    written = sent(ticket_mail(ticket(labels=given)))
    assert {name: written[name] for name in found} == found
    notice = sent(notice_mail(ticket(labels=given), Notice("refused", "window", "Hallo")))
    assert [name for name in found if name in notice] == []


@pytest.mark.parametrize("kind", HELPDESKS)
def test_every_mail_asks_for_as_few_automatic_answers_as_the_helpdesk_can_do_without(kind: str) -> None:
    asked = HELPDESKS[kind].suppress
    made = ticket(suppress=asked)
    for mail in (ticket_mail(made), notice_mail(made, Notice("refused", "window", "Hallo"))):
        assert sent(mail)["X-Auto-Response-Suppress"] == asked == ("OOF" if kind == "django-helpdesk" else "All")
        assert not {"Auto-Submitted", "Precedence", "List-Id"} & set(mail.keys())


def _sent(header: str, value: object) -> Message:
    mail = EmailMessage(policy=SEVEN_BIT)
    mail[header] = value
    raw = mail.as_bytes(policy=SEVEN_BIT)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    return message_from_bytes(raw, policy=policy.default if header == "Subject" else policy.compat32)
