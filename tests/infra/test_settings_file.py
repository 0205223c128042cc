"""The owner's file: everything that is wrong with it is told at once, with its line, and what surprises is a warning."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.channels import CHANNELS
from infra.settings import document
from infra.settings.document import SettingsError, check
from infra.settings.tables import AGENT, BUSINESS, CALENDAR, CONNECTION, HELPDESK, HOURS, OWNER, PHONE, POLICY, STEP
from tests.infra.settings_at_hand import EXAMPLE, FILE, Refused, changed, problems, read, told_otherwise


def test_the_example_works_as_it_is_for_trying() -> None:
    checked = check(EXAMPLE.read_text(), "local")
    found = read(checked)
    assert checked.warnings == []
    assert list(found.connections) == ["facebook", "x", "shop"]
    assert found.helpdesk.language == "de"
    assert [policy.calendar for policy in found.policies] == ["", "hours", "hours"]


def test_the_example_is_not_taken_for_a_real_shop() -> None:
    found = problems(EXAMPLE.read_text())
    assert len(found) == 1
    assert "connections.shop.reply_url" in found[0]
    real = EXAMPLE.read_text().replace("http://127.0.0.1:8600/replies", "https://hooks.sonnenschein.at")
    assert [warning for warning in check(real, "prod").warnings if "is a sample" in warning]


def test_an_empty_file_says_what_it_needs() -> None:
    assert problems("") == ["bridgehead.toml line 1: version is missing, begin the file with: version = 1"]
    assert len(problems("version = 1")) == 5


def test_everything_is_told_at_once_in_the_order_of_the_file() -> None:
    text = changed('kind = "zendesk" -> kind = "zendex"', '"4h" -> 4', 'channel = "facebook" -> channel = "twitter"')
    assert problems(text) == [
        "bridgehead.toml line 8: "
        + f'helpdesk.kind is "zendex", allowed: {problems(text)[0].split("allowed: ")[1].split(";")[0]}; did you mean "zendesk"?',
        'bridgehead.toml line 18: policies.first_response is 4, allowed: a time such as "90m", "4h", "1h30m" or "2d", '
        'above 0 and at most "90d"; write it in quotes',
        "bridgehead.toml line 20: connections.fb.channel is "
        + f'"twitter", allowed: {problems(text)[2].split("allowed: ")[1].split(";")[0]}; did you mean "x"?',
    ]


REFUSED: Refused = {
    "an unknown key": (("kind = -> knid =",), 8, "helpdesk.knid is no setting, allowed: address, kind, language"),
    "an unknown table": (("[hours] -> [opening_hours]",), 13, "opening_hours is no setting"),
    "an unknown day": (("mon = -> monday =",), 14, "hours.monday is no setting, allowed: mon, tue, wed"),
    "an unknown option": (("reply_url = -> reply_uri =",), 25, 'did you mean "reply_url"?'),
    "another channel's option": (("reply_url = -> human_agent =",), 25, "connections.shop.human_agent is no setting"),
    "a wrong type": (('name = "Bäckerei 喫茶店" -> name = 7',), 3, "business.name is 7, allowed: one line of text"),
    "a list for a value": (
        ('"support@shop.de" -> ["support@shop.de"]',),
        7,
        'helpdesk.address is ["support@shop.de"], allowed: one e-mail',
    ),
    "a value for a list": (('closed = ["12-24"] -> closed = "12-24"',), 15, "write it in [ ]"),
    "a table for a value": (
        ('kind = "zendesk" -> kind.name = "zendesk"',),
        8,
        "helpdesk.kind is a table, allowed: plain",
    ),
    "one table for several": (
        ("[[agents]] -> [agents]",),
        11,
        "agents is a table, allowed: tables that begin with [[agents]]",
    ),
    "several tables for one": (
        ("[owner] -> [[owner]]",),
        9,
        "owner is a list, allowed: a table that begins with [owner]",
    ),
    "a value for a table": (
        ('[[policies]]\nname = "all"\nfirst_response = "4h" ->', 'version = 1 -> version = 1\npolicies = "fast"'),
        2,
        'policies is "fast", allowed: tables that begin with [[policies]]',
    ),
    "a duplicate key": (
        ('kind = "zendesk" -> address = "other@shop.de"',),
        8,
        "helpdesk.address is there twice, first in line 7",
    ),
    "a duplicate table": (("[owner] -> [business]",), 9, "business is there twice, first in line 2"),
    "no TOML": (('kind = "zendesk" -> kind: zendesk',), 8, "expected '=' after a key in a key/value pair"),
    "no end of a string": (('"zendesk" -> "zendesk',), 8, "illegal character '\\n'"),
    "nested too deeply": ((f"version = 1 -> version = 1\nx = {'[' * 5000}",), 1, "nested too deeply"),
    "more than a person writes": ((f"-> # {'x' * 200_000}",), 1, "longer than 200,000 characters"),
    "typographic quotes": (('"zendesk" -> “zendesk”',), 8, "use straight quotes"),
    "a retention we do not have": (('-> [retention]\nraw = "400d"',), 26, "retention is no setting"),
    "a newer version": (("version = 1 -> version = 2",), 1, "knows settings up to version 1: update it first"),
    "no version": (("version = 1 ->",), 1, "begin the file with: version = 1"),
    "an odd version": (("version = 1 -> version = true",), 1, "version is not one we know"),
}


def test_what_is_no_settings_file_is_refused_with_its_line() -> None:
    assert told_otherwise(REFUSED) == {}


def test_a_file_of_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    file = tmp_path / "bridgehead.toml"
    file.write_bytes(FILE.encode("utf-16"))
    with pytest.raises(SettingsError, match="line 1: this is no UTF-8, save the file as UTF-8"):
        document.read(file)
    file.write_bytes('version = 1\n[business]\nname = "喫茶店"\n'.encode("shift_jis"))
    with pytest.raises(SettingsError, match="line 3: this is no UTF-8"):
        document.read(file)


def test_lines_are_counted_as_an_editor_does() -> None:
    text = changed(
        '"zendesk" -> """\\\n  zendesk"""',
        '["12-24"] -> [\n  "12-24",\n  "99-99",\n]',
        '"4h" -> "0h"',
        'name = "all" -> name = "a\u2028b"',
    )
    for same in (text, "\ufeff" + text.replace("\n", "\r\n")):
        assert [problem.split(": ")[0] for problem in problems(same)] == [
            "bridgehead.toml line 16",  # closed begins there
            "bridgehead.toml line 21",
            "bridgehead.toml line 22",
        ]


def test_keys_are_found_however_the_tables_are_written() -> None:
    text = changed(
        '[owner]\naddress = "chef@shop.de" ->',
        'version = 1 -> version = 1\nowner = { address = "chef", nmae = "x" }',
        '[connections.shop]\nchannel = "standard_webhooks" -> [connections]\nshop.text_limit = 0\nshop.channel = "standard_webhooks"',
        'accounts = ["shop"] -> shop.accounts = ["shop"]',
        "reply_url -> shop.reply_url",
    )
    assert [problem.split(", allowed")[0] for problem in problems(text)] == [
        'bridgehead.toml line 2: owner.address is "chef"',
        "bridgehead.toml line 2: owner.nmae is no setting",
        "bridgehead.toml line 23: connections.shop.text_limit is 0",
    ]


def test_the_second_agents_line_is_the_one_that_is_named() -> None:
    text = changed(
        '-> [[agents]]\naddress = "ok@shop.de"\n\n[[agents]]\n# her new address\naddress = "minh at shop.de"'
    )
    assert [problem.split(" is ")[0] for problem in problems(text)] == ["bridgehead.toml line 31: agents.address"]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        (("[connections.fb] -> [x.fb]",), None),
        (('name = "all" -> reminders = []',), "nobody hears of a late answer"),
        (
            ('-> [[policies]]\nname = "vip"\nchannels = ["x"]',),
            'policy "vip" is never reached: "all" before it takes all',
        ),
        (('[[agents]]\naddress = "lena@shop.de" ->',), "only mail from support@shop.de counts as an answer"),
        (('"4h" -> "2d"',), "48 open hours, not calendar days"),
        (('"chef@shop.de" -> "chef@example.com"',), "chef@example.com is a sample"),
        (('"chef@shop.de" -> "chef@shop.de"\nphone = "+436601234567"',), "owner.phone is never used"),
    ],
)
def test_what_works_but_surprises_is_a_warning(changes: tuple[str, ...], warned: str | None) -> None:
    if warned:
        assert [warning for warning in check(changed(*changes), "prod").warnings if warned in warning]
    else:
        assert check(FILE, "prod").warnings == []


def test_without_connections_the_owner_is_told_that_nothing_arrives() -> None:
    assert check(FILE.partition("[connections.fb]")[0], "prod").warnings == [
        "there is no [connections.<name>] yet: nothing will arrive"
    ]


@hypothesis.settings(deadline=None)
@given(some.data())
def test_whatever_is_in_the_file_is_taken_or_refused_with_lines(data: some.DataObject) -> None:
    lines = FILE.splitlines()
    for _ in range(data.draw(some.integers(1, 4))):
        where = data.draw(some.integers(0, len(lines) - 1))
        values = data.draw(
            some.sampled_from(
                ["0", "-1", "[]", "{}", "[[1]]", "true", '""', "1.5", "nan", "1979-05-27", "07:32:00", "9" * 30]
            )
        )
        words = some.sampled_from(
            [f"{lines[where].partition('=')[0]} = {values}", "", lines[where] * 2, "[x]", '"" = 1', "a.b = 2"]
        )
        lines[where] = data.draw(words | some.text(max_size=30))
    told: list[str] = []
    try:
        read(check("\n".join(lines), "prod"))
    except SettingsError as error:
        told = error.problems
    assert all(each.startswith("bridgehead.toml line ") for each in told)


def test_every_setting_is_in_the_documentation() -> None:
    page = (EXAMPLE.parent / "docs" / "settings.md").read_text()
    tables = {
        "business": BUSINESS,
        "helpdesk": HELPDESK,
        "owner": OWNER,
        "lead": OWNER,
        "phone": PHONE,
        "agents": AGENT,
        "hours": HOURS,
        "calendars": CALENDAR,
        "policies": {**POLICY, **STEP},
    }
    for name, table in {**tables, "connections": CONNECTION}.items():
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        missing = [key for key in table if f"`{key}`" not in section]
        assert not missing, f"{name}: {missing}"
    for channel in CHANNELS.values():
        assert f'`"{channel.name}"`' in page
        missing = [key for key in channel.settings if f"`{key}`" not in page.partition("## connections")[2]]
        assert not missing, f"{channel.name}: {missing}"
