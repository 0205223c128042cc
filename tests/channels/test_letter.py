"""Letters: a scan that comes by mail becomes a ticket, an answer a letter that somebody prints and posts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pypdf import PdfReader

from chalicelib import desk, intake, mailroom
from chalicelib.aws import clients, conversations, mailings, objects, textract
from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Forged, Outcome, PostFailed, WebhookRequest
from chalicelib.channels.letter import Letter, paper, reading
from chalicelib.http import Response
from chalicelib.locales import day
from chalicelib.mailroom import answered
from chalicelib.model import Attachment, AttachmentKind, Author, Kind, Message, Reply
from chalicelib.press import Sheet, typeset
from chalicelib.settings import build
from tests import aws
from tests.channels.email_at_hand import LETTERS, Press, cafe, payload, text
from tests.mailroom.shop import Shop, address

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
GERMAN, EMPTY = payload("letter/complaint_german.pdf"), payload("letter/scan_without_words.pdf")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with cafe(monkeypatch) as made:
        yield made


def scanned(*pdfs: bytes, sender: str = "Scan service <new@scans.example>", id: str = "s1") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, LETTERS, "New scan", f"<{id}@scans.example>"
    mail["Auto-Submitted"], mail["Precedence"] = "auto-generated", "bulk"
    mail.set_content("You have post.\n")
    for number, pdf in enumerate(pdfs):
        mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"scan-{number}.pdf")
    return mail.as_bytes()


def arrive(shop: Shop, raw: bytes, **more: Any) -> list[str]:
    return shop.arrives(raw, LETTERS, return_path="bounces@scans.example", **more)


def messages(shop: Shop) -> list[Message]:
    found = (conversations.one(item["pk"], item["sk"]) for item in shop.entries("message") if "pk" in item)
    return [each.read(Message) for each in found if each]


def printed(shop: Shop) -> list[EmailMessage]:
    return [each for each in shop.mails() if each["X-Bridgehead-Answer"]]


def page_of(mail: EmailMessage) -> str:
    """What a reader's program finds in the PDF."""
    (page,) = mail.iter_attachments()
    assert (page.get_content_type(), page.get_filename()) == ("application/pdf", f"{reference_of(mail)}.pdf")
    return reading.text_layer(page.get_content())


def reference_of(mail: EmailMessage) -> str:
    found = re.search(r"BH-[A-Z2-7]{4}-[A-Z2-7]{4}", str(mail["Subject"]))
    assert found
    return found.group()


# --- what comes --------------------------------------------------------------------------------------------------------


def test_a_scan_becomes_a_ticket_with_the_letters_words_and_the_scan_behind_a_link(shop: Shop) -> None:
    assert arrive(shop, scanned(GERMAN)) == ["message"]
    (found,) = messages(shop)
    assert found == Message(
        channel="letter",
        account=LETTERS,
        id=found.id,
        thread=found.id,
        author=Author(""),
        text=found.text,
        sent_at=found.sent_at,
        attachments=(Attachment(AttachmentKind.FILE, name="scan-0.pdf", ref=f"incoming/{found.id}/letter.pdf"),),
    )
    assert "Ich bitte um Rückerstattung (19,80 €)." in found.text
    (ticket,) = shop.mails()
    assert "die Torte vom Samstag war leider sauer." in text(ticket)
    assert "https://api.lindner.example/files/" in text(ticket)
    shown = " ".join(text(ticket).split())
    assert "Brief an Kaffeehaus Lindner" in shown
    assert "Beginnen Sie mit „An:“, Name und Anschrift in eigenen Zeilen" in shown


def test_the_same_scan_again_is_the_same_letter_and_two_scans_are_two(shop: Shop) -> None:
    assert arrive(shop, scanned(GERMAN, GERMAN)) == ["message"]
    assert arrive(shop, scanned(GERMAN, id="s2")) == ["known"]
    assert arrive(shop, scanned(GERMAN, EMPTY, id="s3")) == ["message"]
    assert len(shop.mails()) == 2


