"""What somebody texted us: an answer to a customer, a sign that it was seen, a question, or that we shall be silent.

Only what is certain is taken for an answer: one that begins with a customer's code. The words of the five languages are
data; adding a language is adding its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from chalicelib.assent import is_yes
from chalicelib.phone.codes import leading
from chalicelib.text import tidy

LONGEST_WORD = 40  # characters; nobody says "stop" at length


class Wish(StrEnum):
    """What a text asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    YES = "yes"  # to our question
    ASK = "ask"  # about one code
    SEEN = "seen"  # no more texts about it
    CONFIRM = "confirm"  # a bare yes to a customer: an answer, or only seen? We ask
    ANSWER = "answer"  # `words` to the customer of `code`
    UNADDRESSED = "unaddressed"  # words without a code


@dataclass(frozen=True)
class Said:
    """What a text says; `code` in capitals, "" when there is none."""

    wish: Wish
    code: str = ""
    words: str = ""


def read(text: str) -> Said:
    """What is asked for. Pure."""
    whole = tidy(text)
    if is_yes(whole) or _is_thumb(whole):
        return Said(Wish.YES, words=whole)
    alone = next((wish for wish, words in _ALONE.items() if _is_one_of(whole, words)), None)
    if alone:
        return Said(alone, words=whole)
    code, rest = leading(whole)
    if not code:
        return Said(Wish.UNADDRESSED, words=whole)
    return Said(_wish(rest), code, rest)


def _wish(rest: str) -> Wish:
    if not rest.strip(" ?？\n"):
        return Wish.ASK
    if _is_one_of(rest, SEEN) or _is_thumb(rest):
        return Wish.SEEN
    return Wish.CONFIRM if is_yes(rest) else Wish.ANSWER


def _is_one_of(text: str, words: frozenset[str]) -> bool:
    return len(text) <= LONGEST_WORD and _folded(text) in words


def _is_thumb(text: str) -> bool:
    signs = [c for c in text if c not in _SIGN_PARTS and not c.isspace()]
    return bool(signs) and all(c in THUMBS for c in signs)


def _folded(text: str) -> str:
    return "".join(c for c in normalize("NFKC", text).casefold() if c.isalnum())


def _all(languages: Mapping[str, str]) -> frozenset[str]:
    return frozenset(_folded(word.replace("_", " ")) for words in languages.values() for word in words.split())


THUMBS = frozenset("👍👌✅🆗✔")
_SIGN_PARTS = frozenset("\ufe0f\u200d🏻🏼🏽🏾🏿")  # emoji style, joiner, skin tones
STOP = _all(
    {
        "en": "stop stopall stop_all unsubscribe cancel end quit optout opt_out",
        "de": "stopp abbestellen abmelden beenden",
        "ja": "停止 ストップ 配信停止 中止",
        "vi": "dừng dung ngừng hủy huỷ",
        "zh": "停止 退订 退訂 取消 td",
    }
)
START = _all(
    {
        "en": "start unstop resume",
        "de": "fortsetzen anmelden weiter",
        "ja": "開始 再開 スタート",
        "vi": "bắt_đầu bat_dau tiếp_tục",
        "zh": "开始 開始 恢复 恢復 订阅 訂閱",
    }
)
HELP = _all(
    {
        "en": "help info",
        "de": "hilfe",
        "ja": "ヘルプ 使い方 助けて",
        "vi": "trợ_giúp tro_giup giúp",
        "zh": "帮助 幫助 说明 說明",
    }
)
SEEN = _all(
    {
        "en": "ok okay seen got_it noted",
        "de": "gesehen gelesen passt erledige_ich mache_ich",
        "ja": "了解 了解です 了解しました わかりました 確認しました",
        "vi": "đã_xem da_xem đã_biết được",
        "zh": "收到 知道了 已读 已讀 了解",
    }
)
_ALONE = {Wish.STOP: STOP, Wish.START: START, Wish.HELP: HELP | {""}}
