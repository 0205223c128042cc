"""Whom a step of the ladder reaches, and that each step is taken once: the ticket, the agents, the lead, the owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import clocks, conversations
from chalicelib.desk import mails as mails_to_go
from chalicelib.desk import people
from chalicelib.model import Alarm, MailKind, OutgoingMail
from tests import faults, story
from tests.desk.waiting import (
    AGENT,
    LEAD,
    OWNER,
    answer,
    ask,
    conversation,
    mails,
    minutes,
    recipients,
    stack,
    turns,
)
from tests.world import World

EVERYBODY = [
    {"percent": 50},
    {"percent": 70, "to": ["agents"]},
    {"percent": 80, "to": ["ticket", "lead"]},
    {"percent": 100, "to": ["ticket", "owner"]},
]
PEOPLE: dict[str, Any] = {
    "lead": {"address": LEAD, "name": "Linh", "language": "vi", "quiet": []},
    "owner": {"address": OWNER, "name": "Eva Lindner", "language": "de", "quiet": ["22:00-07:00"]},
}
NIGHT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)  # half past eleven in Vienna
MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)  # seven


def crowd(world: World, count: int, apart: timedelta = timedelta()) -> None:
    for number in range(count):
        ask(world, f"Frage {number}", id=f"77_{number}", author=f"9{number:03}", name=f"Kundin {number}")
        world.pass_time(apart)


def told_of(world: World, count: int) -> list[int]:
    """How many mails to the owner or the lead name each of the crowd."""
    told = [story.text(mail) for mail in mails(world, "owner", "summary")]
    return [sum(f"Kundin {number} " in text for text in told) for number in range(count)]


def test_each_step_reaches_whom_it_names_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY}, **PEOPLE) as world:
        ask(world)
        world.pass_time(minutes(180))
        assert recipients(world, "reminder") == ["support@lindner.example"] * 3
        assert recipients(world, "agent") == [AGENT]
        assert recipients(world, "owner") == [LEAD, OWNER]
        assert turns(world) == ["started", *["reminded"] * 3, "missed", "reminded"]


def test_of_steps_that_were_slept_through_only_the_highest_goes_out_to_all_whom_they_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY}, **PEOPLE) as world:
        ask(world, at=world.clock.now - minutes(90))
        world.pass_time(minutes(60))
        assert recipients(world, "reminder") == ["support@lindner.example"]
        assert sorted(recipients(world, "agent", "owner")) == [AGENT, OWNER, LEAD]
        assert turns(world) == ["started", "missed", "reminded"]


def test_a_step_is_taken_once_although_its_schedule_fires_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY}, **PEOPLE) as world:
        ask(world)
        (name,) = world.rig.schedules()
        body = world.rig.schedules()[name]["body"]
        for late in range(0, 170, 7):
            at = world.clock.now + minutes(late)
            world.rig.schedules()[f"{name}-{late}"] = {"at": f"{at:%FT%T}", "body": body}
        world.pass_time(minutes(180))
        assert len(mails(world, "reminder")) == 3
        assert recipients(world, "agent", "owner") == [AGENT, LEAD, OWNER]


def test_nobody_is_reminded_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY}, **PEOPLE) as world:
        ask(world)
        world.pass_time(minutes(31))
        answer(world)
        world.pass_time(minutes(180))
        assert len(mails(world, "reminder", "agent", "owner")) == 1


def test_an_agent_answers_the_customer_by_answering_the_mail_in_their_own_mailbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[1:2]}, **PEOPLE) as world:
        ask(world)
        world.pass_time(minutes(45))
        (mail,) = mails(world, "agent")
        assert (mail["To"], mail["Auto-Submitted"]) == (AGENT, "auto-generated")
        assert mail["From"] == world.mails()[0]["From"]
        answer(world, ticket=mail)
        assert [comment["message"] for comment in world.site.comments] == [story.ANSWER]
        assert len(world.mails()) == 2


def test_an_agents_address_that_is_the_helpdesks_own_gets_no_mail_that_would_become_a_ticket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agents = [{"address": "Support@lindner.example"}, {"address": AGENT}, {"address": "desk@lindner.example"}]
    helpdesk = {"address": "support@lindner.example", "sends_from": ["desk@lindner.example"]}
    with stack(monkeypatch, {"ladder": EVERYBODY[1:2]}, agents=agents, helpdesk=helpdesk) as world:
        ask(world)
        world.pass_time(minutes(60))
        assert recipients(world, "agent") == [AGENT]


def test_without_a_lead_it_is_the_owner_who_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[2:3]}) as world:
        ask(world)
        world.pass_time(minutes(60))
        assert recipients(world, "owner") == [OWNER]


def test_what_is_not_urgent_waits_until_a_persons_quiet_hours_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY}, NIGHT, **PEOPLE) as world:
        ask(world)
        world.pass_time(MORNING - world.clock.now - timedelta(seconds=1))
        assert recipients(world, "owner") == [LEAD]
        assert len(mails(world, "reminder")) == 3
        world.pass_time(timedelta(seconds=30))
        assert recipients(world, "owner") == [LEAD, OWNER]
        assert not [item for item in world.items() if "todo" in item]


def test_whom_an_answer_reached_in_the_night_the_owner_does_not_hear_of(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[3:]}, NIGHT, **PEOPLE) as world:
        ask(world)
        world.pass_time(minutes(120))
        answer(world)
        world.pass_time(timedelta(hours=12))
        assert mails(world, "owner", "summary") == []
        assert not [item for item in world.items() if "todo" in item]


def test_what_is_urgent_wakes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    urgent = [{"percent": 100, "to": ["ticket", "owner"], "urgent": True}]
    with stack(monkeypatch, {"ladder": urgent}, NIGHT, **PEOPLE) as world:
        ask(world)
        world.pass_time(minutes(61))
        assert recipients(world, "owner") == [OWNER]


@pytest.mark.parametrize("count", [3, 7])
def test_of_few_the_owner_gets_a_mail_each_and_of_many_one_of_all(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[3:]}, **PEOPLE) as world:
        crowd(world, count)
        world.pass_time(minutes(70))
        assert told_of(world, count) == [1] * count
        assert len(mails(world, "owner")) <= 5
        assert (len(mails(world, "summary")) >= 1) == (count > 5)
        assert len(mails(world, "reminder")) == count


def test_in_the_morning_one_mail_tells_of_the_whole_night_who_waits_longest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[3:]}, NIGHT, **PEOPLE) as world:
        crowd(world, 8, minutes(10))
        answered = next(mail for mail in world.mails() if "Kundin 3" in mail["From"])
        world.pass_time(minutes(120))
        answer(world, ticket=answered)
        world.pass_time(timedelta(hours=12))
        (mail,) = mails(world, "summary")
        assert (mail["To"], mail["Subject"]) == (OWNER, "7 Personen warten auf eine Antwort")
        text = story.text(mail)
        places = [text.find(f"Kundin {number} ") for number in (0, 1, 2, 4, 5, 6, 7)]
        assert -1 not in places
        assert places == sorted(places)
        assert "Kundin 3" not in text
        assert max(map(len, text.splitlines())) <= 80


def test_a_storm_is_told_of_once_although_ses_is_away_and_everything_comes_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[3:]}, **PEOPLE) as world:
        world.repeats = 2
        crowd(world, 6)
        until = world.clock.now + minutes(70)

        def away(operation: str, real: Any) -> Any:
            is_away = operation == "SendRawEmail" and world.clock.now < until
            return faults.AWS["throttle"](operation, real) if is_away else real()

        world.rig.between = away  # type: ignore[attr-defined]
        world.pass_time(minutes(69))
        assert mails(world, "reminder", "owner", "summary") == []
        world.pass_time(minutes(40))
        assert told_of(world, 6) == [1] * 6


def test_a_lost_schedule_is_found_by_the_sweep_within_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": EVERYBODY[:1]}, resolution=None) as world:
        ask(world)
        world.rig.schedules().clear()
        world.pass_time(minutes(29))
        assert mails(world, "reminder") == []
        world.pass_time(minutes(16))
        assert len(mails(world, "reminder")) == 1
        assert conversation(world).clock.scheduled in world.rig.schedules()


def test_a_storm_of_hundreds_becomes_one_mail_that_lists_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch) as world:
        names = [f"{number:016}" for number in range(400)]
        alarms = [Alarm("owner", name, 1, 1, world.clock.now, "100") for name in names]
        for each in alarms:
            conversations.write([clocks.alarm(each, world.clock.now)])
        pk = clocks.person_key("owner")
        for _ in range(2):
            people.gather(pk, world.clock.now, lambda at: None)
        (mail,) = mails_to_go.merged(conversations.pending(pk))
        listed = [sk.rpartition("#")[2][:16] for sk in mail.read(OutgoingMail).covers]
        assert sorted(listed) == names


def test_an_answer_in_the_very_moment_the_owners_mail_goes_out_keeps_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with stack(monkeypatch, {"ladder": [{"percent": 100, "to": ["owner"]}]}, **PEOPLE) as world:
        ask(world)
        answered: list[str] = []

        def between(operation: str, real: Callable[[], Any]) -> Any:
            # the owner's mail is written, and about to be claimed
            if operation == "TransactWriteItems" and mails_waiting(world) and not answered:
                answered.append(operation)
                found = conversation(world)
                stopped = replace(found, clock=replace(found.clock, waiting_since=None))
                conversations.write([conversations.head(stopped, world.clock.now)])
            return real()

        monkeypatch.setattr(world.rig, "between", between)
        world.pass_time(minutes(90))
        assert answered
        assert recipients(world, "owner") == []


def mails_waiting(world: World) -> bool:
    """Whether a mail to the owner is pending."""
    return any(item["kind"] == "mail" and item.get("state") == "pending" for item in world.items("o#"))


def test_what_the_customer_said_goes_out_before_a_reminder_of_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    with stack(monkeypatch) as world:
        ask(world)
        pk = conversation(world).id
        kinds = (MailKind.REMINDER, MailKind.TICKET, MailKind.NOTICE)
        due = [OutgoingMail(name, kind, now) for name, kind in zip("abc", kinds, strict=True)]
        conversations.write([conversations.outgoing(pk, mail, now) for mail in due])
        waiting = [each for each in conversations.pending(pk) if each.kind == "mail"]
        kept = [each.read(OutgoingMail).kind for each in mails_to_go.merged(waiting)]
        assert kept == [MailKind.TICKET, MailKind.REMINDER, MailKind.NOTICE]