def test_a_whole_mornings_post_is_no_flood(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailings, "MOST", 1)
    scans = [GERMAN.replace(b"19,80", f"{number},00".encode()) for number in (10, 11, 12)]
    assert [arrive(shop, scanned(each, id=str(n)))[0] for n, each in enumerate(scans)] == ["message"] * 3


def test_only_services_that_are_named_and_proven_bring_letters(shop: Shop) -> None:
    assert arrive(shop, scanned(GERMAN, sender="x@elsewhere.example")) == ["stranger"]
    assert arrive(shop, scanned(GERMAN), dmarc="FAIL") == ["spoofed"]
    assert arrive(shop, scanned(GERMAN), dmarc="GRAY", dkim="GRAY") == ["unproven"]
    assert arrive(shop, scanned(GERMAN), virus="FAIL") == ["virus"]
    assert arrive(shop, scanned()) == ["nothing-in-it"]
    assert shop.arrives(scanned(GERMAN), LETTERS, return_path="") == ["bounced"]
    assert shop.mails() == []


def test_a_scan_that_nobody_can_read_is_a_ticket_that_says_so(shop: Shop) -> None:
    arrive(shop, scanned(EMPTY))
    arrive(shop, scanned(b"%PDF-1.4 broken", id="s2"))
    assert [each.doubt for each in messages(shop)] == ["unread", "unread"]
    assert "nicht lesen" in " ".join(text(shop.mails()[0]).split())


