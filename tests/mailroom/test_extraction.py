"""Which words of a mail are posted. Samples are our own, a peculiarity each; other projects' mails are tried when at hand."""

import random
import time
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from itertools import product
from pathlib import Path

import pytest

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import mime
from chalicelib.mailroom.extraction import Context, Extraction, extract
from chalicelib.mailroom.frames import not_an_answer
from chalicelib.mailroom.signatures import is_phone_line
from infra import replies

MAILS = Path(__file__).parents[1] / "mails"
CAPTURED = Path(__file__).parents[2].parent / "shared" / "corpora" / "helpdesk-mails"
ADDRESS = "c-mfrggzdfmztwq2lk-abcdefghijklmnopqrstuvwxyza@reply.shop.example"
MIA = Context(addresses=(ADDRESS, "@reply.shop.example"), names=("Mia Muster (Facebook)", "Mia Muster"))
ANSWER = "Hello Mia, it left today.\nIt should arrive on Tuesday."
QUESTION = "Where is my lamp 4?\nI need it."
QUOTE = "> Where is my lamp 4?\n> I need it."


def extracted(name: str, helpdesk: str = "plain") -> Extraction:
    mail = mime.read((MAILS / f"{name}.eml").read_bytes())
    return extract(mail.text, mail.html, Context(MIA.addresses, MIA.names, helpdesk=helpdesk))


MAIL_PROGRAMS = {
    "reply_gmail_wrapped_lines": (
        "Hello Mia, your lamp left our warehouse in Hamburg this morning and should arrive on Tuesday, before noon. "
        "Please keep the parcel closed if it looks damaged."
    ),
    "reply_gmail_between_the_lines": "Sie ist heute früh losgeschickt worden.\n\nJa, 30 Tage lang.",
    "reply_outlook_desktop_japanese": "ミア様\n\nランプは本日発送いたしました。\n火曜日に届く予定です。",
    "reply_outlook_web_vietnamese": "Chào chị Mia,\n\nđèn của chị đã được gửi sáng nay.",
    "reply_apple_mail_arabic": "مرحبا ميا،\n\nتم شحن المصباح اليوم وسيصل يوم الثلاثاء.",
    "reply_yahoo_spanish": "Hola Mia:\n\nsu lámpara salió hoy.",
    "reply_proton_portuguese": "Olá Mia,\n\na sua lâmpada saiu hoje.",
    "reply_thunderbird_below_french": (
        "Bonjour Mia,\n\nvotre lampe est partie aujourd'hui :\n\n1. suivez ce lien <https://track.example/42>,\n2. ouvrez track.example."
    ),
    "reply_hidden_words": "Hello Mia, it left today.\n\nSee you soon!",
    "reply_qq_chinese": "您好，您的灯今天已经发出。",
    "reply_interleaved_dutch": "Vandaag verzonden.\n\nDie zit in de doos. 📦",
}


@pytest.mark.parametrize(("name", "text"), MAIL_PROGRAMS.items())
def test_only_the_agents_words_of_a_mail_are_taken(name: str, text: str) -> None:
    found = extracted(name)
    assert (found.text, found.sure, found.reason) == (text, True, "")


HELPDESK_MAILS = {
    ("reply_by_roundup_like_tracker", "roundup"): "Ciao Mia,\n\nla lampada è partita oggi.",
    ("reply_by_django_helpdesk", "django-helpdesk"): "안녕하세요 미아님, 램프는 오늘 발송되었습니다.",
    ("reply_by_redmine_with_changes", "redmine"): "Hi Mia, your lamp left today.",
}


@pytest.mark.parametrize(("mail", "text"), HELPDESK_MAILS.items())
def test_a_helpdesks_frame_is_taken_off(mail: tuple[str, str], text: str) -> None:
    found = extracted(*mail)
    assert (found.text, found.sure, found.how[0]) == (text, True, "frame")


