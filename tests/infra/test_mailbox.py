from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from infra import mailbox
from infra.mailbox.door import open_door
from infra.mailbox.mails import Mails
from infra.pages.texts import LANGUAGES, texts

HELPDESK, OWNER = "help@teehaus.example", "owner@teehaus.example"
HANAKO = "佐藤 花子 <hanako@teehaus.example>"
QUESTIONS = {
    "de": ("Jürgen Müßig-Großschmidt", "Wo bleibt meine Bestellung? Ärgerlich!"),
    "ja": ("田中 美咲", "注文した商品が壊れていました。"),
    "vi": ("Nguyễn Thị Ánh", "Đơn hàng của tôi vẫn chưa đến 🙏"),
    "zh": ("王小明王小明王小明王小明", "请问什么时候发货？"),
    "ar": ("ليلى حسن", "متى يصل طلبي رقم 1234؟"),
    "emoji": ("👩🏽‍🍳 Café", "😡😡😡"),
}
PNG = b"\x89PNG\r\n\x1a\nnot really"


class Place:
    """A mailbox and the inbound server its agents' replies go to."""

    def __init__(self, directory: Path) -> None:
        self.received: list[tuple[EmailMessage, str, list[str]]] = []
        self.inbound = open_door(
            lambda raw, sender, to: self.received.append(
                (message_from_bytes(raw, policy=policy.default), sender, list(to))
            )
        )
        agents = ["Anna Agent <anna@teehaus.example>", HANAKO]
        self.mailbox = mailbox.serve(directory, self.inbound.address, agents=agents, owners=[OWNER])

    def stop(self) -> None:
        self.mailbox.stop()
        self.inbound.stop()

    def take(self, mail: EmailMessage) -> dict[str, Any]:
        with smtp_of(self) as smtp:
            smtp.send_message(mail)
        return self.mails()[-1]

    def mails(self, **only: str) -> list[dict[str, Any]]:
        return list(requests.get(f"{self.mailbox.url}/mails", only, timeout=5).json())

    def page(self, path: str = "/", **query: str) -> str:
        return requests.get(self.mailbox.url + path, query, timeout=5).text

    def reply(self, **asked: str | bool) -> requests.Response:
        return requests.post(f"{self.mailbox.url}/reply", json=asked, timeout=5)


def smtp_of(place: Place) -> smtplib.SMTP:
    host, _, port = place.mailbox.smtp.partition(":")
    return smtplib.SMTP(host, int(port), local_hostname="localhost")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "mails")
    yield found
    found.stop()


def question(
    name: str = "Mia Muster", text: str = "Is it in stock?", conversation: str = "abc", number: int = 1
) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit", max_line_length=998))
    sender = Address(f"{name} (Facebook)", addr_spec=f"c-{conversation}-mac@reply.teehaus.example")
    mail["From"], mail["Reply-To"], mail["To"] = sender, sender, HELPDESK
    mail["Subject"] = f"[Facebook] {name}: {text}"
    mail["Message-ID"] = f"<{conversation}-{number}@eu-central-1.amazonses.com>"
    mail["References"] = f"<conv-{conversation}@reply.teehaus.example>"
    mail["X-Bridgehead-Conversation"] = conversation
    mail.set_content(f"{text}\n\nYour answer will be public.\n")
    mail.add_alternative(f"<html><body><p>{text}</p><img src='cid:cat'></body></html>", subtype="html")
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


def test_every_mail_is_a_file_as_it_came(place: Place) -> None:
    raw = question().as_bytes()
    with smtp_of(place) as smtp:
        smtp.sendmail("c-abc-mac@reply.teehaus.example", [HELPDESK], raw)
    row = place.mails()[-1]
    kept = Path(row["file"]).read_bytes()
    envelope = b"Return-Path: <c-abc-mac@reply.teehaus.example>\r\nDelivered-To: help@teehaus.example\r\n"
    assert kept == envelope + raw
    assert requests.get(f"{place.mailbox.url}/mails/{row['id']}.eml", timeout=5).content == kept


def test_the_list_tells_scripts_what_arrived(place: Place) -> None:
    row = place.take(question())
    assert row["subject"] == "[Facebook] Mia Muster: Is it in stock?"
    assert row["to"] == [HELPDESK]
    assert row["kind"] == "ticket"
    assert row["headers"] == {"X-Bridgehead-Conversation": "abc"}
    assert place.mails(ticket=row["ticket"]) == [row]
    assert place.mails(ticket="another") == []