class Reader:
    """Textract, which takes its time."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    def start_document_text_detection(self, **asked: Any) -> dict[str, str]:
        self.asked.append((asked["DocumentLocation"]["S3Object"]["Name"], asked["ClientRequestToken"]))
        return {"JobId": f"job of {asked['ClientRequestToken']}"}

    def get_document_text_detection(self, **asked: Any) -> dict[str, Any]:
        return self.answers.pop(0)


def reading_by(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    others = clients.client
    monkeypatch.setattr(clients, "client", lambda service: reader if service == "textract" else others(service))


def test_a_scan_without_words_is_read_by_textract_where_the_owner_wants_that(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["Sehr geehrte Damen und Herren,", "bitte um Rückruf unter 0660 000000."]
    lines = [{"BlockType": "PAGE"}, *({"BlockType": "LINE", "Text": each} for each in words)]
    first, second = {"NextToken": "2", "Blocks": lines[:2]}, {"Blocks": lines[2:]}
    reader = Reader(
        {"JobStatus": "IN_PROGRESS"}, {"JobStatus": "SUCCEEDED", **first}, {"JobStatus": "SUCCEEDED", **second}
    )
    with cafe(monkeypatch, textract=True) as shop:
        reading_by(monkeypatch, reader)
        arrive(shop, scanned(EMPTY))
        assert shop.mails() == []  # it waits
        (item,) = shop.entries("message")
        room = desk._room()
        desk.work(item["pk"], replace(room, now=lambda: datetime.now(UTC) + timedelta(minutes=1)))
        (ticket,) = shop.mails()
        assert "bitte um Rückruf" in text(ticket)
        assert len(set(reader.asked)) == 1  # the same job each time


def test_what_textract_cannot_read_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with cafe(monkeypatch, textract=True) as shop:
        reading_by(monkeypatch, Reader({"JobStatus": "FAILED"}))
        arrive(shop, scanned(EMPTY))
        assert [each.doubt for each in messages(shop)] == ["unread"]
        reading_by(monkeypatch, Reader({"JobStatus": "FAILED"}))
        with pytest.raises(textract.Unreadable):
            textract.words("incoming/x", "x")


# --- what goes out -----------------------------------------------------------------------------------------------------


def test_an_answer_is_mailed_as_a_letter_to_print_and_the_next_letter_finds_its_ticket(shop: Shop) -> None:
    arrive(shop, scanned(GERMAN))
    ticket = shop.mails()[0]
    words = "An: Erika Beispiel\nGartenweg 5\n4020 Linz\n\nSehr geehrte Frau Beispiel,\n\ndas tut uns leid. 🍰 <b>"
    assert shop.answer(ticket, words) == "reply"
    (mail,) = printed(shop)
    assert (mail["To"], mail["From"].addresses[0].addr_spec) == ("chefin@lindner.example", LETTERS)
    name, page = reference_of(mail), page_of(mail)
    assert page.splitlines() == [
        "Kaffeehaus Lindner",
        "Kaffeehaus Lindner",
        "Erika Beispiel",
        "Gartenweg 5",
        "4020 Linz",
        f"{day('de', datetime.now(UTC), 'Europe/Berlin')} Unser Zeichen: {name}",
        "Sehr geehrte Frau Beispiel,",
        "das tut uns leid. 🍰 <b>",
    ]
    assert not shop.waiting
    # as a scanner reads it
    answer = GERMAN.replace(b"Sehr geehrte Damen und Herren,", f"Zeichen: {name.replace('O', '0'):<21}".encode())
    assert len(answer) == len(GERMAN)
    assert arrive(shop, scanned(answer, id="s2")) == ["message"]
    assert address(shop.mails()[-1]) == address(ticket)
    assert {item["pk"] for item in shop.entries("message") if item.get("state") != "moved"} == {
        shop.entries("message")[0]["pk"]
    }


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            "To: Ms Mia Sample\n12 Garden Lane\nSampletown\n\nDear Ms Sample, sorry!",
            "Ms Mia Sample 12 Garden Lane Sampletown",
        ),
        ("An: Frau Muster\nGartenweg 5\n\nSehr geehrte Frau Muster, das tut uns leid.", "Frau Muster Gartenweg 5"),
        ("宛先：見本 花子 様\n東京都千代田区\n\n拝啓　お詫び申し上げます。", "見本 花子 様 東京都千代田区"),
        ("Kính gửi: Bà Mẫu\n12 Lê Lợi\n\nKính thưa Bà, xin lỗi Bà.", "Bà Mẫu 12 Lê Lợi"),
        ("收件人：王小明\n人民路一号\n\n您好，我们深表歉意。", "王小明 人民路一号"),
    ],
)
def test_an_address_in_each_language_comes_through_the_mail_into_the_window(shop: Shop, words: str, shown: str) -> None:
    arrive(shop, scanned(GERMAN))
    assert shop.answer(shop.mails()[0], words) == "reply"
    _, _, *rest = page_of(printed(shop)[0]).splitlines()
    assert " ".join(rest).startswith(shown)


def test_the_report_that_the_page_was_sent_settles_it_under_its_reference(shop: Shop) -> None:
    arrive(shop, scanned(GERMAN))
    shop.answer(shop.mails()[0], "Sehr geehrte Frau Beispiel, danke.")
    id, _, tags = shop.aws.sent[-1]
    told = {"eventType": "Send", "mail": {"messageId": id, "tags": {name: [value] for name, value in tags.items()}}}
    room = mailroom.open_room(intake.keep_events)
    assert answered.note(told, room.settings, room.keep, NOW) == "answer sent"
    assert [item for item in shop.items() if item["kind"] == "echo"] == []  # known by its reference
    assert "keine Anschrift" in text(printed(shop)[0])


@pytest.mark.parametrize(
    ("words", "lines", "rest"),
    [
        ("To: Mia\nRoad 1\n\nDear Mia", ["Mia", "Road 1"], "Dear Mia"),
        ("宛先：田中 花子\n〒100-0001 東京都\n\n拝啓", ["田中 花子", "〒100-0001 東京都"], "拝啓"),
        ("收件人：王小明\n\n您好", ["王小明"], "您好"),
        ("Kính gửi: Đặng Thị Hương\n\nXin chào", ["Đặng Thị Hương"], "Xin chào"),
        ("مرحبا\n\nشكرا", [], "مرحبا\n\nشكرا"),
        ("To: you" + "\nand" * 9 + "\n\nHi", [], "To: you" + "\nand" * 9 + "\n\nHi"),
    ],
)
def test_the_address_is_the_first_paragraph_if_it_says_so(words: str, lines: list[str], rest: str) -> None:
    assert paper.divided(words) == (lines, rest)


def test_a_reference_is_found_however_it_was_scanned() -> None:
    name = reading.reference("a" * 16)
    _, first, second = name.split("-")
    for seen in (
        name,
        name.lower(),
        f"BH {first} {second}",
        f"BH–{first}—{second}",
        f"Ihr Zeichen:BH-{first}-{second}.",
    ):
        assert reading.references_in(f"x {seen} y") == [name]
    assert reading.references_in("BH-0118-ABCD BHX-AAAA-BBBB") == ["BH-OIIB-ABCD"]


REPLY = Reply(
    conversation_id="a" * 16,
    id="r1",
    channel="letter",
    account=LETTERS,
    thread="t",
    author_id="",
    parent="t",
    kind=Kind.DIRECT,
    public=False,
    text="Guten Tag",
    window_from=NOW,
)


def channel(**options: Any) -> Letter:
    opened = open_channel(Connection("post", "letter", (LETTERS,), options))
    assert isinstance(opened, Letter)
    return opened


def test_a_letterhead_and_who_prints_are_the_owners_choice() -> None:
    mail = paper.compose(REPLY, "druck@lindner.example", b"%PDF-1.7", build(aws.SETTINGS), NOW)
    assert mail["To"] == "druck@lindner.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert lines_of("Guten Tag", letterhead="Kaffeehaus Lindner | Ring 1")[:2] == ["Kaffeehaus Lindner", "Ring 1"]


def lines_of(words: str, own: bytes = b"", **stationery: Any) -> list[str]:
    """Of the letter, as a reader's program finds them."""
    made = paper.sheet(replace(REPLY, text=words), paper.Stationery(**stationery), own, build(aws.SETTINGS), NOW)
    return reading.text_layer(typeset(made, own)).splitlines()