def test_a_framed_helpdesks_mail_without_its_frame_is_held() -> None:
    assert extract(ANSWER, None, Context(helpdesk="roundup")).reason == "no-frame"


def test_a_change_of_status_without_words_is_held() -> None:
    found = extracted("reply_status_only_by_redmine", "redmine")
    assert (found.text, found.sure, found.reason) == ("", False, "no-text")


def test_a_mail_whose_text_and_html_differ_is_held() -> None:
    found = extracted("reply_text_and_html_differ")
    assert (found.sure, found.reason) == (False, "text-html-differ")


ATTRIBUTIONS = """\
On Mon, Jun 5, 2023 at 12:34 PM Tom Test <tom@x.example> wrote:
On 05/06/2023 12:34, Tom Test wrote:
Am Mo., 5. Juni 2023 um 12:34 Uhr schrieb Tom Test <tom@x.example>:
Am 05.06.23 um 12:34 schrieb Tom Test:
Tom Test hat am 05.06.2023 12:34 geschrieben:
Le lun. 5 juin 2023 à 12:34, Tom Test <tom@x.example> a écrit :
El lun, 5 jun 2023 a las 12:34, Tom Test (<tom@x.example>) escribió:
Il giorno lun 5 giu 2023 alle ore 12:34 Tom Test <tom@x.example> ha scritto:
Em seg., 5 de jun. de 2023 às 12:34, Tom Test <tom@x.example> escreveu:
Op ma 5 jun 2023 om 12:34 schreef Tom Test <tom@x.example>:
Op 5 jun 2023, om 12:34 heeft Tom Test <tom@x.example> het volgende geschreven:
2023年6月5日(月) 12:34 Tom Test <tom@x.example>:
2023/06/05 12:34、Tom Test <tom@x.example>のメール:
Tom Test <tom@x.example> 于2023年6月5日周一 12:34写道：
在 2023-06-05 12:34:56，"Tom Test" <tom@x.example> 写道：
Tom Test 於 2023/6/5 12:34 寫道:
Vào Th 2, 5 thg 6, 2023 vào lúc 12:34 Tom Test <tom@x.example> đã viết:
2023년 6월 5일 (월) 오후 12:34, Tom Test <tom@x.example>님이 작성:
Den man. 5. jun. 2023 kl. 12.34 skrev Tom Test <tom@x.example>:
pon., 5 cze 2023 o 12:34 Tom Test <tom@x.example> napisał(a):
пн, 5 июн. 2023 г. в 12:34, Tom Test <tom@x.example>:
05.06.2023 12:34, Tom Test пишет:
пн, 5 черв. 2023 р. о 12:34 Tom Test <tom@x.example> пише:
po 5. 6. 2023 v 12:34 odesílatel Tom Test <tom@x.example> napsal:
ma 5. kesäk. 2023 klo 12.34 Tom Test (tom@x.example) kirjoitti:
Tom Test <tom@x.example>, 5 Haz 2023 Pzt, 12:34 tarihinde şunu yazdı:
בתאריך יום ב׳, 5 ביוני 2023 ב-12:34 מאת Tom Test <tom@x.example>:
في الاثنين، 5 يونيو 2023 في 12:34 م تمت كتابة ما يلي بواسطة Tom Test <tom@x.example>:
Στις Δευ 5 Ιουν 2023 στις 12:34 μ.μ., ο χρήστης Tom Test <tom@x.example> έγραψε:
---- On Mon, 05 Jun 2023 12:34:56 +0200 Tom Test <tom@x.example> wrote ----
Tom Test <tom@x.example> wrote:
Zitat von Tom Test <tom@x.example>:
-----Original Message-----
-----Ursprüngliche Nachricht-----
-------- Message d'origine --------
-----Messaggio originale-----
-----Mensaje original-----
-----Oorspronkelijk bericht-----
------------------ 原始邮件 ------------------
---------- 원본 메일 ----------
""".splitlines()


