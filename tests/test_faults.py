"""What must hold while things fail: loss, duplicates, order, reminders. The long campaigns run from `tests.faults`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import desk, intake, relay
from chalicelib.aws import conversations, queue, schedules, table
from chalicelib.aws.conversations import entry, item_key
from chalicelib.channels import open_channel
from chalicelib.channels.base import Malformed, SecretMissing
from chalicelib.channels.facebook import Facebook
from chalicelib.desk import delivery
from chalicelib.model import Trouble, TroubleKind
from tests import aws, faults, moto_aws, story
from tests.quick_aws import QuickAws, quick
from tests.world import PAGE, Clock, Parcel, Site, World, clocked, feed

BUDGET = float(os.environ.get("FAULT_SECONDS", "15"))  # of each campaign here


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickAws]:
    with faults.surrounded(monkeypatch), quick(monkeypatch) as made:
        yield made


@pytest.fixture
def world(rig: QuickAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    import app

    clock = Clock()
    site = Site(clock)
    with Client(app.app) as client, clocked(monkeypatch, clock), aws.answering(site):
        yield World(rig, client, clock, site)


def ask(world: World, text: str = story.QUESTION, id: str = "77_88", author: str = "9001", **more: Any) -> None:
    at = more.pop("at", world.clock.now)
    world.customer(feed(id, text, author, "Mia Muster", more.pop("parent", f"{PAGE}_77"), at, **more))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def together(bodies: list[bytes]) -> bytes:
    """Several deliveries as one."""
    entries = [entry for body in bodies for entry in json.loads(body)["entry"]]
    return json.dumps({"object": "page", "entry": entries}).encode()


def kinds(world: World) -> list[str]:
    return [mail["X-Bridgehead-Kind"] for mail in world.mails()]


def asked(world: World, **more: Any) -> None:
    ask(world, **more)
    world.pass_time(minutes(1))


def answered(world: World, text: str = story.ANSWER) -> None:
    ticket = world.mails()[0]
    world.agent(story.answer(ticket, text), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(minutes(1))


@pytest.mark.campaign
def test_every_single_fault_leaves_every_promise_kept() -> None:
    told = faults.run({})[0]
    assert faults.campaign(faults.shuffled(faults.singles(told)), BUDGET)[1] == []


@pytest.mark.campaign
def test_pairs_of_faults_leave_every_promise_kept_although_no_echo_proves_a_post() -> None:
    told = faults.run({}, with_echoes=False)[0]
    assert faults.campaign(faults.two(told), BUDGET, with_echoes=False)[1] == []


def test_a_broken_look_up_would_be_noticed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Facebook, "find", lambda self, reply: None)
    lost = {faults.run({}, with_echoes=False)[0].log.index("Post"): "lost"}
    assert "the reply ended done with 0 notices and 2 posts" in faults.run(lost, with_echoes=False)[1]


@pytest.mark.campaign
def test_without_send_events_nothing_is_lost_either() -> None:
    plans = faults.chosen(seed=7, calls=faults.run({})[0].calls)
    assert faults.campaign(plans, BUDGET / 4, with_send_events=False)[1] == []


@pytest.mark.campaign
def test_everything_delivered_three_times_is_done_once() -> None:
    assert faults.campaign([{}], repeats=3)[1] == []


@pytest.mark.campaign
def test_a_second_worker_at_any_moment_changes_nothing() -> None:
    plans = faults.shuffled(faults.stale(faults.run({})[0]))
    assert faults.campaign(plans, BUDGET / 4)[1] == []


@pytest.mark.campaign
def test_moto_tells_the_same_story() -> None:
    quickly, on_moto = faults.run({}), faults.run({}, on=moto_aws.moto)
    assert quickly[0].log == on_moto[0].log
    assert quickly[1] == on_moto[1] == []


@pytest.mark.campaign
def test_answers_of_the_table_that_are_lost_below_the_sdk_cost_nothing() -> None:
    writes = [number for number, call in enumerate(faults.run({})[0].log) if call == "TransactWriteItems"]
    plan = {writes[0]: "after", writes[1]: "after", writes[3]: "lost", writes[7]: "after"}
    assert faults.run(plan, on=moto_aws.moto)[1] == []


def test_a_webhook_is_answered_503_as_long_as_it_cannot_be_kept(world: World, rig: QuickAws) -> None:
    broken = faults.Faults(dict.fromkeys(range(3), "throttle"), armed=True)
    rig.between = broken.call
    asked(world)
    assert (world.refused, world.mails()) == ([503, 503], [])
    world.pass_time(minutes(20))
    assert (world.refused, kinds(world)) == ([503, 503], ["ticket"])


def test_what_cannot_be_read_is_kept_and_replayed_after_a_fix_and_again_without_effect(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, request: Any) -> Any:
        raise Malformed("a defect of ours")

    with monkeypatch.context() as patch:
        patch.setattr(Facebook, "parse", broken)
        asked(world)
    (aside,) = [item for item in world.items() if item["kind"] == "quarantine"]
    assert (world.refused, world.mails()) == ([], [])
    for _ in range(2):
        intake.keep(intake.read_put_aside(aside), open_channel(_connection()), "facebook")
        world.collect()
        world.pass_time(minutes(1))
    assert kinds(world) == ["ticket"]
    assert story.QUESTION in story.text(world.mails()[0])


def test_the_same_message_fifty_times_at_once_is_one_message(world: World, rig: QuickAws) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from chalicelib.channels.base import WebhookRequest

    body = feed("77_88", story.QUESTION, "9001", "Mia Muster", f"{PAGE}_77", world.clock.now)
    request = WebhookRequest("POST", {}, {}, body, world.clock.epoch())
    channel = open_channel(_connection())
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda _: intake.keep(request, channel, "facebook"), range(50)))
    assert (sum(each.new for each in kept), sum(each.known for each in kept)) == (1, 49)
    asked(world)
    assert kinds(world) == ["ticket"]
    assert len(world.items("i#")) == 1


def test_redeliveries_within_thirty_days_are_recognised(world: World) -> None:
    asked(world)
    first = feed("77_88", story.QUESTION, "9001", "Mia Muster", f"{PAGE}_77", world.clock.now - minutes(1))
    for _ in range(5):
        world.clock.now += timedelta(days=6)
        world.customer(first)
        world.pass_time(minutes(1))
    assert kinds(world).count("ticket") == 1


def test_two_messages_of_the_same_second_are_one_conversation_in_their_order(world: World) -> None:
    at = world.clock.now
    parts = [feed(f"77_{n}", f"Teil {n}", "9001", "Mia Muster", "77_88", at) for n in range(6)]
    world.customer(together(parts[:3]))
    world.pass_time(timedelta(milliseconds=20))
    for part in parts[3:]:
        world.customer(part)
        world.pass_time(timedelta(milliseconds=20))
    world.pass_time(minutes(1))
    text = "\n".join(story.text(mail) for mail in world.mails())
    assert len({item["pk"] for item in world.items("head")}) == 1
    assert sorted(range(6), key=lambda number: text.index(f"Teil {number}")) == list(range(6))
    assert "verspätet" not in text


def test_a_late_older_message_is_marked_late(world: World) -> None:
    asked(world, text="die neuere", id="77_2", parent="77_88")
    ask(world, "die ältere", id="77_1", parent="77_88", at=world.clock.now - minutes(9))
    world.pass_time(minutes(1))
    (first, second) = [story.text(mail) for mail in world.mails()]
    assert "die ältere" in second
    assert ("verspätet" in first, "verspätet" in second) == (False, True)


def test_a_message_that_cannot_be_shown_holds_up_nobody_else_and_not_its_own_conversation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    composing: Any = vars(desk)["compose"]

    def compose(view: Any, mail: Any, **more: Any) -> Any:
        found = composing(view, mail, **more)
        if "Gift" in story.text(found):
            raise ValueError("a defect")
        return found

    monkeypatch.setattr(desk, "compose", compose)
    at = world.clock.now
    words = [("1", "davor"), ("1", "Gift"), ("1", "dabei"), ("2", "bei anderen")]
    bodies = [feed(f"77_{n}", text, who, "Mia", f"77_{who}", at) for n, (who, text) in enumerate(words)]
    world.customer(together(bodies))
    world.pass_time(minutes(1))
    assert [story.text(mail).count("bei anderen") for mail in world.mails()] == [1]
    world.pass_time(minutes(14))
    ask(world, "danach", id="77_9", author="1", parent="77_1")
    world.pass_time(minutes(15))
    for text in ("davor", "dabei", "danach"):
        assert story.mails_with(world, "ticket", text)
    (aside,) = [item for item in world.items("o#") if item["state"] == "failed"]
    assert (aside["reason"], "todo" in aside, "check_at" in aside) == ("ValueError", False, False)


def test_an_item_that_cannot_be_read_lets_the_others_through(world: World, rig: QuickAws) -> None:
    asked(world)
    (pk,) = {item["pk"] for item in world.items("head")}
    broken = entry(pk, item_key(world.clock.now, "message", "broken"), "message", "no message", world.clock.now)
    conversations.write([table.Put({**broken, "connection": "facebook"})])
    ask(world, "danach", id="77_3", parent="77_88")
    world.pass_time(minutes(20))
    assert story.mails_with(world, "ticket", "danach")
    (aside,) = [item for item in world.items("i#") if item.get("state") == "failed"]
    assert (aside["sk"], aside["strikes"]) == (broken["sk"], 5)


def test_an_answer_that_a_defect_keeps_from_being_posted_ends_held_and_the_agent_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: Any) -> Any:
        raise AttributeError("a defect")

    asked(world)
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_ready", defect)
        answered(world)
        world.pass_time(minutes(20))
    (reply,) = [item for item in world.items("i#") if item["kind"] == "reply"]
    assert (reply["state"], "todo" in reply, kinds(world)) == ("held", False, ["ticket", "notice"])


def test_an_answer_without_its_connections_secret_comes_back_to_the_agent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(connection: str) -> Any:
        raise SecretMissing(connection, "page_tokens")

    asked(world)
    monkeypatch.setattr(desk, "_channel", missing)
    answered(world)
    assert (kinds(world), world.site.comments) == (["ticket", "notice"], [])


def test_a_throttled_table_sets_nothing_aside(world: World, rig: QuickAws) -> None:
    asked(world)
    rig.between = faults.Faults(dict.fromkeys(range(2000), "throttle"), armed=True).call
    ask(world, "während der Störung", id="77_3", parent="77_88")
    world.pass_time(timedelta(hours=6))
    rig.between = lambda operation, real: real()
    ask(world, "danach", id="77_4", parent="77_88")
    world.pass_time(timedelta(minutes=20))
    assert not [item for item in world.items() if "strikes" in item]
    assert story.mails_with(world, "ticket", "danach")


def test_a_day_without_ses_loses_nothing_and_keeps_the_order(world: World, rig: QuickAws) -> None:
    rig.between = lambda operation, real: (
        faults.AWS["throttle"](operation, real) if operation == "SendRawEmail" else real()
    )
    for number in range(4):
        ask(world, f"Frage {number}", id=f"77_{number}", parent="77_88")
        world.pass_time(timedelta(hours=6))
    rig.between = lambda operation, real: real()
    world.pass_time(timedelta(hours=1))
    text = "\n".join(story.text(mail) for mail in story.mails_with(world, "ticket"))
    places = [text.find(f"Frage {number}") for number in range(4)]
    assert -1 not in places
    assert places == sorted(places)
    assert "verspätet" not in text


def test_a_day_without_the_platform_loses_no_answer_and_keeps_their_order(world: World) -> None:
    asked(world)
    world.site.between = faults.PLATFORM["unsent"]
    for number in range(3):
        answered(world, f"Antwort {number}")
        world.pass_time(timedelta(hours=8))
    world.site.between = lambda operation, real: real()
    world.pass_time(timedelta(hours=2))
    assert [comment["message"] for comment in world.site.comments] == [f"Antwort {n}" for n in range(3)]


def test_a_reminder_goes_out_once_although_its_schedule_fires_three_times(world: World, rig: QuickAws) -> None:
    asked(world)
    (name,) = rig.timers
    body = rig.timers[name]["body"]
    for late in (0, 30, 20 * 60):
        rig.timers[f"{name}-{late}"] = {
            "at": f"{world.clock.now + minutes(29) + timedelta(seconds=late):%FT%T}",
            "body": body,
        }
    world.pass_time(minutes(46))
    assert kinds(world).count("reminder") == 1


def test_a_lost_schedule_is_made_up_for_by_the_sweep(world: World, rig: QuickAws) -> None:
    asked(world)
    rig.timers.clear()
    world.pass_time(minutes(29 + 15))
    assert kinds(world).count("reminder") == 1


def test_reminders_that_are_past_already_are_one(world: World) -> None:
    asked(world, at=world.clock.now - timedelta(hours=3))
    world.pass_time(timedelta(hours=3))
    assert (kinds(world).count("reminder"), kinds(world).count("owner")) == (1, 1)


def test_a_reminder_that_waits_for_ses_is_dropped_when_the_answer_is_quicker(world: World, rig: QuickAws) -> None:
    asked(world)
    rig.between = lambda operation, real: (
        faults.AWS["throttle"](operation, real) if operation == "SendRawEmail" else real()
    )
    world.pass_time(minutes(30))
    answered(world)
    rig.between = lambda operation, real: real()
    world.pass_time(timedelta(hours=2))
    assert "reminder" not in kinds(world)


def test_no_schedule_is_set_before_its_time(world: World, rig: QuickAws) -> None:
    schedules.set_("wake", "a", datetime(2026, 11, 21, 10, 0, 0, 500_000, tzinfo=UTC))
    assert rig.timers["wake"]["at"] == "2026-11-21T10:00:01"


@pytest.mark.parametrize("first", ["edit", "unsend", "echo", "reply"])
def test_what_overtakes_its_message_waits_for_it(world: World, first: str) -> None:
    at = world.clock.now
    early = {
        "edit": feed("77_88", "verbessert", "9001", "Mia Muster", f"{PAGE}_77", at, verb="edited"),
        "unsend": feed("77_88", "", "9001", "Mia Muster", f"{PAGE}_77", at, verb="remove"),
        "echo": feed("77_900", "im Netz beantwortet", PAGE, "Kaffeehaus", "77_88", at),
        "reply": feed("77_89", "und noch etwas", "9001", "Mia Muster", "77_88", at),
    }
    world.customer(early[first])
    world.pass_time(minutes(5))
    ask(world, at=at)
    world.pass_time(minutes(20))
    text = "\n".join(story.text(mail) for mail in world.mails())
    shown = {"edit": "verbessert", "unsend": "", "echo": "im Netz beantwortet", "reply": "und noch etwas"}[first]
    assert shown in text
    assert not [item for item in world.items() if "todo" in item]


def test_edits_count_in_the_order_they_were_made_and_none_brings_back_what_was_unsent(world: World) -> None:
    at = world.clock.now
    for text, late in (("dritte", 3), ("erste", 1), ("zweite", 2)):
        when = at + timedelta(seconds=late)
        world.customer(feed("77_88", text, "9001", "Mia Muster", f"{PAGE}_77", when, verb="edited"))
    ask(world, at=at)
    world.pass_time(minutes(20))
    assert _stored_text(world) == "dritte"
    world.customer(feed("77_88", "", "9001", "Mia", f"{PAGE}_77", at + timedelta(seconds=9), verb="remove"))
    world.pass_time(minutes(20))
    world.customer(feed("77_88", "vierte", "9001", "Mia", f"{PAGE}_77", at + timedelta(seconds=4), verb="edited"))
    world.pass_time(minutes(20))
    assert _stored_text(world) == ""


def test_a_change_whose_message_never_comes_is_put_aside_after_a_day(world: World) -> None:
    world.customer(feed("77_1", "verbessert", "9001", "Mia", f"{PAGE}_77", world.clock.now, verb="edited"))
    world.pass_time(timedelta(hours=25))
    assert [item["kind"] for item in world.items() if "reason" in item] == ["quarantine"]
    assert not [item for item in world.items() if "todo" in item or "check_at" in item]


def test_one_broken_entry_of_a_thousand_costs_only_itself(world: World) -> None:
    at = world.clock.now
    bodies = [
        feed(f"77_{n}", f"Frage {n}", f"{n}", "Mia", f"{PAGE}_{n}", at, post_id=f"{PAGE}_{n}") for n in range(999)
    ]
    broken = feed("77_broken", "", "1", "Mia", "", at, comment_id=None)
    world.customer(together([*bodies[:500], broken, *bodies[500:]]))
    world._webhook()
    assert (world.refused, len(world.items("i#"))) == ([], 999)
    assert [item["kind"] for item in world.items() if item["pk"].startswith("quarantine")] == ["quarantine"]


def test_a_hundred_messages_at_once_all_reach_the_ticket(world: World) -> None:
    at = world.clock.now
    world.customer(together([feed(f"77_{n}", f"Frage <{n}>", "9001", "Mia", "77_88", at) for n in range(100)]))
    world.pass_time(minutes(30))
    covered = {
        sk for item in world.items("o#") for sk in json.loads(item["data"]).get("covers", ()) if item["state"] == "done"
    }
    assert len(covered) == 100
    assert not [item for item in world.items() if "todo" in item]


def test_a_hundred_troubles_at_once_all_reach_the_owner(world: World) -> None:
    at = world.clock.now
    troubles = [Trouble("facebook", PAGE, str(n), TroubleKind.POLICY, at) for n in range(100)]
    place = conversations.connection_key("facebook")
    for n, each in enumerate(troubles):
        conversations.write([table.Put(entry(place, item_key(at, "trouble", f"{n:03}"), "trouble", each, at))])
    world.collect()
    world.pass_time(minutes(30))
    assert kinds(world) == ["owner"] * 100


def test_the_relay_hands_on_what_it_can_and_names_the_first_it_could_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda jobs: [job for job in jobs if job.conversation == "b"])
    places = ["a", "b", "a", "b", "c"]
    records = [
        {
            "eventID": f"e{n}",
            "eventName": "INSERT",
            "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": "i#1"}}, "SequenceNumber": str(100 + n)},
        }
        for n, pk in enumerate(places)
    ]
    assert relay.relay({"Records": records}) == {"batchItemFailures": [{"itemIdentifier": "101"}]}


def test_a_bounce_told_twice_is_one_alert(world: World) -> None:
    asked(world)
    (_, _, tags) = world.rig.mails()[0]
    told = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}
    for _ in range(2):
        world.notices.append(Parcel({**told, "mail": {"tags": {k: [v] for k, v in tags.items()}}}, world.clock.now))
        world.pass_time(minutes(1))
    assert kinds(world).count("owner") == 1


def _stored_text(world: World) -> str:
    (message,) = [item for item in world.items("i#") if item["kind"] == "message"]
    return str(json.loads(message["data"]).get("text", ""))


def _connection() -> Any:
    from chalicelib.aws import parameters

    return parameters.load_connection("facebook", "receive")[1]
