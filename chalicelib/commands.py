"""What an agent can tell us on the first lines of an answer: `#note`, `#close`, `#hold 2h` and the like.

In English or in the words of the five languages, several on one line or on several. A `#word` that is none of these is
part of the answer. A language is added by adding its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from unicodedata import normalize

LONGEST_HOLD = timedelta(days=7)
MOST_COMMANDS = 12  # what follows is text


class Command(StrEnum):
    """What an agent wants done with the answer."""

    NOTE = "note"  # post nothing
    CLOSE = "close"  # nobody waits any more, with or without words
    PRIVATE = "private"
    PUBLIC = "public"
    HOLD = "hold"  # post later
    AS_IS = "as-is"  # post the mail without looking for quotes and signatures
    TEMPLATE = "template"  # send the platform's approved text of that name


@dataclass(frozen=True)
class Orders:
    """The commands at the beginning of a text, and the text without them."""

    text: str
    commands: frozenset[Command] = frozenset()
    wait: timedelta = timedelta()
    template: str = ""  # the name behind #template; "" when none was written
    unclear: bool = False  # a command that contradicts another or lacks its time: nothing of it is done


def read(text: str) -> Orders:
    """The commands and the rest."""
    found: list[Command] = []
    wait, unclear, template, rest = timedelta(), False, "", normalize("NFC", text.lstrip())
    while len(found) < MOST_COMMANDS and (command := _command(rest)) is not None:
        found.append(command)
        rest = _WORD.sub("", rest, count=1)
        if command is Command.TEMPLATE:
            template, rest = _name(rest)
        rest = rest.lstrip(_BETWEEN)
        if command is Command.HOLD:
            span, rest = _span(rest)
            wait, unclear = span or wait, unclear or span is None
    both = {Command.PRIVATE, Command.PUBLIC} <= set(found)
    return Orders(rest if found else text, frozenset(found), wait, template, unclear or both)


def _command(text: str) -> Command | None:
    word = _WORD.match(text)
    if word is None:
        return None
    plain = _folded(word["word"])
    # Chinese and Japanese put no space behind a word, and what was meant for colleagues must never be posted
    return _BY_WORD.get(plain) or (Command.NOTE if plain.startswith(_UNSPACED_NOTES) else None)


def _span(text: str) -> tuple[timedelta | None, str]:
    found = _SPAN.match(text)
    if found is None:
        return None, text
    span = int(found["count"]) * _BY_UNIT[_folded(found["unit"])]
    return (span if timedelta() < span <= LONGEST_HOLD else None), text[found.end() :].lstrip(_BETWEEN)


def _name(text: str) -> tuple[str, str]:
    # on the same line: the next one is the first place's
    found = _NAME.match(text)
    return (found["name"].lower(), text[found.end() :]) if found else ("", text)


def _folded(word: str) -> str:
    return normalize("NFKC", word).casefold().translate(_JOINTS)


_BETWEEN = " \t\r\n:：,，;；.。、"
_JOINTS = {ord(c): None for c in "-_‐‑–·"}
_WORD = re.compile(r"[#＃](?P<word>[^\W_][\w‐‑–·-]*)")

WORDS: Mapping[Command, Mapping[str, str]] = {
    Command.NOTE: {
        "en": "note",
        "de": "notiz vermerk intern",
        "ja": "メモ 社内メモ",
        "vi": "ghi-chú ghi-chu nội-bộ",
        "zh": "备注 備註 内部 內部",
    },
    Command.CLOSE: {
        "en": "close",
        "de": "schließen erledigt fertig",
        "ja": "完了 終了 クローズ",
        "vi": "đóng xong",
        "zh": "关闭 關閉 结束 結束",
    },
    Command.PRIVATE: {
        "en": "private",
        "de": "privat",
        "ja": "非公開",
        "vi": "riêng-tư rieng-tu riêng",
        "zh": "私信 私密 不公开 不公開",
    },
    Command.PUBLIC: {
        "en": "public",
        "de": "öffentlich oeffentlich",
        "ja": "公開",
        "vi": "công-khai cong-khai",
        "zh": "公开 公開",
    },
    Command.HOLD: {
        "en": "hold",
        "de": "warten später spaeter",
        "ja": "保留 後で",
        "vi": "chờ hoãn",
        "zh": "稍后 稍後 延后 延後",
    },
    Command.AS_IS: {
        "en": "as-is",
        "de": "unverändert unveraendert wörtlich",
        "ja": "そのまま",
        "vi": "nguyên-văn nguyen-van",
        "zh": "原样 原樣 原文",
    },
    Command.TEMPLATE: {
        "en": "template",
        "de": "vorlage",
        "ja": "定型文 テンプレート",
        "vi": "mẫu mẫu-tin",
        "zh": "模板 范本 範本",
    },
}
UNITS: Mapping[timedelta, str] = {
    timedelta(minutes=1): "m min mins minute minutes minuten 分 分間 分钟 分鐘 phút phut",
    timedelta(hours=1): "h hr hrs hour hours std stunde stunden 時間 小时 小時 giờ gio",
    timedelta(days=1): "d day days tag tage tagen 日 日間 天 ngày ngay",
}
_BY_WORD = {
    _folded(word): command
    for command, languages in WORDS.items()
    for words in languages.values()
    for word in words.split()
}
_BY_UNIT = {_folded(word): unit for unit, words in UNITS.items() for word in words.split()}
_ANY_UNIT = "|".join(sorted(_BY_UNIT, key=len, reverse=True))
_SPAN = re.compile(rf"(?:in\s+)?(?P<count>\d{{1,4}})\s*(?P<unit>{_ANY_UNIT})(?![a-zà-ỹ])", re.IGNORECASE)
_NAME = re.compile(r"[ \t:：]*(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,511})")
_UNSPACED_NOTES = tuple(_folded(word) for language in ("ja", "zh") for word in WORDS[Command.NOTE][language].split())