def test_the_quote_of_a_stranger_goes_with_its_attribution_marked_or_not() -> None:
    for attribution, quote in product(ATTRIBUTIONS, (QUESTION, QUOTE)):
        found = extract(f"{ANSWER}\n\n{attribution}\n{quote}", None)
        certain = quote == QUOTE or "@" in attribution or "--" in attribution  # an agent's sentence may end in "wrote:"
        assert (attribution, found.text, found.sure) == (attribution, ANSWER, certain)


def test_an_answer_below_the_quote_is_kept() -> None:
    for attribution in [line for line in ATTRIBUTIONS if "@" in line or "," in line]:
        found = extract(f"{attribution}\n{QUOTE}\n\n{ANSWER}", None)
        assert (attribution, found.text, found.sure) == (attribution, ANSWER, True)


HEADER_BLOCKS = """\
From: Tom|Sent: Monday, June 5, 2023 12:34 PM|To: support@shop.example|Subject: Lamp
Von: Tom <tom@x.example>|Gesendet: Montag, 5. Juni 2023 12:34|An: Support|Betreff: Lampe
De : Tom|Envoyé : lundi 5 juin 2023 12:34|À : Support|Objet : Lampe
De: Tom|Enviado el: lunes, 5 de junio de 2023 12:34|Para: Support|Asunto: Lámpara
Da: Tom|Inviato: lunedì 5 giugno 2023 12:34|A: Support|Oggetto: Lampada
De: Tom|Enviada em: segunda-feira, 5 de junho de 2023 12:34|Para: Support|Assunto: Lâmpada
Van: Tom|Verzonden: maandag 5 juni 2023 12:34|Aan: Support|Onderwerp: Lamp
Från: Tom|Skickat: den 5 juni 2023 12:34|Till: Support|Ämne: Lampa
Od: Tom|Wysłano: poniedziałek, 5 czerwca 2023 12:34|Do: Support|Temat: Lampa
От: Tom|Отправлено: 5 июня 2023 г. 12:34|Кому: Support|Тема: Лампа
差出人: Tom|送信日時: 2023年6月5日 12:34|宛先: Support|件名: ランプ
发件人：Tom|发送时间：2023年6月5日 12:34|收件人：Support|主题：灯
寄件者: Tom|寄件日期: 2023年6月5日 12:34|收件者: Support|主旨: 燈
Từ: Tom|Đã gửi: Thứ Hai, 5 tháng 6, 2023 12:34|Đến: Support|Chủ đề: Đèn
보낸 사람: Tom|보낸 날짜: 2023년 6월 5일 월요일|받는 사람: Support|제목: 램프
*From:* Tom <tom@x.example>|*Sent:* Monday, June 5|*To:* Support|*Subject:* Lamp
""".splitlines()


@pytest.mark.parametrize("block", HEADER_BLOCKS)
def test_the_header_block_of_a_quoted_mail_ends_the_answer(block: str) -> None:
    for line in ("", "________________________________\n", "-----Original Message-----\n"):
        found = extract(f"{ANSWER}\n\n{line}{block.replace('|', chr(10))}\n\n{QUESTION}", None)
        assert (found.text, found.sure) == (ANSWER, True)


def test_our_own_address_ends_the_answer_in_a_language_nobody_taught_us() -> None:
    found = extract(f"{ANSWER}\n\nNgày xyz Mia kirjutas <{ADDRESS}> :\n{QUESTION}", None, MIA)
    assert (found.text, found.sure, found.how) == (ANSWER, True, ("own-address",))


def test_the_customers_name_in_an_unknown_attribution_ends_the_answer() -> None:
    found = extract(f"{ANSWER}\n\nMia Muster (Facebook) kirjutas 05.06.2023:\n{QUOTE}", None, MIA)
    assert (found.text, found.sure) == (ANSWER, True)


def test_a_tab_in_front_marks_a_quote_too() -> None:
    found = extract(f'"Mia Muster (Facebook)" <{ADDRESS}> wrote:\n\n\tWhere is my lamp 4?\n{ANSWER}', None, MIA)
    assert (found.text, found.sure) == (ANSWER, True)


