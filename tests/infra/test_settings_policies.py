"""The owner's file: policies, their times, their ladders and the phone they reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import settings
from chalicelib.settings import Step
from infra.settings.document import check
from tests.infra.settings_at_hand import Refused, changed, read, stored, told_otherwise

REFUSED: Refused = {
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
    "a step after the end": (('name = "all" -> ladder = [{percent = 120}]',), 17, "nothing comes after the deadline"),
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
    "an intent we do not have": (('name = "all" -> intents = ["complaint"]',), 17, "allowed: praise, vent, demand"),
    "a language nobody tells": (('name = "all" -> languages = ["german"]',), 17, 'policies.languages is "german"'),
    "a kind of message we do not have": (('name = "all" -> kinds = ["reviews"]',), 17, 'did you mean "review"?'),
    "a policy for no connection": (('name = "all" -> connections = ["fbb"]',), 17, 'did you mean "fb"?'),
    "a policy for no account": (
        ('name = "all" -> accounts = ["23"]',),
        17,
        "allowed: the accounts of your connections",
    ),
    "two policies of one name": (('-> [[policies]]\nname = "all"',), 27, 'policies.name "all" is there twice'),
}


def test_policies_that_cannot_work_are_refused_with_their_line() -> None:
    assert told_otherwise(REFUSED) == {}


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
