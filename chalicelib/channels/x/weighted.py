"""How long X finds a text: most letters count 1, an emoji 2 and a link 23, however long they are.

Chinese, Japanese and Korean characters count 2, and so do Vietnamese letters with two marks and the ellipsis.

The rules are those of twitter-text 3: https://docs.x.com/fundamentals/counting-characters
Where they need a list that grows (top-level domains, emoji sequences) this counts rather too much than too little:
a text that is found short enough here is not refused by X for its length, but for an emoji that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

LINK_LENGTH = 23
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that count 1


def weighted_length(text: str) -> int:
    """In X's units: 280 are allowed."""
    composed = normalize("NFC", text.replace("\r\n", "\n"))
    return sum(_weights(composed))


def _weights(text: str) -> Iterator[int]:
    position = 0
    for match in UNIT.finditer(text):
        yield _plain(text[position : match.start()])
        yield 2 if match.lastgroup == "emoji" else _link(match)
        position = match.end()
    yield _plain(text[position:])


def _link(match: re.Match[str]) -> int:
    if match["scheme"] or match["domain"].rpartition(".")[2].lower() in DOMAINS:
        return LINK_LENGTH
    # whether X takes it for a link depends on its list: the longer of both readings
    return max(LINK_LENGTH, _plain(match[0]))


def _plain(text: str) -> int:
    return sum(1 if any(low <= ord(each) <= high for low, high in LIGHT) else 2 for each in text)


# one person or thing: U+FE0F asks for colour, U+1F3FB… is a skin, U+E00… are the letters of a flag
PICTURE = (
    "[©®‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏩-⏳⏸-⏺Ⓜ▪▫▶◀◻-◾☀-➿⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙\U0001f000-\U0001faff]"
    "(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f]+)?"
)
ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
CYRILLIC = "\u0400-\u04ff"
UNIT = re.compile(
    rf"""
    (?P<link> (?i:
        (?<! [A-Za-z0-9{ACCENTED}@＠$#＃] )
        (?: (?P<scheme> https?:// ) | (?<! [-_./] ) )
        (?P<domain> (?: (?(scheme) [\w-] | [a-z0-9{ACCENTED}-] )+ \. )+ [a-z]{{2,}} ) (?! [a-z0-9@+-] )
        (?: : [0-9]+ )?
        (?: / (?: (?: [a-z0-9{ACCENTED}{CYRILLIC}!*';:=+,.$/%#\[\]–_~@|&-] | \( [^()\s]* \) )*
                  (?: [a-z0-9{ACCENTED}{CYRILLIC}=_\#/+-] | \( [^()\s]* \) ) )? )?
        (?: \? [a-z0-9!?*'@();:&=+$/%\#\[\]_.,~|-]* [a-z0-9_&=\#/-] )?
    ) )
    | (?P<emoji>
        [\U0001f1e6-\U0001f1ff]{{2}} | [0-9\#*]\ufe0f?\u20e3 | {PICTURE} (?: \u200d {PICTURE} )*
    )
    """,
    re.VERBOSE,
)

# countries' domains and the usual others: without a scheme X takes only what ends in a real domain for a link
COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf
cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf
gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km
kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz
na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg
sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc
ve vg vi vn vu wf ws ye yt za zm zw
"""
OTHERS = """
com net org edu gov mil int info biz name pro app dev shop store online site website cloud blog club page email help
support services life live news agency berlin hamburg koeln cologne bayern wien swiss tokyo asia xyz top
"""
DOMAINS = frozenset((COUNTRIES + OTHERS).split())