@pytest.mark.parametrize(
    ("words", "dated"),
    [
        ("Dear Ms Sample, thank you for your letter.", "21 November 2026 Our reference:"),
        ("Sehr geehrte Frau Muster, vielen Dank für Ihren Brief.", "21. November 2026 Unser Zeichen:"),
        ("お手紙をいただき、ありがとうございます。", "2026年11月21日 整理番号："),
        ("Cảm ơn quý khách đã gửi thư.", "ngày 21 tháng 11 năm 2026 Mã số thư:"),
        ("您好，感谢您的来信。🎂", "2026年11月21日 编号："),
    ],
)
def test_a_letter_speaks_the_language_of_its_words(words: str, dated: str) -> None:
    *_, facts, said = lines_of(words)
    assert ("".join(facts.split()).startswith("".join(dated.split())), said) == (True, words)


def test_a_letter_is_set_in_every_script_and_nothing_said_is_taken_for_markup() -> None:
    words = "#let x = 1 $a$ *b* _c_ @d <e> \\ // f [g] {h} `i`\n\nΕλλάδα Привет שלום 안녕하세요 สวัสดี\n\nशुभ"
    assert " ".join(lines_of(words)[2:]).split()[:16] == words.split()[:16]
    fonts = fonts_of(typeset(paper.sheet(replace(REPLY, text=words), *NO_PAPER), b""))
    assert {"NotoSans", "NotoSansHebrew", "NotoSansCJKkr", "NotoSansThai", "NotoSansDevanagari"} <= fonts


NO_PAPER: Any = (paper.Stationery(), b"", build(aws.SETTINGS), NOW)


