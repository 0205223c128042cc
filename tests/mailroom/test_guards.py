"""What no agent typed is not posted, and what agents typed is, whatever machine headers their helpdesk adds."""

from __future__ import annotations

import json
from dataclasses import replace
from email.header import Header
from pathlib import Path

import pytest

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom.guards import GUARDS, Disposition, Incoming, inspect
from chalicelib.mailroom.mime import Mail, read

MAILS = Path(__file__).parents[1] / "mails"
REAL = Path(__file__).parents[2].parent / "shared" / "corpora" / "helpdesk-mails"
HOME = "reply.shop.example"
CONVERSATION = "k3ym2aq7b5xw4c6d"
ADDRESS = f"c-{CONVERSATION}-a23456723456723456723456723@{HOME}"
OTHER = f"c-zzzzzzzzzzzzzzzz-a23456723456723456723456723@{HOME}"


def sample(name: str) -> Mail:
    return read((MAILS / f"{name}.eml").read_bytes())


def mail(*headers: str, body: str = "It left this morning.", sender: str = "Anna <anna@shop.example>") -> Mail:
    return read("\r\n".join([f"From: {sender}", *headers, "", body]).encode())


def arrived(given: Mail, helpdesk: str = "plain", return_path: str = "anna@shop.example") -> Incoming:
    return Incoming(given, return_path, CONVERSATION, HOME, HELPDESKS[helpdesk])


def outcome(incoming: Incoming) -> str | None:
    reason = inspect(incoming)
    return f"{reason.code}: {reason.disposition}" if reason else None


@pytest.mark.parametrize(
    ("name", "helpdesk", "expected"),
    [
        ("plain_english", "plain", None),
        ("flowed_german", "plain", None),
        ("gb2312_base64_chinese", "plain", None),
        ("html_only_outlook", "plain", None),
        ("invitation_attached", "plain", None),
        ("smime_signed_clear", "plain", None),
        ("bounce_delivery_status", "plain", "bounced: drop"),
        ("read_receipt", "plain", "bounced: drop"),
        ("feedback_report", "plain", "bounced: drop"),
        ("auto_reply_vacation", "plain", "automatic: drop"),
        ("auto_reply_german", "plain", "automatic: quarantine"),
        ("auto_reply_chinese", "plain", "automatic: quarantine"),
        ("calendar_reply_outlook", "plain", "calendar: quarantine"),
        ("answer_by_request_tracker", "rt", None),
        ("answer_by_request_tracker", "plain", "automatic: quarantine"),
        ("answer_by_redmine", "redmine", None),
        ("answer_by_redmine", "plain", "automatic: quarantine"),
        ("note_by_request_tracker", "rt", "note: quarantine"),
        ("note_by_redmine", "redmine", "note: quarantine"),
        ("other_customer_by_request_tracker", "rt", "our_own: drop"),
        ("refused_mail_by_request_tracker", "rt", "notice: drop"),
        ("confirmation_of_a_registration", "plain", "confirmation: quarantine"),
        ("forwarded_as_attachment", "plain", "forwarded: hold"),
        ("forwarded_inline_german", "plain", "forwarded: hold"),
        ("smime_encrypted", "plain", "encrypted: hold"),
        ("pgp_mime_encrypted", "plain", "encrypted: hold"),
        ("pgp_inline", "plain", "encrypted: hold"),
        ("outlook_winmail_dat", "plain", "unreadable_files: hold"),
        ("uuencoded_file_in_text", "plain", "unreadable_files: hold"),
    ],
)
def test_a_sample_mail_meets_its_outcome(name: str, helpdesk: str, expected: str | None) -> None:
    assert outcome(arrived(sample(name), helpdesk)) == expected


@pytest.mark.parametrize(
    "return_path", ["", "<>", "MAILER-DAEMON@mx.example", "<postmaster@mx.example>", "mailer-daemon"]
)
def test_a_bounce_is_dropped(return_path: str) -> None:
    assert outcome(arrived(mail(), return_path=return_path)) == "bounced: drop"


def test_a_bounce_is_known_by_its_sender_and_its_stored_return_path() -> None:
    assert outcome(arrived(mail(sender="Mail Delivery <Mailer-Daemon@mx.example>"))) == "bounced: drop"
    assert outcome(arrived(mail("Return-Path: <>"))) == "bounced: drop"
    assert outcome(arrived(mail(sender="postmasters@shop.example"))) is None


