"""Headers that must arrive as they were written, whatever their script and length."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.utils import parseaddr

import pytest

from chalicelib.desk.envelopes import SEVEN_BIT

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


def _sent(header: str, value: object) -> Message:
    mail = EmailMessage(policy=SEVEN_BIT)
    mail[header] = value
    raw = mail.as_bytes(policy=SEVEN_BIT)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    return message_from_bytes(raw, policy=policy.default if header == "Subject" else policy.compat32)
