"""The owner's file: what it says arrives, and everything that is wrong with it is told at once, with its line."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import settings
from chalicelib.channels import CHANNELS
from chalicelib.settings import Step
from infra.settings import document
from infra.settings.connections import NEEDED
from infra.settings.document import Checked, SettingsError, check
from infra.settings.tables import AGENT, BUSINESS, CALENDAR, CONNECTION, HELPDESK, HOURS, OWNER, PHONE, POLICY, STEP

EXAMPLE = Path(__file__).parents[2] / "bridgehead.example.toml"

# every test changes this a little; the numbers of its lines are looked at, so add to the end
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


@pytest.fixture(autouse=True, scope="module")
def zones() -> Iterator[None]:
    """The names of all time zones, looked for in the file system once."""
    found = zoneinfo.available_timezones()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoneinfo, "available_timezones", lambda: found)
        yield


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


def stored(*changes: str, stage: str = "prod") -> dict[str, Any]:
    return check(changed(*changes), stage).settings


def read(checked: Checked) -> settings.Settings:
    return settings.read(json.dumps(checked.settings))


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


def test_what_the_file_says_is_what_the_lambdas_read() -> None:
    found = read(check(FILE, "prod"))
    assert found.business == "Bäckerei 喫茶店"
    assert found.hours == settings.Calendar("Europe/Vienna", {"mon": ("09:00-12:30", "14:00-18:00")}, ("12-24",))
    assert found.agents == (settings.Agent("lena@shop.de"),)
    assert found.connections["shop"].options == {"reply_url": "https://shop.de/replies"}
    assert found.policies[0].first_response.total_seconds() == 4 * 3600


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


EVERY_DAY = ", ".join(f'"{date(2000, 1, 1) + timedelta(days=day):%m-%d}"' for day in range(366))

# what is changed, the line, and words of what is told
REFUSED = {
    "an unknown key": (("kind = -> knid =",), 8, "helpdesk.knid is no setting, allowed: address, kind, language"),
    "an unknown table": (("[hours] -> [opening_hours]",), 13, "opening_hours is no setting"),
    "an unknown day": (("mon = -> monday =",), 14, "hours.monday is no setting, allowed: mon, tue, wed"),
    "an unknown option": (("reply_url = -> reply_uri =",), 25, 'did you mean "reply_url"?'),
    "another channel's option": (
        ("reply_url = -> human_agent =",),
        25,
        "connections.shop.human_agent is no setting",
    ),
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
    "a number for an account": (
        ('["11", "22"] -> ["11", 22]',),
        21,
        "connections.fb.accounts is 22, allowed: an account's id in quotes",
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
    "a secret by name": (
        ('channel = "facebook" -> channel = "facebook"\napp_secret = "geheim"',),
        21,
        "bridgehead secret set fb app_secret",
    ),
    "a table of secrets": (
        ("-> [connections.shop.secrets]\nsigning = 1",),
        26,
        "connections.shop.secrets is no setting",
    ),
    "a secret by its looks": (
        ('"https://shop.de/replies" -> "whsec_MfKQ9r8GKYqr"',),
        25,
        "connections.shop.reply_url looks like a secret",
    ),
    "a token in a list": (
        ('["11", "22"] -> ["11", "EAAGm0PX4ZCpsBAKZCq1Zb4secondvalue9sQ"]',),
        21,
        "connections.fb.accounts looks like a secret",
    ),
    "a bot's token": (('["shop"] -> ["110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"]',), 24, "looks like a secret"),
    "a key in a link": (
        ("/replies -> /replies?a=b&key=geheim",),
        25,
        "connections.shop.reply_url looks like a secret",
    ),
    "hex": (('"zendesk" -> "9f86d081884c7d659a2feaa0c55ad015"',), 8, "bridgehead secret set <connection> <name>"),
    "a password": (('-> password = "hunter2"',), 26, "bridgehead secret set shop password"),
    "the helpdesk in the reply domain": (
        ('"support@shop.de" -> "support@Reply.Shop.de"',),
        7,
        "come back here (loop)",
    ),
    "the owner in the reply domain": (('"chef@shop.de" -> "chef@reply.shop.de"',), 10, "come back here (loop)"),
    "another Bridgehead": (
        ('"support@shop.de" -> "c-abcdefghijklmnop-abcdefghijklmnopqrstuvwxyza@reply.other.de"',),
        7,
        "two would mail each other",
    ),
    "anybody may answer": (('"lena@shop.de" -> "*"',), 12, "no wildcards: name each one"),
    "anybody of a domain": (('"lena@shop.de" -> "*@shop.de"',), 12, "no wildcards: name each one"),
    "a domain without a word": (
        ('kind = "zendesk" -> agent_domains = ["shop.de"]',),
        8,
        "or say allow_whole_domains = true",
    ),
    "any domain": (
        ('kind = "zendesk" -> agent_domains = ["*"]\nallow_whole_domains = true',),
        8,
        'helpdesk.agent_domains is "*"',
    ),
    "any sub-domain": (
        ('kind = "zendesk" -> agent_domains = ["*.shop.de"]\nallow_whole_domains = true',),
        8,
        "no wildcards",
    ),
    "a target of 0": (('"4h" -> "0h"',), 18, 'policies.first_response is "0h"'),
    "a negative target": (('"4h" -> "-4h"',), 18, 'policies.first_response is "-4h"'),
    "400 days": (('"4h" -> "400d"',), 18, 'at most "90d"'),
    "a bit over 90 days": (('"4h" -> "90d1m"',), 18, 'at most "90d"'),
    "no unit": (('"4h" -> "4"',), 18, 'policies.first_response is "4"'),
    "nothing": (('"4h" -> ""',), 18, 'policies.first_response is ""'),
    "reminders that fall": (
        ('name = "all" -> reminders = [50, 40]',),
        17,
        "[50, 40], allowed: rising whole percents from 1 to 100",
    ),
    "the same reminder twice": (('name = "all" -> reminders = [50, 50]',), 17, "each one larger"),
    "reminders after the end": (('name = "all" -> reminders = [50, 120]',), 17, "policies.reminders is 120"),
    "a reminder at 0": (('name = "all" -> reminders = [0, 50]',), 17, "policies.reminders is 0"),
    "an unknown zone": (('"Europe/Vienna" -> "Europe/Wien"',), 4, 'did you mean "Europe/Vienna"?'),
    "a city for a zone": (('"Europe/Vienna" -> "Ho Chi Minh"',), 4, 'did you mean "Asia/Ho_Chi_Minh"?'),
    "a path for a zone": (('"Europe/Vienna" -> "../../etc/passwd"',), 4, "allowed: a time zone"),
    "no open minute": (('["09:00-12:30", "14:00-18:00"] -> []',), 13, "hours have no open minute"),
    "an empty span": (('"09:00-12:30" -> "09:00-09:00"',), 14, "the whole day is 00:00-24:00"),
    "no clock time": (('"09:00-12:30" -> "9-25"',), 14, 'hours.mon is "9-25", allowed: hours such as'),
    "no day": (('"12-24" -> "31.12."',), 15, 'hours.closed is "31.12.", allowed: days such as'),
    "a day that never is": (('"12-24" -> "2027-02-29"',), 15, "allowed: days such as"),
    "hours that are not there": (
        ('[hours]\nmon = ["09:00-12:30", "14:00-18:00"]\nclosed = ["12-24"] ->', 'name = "all" -> always_open = false'),
        15,
        "needs [hours]",
    ),
    "hours that overlap": (
        ('"09:00-12:30" -> "09:00-15:00"',),
        14,
        'hours.mon is "14:00-18:00", allowed: spans that do',
    ),
    "hours that overlap past midnight": (
        ('"14:00-18:00" -> "22:00-08:00"', 'closed = -> tue = ["07:00-09:00"]\nclosed ='),
        15,
        'hours.tue is "07:00-09:00", allowed: spans that do not overlap with those of mon',
    ),
    "no open day soon": (
        ("closed = -> holidays = ['AT']\nclosed =", f'"12-24" -> {EVERY_DAY}'),
        13,
        "within 30 days",
    ),
    "a country that is none": (('closed = -> holidays = ["AT", "XX"]\nclosed =',), 15, 'hours.holidays is "XX"'),
    "a country by its name": (('closed = -> holidays = ["Germany"]\nclosed =',), 15, 'did you mean "DE"?'),
    "a region that is none": (('closed = -> holidays = ["DE-BX"]\nclosed =',), 15, "regions of DE: BB, BE, BW"),
    "a region of no regions": (('closed = -> holidays = ["VN-HN"]\nclosed =',), 15, "VN has no regions"),
    "a half day without hours": (
        ('closed = -> special = {"12-31" = []}\nclosed =',),
        15,
        "a day off belongs into closed",
    ),
    "a half day that never is": (
        ('-> [hours.special]\n"13-01" = ["09:00-12:00"]',),
        27,
        'hours.special.13-01 is "13-01"',
    ),
    "a half day that is off": (
        ('closed = -> special = {"12-24" = ["09:00-12:00"]}\nclosed =',),
        15,
        'hours.special has "12-24", which closed has too',
    ),
    "an unknown calendar": (('name = "all" -> calendar = "huors"',), 17, 'did you mean "hours"?'),
    "a calendar without an open minute": (
        ('-> [calendars.phone]\nclosed = ["12-24"]',),
        26,
        "calendars.phone have no open",
    ),
    "a calendar's name that is taken": (('-> [calendars.always]\nmon = ["09:00-12:00"]',), 26, "name that is taken"),
    "a calendar's name": (('-> [calendars."Ho Chi"]\nmon = ["09:00-12:00"]',), 26, "a name of 1 to 32 characters"),
    "two ways to say when": (
        ('name = "all" -> always_open = true\ncalendar = "hours"',),
        17,
        "keep one of the two",
    ),
    "a ladder that falls": (
        ("-> [[policies.ladder]]\npercent = 80\n[[policies.ladder]]\npercent = 50",),
        29,
        "policies.ladder.percent is 50, allowed: more than the 80 before it",
    ),
    "a step at no time": (('name = "all" -> ladder = [{to = ["owner"]}]',), 17, "either percent or before_window"),
    "a step at two times": (
        ('name = "all" -> ladder = [{percent = 50, before_window = "1h"}]',),
        17,
        "either percent or before_window",
    ),
    "a step after the end": (
        ('name = "all" -> ladder = [{percent = 120}]',),
        17,
        "nothing comes after the deadline",
    ),
    "a step to nobody we know": (
        ('name = "all" -> ladder = [{percent = 50, to = ["boss"]}]',),
        17,
        "allowed: ticket, agents",
    ),
    "a step to more agents than one write can take": (
        (
            'name = "all" -> ladder = [{percent = 50, to = ["agents"]}]',
            "[[agents]]"
            + " -> "
            + "".join(f'[[agents]]\naddress = "a{n}@shop.de"\n' for n in range(40))
            + "[[agents]]",
        ),
        97,
        "for 40 [[agents]] at most",
    ),
    "a step to a lead who is not there": (
        ('name = "all" -> ladder = [{percent = 50, to = ["lead"]}]',),
        17,
        "needs a table [lead]",
    ),
    "a text to nobody with a phone": (
        ('name = "all" -> ladder = [{percent = 50, to = ["owner"], by = ["sms"]}]',),
        17,
        "who has a phone",
    ),
    "a text without a provider": (
        (
            '"chef@shop.de" -> "chef@shop.de"\nphone = "+43 660 1234567"',
            'name = "all" -> ladder = [{percent = 50, to = ["owner"], by = ["sms"]}]',
        ),
        18,
        "needs a table [phone]",
    ),
    "a ladder twice": (('name = "all" -> reminders = [50]\nladder = [{percent = 50}]',), 17, "keep one of the two"),
    "a phone number without its country": (
        ('"chef@shop.de" -> "chef@shop.de"\nphone = "0660 1234567"',),
        11,
        "begin with + and the country's code",
    ),
    "a Twilio number without its account": (
        ('-> [phone]\nprovider = "twilio"\nnumber = "+15005550006"',),
        26,
        "phone.account is needed for twilio",
    ),
    "texts to a number without its country": (
        ('-> [connections.texts]\nchannel = "sms"\nprovider = "aws"\naccounts = ["0660123456"]',),
        29,
        'write numbers as "+" and digits',
    ),
    "calls without Twilio's account": (
        ('-> [connections.calls]\nchannel = "phone"\naccounts = ["+43660123456"]',),
        26,
        'connections.calls.account_sid is needed for Twilio, it is "AC" and 32 characters',
    ),
    "an OAuth 2.0 login for no app": (
        ('-> [connections.x]\nchannel = "x"\nlogin = "oauth2"\naccounts = ["2000000002"]',),
        26,
        'connections.x.client_id is missing, login = "oauth2" needs the app\'s Client ID',
    ),
    "customers who text the owner's number": (
        (
            '-> [phone]\nprovider = "aws"\nnumber = "+43660123456"\n'
            '[connections.texts]\nchannel = "sms"\nprovider = "aws"\naccounts = ["+43660123456"]',
        ),
        32,
        "which brings only the owner's texts: take another",
    ),
    "an intent we do not have": (('name = "all" -> intents = ["complaint"]',), 17, "allowed: praise, vent, demand"),
    "a language nobody tells": (('name = "all" -> languages = ["german"]',), 17, 'policies.languages is "german"'),
    "an app without its id": (
        ('-> [connections.oa]\nchannel = "zalo"\naccounts = ["2880123456789012345"]',),
        26,
        "connections.oa.app_id is missing, it is the id of your app",
    ),
    "two bots in one connection": (
        ('-> [connections.bots]\nchannel = "telegram"\naccounts = ["7000111222", "7000111223"]',),
        28,
        "connections.bots.accounts has 2 of them, allowed: one",
    ),
    "a version without its v": (
        ('accounts = ["shop"] -> accounts = ["shop"]', '["11", "22"] -> ["11"]\napi_version = "26"'),
        22,
        'such as "v26.0"',
    ),
    "a language nobody speaks on the phone": (
        (
            f'-> [connections.calls]\nchannel = "phone"\naccounts = ["+4312345"]\naccount_sid = "AC{"0" * 32}"\nlanguages = "fr"',
        ),
        30,
        "allowed: some of en, de, ja, vi, zh",
    ),
    "a connection with a name of ours": (
        ("[connections.fb] -> [connections.canary]",),
        19,
        'cannot be called "canary"',
    ),
    "a phone that texts itself": (
        (
            '"chef@shop.de" -> "chef@shop.de"\nphone = "+4366012345"',
            '-> [phone]\nprovider = "aws"\nnumber = "+4366012345"',
        ),
        29,
        "phone.number is owner.phone too",
    ),
    "typographic quotes": (('"zendesk" -> “zendesk”',), 8, "use straight quotes"),
    "a name of no ASCII letters": (
        ("https://shop.de/replies -> https://köln.de/replies",),
        25,
        "write its name as xn--kln-sna.de",
    ),
    "a policy for no connection": (('name = "all" -> connections = ["fbb"]',), 17, 'did you mean "fb"?'),
    "the lead in the reply domain": (('-> [lead]\naddress = "x@reply.shop.de"',), 27, "come back here (loop)"),
    "the agents' own domain": (
        ('"reply.shop.de" -> "shop.at"', '"lena@shop.de" -> "lena@shop.at"'),
        5,
        "say reply_domain_is_dedicated = true",
    ),
    "freemail": (('"reply.shop.de" -> "gmail.com"',), 5, "which is not yours alone"),
    "one account, two connections": (
        ('"standard_webhooks" -> "facebook"', '["shop"] -> ["22"]', "reply_url -> api_url"),
        24,
        "which connections.fb already has",
    ),
    "a retention we do not have": (('-> [retention]\nraw = "400d"',), 26, "retention is no setting"),
    "no TLS": (('"https://shop.de/replies" -> "http://shop.de/replies"',), 25, 'only the stage "local"'),
    "an address inside": (
        ('"https://shop.de/replies" -> "https://169.254.169.254/"',),
        25,
        "a public https:// address",
    ),
    "this machine": (('"https://shop.de/replies" -> "https://localhost/"',), 25, 'only the stage "local"'),
    "this machine in another spelling": (
        ('"https://shop.de/replies" -> "https://2130706433/"',),
        25,
        'only the stage "local"',
    ),
    "this machine in IPv6": (('"https://shop.de/replies" -> "https://[::1]/"',), 25, 'only the stage "local"'),
    "a password in an address": (
        ('"https://shop.de/replies" -> "https://me:pw@shop.de/"',),
        25,
        "a public https:// address",
    ),
    "a file": (('"https://shop.de/replies" -> "file:///etc/passwd"',), 25, "a public https:// address"),
    "a newer version": (("version = 1 -> version = 2",), 1, "knows settings up to version 1: update it first"),
    "no version": (("version = 1 ->",), 1, "begin the file with: version = 1"),
    "an odd version": (("version = 1 -> version = true",), 1, "version is not one we know"),
    "an address with its name": (
        ('"support@shop.de" -> "Support <support@shop.de>"',),
        7,
        "only the address, without the name",
    ),
    "two addresses in one": (('"support@shop.de" -> "a@shop.de, b@shop.de"',), 7, "only one"),
    "an address of another script": (('"support@shop.de" -> "支持@shop.de"',), 7, 'helpdesk.address is "支持@shop.de"'),
    "an address for a domain": (('"reply.shop.de" -> "help@reply.shop.de"',), 5, "without @"),
    "a number for a domain": (('"reply.shop.de" -> "10.0.0.1"',), 5, "allowed: a domain such as"),
    "two lines in a name": (('"Bäckerei 喫茶店" -> "Shop\\nBcc: all@shop.de"',), 3, 'is "Shop\\nBcc: all@shop.de"'),
    "a terminal's commands in a name": (('"Bäckerei 喫茶店" -> "\\u009b31mrot\\u202e"',), 3, "\\u009b31mrot\\u202e"),
    "a language we do not have": (('kind = "zendesk" -> language = "fr"',), 8, "allowed: en, de, ja, vi, zh"),
    "a kind of message we do not have": (('name = "all" -> kinds = ["reviews"]',), 17, 'did you mean "review"?'),
    "a policy for no account": (
        ('name = "all" -> accounts = ["23"]',),
        17,
        "allowed: the accounts of your connections",
    ),
    "two policies of one name": (('-> [[policies]]\nname = "all"',), 27, 'policies.name "all" is there twice'),
    "a connection's name": (
        ("[connections.fb] -> [connections.FB_1]",),
        19,
        'connections.FB_1 is "FB_1", allowed: a name of 1 to 32 characters a-z, 0-9 and -',
    ),
    "no channel": (('channel = "facebook" ->',), 19, "connections.fb.channel is missing"),
    "no accounts": (
        ('accounts = ["11", "22"] -> accounts = []',),
        21,
        "connections.fb.accounts is [], allowed: a list of",
    ),
    "an option of the wrong type": (
        ('channel = "facebook" -> channel = "facebook"\nhuman_agent = "yes"',),
        21,
        "allowed: true or false; without quotes",
    ),
    "an option below 1": (
        ("reply_url -> text_limit = 0\nreply_url",),
        25,
        "connections.shop.text_limit is 0, allowed: a whole number above 0",
    ),
}


def test_what_cannot_work_is_refused_with_its_line() -> None:
    found = {case: problems(changed(*changes)) for case, (changes, _, _) in REFUSED.items()}
    assert {case: told for case, told in found.items() if len(told) != 1} == {}
    for case, (_, line, told) in REFUSED.items():
        (problem,) = found[case]
        assert problem.startswith(f"bridgehead.toml line {line}: "), case
        assert told in problem, case


def test_a_file_of_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    file = tmp_path / "bridgehead.toml"
    file.write_bytes(FILE.encode("utf-16"))
    with pytest.raises(SettingsError, match="line 1: this is no UTF-8, save the file as UTF-8"):
        document.read(file)
    file.write_bytes('version = 1\n[business]\nname = "喫茶店"\n'.encode("shift_jis"))
    with pytest.raises(SettingsError, match="line 3: this is no UTF-8"):
        document.read(file)


def test_a_secret_in_the_file_is_never_repeated() -> None:
    token = "EAAGm0PX4ZCpsBAKZCq1Zb4secondvalue9sQ"
    places = [
        '"zendesk" -> "TOKEN"',
        '["shop"] -> ["TOKEN"]',
        '"https://shop.de/replies" -> "TOKEN"',
        '-> bot = "TOKEN"',
        '"4h" -> "TOKEN"',
    ]
    for place in places:
        found = problems(changed(place.replace("TOKEN", token)))
        assert len(found) == 1
        assert token not in found[0]


@pytest.mark.parametrize(
    "account",
    [
        *(
            "accounts/1122334455667788/locations/9988776655443322",
            "U4af4980629cafe0123456789abcdef01",
            "urn:li:organization:2414183",
        ),
        *(
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "gh_0123456789ab",
            "@sonnenschein_wien",
            "喫茶店ひまわり",
            "+4367612345678",
            "@shop@social.example",
        ),
    ],
)
def test_a_platforms_long_id_is_no_secret(account: str) -> None:
    found = stored(f'accounts = ["shop"] -> accounts = ["{account}"]')
    assert found["connections"]["shop"]["accounts"] == [account]


@pytest.mark.parametrize(
    ("channel", "ids", "taken_for_it"),
    [
        ("facebook", "100000000000001", "cafelindner"),
        ("instagram", "17841400000000001", "@cafelindner"),
        ("threads", "cafe.lindner", "@cafe.lindner"),
        ("whatsapp", "100000000000001", "+4366012345678"),
        ("x", "7100000000000000001", "@cafelindner"),
        ("linkedin", "30911502", "cafe-lindner"),
        ("google_business", "accounts/1122/locations/3344", "3344"),
        ("youtube", "UCaBcDeFgHiJkLmNoPqRsTuV", "@cafelindner"),
        ("line", "U0123456789abcdef0123456789abcdef", "@cafelindner"),
        ("zalo", "2880123456789012345", "cafelindner"),
        ("wechat", "gh_6b1f0c2d9e4a", "wx3c7be0a94d5f1268"),
        ("wecom", "wkAbCdEfGhIjKlMnOp", "ww7d0e5a1c9b3f2468"),
        ("telegram", "7000111222", "@cafelindner_bot"),
        ("viber", "cafelindner", "viber://pa?chatURI=cafelindner"),
        ("tiktok", "_000aBcDeFgHiJkLmNoPqRsTuVwXyZ", "@cafelindner"),
        ("mastodon", "lindner@social.example", "@lindner@social.example"),
        ("bluesky", "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "@lindner.bsky.social"),
    ],
)
def test_an_account_is_what_the_platform_calls_it_and_no_handle(channel: str, ids: str, taken_for_it: str) -> None:
    needed = "".join(f'{key} = "1-a"\n' for key in NEEDED.get(channel, ()))
    own = f'->[connections.own]\nchannel = "{channel}"\n{needed}accounts = '
    assert stored(f'{own}["{ids}"]')["connections"]["own"]["accounts"] == [ids]
    (told,) = problems(changed(f'{own}["{taken_for_it}"]'))
    assert f'connections.own.accounts has "{taken_for_it}", allowed: ' in told


@pytest.mark.parametrize(
    "domain", ["gmail.com", "gmx.at", "yahoo.co.jp", "qq.com", "web.de", "zendesk.com", "co.uk", "hotmail.com.vn"]
)
def test_a_domain_of_strangers_is_refused_whatever_is_allowed(domain: str) -> None:
    change = f'kind = "zendesk" -> agent_domains = ["{domain}"]\nallow_whole_domains = true'
    assert "where anybody can have mail" in problems(changed(change))[0]


def test_a_whole_domain_is_taken_on_purpose() -> None:
    found = stored('kind = "zendesk" -> agent_domains = ["Shop.de"]\nallow_whole_domains = true')
    assert found["agent_domains"] == ["shop.de"]


def test_the_reply_domain_may_be_the_agents_on_purpose() -> None:
    found = stored('"reply.shop.de" -> "shop.at"\nreply_domain_is_dedicated = true', '"lena@shop.de" -> "lena@shop.at"')
    assert found["reply_domain"] == "shop.at"


def test_a_helpdesks_own_address_is_enough_to_answer() -> None:
    found = stored(
        '[[agents]]\naddress = "lena@shop.de" ->', 'kind = "zendesk" -> sends_from = ["support@shop.zendesk.com"]'
    )
    assert found["agents"] == []
    assert found["helpdesk"]["sends_from"] == ["support@shop.zendesk.com"]


def test_the_local_stage_may_talk_to_itself() -> None:
    for url in ("http://127.0.0.1:8600/replies", "http://localhost", "https://shop.de/"):
        found = stored(f'"https://shop.de/replies" -> "{url}"', stage="local")
        assert found["connections"]["shop"]["options"] == {"reply_url": url}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90m", 5400),
        ("4h", 14400),
        ("2d", 172800),
        ("1h30m", 5400),
        ("1d 2h 3m", 93780),
        ("4H", 14400),
        ("90d", 7776000),
        ("1m30s", 90),
    ],
)
def test_a_time_is_written_as_people_say_it(written: str, seconds: int) -> None:
    assert stored(f'"4h" -> "{written}"')["policies"][0]["first_response"] == seconds


def test_hours_are_taken_as_people_write_them() -> None:
    changes = ('"14:00-18:00" -> "22:00-02:00"', '"09:00-12:30" -> "9:00 – 12:30"', '"12-24" -> 2026-12-24, "02-29"')
    found = stored(*changes)["hours"]
    assert found["days"]["mon"] == ["09:00-12:30", "22:00-02:00"]
    assert found["closed"] == ["2026-12-24", "02-29"]


def test_whoever_gives_hours_wants_them_to_count() -> None:
    without = '[hours]\nmon = ["09:00-12:30", "14:00-18:00"]\nclosed = ["12-24"] ->'
    assert calendars_of() == ["hours"]
    assert calendars_of(without) == [""]
    assert calendars_of('name = "all" -> calendar = "always"') == [""]
    assert calendars_of('name = "all" -> always_open = true') == [""]
    assert calendars_of('name = "all" -> calendar = "phone"', "-> [calendars.phone]", "-> fri = ['08:00-20:00']") == [
        "phone"
    ]


def calendars_of(*changes: str) -> list[str]:
    return [policy.calendar for policy in read(check(changed(*changes), "prod")).policies]


def test_what_no_policy_is_for_gets_the_usual_one() -> None:
    found = stored('name = "all" -> kinds = ["review"]')["policies"]
    assert [policy["name"] for policy in found] == ["policy 1", "default"]
    usual = read(check(changed('name = "all" -> kinds = ["review"]'), "prod")).policies[1]
    assert replace(usual, version="", calendar="") == settings.Policy()
    assert usual.calendar == "hours"


CALLED = """
[owner]
address = "chef@shop.de"
phone = "+43 660 1234567"
quiet = ["21:00-07:00", "13:00-14:00"]
[lead]
address = "lead@shop.de"
[phone]
provider = "aws"
number = "+4366012345"
"""


def with_phone(*changes: str) -> settings.Settings:
    return read(check(changed(f'[owner]\naddress = "chef@shop.de" -> {CALLED}', *changes), "prod"))


def test_the_usual_ladder_texts_an_owner_who_has_a_phone() -> None:
    found = with_phone()
    assert found.owner.phone == "+436601234567"
    assert found.owner.quiet == ("13:00-14:00", "21:00-07:00")
    assert found.lead == settings.Owner("lead@shop.de")
    assert found.phone == settings.Phone("aws", "+4366012345")
    half, most, late, last_call = found.policies[0].ladder
    assert (half, most, last_call) == (Step(50), Step(80), settings.LAST_CALL)
    assert late == Step(100, to=("ticket", "owner"), by=("mail", "sms"))


def test_percentages_alone_are_a_short_ladder() -> None:
    ladder = read(check(changed('name = "all" -> reminders = [30, 100]'), "prod")).policies[0].ladder
    assert ladder == (Step(30), Step(100, to=("ticket", "owner")), settings.LAST_CALL)
    assert read(check(changed('name = "all" -> reminders = []'), "prod")).policies[0].ladder == ()


def test_a_ladder_of_ones_own_reaches_whom_it_names() -> None:
    steps = (
        '-> [[policies.ladder]]\npercent = 40\nto = ["agents", "lead"]\n[[policies.ladder]]\nbefore_window = "90m"\n'
    )
    # tables of a policy stand behind it
    text = with_phone(
        'first_response = "4h" -> first_response = "4h"\n'
        + steps.removeprefix("-> ")
        + 'to = ["owner"]\nby = ["sms"]\nurgent = true'
    )
    assert text.policies[0].ladder == (
        Step(40, to=("agents", "lead")),
        Step(before_window=timedelta(minutes=90), to=("owner",), by=("sms",), urgent=True),
    )


def test_a_policy_says_whom_it_is_for_and_what_it_counts() -> None:
    for_whom = 'connections = ["fb"]\npublic = true\nintents = ["vent"]\npriorities = ["high"]\nlanguages = ["ja"]\n'
    what = 'starts = ["praise"]\nresolution = "off"'
    policy = read(check(changed(f'name = "all" -> {for_whom}{what}'), "prod")).policies[0]
    assert (policy.connections, policy.public, policy.intents) == (("fb",), True, ("vent",))
    assert (policy.priorities, policy.languages, policy.starts) == (("high",), ("ja",), ("praise",))
    assert policy.resolution is None


def test_calendars_have_holidays_half_days_and_zones_of_their_own() -> None:
    half_days = '-> [hours.special]\n12-31 = ["9:00-12:00"]\n'
    hanoi = '-> [calendars.hanoi]\nzone = "Asia/Ho_Chi_Minh"\nsat = ["08:00-11:30"]\nholidays = ["VN", "DE-BE"]'
    found = read(check(changed(half_days, hanoi), "prod")).calendars
    assert found["hours"].special == {"12-31": ("09:00-12:00",)}
    assert found["hanoi"] == settings.Calendar("Asia/Ho_Chi_Minh", {"sat": ("08:00-11:30",)}, holidays=("VN", "DE-BE"))


def test_a_policys_version_changes_with_it_and_with_its_calendar_only() -> None:
    versions = [
        read(check(changed(*changes), "prod")).policies[0].version
        for changes in ((), ('"chef@shop.de" -> "boss@shop.de"',), ('"4h" -> "3h"',), ('"12-24" -> "12-25"',))
    ]
    assert len(versions[0]) == 8
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_settings_stored_by_the_version_before_mean_the_same() -> None:
    old = {
        **stored(),
        "policies": [{"name": "all", "reminders": [50, 100], "always_open": False}, {"always_open": True}],
    }
    del old["calendars"], old["reach"]
    hours, always = settings.read(json.dumps(old)).policies
    assert (hours.calendar, always.calendar) == ("hours", "")
    assert hours.ladder == (Step(50), Step(100, to=("ticket", "owner")))


def test_what_a_newer_version_wrote_besides_is_passed_over_after_a_rollback() -> None:
    found = stored()
    for table in (found["owner"], found["hours"], found["helpdesk"], *found["policies"], *found["agents"]):
        table["unheard_of"] = ["1"]
    assert settings.read(json.dumps(found)) == settings.read(json.dumps(stored()))


def test_addresses_and_domains_are_kept_as_mail_compares_them() -> None:
    found = stored('"support@shop.de" -> " Support@SHOP.de"', '"reply.shop.de" -> "Antwort.Bäckerei-Groß.de."')
    assert found["helpdesk"]["address"] == "support@shop.de"
    assert found["reply_domain"] == "antwort.xn--bckerei-gross-bfb.de"


def test_names_of_every_script_are_taken() -> None:
    for name in (
        "Zahnärzte Grüß Gott",
        "花屋さくら",
        "Tiệm phở Hà Nội",
        "面包店",
        "مطعم الشرق",
        "פלאפל",
        "👩‍🍳 Bakery",
        "क्‍ष दुकान",
    ):
        assert stored(f'"Bäckerei 喫茶店" -> "{name}"')["business"] == name


def letterbox(channel: str, account: str, more: str = "") -> str:
    return changed(f'->[connections.box]\nchannel = "{channel}"\naccounts = ["{account}"]\n{more}')


def test_customers_write_to_addresses_of_the_reply_domain_and_to_none_that_opens_the_way_back() -> None:
    check(letterbox("email", "hello@reply.shop.de"), "prod")
    ours = "c-aaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.shop.de"
    for address in ("hello@shop.de", "hello", "Hello@reply.shop.de", ours):
        (told,) = problems(letterbox("email", address))
        assert 'allowed: an address such as "hello@reply.shop.de"' in told


def test_an_approved_text_may_be_called_what_it_is_about() -> None:
    sent = 'templates = { password_reset = "de" }'
    found = stored(f'->[connections.wa]\nchannel = "whatsapp"\naccounts = ["100000000000001"]\n{sent}')
    assert found["connections"]["wa"]["options"]["templates"] == {"password_reset": "de"}


def test_mail_to_one_address_is_a_letter_or_a_mail_and_not_both() -> None:
    both = letterbox("letter", "post@reply.shop.de", 'senders = "scans.de"\n[connections.mail]\nchannel = "email"')
    (told,) = problems(f'{both}\naccounts = ["post@reply.shop.de"]\n')
    assert 'connections.mail.accounts has "post@reply.shop.de", which connections.box already has' in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('senders = "gmail.com"', 'senders has "gmail.com", where anybody can have mail'),
        ('senders = "CAYA"', 'senders has "CAYA", allowed: addresses and domains'),
        ('senders = "scans.de"\nprint_to = "Greta"', 'print_to is "Greta", allowed: one e-mail address'),
        ('senders = "scans.de"\nprint_to = "x@reply.shop.de"', "its mail would come back here (loop)"),
    ],
)
def test_letters_come_from_people_who_are_known_and_go_to_who_can_print(more: str, told: str) -> None:
    assert [told in each for each in problems(letterbox("letter", "post@reply.shop.de", more))] == [True]


def test_letters_are_brought_by_named_senders_only() -> None:
    check(letterbox("letter", "post@reply.shop.de", 'senders = "scans.example"'), "prod")
    (told,) = problems(letterbox("letter", "post@reply.shop.de"))
    assert "connections.box.senders is missing" in told


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


def test_settings_of_a_newer_version_are_not_guessed_at_after_a_rollback() -> None:
    newer = {**check(FILE, "prod").settings, "version": 2, "unheard": "of"}
    with pytest.raises(ValueError, match="settings of version 2, known up to 1"):
        settings.read(json.dumps(newer))
