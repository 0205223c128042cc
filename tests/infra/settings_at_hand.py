"""A shop's file, changed a little by every test, and what is told about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib import settings
from infra.settings.document import Checked, SettingsError, check

EXAMPLE = Path(__file__).parents[2] / "bridgehead.example.toml"

# the numbers of its lines are looked at, so add to the end
FILE = """\
version = 1
[business]
name = "Bäckerei 喫茶店"
zone = "Europe/Vienna"
reply_domain = "reply.shop.de"
[helpdesk]
address = "support@shop.de"
kind = "zendesk"
[owner]
address = "chef@shop.de"
[[agents]]
address = "lena@shop.de"
[hours]
mon = ["09:00-12:30", "14:00-18:00"]
closed = ["12-24"]
[[policies]]
name = "all"
first_response = "4h"
[connections.fb]
channel = "facebook"
accounts = ["11", "22"]
[connections.shop]
channel = "standard_webhooks"
accounts = ["shop"]
reply_url = "https://shop.de/replies"
"""

# by what is wrong: what is changed, the line, and words of what is told
Refused = Mapping[str, tuple[tuple[str, ...], int, str]]


def changed(*changes: str) -> str:
    """The file with lines replaced: "old -> new"; what follows a lone "-> " is put at the end."""
    text = FILE
    for old, _, new in (change.partition("->") for change in changes):
        assert old.strip() in text
        text = text.replace(old.strip(), new.lstrip(" "), 1) if old else f"{text}{new.lstrip(' ')}\n"
    return text


def problems(text: str, stage: str = "prod") -> list[str]:
    with pytest.raises(SettingsError) as error:
        check(text, stage)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def told_otherwise(cases: Refused) -> dict[str, list[str]]:
    """What is told of the cases that are not refused for one reason, in that line and with those words."""
    found = {case: problems(changed(*changes)) for case, (changes, _, _) in cases.items()}
    return {case: told for case, told in found.items() if not _as_expected(told, *cases[case][1:])}


def _as_expected(problems: list[str], line: int, words: str) -> bool:
    return [each.startswith(f"bridgehead.toml line {line}: ") and words in each for each in problems] == [True]


def stored(*changes: str, stage: str = "prod") -> dict[str, Any]:
    return check(changed(*changes), stage).settings


def read(checked: Checked) -> settings.Settings:
    return settings.read(json.dumps(checked.settings))