def test_what_was_said_before_is_known_without_any_mark() -> None:
    context = Context(known_texts=(QUESTION,))
    for mail in (f"{ANSWER}\n\n{QUESTION}", f"{QUESTION}\n\n{ANSWER}"):
        assert extract(mail, None, context).text == ANSWER


def test_a_paragraph_the_agent_repeats_is_not_taken_for_a_quote() -> None:
    context = Context(known_texts=(f"Hello Tom, it left today.\n\n{QUESTION}",))
    assert extract(f"Hello Mia!\n\n{QUESTION}", None, context).text == f"Hello Mia!\n\n{QUESTION}"


def test_only_what_stands_between_the_businesss_own_markers_counts() -> None:
    context = Context(marks=(("=== answer ===", "=== end ==="),))
    found = extract(f"Ticket updated.\n=== answer ===\n{ANSWER}\n=== end ===\nFooter", "<p>Other</p>", context)
    assert (found.text, found.sure, found.how) == (ANSWER, True, ("marker",))


def test_an_answer_below_an_unmarked_copy_of_our_mail_is_found_by_our_marks() -> None:
    mark = ADDRESS[:18]
    copy = f"{mark} · do not change this line\n{QUESTION}\n{mark}"
    for mail in (
        f"On 5 June, Mia <{ADDRESS}> wrote:\n{copy}\n\n{ANSWER}",
        f"{copy}\n\n{ANSWER}",
        f"{ANSWER}\n\n{copy}\nAd",
    ):
        found = extract(mail, None, Context(MIA.addresses, marks=(mark,)))
        assert (found.text, found.sure) == (ANSWER, True)


def test_our_marker_line_ends_the_answer() -> None:
    context = Context(marks=("Please write above this line",))
    assert extract(f"{ANSWER}\n\n## Please write above this line ##\n{QUESTION}", None, context).text == ANSWER


PHONE_LINES = """\
Sent from my iPhone
Sent from Mail for Windows 10
Get Outlook for iOS<https://aka.ms/o0ukef>
Von meinem iPhone gesendet
Gesendet mit der GMX Mail App
Envoyé de mon iPhone
Enviado desde mi iPhone
Enviado do meu iPhone
Inviato da iPhone
Verstuurd vanaf mijn iPhone
Skickat från min iPhone
Sendt fra min iPhone
Wysłane z iPhone'a
Отправлено с iPhone
Надіслано з iPhone
iPhoneから送信
从我的iPhone发送
從我的 iPhone 傳送
发自我的iPhone
나의 iPhone에서 보냄
Gửi từ iPhone của tôi
iPhone'umdan gönderildi
Lähetetty iPhonesta
نُشر من iPhone
Sent from my cell, please excuse any typos.
""".splitlines()


def test_what_a_phone_adds_is_left_out() -> None:
    for line in PHONE_LINES:
        found = extract(f"{ANSWER}\n\n{line}\n\nOn 05/06/2023 12:34, Tom Test wrote:\n{QUOTE}", None)
        assert (line, found.text, found.sure) == (line, ANSWER, True)


NO_PHONE_LINES = """\
Sent from our warehouse yesterday.
Sent with DHL, it should arrive tomorrow
Sent from my colleague Ben this morning.
Get your iPhone repaired in our phone shop
Ihr Paket wurde gesendet.
Envoyé par la poste lundi
从上海仓库发出
発送しました
Sent from my desk, is much easier than my phone.
""".splitlines()


@pytest.mark.parametrize("line", NO_PHONE_LINES)
def test_an_answer_about_sending_is_no_signature_of_a_phone(line: str) -> None:
    assert not is_phone_line(line)


