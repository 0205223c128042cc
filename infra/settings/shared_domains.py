"""Mail domains where strangers have addresses: nobody's word may be taken for the business's because mail comes from there."""

from __future__ import annotations

import re

_BRANDS = "gmail googlemail gmx hotmail outlook live msn yahoo ymail yandex aol protonmail icloud zoho"
_DOMAINS = """
web.de t-online.de freenet.de arcor.de posteo.de mailbox.org a1.net aon.at chello.at bluewin.ch
me.com mac.com mail.com mail.ru proton.me pm.me tutanota.com tuta.com fastmail.com hey.com
comcast.net verizon.net btinternet.com
qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com naver.com daum.net
docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com biglobe.ne.jp vnn.vn fpt.vn
zendesk.com freshdesk.com helpscout.net frontapp.com intercom-mail.com zohodesk.com groovehq.com
amazonses.com sendgrid.net mailgun.org
"""


def is_shared(domain: str) -> bool:
    """Freemail, what many helpdesks' customers share, and public suffixes such as "co.uk"."""
    first, _, rest = domain.partition(".")
    is_brand = first in BRANDS and _ENDING.fullmatch(rest)
    return domain in DOMAINS or bool(is_brand or _ENDING.fullmatch(domain))


BRANDS = frozenset(_BRANDS.split())
DOMAINS = frozenset(_DOMAINS.split())
_ENDING = re.compile(r"com|net|org|[a-z]{2}|(?:com|co|net|org|ac|gov|ne|or|go|edu|gv)\.[a-z]{2}")