def test_mails_of_one_conversation_are_one_ticket_whatever_address_they_come_from(place: Place) -> None:
    first = place.take(question(conversation="abc"))
    again = question(conversation="abc", number=2)
    del again["From"]
    again["From"] = "Mia <c-abc-newmac@reply.teehaus.example>"
    assert place.take(again)["ticket"] == first["ticket"]
    assert place.take(question(conversation="def"))["ticket"] != first["ticket"]


def test_a_mail_without_references_is_sorted_by_its_sender(place: Place) -> None:
    mails = [question(conversation="abc", number=number) for number in (1, 2)]
    for mail in mails:
        del mail["References"]
    assert len({place.take(mail)["ticket"] for mail in mails}) == 1


def test_what_is_for_the_owner_goes_to_the_phone_and_opens_no_ticket(place: Place) -> None:
    alert = EmailMessage()
    alert["From"], alert["To"], alert["Subject"] = "bridge@reply.teehaus.example", OWNER, "Vier Stunden ohne Antwort"
    alert.set_content("Jürgen wartet.")
    assert place.take(alert)["kind"] == "owner"
    assert "Jürgen wartet." in place.page()
    assert "/tickets/" not in place.page()


def told(kind: str, to: str, subject: str) -> EmailMessage:
    mail = question(text=subject)
    del mail["To"], mail["Subject"]
    mail["To"], mail["Subject"], mail["X-Bridgehead-Kind"] = to, subject, kind
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def test_everybody_has_a_mailbox_of_their_own(place: Place) -> None:
    place.take(told("summary", OWNER, "7 Kunden warten"))
    place.take(told("agent", "Hanako@teehaus.example", "催促です"))
    place.take(told("owner", "chef@teehaus.example", "Trà sen đang chờ"))
    boxes = dict(re.findall(r'(?s)<section class="phone" id="box-([^"]+)"(.*?)</section>', place.page()))
    assert list(boxes) == [OWNER, "chef@teehaus.example", "hanako@teehaus.example"]
    words = {OWNER: "7 Kunden warten", "chef@teehaus.example": "Trà sen đang chờ", "hanako@teehaus.example": "催促です"}
    for address, inside in boxes.items():
        assert [each for each in words.values() if each in inside] == [words[address]]
    assert "佐藤 花子" in boxes["hanako@teehaus.example"]
    assert "/tickets/" not in place.page()


def test_an_answer_from_somebodys_own_mailbox_is_theirs(place: Place) -> None:
    row = place.take(told("agent", "hanako@teehaus.example", "催促です"))
    assert place.reply(mail=row["id"], text="今すぐ返信します").status_code == 200
    assert place.received[-1][1] == "hanako@teehaus.example"


def test_what_goes_to_a_customer_is_in_nobodys_mailbox(place: Place) -> None:
    answer = question()
    del answer["To"]
    answer["To"], answer["X-Bridgehead-Answer"], answer["Auto-Submitted"] = "mia@mail.example", "r1", "auto-generated"
    assert place.take(answer)["kind"] == "answer"
    assert "mia@mail.example" not in place.page()


@pytest.mark.parametrize("script", QUESTIONS)
def test_a_customer_of_any_script_is_shown_and_answered(place: Place, script: str) -> None:
    name, text = QUESTIONS[script]
    row = place.take(question(name, text))
    assert name in place.page()
    assert text in place.page(f"/tickets/{row['ticket']}")
    place.reply(ticket=row["ticket"], text=f"{text} – {text}", agent="hanako@teehaus.example", language="ja")
    answer, sender, recipients = place.received[-1]
    assert (sender, recipients) == ("hanako@teehaus.example", ["c-abc-mac@reply.teehaus.example"])
    assert answer["From"].addresses[0].display_name == "佐藤 花子"
    assert answer["To"].addresses[0].display_name == f"{name} (Facebook)"
    assert answer["Subject"] == f"Re: [Facebook] {name}: {text}"
    assert part(answer, "plain").startswith(f"{text} – {text}\n\n-- \n佐藤 花子\n\n")