ANSWERS = """\
We open at 9:00.
On 5 June 2023 our warehouse reported:
parcel damaged.
---
We sent it to
To: Mia Muster (Facebook), Main Street 5
as you asked.
---
Dear Mia Muster (Facebook):

your order 42 is on its way.
---
Hello Mia Muster (Facebook), your order 42 consists of:
one lamp
---
Your trip:
From: Berlin
To: Munich
Date: 5 June 2023
See you!
---
Please send a mail to help@x.example with
Subject: Return
and your number.
---
Here are the options:
----
1. refund
----
2. new lamp
---
Use this code:

    code 123 > 5

and tell us.
---
Opening hours:
Mon 9:00 - 17:00
Tue 10:00 - 12:00
---
您好，您在6月5日12:30写的订单已经收到。
请放心。
---
Am 5. Juni um 12:30 Uhr kommt der Fahrer.
Bitte seien Sie da.
---
Le 5 juin à 12:30, le livreur a écrit un mot.
Il repassera.
---
👍
---
https://shop.example/track?id=42
---
مرحبا ميا، تم شحن طلبك اليوم.
سيصل يوم الثلاثاء.
---
Viele Grüße
Anna
""".rstrip("\n").split("\n---\n")


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_quotes_nobody_is_taken_whole(answer: str) -> None:
    for context in (Context(), MIA):
        assert extract(answer, None, context) == Extraction(answer, True, "", ())


HELD = {
    "": "no-text",
    "\n \n": "no-text",
    "> Where is my lamp?\n> I need it.": "no-text",
    "-- \nAnna\nShop": "no-text",
    "...": "no-text",
    f"On 05/06/2023 12:34, Tom wrote:\n\n{QUESTION}": "quote-first",
    f"{QUOTE}\n\n{ANSWER}": "quote-unattributed",
    f"See below.\n\n---------- Forwarded message ---------\nFrom: Tom <tom@x.example>\nSubject: Lamp\n\n{QUESTION}": "forwarded",
    f"FYI\n\nAnfang der weitergeleiteten Nachricht:\n\n> Von: Tom\n> Betreff: Lampe\n>\n{QUOTE}": "forwarded",
    f"{ANSWER}\n\nSent from my iPhone\n\nAnd one more thing: bring the box.": "text-after-signature",
    "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----": "encrypted",
    f"{ANSWER}\n\nOn 5 June at 12:30 we sent:\none lamp": "weak-attribution",
    f"{ANSWER} Thanks! On Mon, 5 Jun 2023 at 12:34, Tom <tom@x.example> wrote:\n{QUOTE}": "attribution-in-text",
    "Write to c-aaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb@reply.other.example please": "token-in-text",
}


@pytest.mark.parametrize(("mail", "reason"), HELD.items())
def test_what_is_not_certain_is_held(mail: str, reason: str) -> None:
    found = extract(mail, None)
    assert (found.sure, found.reason) == (False, reason)


def test_what_the_agent_indented_is_not_dropped_as_a_quote() -> None:
    found = extract(None, "<p>Our hours:</p><blockquote>Mon 9-17<br>Tue 10-12</blockquote>")
    assert (found.text, found.reason) == ("Our hours:\n\n> Mon 9-17\n> Tue 10-12", "quote-unattributed")


def test_no_body_at_all_is_held() -> None:
    assert extract(None, None) == Extraction("", False, "no-text", ())