def fonts_of(pdf: bytes) -> set[str]:
    """The families that a PDF brings along."""
    objects: Any = PdfReader(BytesIO(pdf)).pages
    used = (font.get_object()["/BaseFont"] for page in objects for font in page["/Resources"]["/Font"].values())
    return {re.sub(r"^/[A-Z]+\+|-.*$", "", str(name)) for name in used}


def test_chinese_characters_are_drawn_as_the_language_draws_them() -> None:
    for words, family in (("直接ご連絡ください", "NotoSansCJKjp"), ("我们会直接联系您，谢谢", "NotoSansCJKsc")):
        assert fonts_of(typeset(paper.sheet(replace(REPLY, text=words), *NO_PAPER), b"")) == {"NotoSans", family}


def test_the_owners_letter_paper_lies_under_every_page() -> None:
    own = typeset(Sheet("Seit 1898", [], [], "de", "", "", "a4"), b"")
    made = paper.sheet(replace(REPLY, text="Ein Satz. " * 500), paper.Stationery(), own, build(aws.SETTINGS), NOW)
    pages = PdfReader(BytesIO(typeset(made, own))).pages
    assert len(pages) > 1
    assert all("Seit 1898" in page.extract_text() for page in pages)
    assert lines_of("Guten Tag", own)[1].startswith(
        "21. November 2026"
    )  # the paper has the name, nobody prints it twice
    with pytest.raises(ValueError, match="no PDF"):
        lines_of("Guten Tag", b"GIF89a")


def test_a_press_that_does_not_answer_is_asked_again_and_letter_paper_that_is_gone_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = Press()
    broken.broken = "Unhandled"
    with cafe(monkeypatch, broken), pytest.raises(PostFailed) as failed:
        channel().send(REPLY)
    assert failed.value.outcome is Outcome.PASSING
    with cafe(monkeypatch), pytest.raises(PostFailed) as failed:
        channel(letterhead_file="letterheads/none.pdf").send(REPLY)
    assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, "rejected")
    slow = ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
    with cafe(monkeypatch) as shop:
        monkeypatch.setattr(objects, "get", raising(slow))
        with pytest.raises(PostFailed) as failed:
            channel(letterhead_file="letterheads/there.pdf").send(REPLY)
        assert (failed.value.outcome, shop.mails()) == (Outcome.PASSING, [])


def raising(error: Exception) -> Any:
    def get(key: str, most: int) -> bytes:
        raise error

    return get


def test_nothing_is_taken_by_http_and_no_letter_is_public_or_too_long() -> None:
    request = WebhookRequest("POST", {}, {}, b"{}", 0.0)
    for ask in (channel().handshake, channel().verify, channel().parse):
        with pytest.raises(Forged):
            ask(request)
    for reply, code in ((replace(REPLY, public=True), "no-public"), (replace(REPLY, text="x" * 6001), "too-long")):
        with pytest.raises(PostFailed) as failed:
            channel().send(reply)
        assert (failed.value.outcome, failed.value.code) == (Outcome.REFUSED, code)


# --- Dropscan ----------------------------------------------------------------------------------------------------------

TOKENS = {
    "api_token": "an-api-token-of-length",
    "webhook_token": ["a-webhook-token-of-length", "the-older-token-of-length"],
}
OLD, NEWER, NEWEST = "0b5c1e1a-old", "7d2f90aa-newer", "c19e44d0-newest"


class Scanbox:
    """Dropscan's list, and what it read."""

    def __init__(self, *scanned: str) -> None:
        self.scanned, self.words, self.asked = list(scanned), dict[str, str](), list[str]()
        self.status = 200

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        assert more["headers"] == {"authorization": f"Bearer {TOKENS['api_token']}"}
        self.asked.append(url.removeprefix("https://api.dropscan.de/v1/scanboxes/4711/mailings"))
        name = url.removesuffix("/plaintext").rpartition("/")[2]
        if url.endswith("/plaintext"):
            return Response(200, self.words[name].encode()) if name in self.words else Response(404)
        rest = (
            self.scanned[self.scanned.index(url.partition("older_than=")[2]) + 1 :]
            if "older_than" in url
            else self.scanned
        )
        return Response(self.status, json.dumps([{"uuid": each} for each in rest[:2]]).encode())


