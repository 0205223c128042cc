"""Reading mail that anybody may have written: nothing but a Mail or Malformed comes out, and soon."""

from __future__ import annotations

import time
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from chalicelib.mailroom.addresses import only_mailbox
from chalicelib.mailroom.mime import Kind, Mail, Malformed, read
from tests.mailroom.fuzz_mail import mails, swallow

MAILS = Path(__file__).parents[1] / "mails"
REAL = Path(__file__).parents[2].parent / "shared" / "corpora" / "helpdesk-mails"


def mail(name: str) -> Mail:
    return read((MAILS / f"{name}.eml").read_bytes())


def raw(*headers: str, body: str | bytes = "Hello") -> bytes:
    octets = body.encode() if isinstance(body, str) else body
    return "\r\n".join(["From: Anna <anna@shop.example>", *headers, "", ""]).encode() + octets


def nested(levels: int) -> bytes:
    tree = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(levels - 1))
    return b"From: anna@shop.example\r\n" + tree.encode() + b"\r\ndeep"


WORDS = [
    ("plain_english", "Hello Jane,\n\nit left this morning.\n\nAnna"),
    ("flowed_delsp_chinese", "您好,您的订单今天早上已经发出。\n\n谢谢"),
    ("gb2312_base64_chinese", "您好,订单已发出。镕基 €5"),  # 镕 and € are not in gb2312, whatever the label says
    ("big5_chinese", "您好,訂單已寄出。"),
    ("iso_2022_jp_circled_digits", "お世話になっております。\n①㈱テスト商店です。"),
    ("shift_jis_japanese", "ご注文は①番目です～"),
    ("vietnamese_quoted_printable", "Chào chị, đơn hàng của chị đã được gửi sáng nay."),
    ("arabic_windows_1256", "مرحبا، تم شحن طلبك هذا الصباح."),
    ("thai_tis_620", "สวัสดีครับ สินค้าถูกส่งแล้ว"),
    ("korean_ks_c_5601", "안녕하세요, 주문하신 상품이 발송되었습니다. 똠방각하"),
    ("emoji_and_family", "👍🏽 👨‍👩‍👧 🇩🇪"),
    (
        "flowed_german",
        "Guten Tag Frau Müller, Ihre Bestellung ist heute verschickt worden.\n\n"
        "> Wo bleibt meine Lieferung?\n\nGrüße\n-- \nAnna",
    ),
    ("alternative_apple_with_picture", "Here is the label:\nPrint it please."),
    ("smime_signed_clear", "Signed, and readable."),
    ("refused_mail_by_request_tracker", "Could not find a ticket with id 9"),
]


@pytest.mark.parametrize(("name", "text"), WORDS)
def test_the_words_are_read_in_every_script(name: str, text: str) -> None:
    assert mail(name).text == text


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("gb2312_base64_chinese", "回复: [微博] 小李: 订单"),
        ("vietnamese_quoted_printable", "Trả lời: [Zalo] Nguyễn Văn Ân"),
        ("raw_utf8_in_headers", "回复: [微信] 小李"),
        ("emoji_and_family", "Re: 🎉 Danke 👨‍👩‍👧"),
        ("flowed_german", "Re: [Facebook] Jörg Müller: Lieferung"),
    ],
)
def test_the_subject_is_read_in_every_script(name: str, subject: str) -> None:
    assert mail(name).subject == subject


def test_every_sample_mail_is_read() -> None:
    paths = sorted(MAILS.glob("*.eml"))
    assert paths
    assert [path.stem for path in paths if not only_mailbox(read(path.read_bytes()).from_values)] == []


@pytest.mark.skipif(not REAL.exists(), reason="the captured mails are not here")
def test_every_mail_real_helpdesks_sent_is_read() -> None:
    captured = [read(path.read_bytes()) for path in sorted(REAL.glob("*/*.eml"))]
    assert len(captured) == 115
    assert all(only_mailbox(each.from_values) and each.text for each in captured)


