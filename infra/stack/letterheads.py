"""The business's own letter paper: a PDF that the settings name, tried here and kept in the bucket under its hash.

And a letter as it will be, to look at before the first one is posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from chalicelib import settings
from chalicelib.channels import LETTER
from chalicelib.channels.letter import paper
from chalicelib.model import Kind, Reply
from chalicelib.press import Unusable, typeset
from infra.parameters import Refused
from infra.settings import document

Checked = Mapping[str, Any]

SAMPLES: Mapping[str, str] = {
    "en": "To: Ms Mia Sample\n12 Garden Lane\nSampletown\n\nDear Ms Sample,\n\nthank you for your letter. "
    "We are sorry that the cake did not arrive in one piece; a new one is on its way.\n\nKind regards",
    "de": "An: Frau Mia Muster\nGartenweg 5\n4020 Linz\n\nSehr geehrte Frau Muster,\n\nvielen Dank für Ihren Brief. "
    "Es tut uns leid, dass die Torte nicht heil ankam; eine neue ist unterwegs.\n\nMit freundlichen Grüßen",
    "ja": "宛先：東京都千代田区丸の内1-1-1\n見本 花子 様\n\n拝啓　お手紙をいただき、誠にありがとうございます。\n\n"
    "ケーキが崩れた状態で届きましたこと、深くお詫び申し上げます。新しいものを発送いたしました。\n\n敬具",
    "vi": "Kính gửi: Bà Nguyễn Thị Mẫu\n12 đường Lê Lợi\nQuận 1, TP. Hồ Chí Minh\n\nKính thưa Bà,\n\n"
    "Cảm ơn Bà đã gửi thư. Chúng tôi rất tiếc vì chiếc bánh bị hỏng khi đến nơi; bánh mới đang được gửi đi.\n\nTrân trọng",
    "zh": "收件人：上海市黄浦区人民路1号\n王小明 先生\n\n尊敬的王先生：\n\n"
    "感谢您的来信。蛋糕送达时已经损坏，我们深表歉意；新的蛋糕已经寄出。\n\n此致\n敬礼",
}


def preview(file: Path, name: str, language: str, words: str) -> bytes:
    """A letter under a settings file, before anything is deployed; "" is the first letter connection, the owner's language.

    Raises SettingsError or Refused.
    """
    checked = document.check(document.read(file), "prod", file.name).settings
    found = [each for each, connection in checked["connections"].items() if connection["channel"] == LETTER.name]
    if not (name or found):
        raise Refused(f'no connection in {file} has channel = "{LETTER.name}": see docs/channels/letter.md')
    return sample(checked, file.parent, name or found[0], language or checked["owner"]["language"], words)


def check(checked: Checked, folder: Path) -> None:
    """Sets a letter on every letterhead. Raises Refused."""
    for name in _named(checked):
        sample(checked, folder, name, checked["owner"]["language"])


def store(checked: Checked, folder: Path, put: Any) -> dict[str, Any]:
    """The settings with the bucket's keys in place of files, which are `put`."""
    kept = deepcopy(dict(checked))
    for name, file in _named(checked).items():
        content = _read(name, folder / file)
        key = f"letterheads/{sha256(content).hexdigest()[:32]}.pdf"
        put(key, content, "application/pdf")
        kept["connections"][name]["options"]["letterhead_file"] = key
    return kept


def sample(checked: Checked, folder: Path, name: str, language: str, words: str = "") -> bytes:
    """A letter of a connection as a PDF. Raises Refused."""
    connection = checked["connections"].get(name, {})
    if connection.get("channel") != LETTER.name:
        raise Refused(f"{name} is no connection of channel letter")
    options = {**LETTER.settings, **connection["options"]}
    stationery = paper.Stationery(**{each.name: str(options[each.name]) for each in fields(paper.Stationery)})
    own = _read(name, folder / stationery.letterhead_file) if stationery.letterhead_file else b""
    reply = _reply(name, words or SAMPLES[language])
    try:
        return typeset(paper.sheet(reply, stationery, own, settings.build(checked), datetime.now(UTC)), own)
    except (ValueError, Unusable) as error:
        raise Refused(f"connections.{name}.letterhead_file cannot be used: {_EXPORT}") from error


def _named(checked: Checked) -> dict[str, str]:
    options = {name: each["options"] for name, each in checked["connections"].items()}
    return {name: each["letterhead_file"] for name, each in options.items() if each.get("letterhead_file")}


def _read(name: str, file: Path) -> bytes:
    if not file.is_file():
        raise Refused(f"connections.{name}.letterhead_file: there is no {file}")
    if file.stat().st_size > paper.LARGEST_LETTERHEAD:
        most = paper.LARGEST_LETTERHEAD // 1_000_000
        raise Refused(f"connections.{name}.letterhead_file is larger than {most} MB: export it with smaller pictures")
    return file.read_bytes()


def _reply(name: str, words: str) -> Reply:
    return Reply(name, "sample", LETTER.name, name, name, "", "", Kind.DIRECT, False, words, datetime.now(UTC))


_EXPORT = "export it as a PDF of one or two pages, without a password"
