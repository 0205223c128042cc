"""What a message is: only what is certain is called praise, thanks or a share, because nobody answers those."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from chalicelib import settings, triage
from chalicelib.model import Kind
from chalicelib.triage.languages import KNOWN, language_of
from chalicelib.triage.vocabulary import LANGUAGES, vocabulary

SHARED = Path(__file__).parents[2].parent / "shared" / "fixtures"
NEEDS_NO_ANSWER = {"praise", "thanks", "share"}
SHOP = settings.build(
    {
        "version": 1,
        "business": "店",
        "reply_domain": "reply.shop.example",
        "helpdesk": {"address": "a@shop.example"},
        "owner": {"address": "b@shop.example"},
        "reach": 5000,
    }
)


def sort(text: str, kind: Kind = Kind.DIRECT, rating: str = "", followers: int | None = None) -> triage.Sorted:
    return triage.sort(text, kind, rating, followers, SHOP)


SORTED = {
    "thanks": (
        "Danke!",
        "Vielen Dank für die schnelle Hilfe! 🙏",
        "@blumenladen DANKE 😊",
        "Thank you so much!!",
        "thanks :)",
        "ty <3",
        "Merci beaucoup à toute l’équipe !",
        "¡Muchas gracias por su ayuda!",
        "Grazie mille 🌸",
        "Muito obrigada!",
        "Dank je wel 👍",
        "Cảm ơn shop nhiều ạ ❤️",
        "ありがとうございました。",
        "いつもありがとうございます！",
        "谢谢",
        "非常感謝！",
        "감사합니다^^",
        "정말 고마워요~",
        "Thanks again for your quick reply.",
    ),
    "praise": (
        "Super!",
        "Einfach nur toll, weiter so! 👏",
        "Great job, guys!",
        "LOVE IT!!! 😍🔥",
        "Délicieux, bravo !",
        "¡Excelente servicio!",
        "Complimenti, siete i migliori!",
        "Đẹp quá shop ơi 😍",
        "美味しかったです😋",
        "最高でした！また行きます！",
        "太棒了👍👍",
        "很好吃，服务很好！",
        "너무 맛있어요!",
        "❤️❤️❤️",
        "👍🏽",
        "👏👏🏿🔥",
        "Danke, das war wirklich sehr lecker!",
    ),
    "advice": (
        "Habt ihr morgen offen?",
        "Wie lange dauert der Versand",
        "Danke, und wann kommt das Paket?",
        "Is this in stock?",
        "How do I return it",
        "Puis-je réserver une table ?",
        "cuánto cuesta el envío",
        "几点开门",
        "请问有现货吗",
        "今日はやってますか",
        "送料を教えてください",
        "Cửa hàng mở cửa mấy giờ",
        "shop ơi còn hàng không",
        "몇 시에 여나요",
        "هل أنتم مفتوحون؟",
        "ขอบคุณ?",
    ),
    "vent": (
        "Saftladen, nie wieder!",
        "Terrible service, useless",
        "最悪です",
        "太差了",
        "荷物が届きません😡",
        "quá thất vọng",
        "최악이에요",
    ),
    "demand": (
        "Ich will mein Geld zurück!",
        "I want my money back",
        "返金してください",
        "我要退款，马上处理",
        "tôi yêu cầu hoàn tiền cho tôi",
    ),
    "": (
        "Danke, aber es ist noch immer kaputt",
        "Danke im Voraus",
        "Thanks for nothing",
        "Great, my order is lost again",
        "Great...",
        "“Great” service",
        "thanks :(",
        "Wow",
        "🙏",
        "🙄",
        "Danke 123",
        "良かったですが、",
        "谢谢，但是还没发货",
        "cảm ơn trước nhé",
        "Danke https://shop.example",
        "Hallo",
        "Bestellung 4711",
        "",
        " ",
        "Спасибо!",
        "شكرا",
        "ok",
        "merci d'avance",
        "Thanks! My order number is missing",
        "感谢你妈",
        "좋아요 근데 아직 안 왔어요",
        "gracias por nada",
    ),
}
CASES = [(text, intent) for intent, texts in SORTED.items() for text in texts]


def test_a_text_is_what_its_words_leave_no_doubt_about() -> None:
    assert [(text, sort(text).intent) for text, _ in CASES] == CASES


@pytest.mark.parametrize("words", ["kaputt", "refund", "まだ", "但是", "chưa", "아직", "4711", "x", "😢", "..."])
def test_one_more_word_and_it_is_no_mere_thanks(words: str) -> None:
    longer = [f"{text} {words}" for text in SORTED["thanks"] + SORTED["praise"]]
    assert [text for text in longer if sort(text).intent in NEEDS_NO_ANSWER] == []


@pytest.mark.parametrize(
    "no", ["not", "no", "nicht", "kein", "pas", "non", "não", "niet", "không", "ない", "不", "안", "aber"]
)
def test_a_no_before_it_and_it_is_no_praise(no: str) -> None:
    denied = [f"{no} {text}" for text in SORTED["thanks"] + SORTED["praise"]]
    assert [text for text in denied if sort(text).intent in NEEDS_NO_ANSWER] == []


@pytest.mark.parametrize(
    ("text", "rating", "intent", "priority"),
    [
        ("", "5/5", "praise", ""),
        ("", "POSITIVE", "praise", ""),
        ("Tolles Essen!", "5/5", "praise", ""),
        ("Der Kellner war nett, die Suppe kalt.", "5/5", "", ""),
        ("", "4/5", "", ""),
        ("Super", "3/5", "", ""),
        ("", "3/5", "", ""),
        ("", "2/5", "vent", "high"),
        ("Danke!", "1/5", "vent", "high"),
        ("Ist heute offen?", "NEGATIVE", "vent", "high"),
        ("Danke!", "unheard of", "thanks", ""),
    ],
)
def test_a_rating_says_more_than_words(text: str, rating: str, intent: str, priority: str) -> None:
    found = sort(text, Kind.REVIEW, rating)
    assert (found.intent, found.priority) == (intent, priority)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("https://example.org/p/1", "share"),
        ("", "share"),
        ("@laden", "share"),
        ("So geht Service nicht https://example.org/p/1", ""),
        ("Stimmt das? https://example.org/p/1", "advice"),
    ],
)
def test_a_quote_without_words_of_its_own_is_a_share(text: str, intent: str) -> None:
    assert sort(text, Kind.QUOTE).intent == intent


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.QUOTE])
def test_a_mere_link_asks_for_something_elsewhere(kind: Kind) -> None:
    assert sort("https://example.org/p/1", kind).intent == ""


@pytest.mark.parametrize(
    ("followers", "priority"), [(None, ""), (0, ""), (4999, ""), (5000, "high"), (100_000, "high")]
)
def test_reach_raises_priority(followers: int | None, priority: str) -> None:
    assert sort("Hallo", followers=followers).priority == priority


def test_a_reach_of_0_raises_nobodys_priority() -> None:
    nobody = settings.Settings("店", "reply.shop.example", SHOP.helpdesk, SHOP.owner, reach=0)
    assert triage.sort("Hallo", Kind.DIRECT, "", 10**9, nobody).priority == ""


def test_every_decision_has_a_reason_and_no_reason_has_a_customers_words() -> None:
    assert sort("Saftladen!", Kind.REVIEW, "1/5", 9000).why == ("rating-low", "reach")
    assert sort("Danke!").why == ("only-thanks",)
    assert sort("Hallo").why == ()


LANGUAGE = {
    "de": ("Wo ist meine Bestellung, ich habe noch nichts bekommen", "Danke sehr", "Grüße"),
    "en": ("Where is my order and when will it be here", "thank you very much"),
    "fr": ("Bonjour, je voudrais savoir si vous avez cette taille", "Merci beaucoup"),
    "es": ("Hola, quiero saber si tienen esta talla en la tienda", "mañana"),
    "it": ("Buongiorno, vorrei sapere quando arriva il mio pacco, non è ancora qui"),
    "pt": ("Não recebi o meu pedido", "Muito obrigado"),
    "nl": ("Wanneer is mijn bestelling er, ik heb het nog niet"),
    "vi": ("Shop ơi còn hàng không", "Cảm ơn bạn", "Vẫn chưa nhận được hàng"),
    "ja": ("荷物がまだ届きません 📦 Grüße", "@All 助けてください", "カタカナ", "駅前店", "円", "変更"),
    "zh": ("你好", "订单三天了还没发货", "請問營業時間", "上海市黄浦区南京东路一百号"),
    "ko": ("배송이 언제 되나요",),
    "th": ("สั่งของไปแล้วยังไม่ได้รับ",),
    "ru": ("Когда вы открыты",),
    "uk": ("Коли ви відкриті, дякую за відповідь і вибачте",),
    "ar": ("أين طلبي",),
    "he": ("איפה ההזמנה שלי",),
    "el": ("Πού είναι η παραγγελία μου",),
    "": ("Merci", "Super", "OK", "4711", "👍", "東京", "会社", "店", "第一届", "没収", "Hello", "", "Привет", "шкода"),
}


def test_a_language_is_named_where_it_is_certain() -> None:
    texts = {code: (found,) if isinstance(found, str) else found for code, found in LANGUAGE.items()}
    expected = [(text, code) for code, found in texts.items() for text in found]
    assert [(text, language_of(text)) for text, _ in expected] == expected
    assert {code for _, code in expected if code} <= set(KNOWN)


def test_decomposed_and_composed_letters_are_the_same() -> None:
    assert sort(unicodedata.normalize("NFD", "Cảm ơn shop nhiều ạ")) == sort("Cảm ơn shop nhiều ạ")


def test_no_word_of_thanks_is_a_word_of_anger() -> None:
    for code in LANGUAGES:
        known = vocabulary(code)
        assert not set(known.kinds) & {*known.vent, *known.demand, *known.asks}


@examples(max_examples=60, deadline=None)
@given(some.text(max_size=80), some.sampled_from(Kind), some.sampled_from(("", "5/5", "1/5", "0/0", "POSITIVE", "⭐")))
def test_any_text_is_sorted(text: str, kind: Kind, rating: str) -> None:
    found = sort(text, kind, rating)
    assert found.intent in {"", *triage.INTENTS}


@pytest.mark.parametrize("text", ["a " * 50_000, "很" * 100_000, "danke " * 20_000, "😡" * 50_000, "?" * 100_000])
def test_long_texts_take_no_time(text: str) -> None:
    begun = time.process_time()
    assert sort(text).intent not in NEEDS_NO_ANSWER
    assert time.process_time() - begun < 0.5


@pytest.mark.skipif(not SHARED.exists(), reason="samples from elsewhere are not at hand")
def test_of_samples_from_elsewhere_only_what_is_thanks_or_praise_is_taken_for_it() -> None:
    found: set[str] = set()
    for path in SHARED.glob("*/*.json"):
        found |= set(_texts(json.loads(path.read_text("utf-8"))))
    taken = {text for text in found if sort(text).intent in NEEDS_NO_ANSWER}
    assert len(found) > 100
    assert all(any(word in text.lower() for word in ("thank", "cảm ơn", "great")) for text in taken)
    assert not any(word in text for text in taken for word in ("?", "order", "but"))


def _texts(found: Any, key: str = "") -> list[str]:
    if isinstance(found, dict):
        return [text for name, inner in found.items() for text in _texts(inner, name)]
    if isinstance(found, list):
        return [text for inner in found for text in _texts(inner, key)]
    wanted = key in {"text", "message", "content", "comment", "body", "textDisplay", "msg", "note"}
    return [found] if isinstance(found, str) and wanted else []