def test_html_comes_beside_the_text() -> None:
    assert mail("html_only_outlook").html == "<html><body><p>Thanks, it is “on its way”.</p></body></html>"
    assert mail("html_only_outlook").text == ""
    assert mail("attachment_names_in_all_ways").html == "<p>see attached</p>"


def test_ids_are_read_and_what_is_none_is_empty() -> None:
    found = read(raw("Message-ID: <a@b>", "In-Reply-To: Anna's mail <c@d> of today", "References: <e@f>\r\n\t<g@h> x"))
    assert (found.message_id, found.in_reply_to, found.references) == ("<a@b>", "<c@d>", ("<e@f>", "<g@h>"))
    bare = read(raw("Message-ID: nothing", "Date: Mon, 99 Foo 2099 99:99:99 +9999"))
    assert (bare.message_id, bare.in_reply_to, bare.references) == ("", "", ())


def test_headers_are_found_by_any_case_and_without_controls() -> None:
    found = read(raw("X-Loop: a\x00\x1b[2Jb\r\n c", "x-LOOP: d"))
    assert found.headers["x-loop"] == ("a [2Jb c", "d")
    assert found.header("subject") == ""


# What comes along


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smime_encrypted", Kind.ENCRYPTED),
        ("pgp_mime_encrypted", Kind.ENCRYPTED),
        ("pgp_inline", Kind.ENCRYPTED),
        ("bounce_delivery_status", Kind.REPORT),
        ("read_receipt", Kind.REPORT),
        ("feedback_report", Kind.REPORT),
        ("calendar_reply_outlook", Kind.CALENDAR),
        ("outlook_winmail_dat", Kind.TNEF),
        ("uuencoded_file_in_text", Kind.UUENCODED),
        ("forwarded_as_attachment", Kind.FORWARDED),
        ("refused_mail_by_request_tracker", Kind.FORWARDED),
    ],
)
def test_a_mail_that_is_more_than_words_is_known(name: str, kind: Kind) -> None:
    assert mail(name).kinds == {kind}


@pytest.mark.parametrize("name", ["plain_english", "smime_signed_clear", "invitation_attached", "flowed_german"])
def test_an_ordinary_mail_is_just_words(name: str) -> None:
    assert mail(name).kinds == frozenset()


def test_a_quoted_armour_is_not_an_encrypted_mail() -> None:
    assert read(raw(body="Please not so:\n> -----BEGIN PGP MESSAGE-----\n")).kinds == frozenset()


def test_attachments_keep_their_names_and_lose_their_tricks() -> None:
    names = [file.name for file in mail("attachment_names_in_all_ways").attachments]
    assert names == ["Rechnung Müller 2026.pdf", "发票.pdf", "_passwd", "a X-Evil_ yes.txt", "gpj.exe"]


def test_attachments_come_decoded_with_their_type() -> None:
    (label,) = mail("alternative_apple_with_picture").attachments
    assert (label.type, label.content, label.inline) == ("image/png", b"\x89PNG\r\n\x1a\n", False)
    assert [file.name for file in mail("invitation_attached").attachments] == ["fitting.ics"]
    assert mail("smime_signed_clear").attachments == ()


def test_a_picture_in_a_signature_is_told_from_a_file() -> None:
    logo, pdf = mail("outlook_signature_logo").attachments
    assert (logo.name, logo.inline) == ("image001.png", True)
    assert (pdf.name, pdf.inline) == ("Rücksendung.pdf", False)  # Apple Mail calls its files inline, too


def test_other_forms_of_the_text_are_no_files() -> None:
    body = "--b\r\n\r\nHi\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n<html amp4email>\r\n--b--"
    assert read(raw("Content-Type: multipart/alternative; boundary=b", body=body)).attachments == ()


def test_a_long_name_keeps_its_ending() -> None:
    found = read(raw(f'Content-Disposition: attachment; filename="{"ä" * 300}.pdf"'))
    assert (len(found.attachments[0].name), found.attachments[0].name[-5:]) == (120, "ä.pdf")


