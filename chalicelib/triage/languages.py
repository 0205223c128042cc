"""Which language a customer writes, by the script, by letters only one language has, and by small words; "" if unsure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

from chalicelib.triage.vocabulary import SPACED, folded, vocabulary, words

# by the name of the letter in Unicode, its first word
SCRIPTS: Mapping[str, str] = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "GREEK": "el", "HEBREW": "he", "ARMENIAN": "hy",
    "GEORGIAN": "ka", "LAO": "lo", "KHMER": "km", "MYANMAR": "my", "TAMIL": "ta", "TELUGU": "te", "BENGALI": "bn",
}  # fmt: skip
# letters of one language among those that share a script; of several, the first that is there
LETTERS: Mapping[str, Mapping[str, str]] = {
    "CYRILLIC": {"uk": "іїєґ", "be": "ў", "sr": "ђћџљњј", "ru": "ыэё"},
    "ARABIC": {"ur": "ٹڈڑںے", "fa": "پچژگ", "ar": "ةىءأإي"},
    "LATIN": {
        "vi": "ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
        "de": "ß",
        "es": "ñ",
        "pt": "ãõ",
        "pl": "ąęłńśźż",
        "tr": "ğış",
        "cs": "ěřů",
        "hu": "őű",
    },
    # characters that only one of the two writes; most they share
    "CJK": {
        "ja": "込働峠畑変広価円駅図鉱択沢浜気売読歳頼様",
        "zh": "你您们們这這吗嗎呢吧啊呀哪哦嘛很說说谢谁请么麼订单发货给还为对时问关门买卖见爱欢东车长"
        "乐让帮动题话过现应该營會說點關對實體學國號價廣讓變",
    },
}
KNOWN = tuple(sorted({*SCRIPTS.values(), *SPACED, *(code for codes in LETTERS.values() for code in codes)}))
SURE_HAN = 8  # characters; so many without one kana are hardly Japanese
SMALL_WORDS, SMALL_SHARE = 2, 6  # so many tell a language, and one word in so many: fewer are chance
DENSE = 3  # a Han character or kana says as much as that many letters of an alphabet


def language_of(text: str) -> str:
    """A code such as "de", "ja", "vi", or "" where nobody could be sure."""
    # not `folded`, which makes ß two letters
    shown = unicodedata.normalize("NFKC", text).lower()
    script = _script(shown)
    if script in SCRIPTS:
        return SCRIPTS[script]
    of_letters = next((code for code, only in LETTERS.get(script, {}).items() if set(only) & set(shown)), "")
    if of_letters or script != "LATIN":
        return of_letters or ("zh" if script == "CJK" and _count(shown)["CJK"] >= SURE_HAN * DENSE else "")
    return _by_small_words(folded(text))


def _script(text: str) -> str:
    counted = _count(text)
    japanese = counted["HIRAGANA"] + counted["KATAKANA"]
    if japanese:
        counted["HIRAGANA"] += counted.pop("CJK", 0)
    return counted.most_common(1)[0][0] if counted else ""


def _count(text: str) -> Counter[str]:
    """Letters by script."""
    counted: Counter[str] = Counter()
    for letter in filter(str.isalpha, text):
        script = unicodedata.name(letter, "").partition(" ")[0]
        counted[script] += DENSE if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL") else 1
    return counted


def _by_small_words(text: str) -> str:
    """The language with clearly the most small words, or the only one whose words of thanks or praise these all are."""
    found = set(words(text))
    counted = {code: len(found & vocabulary(code).stop) for code in SPACED}
    first, second = sorted(counted.values(), reverse=True)[:2]
    if first >= max(SMALL_WORDS, len(found) // SMALL_SHARE) and first > second:
        return max(counted, key=lambda code: counted[code])
    polite = [code for code in SPACED if found and found <= _polite_words(code)]
    return polite[0] if len(polite) == 1 else ""


def _polite_words(code: str) -> set[str]:
    return {word for phrase in vocabulary(code).kinds for word in phrase.split()}