@pytest.mark.parametrize(
    ("header", "on_plain", "on_redmine"),
    [
        ("Auto-Submitted: auto-replied", "automatic: drop", "automatic: drop"),
        ("AUTO-SUBMITTED: Auto-Replied (vacation)", "automatic: drop", "automatic: drop"),
        ("Auto-Submitted: auto-replied; owner-email=x", "automatic: drop", "automatic: drop"),
        ("Auto-Submitted: auto-generated", "automatic: quarantine", None),
        ("Auto-Submitted: auto-notified", "automatic: quarantine", "automatic: quarantine"),
        ("Auto-Submitted: no", None, None),
        ("Auto-Submitted: no (a person)", None, None),
        ("Precedence: bulk", "automatic: quarantine", None),
        ("Precedence: Junk", "automatic: quarantine", None),
        ("Precedence: list", "automatic: quarantine", None),
        ("Precedence: auto_reply", "automatic: quarantine", "automatic: quarantine"),
        ("Precedence: normal", None, None),
        ("X-Auto-Response-Suppress: All", "automatic: quarantine", None),
        ("X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply", "automatic: quarantine", None),
        ("X-Auto-Response-Suppress: None", None, None),
        ("X-Autoreply: yes", "automatic: quarantine", "automatic: quarantine"),
        ("X-Autorespond: yes", "automatic: quarantine", "automatic: quarantine"),
        ("X-Autoresponder: yes", "automatic: quarantine", "automatic: quarantine"),
        ("List-Id: <x.shop.example>", "automatic: quarantine", None),
        ("List-Unsubscribe: <mailto:x@shop.example>", "automatic: quarantine", None),
        ("X-Priority: 1", None, None),
    ],
)
def test_machine_headers_count_unless_the_helpdesk_always_adds_them(
    header: str, on_plain: str | None, on_redmine: str | None
) -> None:
    assert outcome(arrived(mail(header))) == on_plain
    assert outcome(arrived(mail(header), "redmine")) == on_redmine


def test_the_second_of_two_headers_counts_too() -> None:
    assert outcome(arrived(mail("Auto-Submitted: no", "Auto-Submitted: auto-replied"))) == "automatic: drop"


ABSENCES = [
    "Automatic reply: [Facebook] Jane: late",
    "Abwesenheitsnotiz: [Facebook] Jane: late",
    "Réponse automatique : [Facebook] Jane",
    "自动回复: [微信] 小李",
    "自動返信: [LINE] 田中",
    "Trả lời tự động: [Zalo] Ân",
    "Tra\u0309 lo\u031b\u0300i tự động: [Zalo] Ân",  # the same, decomposed
    "رد تلقائي: [Facebook] Jane",
    "OUT OF OFFICE Re: [Facebook] Jane",
]


@pytest.mark.parametrize("subject", ABSENCES)
def test_an_out_of_office_answer_is_known_by_its_subject(subject: str) -> None:
    encoded = Header(subject, "utf-8").encode()
    assert outcome(arrived(mail(f"Subject: {encoded}"))) == "automatic: quarantine"


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [Facebook] Jane: automatic reply never came",
        "Re: [Facebook] Jane: Confirm your email address?",
        "[Support #7] [Facebook] Jane: [Comment] (Private notes) Fwd: x",
        "AW: [Facebook] Jane: WG: vergessen",
        "回复: [微信] 小李: 自动回复",
        "Re: Fwd: [Facebook] Jane",
    ],
)
def test_a_customers_own_words_stop_no_answer(subject: str) -> None:
    assert outcome(arrived(mail(f"Subject: {Header(subject, 'utf-8').encode()}"))) is None


@pytest.mark.parametrize("mark", ["Fwd", "FW", "WG", "TR", "RV", "转发", "転送", "Chuyển tiếp", "전달", "إعادة توجيه"])
def test_a_forward_is_held(mark: str) -> None:
    subject = Header(f"{mark}: [Facebook] Jane", "utf-8").encode()
    assert outcome(arrived(mail(f"Subject: {subject}"))) == "forwarded: hold"


def test_our_own_mail_coming_back_is_dropped() -> None:
    ours = arrived(mail("Message-ID: <0100abc@eu-central-1.amazonses.com>"))
    assert outcome(ours) is None
    known = replace(ours, own_message_ids=frozenset({"<0100abc@eu-central-1.amazonses.com>"}))
    assert outcome(known) == "our_own: drop"
    for header in ("X-Bridgehead-Delivery: 1", "X-BRIDGEHEAD: x", f"X-Loop: {ADDRESS}", f"Message-ID: <conv-x@{HOME}>"):
        assert outcome(arrived(mail(header))) == "our_own: drop"
    assert outcome(arrived(mail(sender=f"Jane <{ADDRESS}>"))) == "our_own: drop"
    assert outcome(arrived(mail("X-Loop: a@desk.example", f"X-Loop: {ADDRESS}"))) == "our_own: drop"


def test_a_mail_without_id_is_not_taken_for_our_own() -> None:
    assert outcome(replace(arrived(mail()), own_message_ids=frozenset({"<a@b>"}))) is None


