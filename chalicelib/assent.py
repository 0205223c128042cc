"""Whether an answer is nothing but a yes: to our question whether a held answer shall be posted."""

from __future__ import annotations

from unicodedata import normalize

LONGEST = 40  # characters; nobody says yes at length


def is_yes(text: str) -> bool:
    """Whether these are the only words; case, white space and punctuation aside."""
    return len(text) <= LONGEST and _folded(text) in _ALL


def _folded(text: str) -> str:
    return "".join(c for c in normalize("NFKC", text).casefold() if c.isalnum())


YES = {
    "en": ("yes", "yes please", "ok", "okay", "approved"),
    "de": ("ja", "ja bitte", "ja, bitte senden", "einverstanden", "freigegeben"),
    "ja": ("はい", "はい、お願いします", "はい、投稿してください", "承認", "承認します"),
    "vi": ("có", "vâng", "dạ vâng", "dạ có", "đồng ý", "tôi đồng ý"),
    "zh": ("是", "是的", "好", "好的", "可以", "同意", "确认", "確認"),
}
_ALL = frozenset(_folded(words) for language in YES.values() for words in language)