def test_a_reply_is_an_ordinary_mail(place: Place) -> None:
    row = place.take(question(number=7))
    told = place.reply(ticket=row["ticket"], text="Yes, it is.\nSee you!").json()
    answer, _, _ = place.received[-1]
    assert answer["Message-ID"] == told["message_id"]
    assert answer["In-Reply-To"] == "<abc-7@eu-central-1.amazonses.com>"
    assert answer["References"] == "<conv-abc@reply.teehaus.example> <abc-7@eu-central-1.amazonses.com>"
    assert answer.get_content_type() == "multipart/alternative"
    plain = part(answer, "plain")
    assert plain.startswith("Yes, it is.\nSee you!\n\n-- \nAnna Agent\n\nOn ")
    assert "Mia Muster (Facebook) <c-abc-mac@reply.teehaus.example> wrote:\n> Is it in stock?\n>\n> Your" in plain
    rich = part(answer, "html")
    assert "Yes, it is.<br>\nSee you!" in rich
    assert '<blockquote type="cite"><p>Is it in stock?</p>' in rich
    assert "X-Local-DMARC" not in answer


def test_an_answer_stands_in_its_ticket_and_closes_the_question(place: Place) -> None:
    row = place.take(question())
    assert ">open<" in place.page()
    place.reply(mail=row["id"], text="Ja, gerne! 😊")
    assert "Ja, gerne! 😊" in place.page(f"/tickets/{row['ticket']}")
    assert ">answered<" in place.page()
    assert [mail["id"] for mail in place.mails()] == [row["id"]]


def test_what_goes_wrong_can_be_tried(place: Place) -> None:
    row = place.take(question())
    place.reply(ticket=row["ticket"], text="posted by nobody", dmarc_fail=True, stranger=True)
    answer, sender, _ = place.received[-1]
    assert answer["X-Local-DMARC"] == "FAIL"
    assert sender == "sam@elsewhere.example"


def test_html_can_be_given_or_left_out(place: Place) -> None:
    row = place.take(question())
    place.reply(ticket=row["ticket"], text="Yes", html="<b>Yes</b>")
    assert "<b>Yes</b>" in part(place.received[-1][0], "html")
    place.reply(ticket=row["ticket"], text="Yes", html=False)
    assert place.received[-1][0].get_content_type() == "text/plain"


def test_the_owner_answers_from_the_phone(place: Place) -> None:
    alert = question(conversation="xyz")
    del alert["To"]
    alert["To"] = OWNER
    row = place.take(alert)
    place.reply(mail=row["id"], text="I am on it")
    assert place.received[-1][1] == OWNER


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"ticket": "nosuch", "text": "hi"}, 404),
        ({"text": "hi"}, 404),
        ({"text": " \n"}, 400),
        ({"text": "hi", "agent": "eve@elsewhere.example"}, 400),
        ({"text": "hi", "language": "tlh"}, 400),
    ],
)
def test_a_reply_that_cannot_be_sent_says_why(place: Place, asked: dict[str, str], status: int) -> None:
    row = place.take(question())
    answer = place.reply(**({"ticket": row["ticket"]} if status == 400 else {}), **asked)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert place.received == []


def test_a_reply_nobody_takes_stays_in_the_box(place: Place) -> None:
    row = place.take(question())
    place.inbound.stop()
    form = {"ticket": row["ticket"], "text": "Meine lange Antwort"}
    page = requests.post(f"{place.mailbox.url}/reply?lang=de", form, timeout=5)
    assert page.status_code == 502
    assert "Die E-Mail konnte nicht eingeliefert werden" in page.text
    assert "Meine lange Antwort</textarea>" in page.text
    place.inbound = open_door(lambda raw, sender, to: None)


def test_a_reply_from_the_page_leads_back_to_its_ticket(place: Place) -> None:
    row = place.take(question())
    form = {"ticket": row["ticket"], "text": "Yes", "agent": HANAKO}
    answer = requests.post(f"{place.mailbox.url}/reply", form, timeout=5, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"/tickets/{row['ticket']}#m")
    assert place.received[-1][1] == "hanako@teehaus.example"