def dropscan(scanbox: Scanbox) -> Letter:
    opened = open_channel(Connection("post", "letter", ("4711",), {"provider": "dropscan"}, TOKENS), http=scanbox)
    assert isinstance(opened, Letter)
    return opened


def test_dropscans_list_is_asked_for_what_is_new_and_the_first_look_brings_nothing() -> None:
    scanbox = Scanbox(OLD)
    first = dropscan(scanbox).poll("4711", "")
    assert first.events == []
    scanbox.scanned = [NEWEST, NEWER, OLD]
    second = dropscan(scanbox).poll("4711", first.cursor)
    assert [each.id for each in second.events if isinstance(each, Message)] == [NEWER, NEWEST]
    assert all(isinstance(each, Message) and each.partial for each in second.events)
    assert dropscan(scanbox).poll("4711", second.cursor).events == []
    assert f"?current_status=scanned&older_than={NEWER}" in scanbox.asked


def test_dropscan_reads_the_letter_and_until_it_has_it_is_waited_for(shop: Shop) -> None:
    scanbox = Scanbox(NEWEST)
    dropscan(scanbox).poll("4711", "")
    (told,) = dropscan(scanbox).poll("4711", "[]").events
    assert isinstance(told, Message)
    with pytest.raises(PostFailed) as failed:
        dropscan(scanbox).complete(told)
    assert failed.value.outcome is Outcome.PASSING
    scanbox.words[NEWEST] = "Sehr geehrte Damen und Herren, ich kündige."
    found = dropscan(scanbox).complete(told)
    assert (found.text, found.attachments[0].ref) == (scanbox.words[NEWEST], f"dropscan:{NEWEST}")


def test_dropscan_that_refuses_the_token_is_told_apart_from_one_that_fails() -> None:
    for status, outcome, code in ((401, Outcome.REFUSED, "token"), (503, Outcome.PASSING, "throttled")):
        scanbox = Scanbox(OLD)
        scanbox.status = status
        with pytest.raises(PostFailed) as failed:
            dropscan(scanbox).poll("4711", "")
        assert (failed.value.outcome, failed.value.code) == (outcome, code)


def test_a_delivery_of_dropscan_is_proven_and_only_says_which_letter_to_fetch() -> None:
    channel = dropscan(Scanbox())
    body = {"event": "mailing_scanned", "data": {"scanbox_id": 4711, "mailing": {"uuid": NEWEST, "note": "<b>"}}}
    request = WebhookRequest("POST", {"authorization": TOKENS["webhook_token"][1]}, {}, json.dumps(body).encode(), 0.0)
    channel.verify(request)
    (told,) = channel.parse(request)
    assert isinstance(told, Message)
    assert (told.account, told.id, told.text, told.partial) == ("4711", NEWEST, "", True)
    other = replace(request, body=json.dumps({**body, "event": "mailing_received"}).encode())
    assert channel.parse(other) == []
    assert channel.parse(replace(request, body=b'{"event": "mailing_scanned"}')) == []
    for given in ("", "a-webhook-token-of-lengt", "Bearer a-webhook-token-of-length"):
        with pytest.raises(Forged):
            channel.verify(replace(request, headers={"authorization": given}))


def test_an_answer_to_a_letter_from_dropscan_comes_from_the_reply_domain() -> None:
    mail = paper.compose(replace(REPLY, account="4711"), "", b"", build(aws.SETTINGS), NOW)
    assert mail["From"].addresses[0].addr_spec == "letters@reply.lindner.example"