def test_an_enclosed_mail_lends_nothing_to_the_one_around_it() -> None:
    found = mail("forwarded_as_attachment")
    assert (found.text, found.html, found.attachments) == ("see below", "", ())
    assert found.from_values == ("Anna Schmidt <anna@shop.example>",)


# Hostile mail


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\r\n\r\nx",
        b"x",
        b"This is no mail at all.\nReally.",
        b"\x00\xff\xfe" * 100,
        nested(21),
        nested(1000),
        b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 500 + b"x",
        raw("Content-Type: multipart/mixed; boundary=b", body="--b\r\n\r\nx\r\n" * 20_000),
        raw(
            "Content-Type: multipart/mixed; boundary=b",
            body="--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n" * 251,
        ),
        raw("Content-Type: multipart/mixed", body="--b\r\n\r\nx"),
        raw('Content-Type: multipart/mixed; boundary=""', body="--\r\n\r\nx"),
        raw("Content-Type: multipart/mixed; boundary=b; boundary=c", body="--b\r\n\r\nx"),
        raw("Content-Type: multipart/mixed; boundary=b", "Content-Type: text/plain", body="--b\r\n\r\nx"),
        raw("Content-Type: multipart/mixed; boundary=b", body="no part"),
        raw(
            "Content-Type: multipart/mixed; boundary=b",
            body="--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b",
        ),
        raw(f"Content-Type: multipart/mixed; boundary={'b' * 300}", body=f"--{'b' * 300}\r\n\r\nx"),
        raw("To: " + ",\r\n ".join(f"user{n}@shop.example" for n in range(20_000))),
        raw("X-Long: " + "a" * 70_000),
        raw("Subject: a\rFrom: evil@bad.example"),  # read as one header here, as two there
        raw("no header at all"),
        raw("From evil: x"),
        b" From: anna@shop.example\r\n\r\nx",
        b"From: =?utf-8?q?Anna=0D=0ABcc=3A?= <anna@shop.example>\r\n\r\nx",
        b"From: =?utf-8?b?" + b64encode(b"a\x00b") + b"?= <anna@shop.example>\r\n\r\nx",
        b"x" * 30_000_000,
        raw(body="x" * (10 * 1024 * 1024)),
    ],
    ids=lambda hostile: hostile[:60].decode("latin-1").replace("\r\n", "|"),
)
def test_a_mail_that_cannot_be_read_safely_is_malformed(hostile: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Malformed) as refused:
        read(hostile)
    assert time.process_time() - started < 1
    assert "example" not in str(refused.value)


def test_the_limits_themselves_are_allowed() -> None:
    assert read(nested(20)).text == "deep"
    parts = raw("Content-Type: multipart/mixed; boundary=b", body="\r\n--b\r\n\r\nx" * 499)
    assert read(parts).text.count("x") == 499
    assert len(read(raw("X-Long: " + "a" * 65_000)).header("x-long")) == 65_000