def test_pictures_are_shown_inside_and_files_are_for_download(place: Place) -> None:
    mail = question()
    related = mail.get_body(("html",))
    assert isinstance(related, EmailMessage)
    related.add_related(PNG, "image", "png", cid="<cat>", filename="猫.png")
    mail.add_attachment(b"%PDF-1.4", "application", "pdf", filename="レシート.pdf")
    row = place.take(mail)
    page = place.page(f"/tickets/{row['ticket']}")
    assert "レシート.pdf" in page
    assert "猫.png" not in page
    shown = requests.get(f"{place.mailbox.url}/mails/{row['id']}/html", timeout=5)
    assert "src='data:image/png;base64,iVBORw0K" in shown.text
    file = requests.get(place.mailbox.url + re.findall(r'href="(/mails/[^"]+/parts/\d+)"', page)[0], timeout=5)
    assert file.content == b"%PDF-1.4"
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_a_mail_can_do_nothing_to_who_reads_it(place: Place) -> None:
    evil = '<script>alert(1)</script><img src="https://tracker.example/x.gif"><form action="/reply">'
    row = place.take(question('Eve "<b>', evil))
    page = place.page(f"/tickets/{row['ticket']}")
    assert "<script>alert(1)" not in page
    assert "allow-scripts" not in page
    shown = requests.get(f"{place.mailbox.url}/mails/{row['id']}/html", timeout=5)
    rules = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in rules
    assert "img-src data:" in rules
    assert "form-action 'none'" in rules
    assert "allow-scripts" not in rules


def test_other_web_sites_cannot_use_the_mailbox(place: Place) -> None:
    row = place.take(question())
    form = {"ticket": row["ticket"], "text": "forged"}
    foreign = {"Origin": "https://evil.example"}
    assert requests.post(f"{place.mailbox.url}/reply", form, headers=foreign, timeout=5).status_code == 403
    assert requests.get(f"{place.mailbox.url}/mails", headers={"Host": "evil.example"}, timeout=5).status_code == 403
    assert place.received == []


def test_the_page_speaks_the_readers_language_and_remembers_it(place: Place) -> None:
    session = requests.Session()
    assert (
        "Điện thoại của người phụ trách"
        in session.get(place.mailbox.url, headers={"Accept-Language": "vi-VN"}, timeout=5).text
    )
    assert "管理責任者のスマホ" in session.get(f"{place.mailbox.url}/?lang=ja", timeout=5).text
    assert '<html lang="ja">' in session.get(place.mailbox.url, timeout=5).text
    assert "Owner’s phone" in place.page(lang="tlh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_exists_in_every_language(language: str) -> None:
    english, own = texts("en"), texts(language)
    assert own.keys() == english.keys()
    blanks = re.compile(r"{\w+}")
    assert {key: sorted(blanks.findall(own[key])) for key in own} == {
        key: sorted(blanks.findall(english[key])) for key in english
    }


def test_mails_are_still_there_after_a_restart(place: Place, tmp_path: Path) -> None:
    row = place.take(question())
    place.reply(ticket=row["ticket"], text="Yes")
    tickets = Mails(tmp_path / "mails", [OWNER]).tickets()
    assert [(ticket.id, len(ticket.mails), ticket.answered) for ticket in tickets] == [(row["ticket"], 2, True)]


def test_a_mail_of_broken_parts_is_shown_all_the_same(place: Place) -> None:
    raw = (
        b"From: =?utf-8?q?broken?= <c-abc-mac@reply.teehaus.example\r\nTo: help@teehaus.example\r\n"
        b"Subject: =?nosuch?b?////?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    )
    with smtp_of(place) as smtp:
        smtp.sendmail("c-abc-mac@reply.teehaus.example", [HELPDESK], raw)
    row = place.mails()[-1]
    assert "Grüße" in place.page(f"/tickets/{row['ticket']}")


def test_a_taken_port_is_said_in_a_line(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, address in (("--port", place.mailbox.url), ("--smtp-port", place.mailbox.smtp)):
        free = {"--port": "0", "--smtp-port": "0", name: address.rpartition(":")[2]}
        flags = [word for pair in free.items() for word in pair]
        with pytest.raises(SystemExit):
            mailbox.main(["--mails-dir", str(tmp_path), "--inbound-smtp", "127.0.0.1:9", *flags])
        assert "error: " in capsys.readouterr().err


def test_the_program_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        mailbox.main(["--help"])
    assert ended.value.code == 0
    assert "--inbound-smtp HOST:PORT" in capsys.readouterr().out