SIZE = 128 * 1024
TEXT_SHAPES = {
    **{"words": "On ", "on_lines": "On x\n", "empty_lines": "\n", "marks": ">", "quotes": "> a\n", "underscores": "_"},
    **{"dashes": "-", "dash_lines": "-----\n", "wrote": "On 5 June 2023 at 12:34 Tom <a@x.example> wrote:\n"},
    **{"headers": "From: a@x.example\nTo: b@x.example\nSubject: c\n\n", "colons": "a 5:\n", "brackets": "<a@b\n"},
    **{
        "phones": "Sent from my iPhone\n",
        "delimiters": "--\n",
        "alternating": "> a\n\nb\n\n",
        "ours": f"{ADDRESS} 5\n",
    },
    "names": "Mia Muster 2023:\n",
    **{"known": QUESTION, "chinese": "在2023年写道", "froms": "From: x\n", "issues": "Issue #1 a.\n", "tabs": "\tx\n"},
}
HTML_SHAPES = {
    **{
        "deep": "<div>",
        "bold": "<b>",
        "quotes": "<blockquote>",
        "boxes": '<div class="gmail_quote">',
        "items": "<li>x",
    },
    **{
        "paragraphs": "<p>x",
        "comments": "<!--",
        "angles": "<",
        "tables": "<table><tr><td>x</table>",
        "lists": "<ol><li>x</ol>",
    },
    **{
        "hidden": '<i style="display:none">x</i>',
        "white": "<font color=white>x</font>",
        "breaks": "<br>",
        "mixed": "<b><p></b>",
    },
    **{"borders": '<div style="border-top:solid 1px">x</div>', "links": "<a href=https://x.example>x</a>"},
}


BUSY = Context(MIA.addresses, MIA.names, ("##", ("[[", "]]")), (QUESTION,) * 50, "redmine")


@pytest.mark.parametrize("unit", TEXT_SHAPES.values(), ids=TEXT_SHAPES)
def test_no_text_is_slow_to_read(unit: str) -> None:
    assert_linear(lambda size: extract(_filled(unit, size), None, BUSY))


@pytest.mark.parametrize("unit", HTML_SHAPES.values(), ids=HTML_SHAPES)
def test_no_html_is_slow_to_read(unit: str) -> None:
    assert_linear(lambda size: extract(None, _filled(unit, size), MIA))