def test_a_mail_of_ten_megabytes_is_read_in_time() -> None:
    size = 10 * 1024 * 1024 - 4096
    boundaries = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(19))
    deep = b"From: a@b.example\r\n" + boundaries.encode() + b"\r\n" + (b"\n--b1x" * (size // 6))[: size - 2000]
    flowed = raw("Content-Type: text/plain; format=flowed", body=b"> \n" * (size // 3))
    repeated = (b"\r\n--b\r\n" + b"a:\n" * 21_000 + b"\r\n") * 10
    headers = raw("Content-Type: multipart/mixed; boundary=b", body=repeated)
    for heavy in (deep, flowed, headers):
        started = time.process_time()
        read(heavy)
        assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "charset", ["utf-7", "UTF_7", "rot13", "rot-13", "punycode", "hex", "idna", "unicode_escape", "x" * 99]
)
def test_a_charset_off_the_list_decodes_nothing(charset: str) -> None:
    found = read(raw(f"Content-Type: text/plain; charset={charset}", body="+ADw-script+AD4- uryyb \\u003c 3c \xff"))
    assert found.text == "+ADw-script+AD4- uryyb \\u003c 3c ÿ"
    subject = read(raw(f"Subject: =?{charset}?q?+ADw-script+AD4-?=")).subject
    assert subject in ("+ADw-script+AD4-", f"=?{charset}?q?+ADw-script+AD4-?=")


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (["Content-Type: text/plain; charset=utf-8"], b"caf\xe9", "caf\ufffd"),  # wrong charset
        (["Content-Type: text/plain; charset=us-ascii"], "café".encode(), "café"),
        (["Content-Type: text/plain; charset=gb2312"], b"ok\xff\xff", "ok\ufffd\ufffd"),
        (["Content-Type: text/plain; charset=iso-2022-jp"], b"ok \x1b$B\xff\xff", "ok \ufffd\ufffd"),
        (["Content-Type: text"], b"ok", "ok"),
        (["Content-Transfer-Encoding: base64"], b"SGVsbG8", "Hello"),  # bad base64
        (["Content-Transfer-Encoding: BASE64"], b"SGV*s\r\nbG8=", "Hello"),
        (["Content-Transfer-Encoding: base64"], b"SGVsbG8=S", "Hello"),
        (["Content-Transfer-Encoding: base64"], b"A", ""),
        (["Content-Transfer-Encoding: quoted-printable"], b"a=ZZ=3D=", "a=ZZ="),
        (["Content-Transfer-Encoding: x-unknown"], b"a=3D", "a=3D"),
        ([], b"a\x00b\x1b[2J\x08c\r\nd\re", "ab[2Jc\nd\ne"),
        ([], b"\xef\xbb\xbfmarked", "marked"),
    ],
)
def test_broken_bodies_are_read_as_far_as_they_go(headers: list[str], body: bytes, text: str) -> None:
    assert read(raw(*headers, body=body)).text == text


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        ("a" * 60_000, "a" * 200),
        ("a\x00b\x07c", "a b c"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("=?utf-8?b?" + b64encode("a\r\nBcc: x\u202e".encode()).decode() + "?=", "a Bcc: x"),
        ("=?utf-8?q?a=0D=0AX-Evil=3A_yes?=", "a X-Evil: yes"),
        ("=?utf-8?b?5L2g5Q==?= =?utf-8?b?pb0=?=", "你好"),  # cut inside a character
        ("=?utf-8?b?4oKs?=\r\n =?utf-8?b?4oKs?= and =?iso-8859-1?q?caf=E9?=", "€€ and café"),
        ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?nonsense?q?caf=C3=A9?=", "café"),
        ("=?utf-8?x?abc?= =?utf-8?q?abc", "=?utf-8?x?abc?= =?utf-8?q?abc"),
        ("👨‍👩‍👧 می‌خواهم", "👨‍👩‍👧 می‌خواهم"),  # joiners are letters to some
    ],
)
def test_a_subject_is_one_clean_line(value: str, subject: str) -> None:
    assert read(raw(f"Subject: {value}")).subject == subject


def test_a_second_mail_inside_is_just_text() -> None:
    assert "From: Evil <evil@bad.example>" in mail("mbox_with_two_mails").text
    smuggled = read(raw(body="Hi\r\n.\r\nMAIL FROM:<evil@bad.example>\r\nDATA\r\nFrom: evil@bad.example\r\n\r\nx"))
    assert smuggled.from_values == ("Anna <anna@shop.example>",)


def test_a_space_before_the_colon_hides_no_second_sender() -> None:
    found = read(raw("From : evil@bad.example", "FROM:x@bad.example"))
    assert found.from_values == ("Anna <anna@shop.example>", "evil@bad.example", "x@bad.example")


def test_a_folded_sender_is_one_line() -> None:
    found = read(b'From: "Anna"\r\n\t<anna@shop.example>\r\n\r\nx')
    assert only_mailbox(found.from_values) == "anna@shop.example"


def test_a_mail_with_bare_line_feeds_is_the_same_mail() -> None:
    octets = (MAILS / "attachment_names_in_all_ways.eml").read_bytes()
    assert read(octets.replace(b"\r\n", b"\n")) == read(octets)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(mails())
def test_no_mail_raises_anything_else(octets: bytes) -> None:
    swallow(octets)