def test_domains_that_only_look_like_ours_are_not_ours() -> None:
    for domain in (f"{HOME}.evil.example", f"{HOME}x", HOME.replace(".", "x"), f"{HOME}-x.example"):
        assert outcome(arrived(mail(f"X-Loop: a@{domain}"))) is None


def test_another_customers_words_on_the_ticket_are_dropped() -> None:
    for header in ("X-RT-Originator", "X-Redmine-Sender"):
        assert outcome(arrived(mail(f"{header}: {OTHER}"), "rt")) == "our_own: drop"


def test_another_customers_words_in_a_helpdesks_frame_are_dropped() -> None:
    body = f"Bob ({OTHER}) <{OTHER}> added the comment:\r\n\r\nMine is late, too.\r\n"
    assert outcome(arrived(mail(body=body), "roundup")) == "customer: drop"
    assert outcome(arrived(mail(body=body.replace(OTHER, "bob@shop.example")), "roundup")) is None


def test_a_mail_that_went_round_is_dropped() -> None:
    hops = ["Received: from a by b"] * 26
    assert outcome(arrived(mail(*hops))) == "looping: drop"
    assert outcome(arrived(mail(*hops[1:]))) is None


def test_a_mail_for_two_conversations_is_put_aside() -> None:  # replayed to another address
    assert outcome(arrived(mail(f"To: Jane <{ADDRESS}>", f"Cc: {ADDRESS.upper()}"))) is None
    assert outcome(arrived(mail(f"To: {ADDRESS}, {OTHER}"))) == "crossed: quarantine"
    assert outcome(arrived(mail(f"Cc: {OTHER.upper()}"))) == "crossed: quarantine"
    assert outcome(arrived(mail(f"In-Reply-To: <conv-zzzzzzzzzzzzzzzz@{HOME}>"))) == "crossed: quarantine"
    assert outcome(arrived(mail(f"References: <x@y> <conv-zzzzzzzzzzzzzzzz@{HOME}>"))) == "crossed: quarantine"
    assert outcome(arrived(mail(f"References: <x@y> <conv-{CONVERSATION}@{HOME}>"))) is None


def test_two_hundred_other_recipients_do_not_matter() -> None:
    others = ",\r\n ".join(f"user{n}@shop.example" for n in range(200))
    assert outcome(arrived(mail(f"To: {others}"))) is None


def test_a_note_is_put_aside() -> None:
    assert outcome(arrived(mail(body="\r\n(Private notes) ask the warehouse"))) == "note: quarantine"
    assert outcome(arrived(mail("Subject: Re: [x #1] [Comment] late"))) == "note: quarantine"
    html = mail("Content-Type: text/html", body="<p>(Private <b>notes)</b></p>")
    assert outcome(arrived(html)) == "note: quarantine"


def test_the_customers_own_words_are_dropped() -> None:
    incoming = replace(
        arrived(mail(body="Wo ist \r\n meine Bestellung?")), known_texts=["", "Wo ist meine Bestellung?\n"]
    )
    assert outcome(incoming) == "echo: drop"
    assert outcome(replace(incoming, known_texts=["", "Wo ist"])) is None
    assert outcome(replace(arrived(mail(body="")), known_texts=[""])) is None


def test_nobody_is_told_about_what_a_machine_sent() -> None:
    names = [guard.__name__ for guard in GUARDS]
    assert names.index("sealed") > names.index("noise")
    encrypted_absence = sample("pgp_inline")
    automatic = replace(encrypted_absence, headers={**encrypted_absence.headers, "auto-submitted": ("auto-replied",)})
    assert outcome(arrived(automatic)) == f"automatic: {Disposition.DROP}"


@pytest.mark.skipif(not REAL.exists(), reason="the captured mails are not here")
@pytest.mark.parametrize(
    ("folder", "helpdesk"),
    [
        ("rt5", "rt"),
        ("roundup", "roundup"),
        ("django_helpdesk", "django-helpdesk"),
        ("redmine", "redmine"),
        ("mailbox", "plain"),
    ],
)
def test_real_answers_pass_and_real_machine_mail_does_not(folder: str, helpdesk: str) -> None:
    machine = {"auto_reply", "followup_echo", "other_participant", "rejection", "staff_note"}
    for row in json.loads((REAL / folder / "manifest.json").read_text()):
        found = read((REAL / folder / row["file"]).read_bytes())
        incoming = Incoming(found, "agent@company.test", CONVERSATION, "bridge.test", HELPDESKS[helpdesk])
        if row["kind"] == "agent_reply":
            assert outcome(incoming) is None, row["file"]
        elif row["kind"] in machine:
            assert outcome(incoming) is not None, row["file"]
