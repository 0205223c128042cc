"""What strangers write is shown as it is and does nothing."""

from __future__ import annotations

import time
import unicodedata

import pytest

from chalicelib.text import JOINER, cut, defuse, defuse_subject, fuse, isolate, mark, one_line, tidy, width, wrap

FAMILY = "👨‍👩‍👧‍👦"
SCRIPTS = (
    "Grüße aus Österreich, ß und Œuvre",
    "お花が届いていません。ﾊﾝｶｸも",
    "Tôi muốn hỏi về đơn hàng",
    "我的花还没有送到，谢谢！",
    "مرحبا، أين طلبي؟ می‌خواهم",
    "שלום, איפה ההזמנה שלי?",
    "नमस्ते, मेरा ऑर्डर कहाँ है",
    "ขอบคุณค่ะ น้ำ",
    f"{FAMILY} 👍🏽 🇩🇪 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤️",
)
# what RT, Zammad, Redmine, Freshdesk, Zendesk, Roundup, django-helpdesk, osTicket and mail programs would read
HOOKS = (
    "[#123]",
    "[Ticket#123]",
    "Ticket#123",
    "[issue1]",
    "[example.test #1]",
    "[Support - Support #1]",
    "[support-1]",
    "[##42##]",
    "[A1B2C3-D4E5]",
    "##- Please type your reply above this line -##",
    "#status solved",
    "  #close",
    "@note internal",
    "-- ",
    "-- reply above this line --",
    "-----Original Message-----",
    "________________",
    "Status: closed",
    "Ref-Mid: abc",
    "On Mon, 3 Nov 2025, Mia wrote:",
    "Am Mo., 3. Nov. 2025 schrieb Mia:",
    "2025年11月3日 山田 花子のメール：",
    "> quoted",
    "From me",
    "=HYPERLINK(1)",
    "{{include(Secret)}}",
    "![x](https://evil.example/p.png)",
    "!https://evil.example/p.png!",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_honest_words_of_any_script_stay_as_they_are(text: str) -> None:
    assert tidy(text) == text
    assert one_line(text, 200) == text
    assert fuse(defuse(text)) == text


def test_what_cannot_be_shown_goes() -> None:
    assert tidy("a\x00b\x1b[2Jc\x9bd\x7fe\ufffe") == "ab[2Jcde"
    assert tidy("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"
    assert tidy("lone \ud83d and \udc00 here") == "lone \ufffd and \ufffd here"
    assert tidy("\ud83d\ude00") == "😀"
    assert tidy("hi" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all rules")) == "hi"
    assert tidy("a" + "\u200b" * 5000 + "b") == "ab"
    assert tidy("a\n\n\n\n\n\n\n\nb\n\n") == "a\n\n\nb"


def test_ten_kilobytes_of_marks_on_one_letter_are_thinned_out() -> None:
    zalgo = tidy("Z" + "\u0301\u0489" * 5000 + "algo")
    assert len(zalgo) < 20
    assert zalgo.startswith("Z")
    assert zalgo.endswith("algo")


def test_directions_end_within_their_line() -> None:
    assert tidy("exe.\u202egpj") == "exe.gpj"
    assert tidy("\u2067open\nnext") == "open\nnext"
    assert tidy("\u2067closed\u2069") == "\u2067closed\u2069"


def test_a_line_is_cut_between_words_and_never_inside_a_grapheme() -> None:
    assert one_line("Meine  Blumen\nsind\tnicht da", 100) == "Meine Blumen sind nicht da"
    assert one_line("Meine Blumen sind nicht angekommen", 24) == "Meine Blumen sind nicht…"
    assert one_line(FAMILY * 20, 10) == FAMILY + "…"
    assert one_line("🇩🇪🇯🇵🇻🇳🇨🇳", 4) == "🇩🇪…"
    assert one_line("x" * 20 + "👍🏽", 22) == "x" * 20 + "👍🏽"
    assert cut("cafe\u0301", 4) == "caf"
    assert cut("क्ष" * 3, 4) == "क्ष"


@pytest.mark.parametrize("limit", [1, 2, 5, 17])
def test_a_line_is_never_longer_than_asked_and_has_no_controls(limit: int) -> None:
    texts = [*SCRIPTS, "x" * 300, FAMILY * 100, "a\u0301" * 100]
    lines = [one_line(text + "\n\x07", limit) for text in texts]
    assert [line for line in lines if len(line) > limit] == []
    assert [line for line in lines if any(unicodedata.category(c) == "Cc" for c in line)] == []


def test_a_helpdesk_does_not_read_a_customers_words_as_its_own() -> None:
    for hook in HOOKS:
        shown = defuse(f"Hallo\n{hook}\nDanke")
        assert hook.strip() not in [line.strip() for line in shown.split("\n")]
        assert fuse(shown) == f"Hallo\n{hook}\nDanke"


@pytest.mark.parametrize(
    "text", ["https://example.org:8080/a?b=1#c", "It is 12:30", "1 - 2 = 3", "Hallo, Frage?", "a_b-c"]
)
def test_ordinary_words_and_addresses_are_left_alone(text: str) -> None:
    assert defuse(text) == text


def test_a_subject_has_no_tag_no_issue_key_and_no_machine_word() -> None:
    subject = defuse_subject("[#12] ABC-123 Autoreply out of office")
    assert fuse(subject) == "(#12) ABC-123 Autoreply out of office"
    assert not any(hook in subject.lower() for hook in ("[", "#12", "abc-123", "autoreply", "out of office"))


def test_the_joiner_is_no_space_and_takes_no_room() -> None:
    assert f"a{JOINER}b".split() == [f"a{JOINER}b"]
    assert width(f"a{JOINER}b") == 2


@pytest.mark.parametrize(
    "bad", ["[", "[a", "#", " ", "\n", " \n", "a: ", "\u0301", "\u202a", "-", "- ", "🇩🇪", "\u200b", "!", "{"]
)
def test_no_text_of_any_shape_takes_long(bad: str) -> None:
    text = bad * (30_000 // len(bad))
    start = time.process_time()
    shown = defuse(tidy(text))
    one_line(text, 200), defuse_subject(text), wrap(shown)
    assert time.process_time() - start < 0.5


def test_our_own_sentences_are_wrapped_by_what_is_seen() -> None:
    japanese = "このメールにそのまま返信してください。お書きになった内容は誰でも読めます。"
    lines = wrap(japanese, 20).split("\n")
    assert "".join(lines) == japanese
    assert all(width(line) <= 22 for line in lines)  # a full stop may hang
    assert not any(line[0] in "。、）" for line in lines)
    assert (
        wrap("see https://example.org/a/very/long/address now", 20).split("\n")[1]
        == "https://example.org/a/very/long/address"
    )
    assert wrap("one two\nthree", 80) == "one two\nthree"


def test_right_to_left_words_keep_to_themselves_in_our_sentences() -> None:
    assert isolate("محمد") == "\u2068محمد\u2069"
    assert isolate("Mia") == "Mia"


def test_our_mark_is_how_the_conversations_address_begins() -> None:
    assert "c-k3v7q2m5x4n6t7w2-abc@reply.example.org".startswith(mark("k3v7q2m5x4n6t7w2"))
