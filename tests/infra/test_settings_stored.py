"""What is made of the owner's file is what the Lambdas read, of the version before and of the one after, too."""

from __future__ import annotations

import json

import pytest

from chalicelib import settings
from chalicelib.settings import Step
from infra.settings.document import check
from tests.infra.settings_at_hand import FILE, changed, read, stored


def test_what_the_file_says_is_what_the_lambdas_read() -> None:
    found = read(check(FILE, "prod"))
    assert found.business == "Bäckerei 喫茶店"
    assert found.hours == settings.Calendar("Europe/Vienna", {"mon": ("09:00-12:30", "14:00-18:00")}, ("12-24",))
    assert found.agents == (settings.Agent("lena@shop.de"),)
    assert found.connections["shop"].options == {"reply_url": "https://shop.de/replies"}
    assert found.policies[0].first_response.total_seconds() == 4 * 3600


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


def test_settings_of_a_newer_version_are_not_guessed_at_after_a_rollback() -> None:
    newer = {**check(FILE, "prod").settings, "version": 2, "unheard": "of"}
    with pytest.raises(ValueError, match="settings of version 2, known up to 1"):
        settings.read(json.dumps(newer))


def test_a_policys_version_changes_with_it_and_with_its_calendar_only() -> None:
    versions = [
        read(check(changed(*changes), "prod")).policies[0].version
        for changes in ((), ('"chef@shop.de" -> "boss@shop.de"',), ('"4h" -> "3h"',), ('"12-24" -> "12-25"',))
    ]
    assert len(versions[0]) == 8
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
