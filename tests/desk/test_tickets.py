"""What lands in the helpdesk: who wrote what, and what an answer will do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, default
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels.base import Limits, Media
from chalicelib.desk.writing.notices import Alert, Notice, notice_mail, owner_mail
from chalicelib.desk.writing.reminder_mails import Reminding, reminder_mail
from chalicelib.desk.writing.tickets import LONGEST_WORDS, Line, Shown, Ticket, ticket_mail
from chalicelib.locales import say
from chalicelib.model import AttachmentKind, Author, Kind, TroubleKind
from chalicelib.settings import LANGUAGES
from chalicelib.text import fuse, mark, width

SEVEN_BIT = SMTP.clone(cte_type="7bit")
AT = datetime(2025, 11, 3, 13, 5, tzinfo=UTC)
ID = "k3v7q2m5x4n6t7w2"
ADDRESS = f"c-{ID}-aabcdefghijklmnopqrstuvwxyz@reply.example.org"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
WORDS = {
    "en": "My flowers have not arrived. 😟",
    "de": "Meine Blumen sind nicht angekommen, schöne Grüße!",
    "ja": "お花がまだ届いていません。",
    "vi": "Hoa của tôi vẫn chưa đến nơi",
    "zh": "我的花还没有送到。",
    "ar": "مرحبا، أين طلبي؟",
    "he": "שלום, איפה ההזמנה שלי?",
    "emoji": "👨‍👩‍👧‍👦 👍🏽 🇩🇪",
}
NAMES = ("Mia Muster", "Jürgen Müßig", "山田 花子", "Nguyễn Thị Minh Khai", "王小明", "محمد علي", "😀")


def line(text: str, **more: Any) -> Line:
    return replace(Line(AT, "customer", "Mia Muster", text), **more)


def ticket(text: str = WORDS["en"], **more: Any) -> Ticket:
    plain = Ticket(
        conversation_id=ID,
        delivery_id="d41d8cd98f",
        at=AT,
        channel_title="Facebook",
        account_name="Rosewood",
        kind=Kind.COMMENT,
        author=Author("100", "Mia Muster", "mia", 12345, "https://facebook.example/mia"),
        business="Rosewood Flowers",
        limits=Limits(public=True, text=8000),
        reply_address=ADDRESS,
        helpdesk_address="help@example.org",
        first_words=text,
        news=(line(text),),
    )
    return replace(plain, **more)


def sent(mail: EmailMessage) -> EmailMessage:
    """The mail as it leaves, read again."""
    raw = mail.as_bytes(policy=SEVEN_BIT)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    read = message_from_bytes(raw, policy=default)
    assert isinstance(read, EmailMessage)
    assert not [part.defects for part in read.walk() if part.defects]
    return read


def text_of(mail: EmailMessage) -> str:
    body = sent(mail).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    body = sent(mail).get_body(("related", "html"))
    assert body is not None
    page = body if body.get_content_type() == "text/html" else next(body.iter_parts())
    return str(page.get_content())


@cache
def every_mail(language: str) -> tuple[EmailMessage, ...]:
    return tuple(_every_mail(language))


def _every_mail(language: str) -> Iterator[EmailMessage]:
    before = ticket(language=language, last_subject="[Support #12] Hello", zone="Europe/Berlin")
    yield ticket_mail(replace(before, history=(line("Earlier"), line("", change="unsent"))))
    for code in ("window", "unknown", "too-long", "no such code"):
        yield notice_mail(before, Notice("refused", code, words="My answer", detail="(#10) Outside window"))
    yield notice_mail(before, Notice("held", "unsure", words="My answer"))
    yield notice_mail(before, Notice("posted", words="My answer", link="https://facebook.example/1", at=AT))
    yield notice_mail(before, Notice("elsewhere", words="From the app", at=AT))
    for percent in (50, 80, 100):
        yield reminder_mail(before, Reminding(str(percent), AT - timedelta(hours=3), AT + timedelta(hours=1)))


@pytest.mark.parametrize("text", WORDS.values())
def test_a_customers_words_arrive_whole_in_both_parts(text: str) -> None:
    mail = ticket_mail(ticket(text))
    assert text in fuse(text_of(mail))
    assert text in fuse(html_of(mail)).replace("&#x27;", "'")


@pytest.mark.parametrize("name", NAMES)
def test_mail_comes_from_the_conversations_address_under_the_customers_name(name: str) -> None:
    mail = sent(ticket_mail(ticket(author=Author("1", name))))
    assert str(make_header(decode_header(mail["From"]))) == mail["From"]
    for header in ("From", "Reply-To"):
        (sender,) = mail[header].addresses
        assert (sender.display_name, sender.addr_spec) == (f"{name} (Facebook)", ADDRESS)
    assert mail["To"] == "help@example.org"
    assert mail["Subject"] == f"[Facebook] {name}: {WORDS['en']}"


def test_a_tickets_headers_are_those_of_a_person() -> None:
    mail = sent(ticket_mail(ticket()))
    automatic = {"auto-submitted", "precedence", "x-autoreply", "x-loop", "list-id", "list-unsubscribe", "return-path"}
    assert not automatic & {name.lower() for name in mail}
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["References"] == f"<conv-{ID}@reply.example.org>"
    assert mail["Message-ID"] == "<d41d8cd98f@reply.example.org>"
    assert mail["Date"].datetime == AT
    kind = (mail["X-Bridgehead-Kind"], mail["X-Bridgehead-Delivery"], mail["X-Bridgehead-Conversation"])
    assert kind == ("ticket", "d41d8cd98f", ID)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_follow_up_keeps_the_helpdesks_subject_and_names_the_thread() -> None:
    follow_up = ticket(
        last_subject="RE: Re: AW: [rt.example #12] [Facebook] Mia Muster: Blumen",
        references=("<first@ses.example>", "<desk-1@rt.example>", "not an id", "<bad id@x>", "<desk-1@rt.example>"),
        in_reply_to="<last@ses.example>",
    )
    mail = sent(ticket_mail(follow_up))
    assert mail["Subject"] == "Re: [rt.example #12] [Facebook] Mia Muster: Blumen"
    assert mail["In-Reply-To"] == "<last@ses.example>"
    ours = f"<conv-{ID}@reply.example.org>"
    assert mail["References"].split() == [ours, "<first@ses.example>", "<desk-1@rt.example>", "<last@ses.example>"]


def test_a_second_mail_before_the_helpdesk_has_answered_repeats_our_subject() -> None:
    mail = ticket_mail(ticket(first_words="Blumen", in_reply_to="<first@ses.example>"))
    assert mail["Subject"] == "Re: [Facebook] Mia Muster: Blumen"


def test_ids_longer_than_a_line_are_not_encoded() -> None:
    long = f"<{'A' * 120}@{'b' * 60}.prod.outlook.example>"
    raw = ticket_mail(ticket(references=(long,), in_reply_to=long)).as_bytes(policy=SEVEN_BIT).decode()
    assert raw.count(long) == 2
    assert "=?" not in raw.split("References")[1].split("MIME-Version")[0]


def test_a_long_thread_keeps_its_first_and_its_newest_ids() -> None:
    ids = tuple(f"<{number}@rt.example>" for number in range(100))
    references = ticket_mail(ticket(references=ids))["References"].split()
    assert (references[1], references[-1], len(references)) == ("<0@rt.example>", "<99@rt.example>", 12)


@pytest.mark.parametrize(
    "name",
    [
        "Mia\r\nBcc: evil@bad.example",
        'Mia" <agent@corp.example>',
        "agent@corp.example, Mia",
        "=?utf-8?q?a=0d=0aX-Evil:_1?=",
        "=?utf-8?b?YQ0KWC1FdmlsOiAx?=",
        "Mia\x00\u202eevil",
        "M" * 5000,
    ],
)
def test_a_name_cannot_add_a_header_or_an_address(name: str) -> None:
    raw = ticket_mail(ticket(author=Author("1", name, name), news=(Line(AT, "customer", name, "x"),))).as_bytes(
        policy=SEVEN_BIT
    )
    mail = message_from_bytes(raw, policy=default)
    assert mail["Bcc"] is mail["X-Evil"] is None
    (sender,) = mail["From"].addresses
    assert sender.addr_spec == ADDRESS
    assert "@" not in sender.display_name[1:]
    assert len(sender.display_name) < 100


def test_first_words_cannot_steer_the_helpdesk_from_the_subject() -> None:
    mail = ticket_mail(ticket("[#123] Autoreply\r\nX-Evil: 1 =?utf-8?q?a=0d=0aX-Evil:_1?= " + "very " * 5000))
    assert re.search(r"\[(?!Facebook\])|#\d|autoreply", mail["Subject"], re.IGNORECASE) is None
    assert len(mail["Subject"]) <= 200
    assert sent(mail)["X-Evil"] is None


def test_customers_words_are_inert_in_html() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y> javascript:alert(1) \" onclick='z' ]]> &amp;"
    author = Author("1", "<b>Mia</b>", "<i>", 3, "javascript:alert(1)")
    shown = Shown(AttachmentKind.FILE, "<u>.svg", 'https://x.example/"onmouseover="a', AT)
    page = html_of(
        ticket_mail(ticket(evil, author=author, news=(line(evil, attachments=(shown,), permalink="data:x"),)))
    )
    tags, addresses = read_html(page)
    assert tags <= {"html", "head", "meta", "body", "div", "p", "b", "i", "span", "br", "a", "img"}
    assert addresses == []
    assert "onerror" in page  # as words


def test_nothing_is_loaded_from_outside_and_links_are_the_webs() -> None:
    shown = (
        Shown(AttachmentKind.IMAGE, "a\r\nX-Evil: 1.png", image=PNG, media_type="image/png"),
        Shown(
            AttachmentKind.IMAGE, "b.svg", image=b"<svg/>", media_type="image/svg+xml", link="https://media.example/b"
        ),
    )
    mail = sent(ticket_mail(ticket(news=(line("x", attachments=shown, permalink="https://facebook.example/1"),))))
    parts = [part.get_content_type() for part in mail.walk()]
    expected = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert parts == expected
    picture = list(mail.walk())[-1]
    assert picture["Content-ID"] == "<picture-1-1@bridgehead>"
    assert picture.get_filename() == "picture-1-1.png"
    assert picture.get_content() == PNG
    _, addresses = read_html(html_of(mail))
    assert addresses == [
        "https://facebook.example/mia",
        "cid:picture-1-1@bridgehead",
        "https://media.example/b",
        "https://facebook.example/1",
    ]


def test_a_very_long_message_is_cut_and_the_rest_linked() -> None:
    mail = ticket_mail(ticket("花" * 60_000, original_link="https://media.example/whole"))
    assert LONGEST_WORDS <= text_of(mail).count("花") < LONGEST_WORDS + 100
    assert "https://media.example/whole" in text_of(mail)
    assert len(mail.as_bytes(policy=SEVEN_BIT)) < 400_000


def test_a_text_the_table_had_to_cut_is_linked_too() -> None:
    mail = ticket_mail(ticket("x" * LONGEST_WORDS, original_link="https://media.example/whole"))
    assert "https://media.example/whole" in text_of(mail)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_says_who_writes_where_and_what_was_said_before(language: str) -> None:
    before = (line("Hallo?"), Line(AT, "business", "", "Guten Tag"), line("secret", change="unsent"))
    news = (line("Neu", change="edited", rating="2/5", permalink="https://facebook.example/1", note="late"),)
    text = text_of(ticket_mail(ticket(language=language, history=before, news=news)))
    expected = [
        "Mia Muster (Facebook)",
        "@mia",
        "Rosewood",
        "Hallo?",
        "Guten Tag",
        "Neu",
        "★★☆☆☆",
        "https://facebook.example/1",
    ]
    assert [words for words in expected if words not in text] == []
    assert say(language, "heading_before") in text
    assert re.search(r"12[.,]345", text)
    assert "secret" not in text


def test_an_author_without_a_name_is_called_so() -> None:
    mail = ticket_mail(ticket(author=Author("9988"), news=(Line(AT, "customer", "", "x"),)))
    assert sent(mail)["From"].addresses[0].display_name == "Name unknown (Facebook)"
    assert "No name is known, only the id 9988" in text_of(mail)
    by_handle = ticket_mail(ticket(author=Author("1", handle="@mia")))
    assert sent(by_handle)["From"].addresses[0].display_name == "@mia (Facebook)"


def test_what_a_reply_will_do_is_said_for_every_kind_of_limit() -> None:
    public = text_of(ticket_mail(ticket()))
    assert "Your reply will be public" in public
    assert "Everybody can read what you write on Facebook." in public
    assert "Up to 8,000 characters. An answer can go out at any time." in public
    window: dict[str, Any] = {"window_until": AT + timedelta(hours=1), "extended_until": AT + timedelta(days=6)}
    private = fuse(
        flat(text_of(ticket_mail(ticket(limits=Limits(False, 2000, unit="bytes"), zone="Europe/Berlin", **window))))
    )
    assert "What you write goes to Mia Muster only, on Facebook." in private
    assert "Up to 2,000 bytes" in private
    assert "Best before Mon, 3 November 2025, 15:05 (Europe/Berlin); possible until Sun, 9 November" in private
    late: dict[str, Any] = {name: AT - timedelta(hours=1) for name in window}
    assert "ended on Mon, 3 November" in flat(text_of(ticket_mail(ticket(**late))))
    none = text_of(ticket_mail(ticket(limits=Limits(True, 0, answers=False))))
    assert "No reply possible from here" in none
    assert "Just answer" not in none


def test_a_ticket_says_which_files_an_answer_may_bring_and_when_it_is_split() -> None:
    media = Media(("image/jpeg", "image/png", "audio/mpeg"), size=25_000_000, most=5)
    said = flat(text_of(ticket_mail(ticket(limits=Limits(False, 2000, parts=5, media=media)))))
    assert "Up to 10,000 characters. More than 2,000 characters goes out as several messages." in said
    assert "You can attach JPEG, MP3, PNG: 5 at most, 25 MB each." in said
    anything = replace(media, types=("",))
    assert "files of any kind" in text_of(ticket_mail(ticket(limits=Limits(False, 2000, media=anything))))
    assert "Attachments cannot be sent." in text_of(ticket_mail(ticket()))


def test_a_notice_about_a_part_shows_what_is_missing_and_what_arrived() -> None:
    told = Notice("refused", "blocked", words="second", posted="first", count=(1, 3))
    said = flat(text_of(notice_mail(ticket(), told)))
    assert "Only part of your answer to Mia Muster was posted" in said
    assert "Your answer became 3 messages. Mia Muster has 1 of them for certain." in said
    assert "no longer receives messages" in said
    assert "What is missing second What was posted first" in said
    assert "send only what is missing" not in said
    again = flat(text_of(notice_mail(ticket(), replace(told, code="policy"))))
    assert "Please send only what is missing, not the whole answer again." in again


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_begins_and_ends_with_our_mark(language: str) -> None:
    for mail in every_mail(language):
        lines = text_of(mail).strip().split("\n")
        assert mark(ID) in lines[0]
        assert "Mia Muster (Facebook)" in lines[0]
        assert mark(ID) in lines[-1]
        page = html_of(mail)
        assert page.index(mark(ID)) < page.index("</p>")
        assert page.rindex(mark(ID)) > page.rindex("<p")


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_fit_on_eighty_columns(language: str) -> None:
    for mail in every_mail(language):
        assert [text for text in text_of(mail).split("\n") if width(text) > 80] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_and_reminders_join_the_ticket_like_a_persons_mail(language: str) -> None:
    for mail in every_mail(language):
        assert mail["Subject"] == "Re: [Support #12] Hello"
        assert mail["Auto-Submitted"] is mail["Precedence"] is None
        assert mail["References"].startswith(f"<conv-{ID}@reply.example.org>")


def test_a_refusal_says_why_what_to_do_and_what_was_written() -> None:
    text = text_of(
        notice_mail(ticket(), Notice("refused", "too-long", words="Dear Mia, [#1] …", detail="(#100)\r\nX: y"))
    )
    assert "Your answer to Mia Muster was not posted" in text
    assert "The limit is 8,000 characters." in text
    assert "Please shorten it and answer again." in text
    assert "Reason given: (#100) X" in fuse(text)
    assert "Dear Mia, [#1] …" in fuse(text)
    assert "From Bridgehead, not from Mia Muster." in text


def test_nobody_is_told_that_an_answer_failed_when_nobody_knows() -> None:
    text = flat(text_of(notice_mail(ticket(), Notice("held", "unknown", words="Dear Mia"))))
    assert "Please check whether Mia Muster got your answer" in text
    assert "not posted" not in text


def test_codes_without_a_text_of_their_own_have_one_all_the_same() -> None:
    said = {
        code: flat(text_of(notice_mail(ticket(), Notice("refused", code)))) for code in ("forbidden", "never heard", "")
    }
    assert "permission" in said["forbidden"]
    assert "did not take your answer" in said["never heard"]
    assert "certainty" in flat(text_of(notice_mail(ticket(), Notice("held", "text-html-differ"))))


@pytest.mark.parametrize(
    ("percent", "said"), [(50, "3 hours ago"), (80, "Only 1 hour left"), (100, "overdue"), (150, "overdue")]
)
def test_a_reminder_says_how_long_the_customer_has_been_waiting(percent: int, said: str) -> None:
    text = flat(
        text_of(reminder_mail(ticket(), Reminding(str(percent), AT - timedelta(hours=3), AT + timedelta(hours=1))))
    )
    assert said in text
    assert "Mon, 3 November 2025, 14:05 (UTC)" in text
    assert WORDS["en"] in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["missed", "trouble", "bounced"])
def test_mail_to_the_owner_is_automatic_and_from_no_conversation(language: str, kind: Any) -> None:
    trouble = TroubleKind.REVOKED if kind == "trouble" else None
    alert = Alert(
        kind=kind,
        delivery_id="d1",
        at=AT,
        business="Rosewood Flowers",
        reply_domain="reply.example.org",
        owner_address="owner@example.org",
        owner_name="Erika",
        channel_title="Facebook",
        account_name="Rosewood",
        language=language,
        author=Author("") if trouble else Author("1", "Mia Muster"),
        words=WORDS["ar"],
        trouble=trouble,
        detail="190 [#1]",
        helpdesk_address="help@example.org",
        waiting_since=AT - timedelta(hours=5),
        due_at=AT,
    )
    mail = sent(owner_mail(alert))
    assert mail["From"].addresses[0].addr_spec == "bridgehead@reply.example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["To"], mail["X-Bridgehead-Kind"]) == ("owner@example.org", "owner")
    assert mail["Reply-To"] is mail["References"] is mail["X-Bridgehead-Conversation"] is None
    text = text_of(owner_mail(alert))
    assert "Erika" in text
    assert ADDRESS not in text
    assert [each for each in text.split("\n") if width(each) > 80] == []


def test_a_ticket_is_written_quickly() -> None:
    many = tuple(line(f"{number}\n{WORDS['ja']}\n[#{number}] " * 200) for number in range(20))
    assert len(ticket_mail(ticket(news=many)).as_bytes(policy=SEVEN_BIT)) < 2_000_000


def test_the_customers_words_of_real_payloads_survive() -> None:
    shared = Path(__file__).parents[2].parent / "shared" / "fixtures"
    if not shared.exists():
        pytest.skip("no fixtures beside the repository")
    for payload in sorted(shared.rglob("*.json"))[::12]:
        words = payload.read_text("utf-8", "replace")[:3000]
        assert sent(ticket_mail(ticket(words)))["To"] == "help@example.org"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style", "lang", "dir", "href", "src", "alt", "rel", "charset"}
        assert "url(" not in str(attrs)
        self.addresses += [str(value) for name, value in attrs if name in ("href", "src")]


def read_html(page: str) -> tuple[set[str], list[str]]:
    parser = Tags()
    parser.feed(page)
    return parser.tags, parser.addresses


def flat(text: str) -> str:
    return " ".join(text.split())