def assert_linear(read: Callable[[int], Extraction]) -> None:
    """Twice the size takes 2.3 times as long at most; a busy machine gets other tries, milliseconds say nothing of growth."""
    for _ in range(5):
        whole = _cpu_seconds(read, SIZE)
        if whole < 0.0125 or whole / _cpu_seconds(read, SIZE // 2) <= 2.3:
            return
    raise AssertionError(whole)


def _cpu_seconds(read: Callable[[int], Extraction], size: int) -> float:
    start = time.process_time()
    read(size)
    return time.process_time() - start


def _filled(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def test_a_long_quote_does_not_make_a_short_answer_uncertain() -> None:
    found = extract(
        f"{ANSWER}\n\nOn 05/06/2023 12:34, Tom Test <tom@x.example> wrote:\n" + "Lorem ipsum.\n" * 40_000, None
    )
    assert (found.text, found.sure) == (ANSWER, True)


def test_a_mail_too_long_to_be_read_to_its_end_is_held() -> None:
    assert extract("Lorem ipsum.\n" * 40_000, None).reason == "too-long"


def test_nothing_a_mail_may_hold_raises() -> None:
    dice = random.Random(7)  # noqa: S311 (the same mails in every run)
    pieces = [
        *ATTRIBUTIONS,
        *HEADER_BLOCKS,
        *PHONE_LINES,
        *ANSWERS,
        "",
        ">",
        "> ",
        "<",
        "--",
        "-- ",
        "\t",
        ":",
        ADDRESS,
        "\x00",
    ]
    tags = [
        "<div>",
        "</div>",
        "<blockquote>",
        "</p>",
        "<br>",
        '<div class="gmail_quote">',
        "<hr>",
        "<li>",
        "</ol>",
        "<pre>",
    ]
    for _ in range(300):
        text = "\n".join(dice.choices(pieces, k=dice.randrange(12)))
        html = "".join(dice.choices([*pieces, *tags], k=dice.randrange(12)))
        for helpdesk in ("plain", "roundup", "zendesk"):
            found = extract(
                text, html, Context(MIA.addresses, MIA.names, known_texts=tuple(ANSWERS[:3]), helpdesk=helpdesk)
            )
            assert found.sure == (found.reason == "")
            assert not (found.sure and ADDRESS in found.text)


def test_every_helpdesk_has_a_row_that_makes_sense() -> None:
    for name, desk in HELPDESKS.items():
        assert name == desk.name
        assert set(desk.priorities) <= {"high", "urgent"}
        assert bool(desk.priorities) == bool(desk.priority_header)
        assert desk.frames or not desk.always_framed


NOTICES = [
    ("rt", {}, "[shop #7] Resolved: Lamp", "According to our records, your request has been resolved.", "notice"),
    ("rt", {"X-RT-Originator": ADDRESS}, "[shop #7] Lamp", QUESTION, "customer"),
    ("rt", {}, "[shop #7] [Facebook] Mia [Comment] Resolved: x", f"{ANSWER}\nTicket URL: http://x.example", None),
    ("rt", {"Precedence": "bulk"}, "[shop #7] Lamp", ANSWER, None),
    (
        "redmine",
        {"Auto-Submitted": "auto-generated"},
        "[S #7] Lamp",
        "Issue #7 has been updated by Anna.\n\n\nHi",
        None,
    ),
    ("redmine", {}, "[S #7] Lamp", "(Private notes) Issue #7 has been updated by Anna.", "notice"),
    ("plain", {"Auto-Submitted": "auto-generated"}, "Lamp", ANSWER, "automatic"),
    ("plain", {"Auto-Submitted": "no"}, "Lamp", ANSWER, None),
    ("roundup", {}, "[issue7] Lamp", f"\nMia <{ADDRESS}> added the comment:\n\n{QUESTION}", "customer"),
    ("django-helpdesk", {}, "[shop-7] Lamp (Closed)", "Hello", "notice"),
]


@pytest.mark.parametrize(("helpdesk", "headers", "subject", "text", "reason"), NOTICES)
def test_a_notice_of_the_helpdesk_is_no_answer(
    helpdesk: str, headers: dict[str, str], subject: str, text: str, reason: str | None
) -> None:
    assert not_an_answer(HELPDESKS[helpdesk], headers, subject, text, MIA.addresses) == reason


@pytest.mark.skipif(not replies.CORPUS.exists(), reason="other projects' mails are not at hand")
def test_other_projects_samples_are_read_as_they_expect() -> None:
    shares = replies.summary(list(replies.scores_of(replies.CORPUS)))
    assert shares["public_right"] >= 0.85
    assert shares["constructed_right"] == 1
    assert shares["lost"] <= 0.02
    assert shares["lost_posted"] <= 0.01


CAPTURED_DESKS = {
    "rt5": "rt",
    "roundup": "roundup",
    "django_helpdesk": "django-helpdesk",
    "redmine": "redmine",
    "mailbox": "plain",
}


@pytest.mark.skipif(not CAPTURED.exists(), reason="the captured mails are not at hand")
@pytest.mark.parametrize(("folder", "helpdesk"), CAPTURED_DESKS.items())
def test_real_helpdesks_answers_are_told_from_their_other_mails(folder: str, helpdesk: str) -> None:
    for entry in replies.manifest(CAPTURED / folder):
        mail = message_from_bytes((CAPTURED / folder / entry["file"]).read_bytes(), policy=default)
        parts = [part.get_content() if (part := mail.get_body((kind,))) else None for kind in ("plain", "html")]
        context = Context(("@bridge.test",), ("Jane Doe (Facebook)",), helpdesk=helpdesk)
        found = extract(parts[0], parts[1], context)
        noise = not_an_answer(
            HELPDESKS[helpdesk], dict(mail.items()), str(mail["Subject"]), parts[0] or "", context.addresses
        )
        ours = "@bridge.test" in (entry.get("envelope", {}).get("to") or str(mail["To"]))
        if entry["kind"] == "agent_reply":
            assert (noise, found.sure) == (None, True), entry["file"]
            assert replies.squeezed(found.text) == replies.squeezed(entry["expected_text"]), entry["file"]
        else:
            assert noise or not ours or not found.sure, entry["file"]
