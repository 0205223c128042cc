"""How X counts and shows text: https://docs.x.com/fundamentals/counting-characters"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from typing import Any

URL = re.compile(r"https?://[^\s<>\"]+")
URL_WEIGHT = 23
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that weigh 1; all others weigh 2
_PICTURE = "[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
_ONE = f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}"
EMOJI = re.compile(f"(?:{_ONE})(?:\u200d(?:{_ONE}))*")
LEADING_MENTIONS = re.compile(r"^(?:@\w{1,15}\s+)+")


def weight(text: str) -> int:
    """Weighted characters: Latin 1, CJK and an emoji of any length 2, a link 23; mentions in front are free."""
    counted = LEADING_MENTIONS.sub("", unicodedata.normalize("NFC", text))
    rest, links = URL.subn("", counted)
    plain, emoji = EMOJI.subn("", rest)
    return links * URL_WEIGHT + emoji * 2 + sum(1 if is_light(each) else 2 for each in plain)


def is_light(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in LIGHT)


def shown(text: str) -> tuple[str, dict[str, Any]]:
    """The text as look-ups give it, escaped and with shortened links, and its entities, which know the links as written."""
    urls = [{"url": shortened(url), "expanded_url": url} for url in URL.findall(text)]
    escaped = html.escape(URL.sub(lambda found: shortened(found.group()), text), quote=False)
    return escaped, {"urls": urls} if urls else {}


def shortened(url: str) -> str:
    return f"https://t.co/{hashlib.sha256(url.encode()).hexdigest()[:10]}"
