"""E-mail: what customers write becomes a ticket, what agents answer a mail in the customer's own thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import desk, intake, mailroom
from chalicelib.aws import conversations, mail, mailings, objects
from chalicelib.aws.table import unmarshal
from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Forged, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.email import Email
from chalicelib.channels.email import answers as outgoing
from chalicelib.http import NotSent, TooLarge
from chalicelib.mailroom import answered
from chalicelib.model import Attachment, AttachmentKind, Author, File, Kind, Message, Reply
from infra import operate
from tests.channels.email_at_hand import HELLO, cafe, payload, sent, text
from tests.mailroom.shop import Shop, address

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with cafe(monkeypatch) as made:
        yield made


def arrive(shop: Shop, name: str, **more: Any) -> str:
    (outcome,) = shop.arrives(payload(f"email/{name}.eml"), HELLO, **{"return_path": "x@kundin.example", **more})
    return outcome


def written(words: str, **headers: str) -> bytes:
    given = {"From": "Mia Müller <mia@kundin.example>", "To": HELLO, "Subject": "x", "Message-ID": "<w@kundin.example>"}
    made = EmailMessage()
    for name, value in {**given, **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
        made[name] = value
    made.set_content(words)
    return made.as_bytes()


def messages(shop: Shop) -> list[Message]:
    found = (conversations.one(item["pk"], item["sk"]) for item in shop.entries("message"))
    return [each.read(Message) for each in found if each]


# --- what customers write ----------------------------------------------------------------------------------------------


def test_a_mail_becomes_a_message_with_its_subject_as_first_words(shop: Shop) -> None:
    assert arrive(shop, "question_german", now=NOW) == "message"
    (found,) = messages(shop)
    assert found == Message(
        channel="email",
        account=HELLO,
        id=f"<q1.mia@kundin.example> {found.id[-8:]}",
        thread="<q1.mia@kundin.example>",
        author=Author("mia@kundin.example", "Mia Müller"),
        text="Tisch am Sonntag für 8? ☕\n\nGuten Tag,\n\nhabt ihr am Sonntag um 15 Uhr einen Tisch für acht?\n\n"
        "Liebe Grüße\nMia Müller\n+43 660 000000",
        sent_at=NOW,
        title="Tisch am Sonntag für 8? ☕",
    )
    ticket = shop.mails()[0]
    assert ticket["Subject"] == "[E-Mail] Mia Müller: Tisch am Sonntag für 8? ☕"
    assert "mia@kundin.example" in text(ticket)


def test_the_same_mail_again_is_the_same_message_and_another_under_its_id_is_not(shop: Shop) -> None:
    assert [arrive(shop, "question_german"), arrive(shop, "question_german")] == ["message", "known"]
    assert shop.arrives(written("Noch etwas", Message_ID="<q1.mia@kundin.example>"), HELLO) == ["message"]


@pytest.mark.parametrize(
    ("name", "author", "words"),
    [
        (
            "html_only_with_hidden_words",
            "hanako@okyaku.example",
            "予約について\n\nこんにちは。日曜日は営業していますか。",
        ),
        ("arabic_reply_to", "layla@zabuna.example", "سؤال عن الطلب\n\nمرحبا، أين طلبي رقم 4711؟"),
        ("chinese_follow_up_quoting", "xiaoming@guke.example", "谢谢！那星期天见。"),
        ("no_message_id", "old.device@kundin.example", "Fax kaputt"),
    ],
)
def test_every_script_and_form_of_mail_is_read(shop: Shop, name: str, author: str, words: str) -> None:
    assert arrive(shop, name) == "message"
    (found,) = messages(shop)
    assert (found.author.id, found.text) == (author, words)


def test_files_lie_behind_links_and_what_was_cut_can_be_read_in_the_whole_mail(shop: Shop) -> None:
    arrive(shop, "files_vietnamese")
    arrive(shop, "chinese_follow_up_quoting")
    files, quoting = messages(shop)
    assert [(each.kind, each.name) for each in files.attachments] == [
        (AttachmentKind.IMAGE, "ảnh bánh.png"),
        (AttachmentKind.FILE, "hoá đơn.pdf"),
    ]
    assert [each.name for each in quoting.attachments] == ["mail.eml"]
    assert shop.aws.objects[quoting.attachments[0].ref] == payload("email/chinese_follow_up_quoting.eml")
    assert text(shop.mails()[0]).count("https://api.lindner.example/files/") == 1  # the picture is in the mail itself
    assert shop.mails()[0].get_body(("html",)) is not None


def test_who_is_not_proven_is_shown_as_such(shop: Shop) -> None:
    arrive(shop, "question_german", dmarc="GRAY", dkim="GRAY")
    arrive(shop, "arabic_reply_to")  # proven, but for another address than the one that is answered
    arrive(shop, "html_only_with_hidden_words")
    assert [each.doubt for each in messages(shop)] == ["unproven", "unproven", ""]
    assert "nicht bewiesen" in " ".join(text(shop.mails()[0]).split())


def test_a_mail_that_asks_for_answers_at_our_own_address_is_answered_at_its_senders(shop: Shop) -> None:
    for wanted in ("c-x@reply.lindner.example", "support@lindner.example", "a@b.example, c@d.example"):
        shop.arrives(written("x", Reply_To=wanted, Message_ID=f"<{wanted[:3]}@kundin.example>"), HELLO)
    assert [each.author.id for each in messages(shop)] == ["mia@kundin.example"] * 3


def test_a_mail_larger_than_an_agents_is_taken(shop: Shop) -> None:
    made = sent(written("Fotos"))
    made.add_attachment(b"\xff\xd8\xff" + b"x" * 9_000_000, maintype="image", subtype="jpeg", filename="a.jpg")
    assert shop.arrives(made.as_bytes(), HELLO) == ["message"]
    assert "Foto" in text(shop.mails()[0])


def test_words_that_stand_in_the_html_only_are_not_lost_for_a_stub_of_text(shop: Shop) -> None:
    made = sent(written("Your program cannot show HTML."))
    made.add_alternative(f"<p>{'Wo ist mein Paket, bitte? ' * 9}</p>", subtype="html")
    shop.arrives(made.as_bytes(), HELLO)
    assert messages(shop)[0].text.startswith("x\n\nWo ist mein Paket")


def test_an_operator_makes_a_ticket_of_what_was_taken_for_spam(shop: Shop) -> None:
    arrive(shop, "question_german", spam="FAIL")
    arrive(shop, "html_only_with_hidden_words", virus="FAIL")
    spam, virus = (operate.name_of(item) for item in shop.items() if item["kind"] == "quarantine")
    assert operate.release(spam) == "message"
    with pytest.raises(operate.NotTrusted):
        operate.release(virus)
    assert [each.author.name for each in messages(shop)] == ["Mia Müller"]


def test_an_encrypted_mail_is_a_ticket_that_says_so(shop: Shop) -> None:
    arrive(shop, "sealed")
    (found,) = messages(shop)
    assert (found.doubt, found.text, [each.name for each in found.attachments]) == (
        "encrypted",
        "Private",
        ["mail.eml"],
    )
    assert "verschlüsselte" in text(shop.mails()[0])


def test_what_no_person_wrote_makes_no_ticket(shop: Shop) -> None:
    assert arrive(shop, "newsletter") == "automatic"
    assert arrive(shop, "vacation") == "automatic"
    assert arrive(shop, "question_german", return_path="") == "bounced"
    assert arrive(shop, "question_german", spam="FAIL") == "spam"
    assert arrive(shop, "question_german", virus="FAIL") == "virus"
    assert shop.arrives(written("x", X_Bridgehead_Answer="abc"), HELLO) == ["our_own"]
    assert shop.arrives(written("x", From="c-abc@reply.lindner.example"), HELLO) == ["our_own"]
    assert shop.arrives(written("Ticket 4711 opened", From="support@lindner.example"), HELLO) == ["helpdesk"]
    assert shop.arrives(written("x", From="a@b.example, c@d.example"), HELLO) == ["unreadable_sender"]
    assert (shop.mails(), sorted(shop.aside)) == (
        [],
        ["automatic", "bounced", "helpdesk", "spam", "unreadable_sender", "virus"],
    )


def test_what_only_looks_like_a_bounce_is_kept_and_a_bounce_is_not(shop: Shop) -> None:
    assert arrive(shop, "question_german", return_path="") == "bounced"
    assert shop.arrives(written("x", From="MAILER-DAEMON@kundin.example"), HELLO, return_path="") == ["bounced"]
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@kundin.example", HELLO, "Undelivered"
    made.set_content("x")
    made.make_mixed()
    made.attach(sent(b"Content-Type: message/delivery-status\n\nAction: failed\n"))
    assert shop.arrives(made.as_bytes(), HELLO, return_path="") == ["bounced"]
    assert (list(shop.aside), shop.mails()) == (["bounced"], [])


def test_another_business_with_a_bridgehead_of_its_own_is_a_customer_like_others(shop: Shop) -> None:
    theirs = {"From": "Rösterei B <hello@reply.b.example>", "X_Auto_Response_Suppress": "OOF, AutoReply"}
    for mark, outcome in (
        ("r1@reply.b.example", "message"),
        ("r1@reply.lindner.example", "our_own"),  # ours, sent on under another name
        ("r1", "our_own"),
        ("r1@", "message"),
    ):
        raw = written(f"Danke {mark}", Message_ID=f"<{mark}@b.example>", X_Bridgehead_Answer=mark, **theirs)
        assert shop.arrives(raw, HELLO) == [outcome]
    ours = written("x", From="c-x@reply.lindner.example", X_Bridgehead_Answer="r1@reply.b.example")
    assert shop.arrives(ours, HELLO) == ["our_own"]
    # what they answer with, we mark in the same way
    shop.answer(shop.mails()[0], "Gern!")
    assert answers(shop)[0]["X-Bridgehead-Answer"].endswith("@reply.lindner.example")


def test_what_is_signed_in_the_text_is_readable_and_what_is_sealed_is_not(shop: Shop) -> None:
    inside = "Habt ihr am Sonntag offen?\n\nأراكم"
    signed = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{inside}\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n"
    shop.arrives(written(f"{signed}-----END PGP SIGNATURE-----\n"), HELLO)
    shop.arrives(written("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", Message_ID="<2@kundin.example>"), HELLO)
    assert [(each.text, each.doubt) for each in messages(shop)] == [(f"x\n\n{inside}", ""), ("x", "encrypted")]


ODD: list[tuple[str, MIMEBase, str, list[str]]] = [
    ("iso-2022-jp", MIMEText("日曜日は営業していますか？", "plain", "iso-2022-jp"), "日曜日は営業していますか？", []),
    ("gb18030", MIMEText("你们星期天营业吗？𠮷", "plain", "gb18030"), "你们星期天营业吗？𠮷", []),
    ("rtl", MIMEText('<div dir="rtl"><p>שלום, מתי?</p><script>x</script></div>', "html", "utf-8"), "שלום, מתי?", []),
    ("picture", MIMEImage(b"\x89PNG\r\n\x1a\n" + b"x" * 9000, "png"), "", ["image"]),
    ("tnef", MIMEApplication(b'x\x9f>"' * 99, "ms-tnef", name="winmail.dat"), "", ["winmail.dat", "mail.eml"]),
    ("calendar", MIMEText("BEGIN:VCALENDAR\nMETHOD:REQUEST\n", "calendar", "utf-8"), "", ["mail.eml"]),
    ("endless", MIMEText("wo bleibt mein paket " * 20_000), "wo bleibt mein paket", ["mail.eml"]),
]


def test_whatever_a_customers_program_makes_of_it_a_ticket_comes_with_all_there_is(shop: Shop) -> None:
    for name, part, words, files in ODD:
        made = MIMEMultipart()
        made["From"], made["To"], made["Message-ID"] = "mia@kundin.example", HELLO, f"<{name}@kundin.example>"
        made.attach(part)
        assert (shop.arrives(made.as_bytes(), HELLO), name) == (["message"], name)
        found = messages(shop)[-1]
        assert found.text.startswith(words)
        assert [each.name or each.kind.value for each in found.attachments] == files
    assert len(shop.mails()) == len(ODD)


def test_the_shops_own_group_may_bring_mail_and_others_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with cafe(monkeypatch, group="hello.lindner.example") as shop:
        assert (arrive(shop, "group"), arrive(shop, "newsletter")) == ("message", "automatic")
    with cafe(monkeypatch) as shop:
        assert arrive(shop, "group") == "automatic"


def test_a_flood_of_one_sender_is_put_aside(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailings, "MOST", 3)
    outcomes = [
        shop.arrives(written(f"Nr. {n}", Message_ID=f"<{n}@kundin.example>"), HELLO, now=NOW + timedelta(seconds=n))[0]
        for n in range(mailings.MOST + 2)
    ]
    assert outcomes == ["message"] * mailings.MOST + ["rate"] * 2
    late = NOW + timedelta(hours=2)
    assert shop.arrives(written("später", Message_ID="<l@kundin.example>"), HELLO, now=late) == ["message"]


def test_a_mail_to_two_addresses_of_ours_opens_no_way_between_them(shop: Shop) -> None:
    arrive(shop, "question_german")
    conversation = address(shop.mails()[0])
    raw = payload("email/html_only_with_hidden_words.eml")
    assert set(shop.arrives(raw, [HELLO, conversation])) == {"several-addresses"}


# --- what agents answer ------------------------------------------------------------------------------------------------


def answers(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Answer"]]


def test_an_answer_goes_out_in_the_customers_thread_and_theirs_comes_back_to_the_ticket(shop: Shop) -> None:
    arrive(shop, "question_german")
    assert shop.answer(shop.mails()[0], "Ja, gern! 🙂 Bis Sonntag.") == "reply"
    (answer,) = answers(shop)
    assert (answer["From"], answer["To"]) == ("Kaffeehaus Lindner <hello@reply.lindner.example>", "mia@kundin.example")
    assert answer["Subject"] == "Re: Tisch am Sonntag für 8? ☕"
    assert answer["In-Reply-To"] == answer["References"] == "<q1.mia@kundin.example>"
    assert text(answer).strip() == "Ja, gern! 🙂 Bis Sonntag."
    assert "Auto-Submitted" not in answer
    assert not shop.waiting
    assert "c-" not in f"{answer['From']}{answer['References']}{text(answer)}"
    # a program that repeats nothing but the id that SES gave
    ours = mail.message_id(shop.aws.sent[-1][0])
    follow = written("Danke!", Subject="Re: Tisch", Message_ID="<q2@kundin.example>", In_Reply_To=ours)
    assert shop.arrives(follow, HELLO) == ["message"]
    # somebody else who was copied in gets a ticket of their own
    other = written("Ich auch", From="Ben <ben@kundin.example>", Message_ID="<b@kundin.example>", In_Reply_To=ours)
    assert shop.arrives(other, HELLO) == ["message"]
    tickets = [each for each in shop.mails() if each["X-Bridgehead-Kind"] == "ticket"]
    assert address(tickets[1]) == address(tickets[0])
    assert address(tickets[2]) != address(tickets[0])
    assert shop.answer(tickets[1], "Gern!") == "reply"
    assert answers(shop)[1]["References"] == "<q1.mia@kundin.example> <q2@kundin.example>"
    assert answers(shop)[1]["In-Reply-To"] == "<q2@kundin.example>"


def test_files_go_with_the_words_in_one_mail(shop: Shop) -> None:
    shop.aws.put_object("x", b"x")
    reply = replace(REPLY, files=(File("Tageskarte ☕.pdf", "application/pdf", b"%PDF-1.4 menu"),), title="", parent="")
    assert channel().send(reply)
    answer = sent(shop.aws.sent[-1][1])
    (file,) = answer.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Tageskarte ☕.pdf", b"%PDF-1.4 menu")
    assert (answer["Subject"], answer["In-Reply-To"]) == ("Re: Kaffeehaus Lindner", None)


def report(shop: Shop, event: str, **more: Any) -> str:
    """What SES says of the last answer."""
    id, _, tags = shop.aws.sent[-1]
    told = {
        "eventType": event,
        "mail": {"messageId": id, "tags": {name: [value] for name, value in tags.items()}},
        **more,
    }
    room = mailroom.open_room(intake.keep_events)
    outcome = answered.note(told, room.settings, room.keep, room.now())
    shop.settle()
    return outcome


def test_an_answer_that_bounces_is_told_to_the_agent_and_the_customer_waits_again(shop: Shop) -> None:
    arrive(shop, "question_german")
    shop.answer(shop.mails()[0], "Ja, gern!")
    assert report(shop, "Bounce", bounce={"bounceType": "Transient", "bounceSubType": "General"}) == "answer bounce"
    assert report(shop, "Delivery") == "answer delivery"
    assert shop.notices == []
    lost = [item for item in shop.aws.sent if b"X-Bridgehead-Answer" in item[1]]
    report(shop, "Bounce", bounce={"bounceType": "Permanent", "bounceSubType": "NoEmail"})
    # the bounce waits at the answer's identity, as any late failure does
    for item in (unmarshal(row) for row in shop.aws.items()):
        if item["sk"].startswith("i#undelivered"):
            desk.work(item["pk"], desk._room())
    shop.settle()
    assert len(lost) == 1
    assert "nicht angekommen" in text(shop.notices[-1])
    assert shop.waiting


def test_an_answer_whose_fate_nobody_knew_is_settled_by_the_report_that_it_was_sent(shop: Shop) -> None:
    arrive(shop, "question_german")
    calls: list[str] = []

    def lose(operation: str, real: Any) -> Any:
        done = real()
        if operation == "SendRawEmail":
            calls.append(operation)
            raise ReadTimeoutError(endpoint_url="ses")
        return done

    shop.aws.between = lose
    shop.answer(shop.mails()[0], "Ja, gern!")
    shop.aws.between = lambda operation, real: real()
    (answer,) = shop.entries("reply")
    assert answer["state"] in ("attempting", "unknown")
    assert report(shop, "Send") == "answer sent"
    (answer,) = shop.entries("reply")
    assert answer["state"] == "done"
    assert (len(calls), len(answers(shop))) == (1, 1)
    assert report(shop, "Send") == "answer sent"
    assert len(shop.notices) == 0


# --- the channel itself ------------------------------------------------------------------------------------------------

REPLY = Reply(
    conversation_id="a" * 16,
    id="r1",
    channel="email",
    account=HELLO,
    thread="<t@kundin.example>",
    author_id="mia@kundin.example",
    parent="<t@kundin.example> 0a1b2c3d",
    kind=Kind.DIRECT,
    public=False,
    text="Ja!",
    window_from=NOW,
    title="Frage",
)


def channel(**options: Any) -> Email:
    opened = open_channel(Connection("mail", "email", (HELLO,), options))
    assert isinstance(opened, Email)
    return opened


def test_nothing_is_taken_by_http() -> None:
    request = WebhookRequest("POST", {}, {}, b"{}", 0.0)
    for ask in (channel().handshake, channel().verify, channel().parse):
        with pytest.raises(Forged):
            ask(request)


@pytest.mark.parametrize(
    ("code", "status", "outcome", "told"),
    [
        ("MessageRejected", 400, Outcome.REFUSED, "restricted"),
        ("AccountSendingPausedException", 400, Outcome.REFUSED, "restricted"),
        ("InvalidParameterValue", 400, Outcome.REFUSED, "rejected"),
        ("AccessDenied", 403, Outcome.PASSING, "permission"),
        ("Throttling", 400, Outcome.PASSING, "throttled"),
        ("Elsewhat", 400, Outcome.PASSING, "rejected"),
        ("InternalFailure", 500, Outcome.UNKNOWN, "unknown"),
    ],
)
def test_what_ses_says_is_understood(shop: Shop, code: str, status: int, outcome: Outcome, told: str) -> None:
    def refuse(operation: str, real: Any) -> Any:
        if operation == "SendRawEmail":
            answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(answer, operation)
        return real()

    shop.aws.between = refuse
    with pytest.raises(PostFailed) as failed:
        channel().send(REPLY)
    assert (failed.value.outcome, failed.value.code, failed.value.detail) == (outcome, told, code)


def test_what_a_mail_cannot_be_is_refused_before_it_is_sent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "LARGEST_MAIL", 9_500)
    many = tuple(File(f"{n}.bin", "application/octet-stream", b"x" * 4_000) for n in range(2))
    for reply, code in (
        (replace(REPLY, public=True), "no-public"),
        (replace(REPLY, text="あ" * 50_001), "too-long"),
        (replace(REPLY, files=many), "attachment"),
    ):
        with pytest.raises(PostFailed) as failed:
            channel().send(reply)
        assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, code)
    assert shop.aws.sent == []


def test_a_name_and_a_subject_in_any_script_arrive_and_bring_no_header_along(shop: Shop) -> None:
    reply = replace(REPLY, title="Re: AW: 注文 4711\r\nBcc: evil@x.example " + "長い" * 60)
    channel(name='كافيه "ليندنر" <x@y.example>').send(reply)
    answer = sent(shop.aws.sent[-1][1])
    assert answer["Bcc"] is None
    assert str(answer["Subject"]).startswith("Re: 注文 4711 Bcc")
    assert "كافيه" in str(answer["From"])
    assert answer["From"].addresses[0].addr_spec == HELLO


def test_a_file_comes_from_the_bucket_and_nothing_but_a_file_of_a_mail(shop: Shop) -> None:
    objects.put("incoming/a/1", b"0123456789")
    files = {ref: Attachment(AttachmentKind.FILE, ref=ref) for ref in ("incoming/a/1", "incoming/none", "keys/1")}
    assert channel().download(HELLO, files["incoming/a/1"], 100, 1.0).body == b"0123456789"
    assert channel().download(HELLO, files["incoming/none"], 100, 1.0).status == 410
    with pytest.raises(TooLarge):
        channel().download(HELLO, files["incoming/a/1"], 5, 1.0)
    with pytest.raises(NotSent):
        channel().download(HELLO, files["keys/1"], 100, 1.0)
