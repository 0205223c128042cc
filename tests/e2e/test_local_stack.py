"""The main job on the local stack: the packaged template, real sockets, real schedules, the same code as on AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.local import demo, scenes
from infra.local.demo import Demo
from infra.local.up import down, running_state, up
from infra.simulator.platforms import PLATFORMS
from infra.stack.deploy import connect
from infra.stack.package import ROOT

pytestmark = pytest.mark.e2e
QUIET: list[str] = []
PUSHES = {channel: bool(platform.places[0].payload or platform.bring) for channel, platform in PLATFORMS.items()}
PUSHED, ASKED = (
    [place.key for channel, platform in PLATFORMS.items() if PUSHES[channel] is pushes for place in platform.places]
    for pushes in (True, False)
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Demo]:
    """The running stack; one that ran before is left running."""
    ran_before = running_state() is not None
    yield Demo(up(QUIET.append), QUIET.append)
    if not ran_before:
        down(QUIET.append)


def bridgehead(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra", *arguments, "--stage", "local"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_demo_shows_what_it_says(stack: Demo) -> None:
    counted = demo.run(QUIET.append)
    assert {name: counted[name] for name in counted if name != "seconds"} == {
        "webhooks_sent": 4,
        "tickets_mailed": 4,
        "redeliveries_ignored": 1,
        "forged_refused": 1,
        "answers_posted": 1,
        "reminders_sent": 1,
        "texts_sent": 2,
        "answers_by_text": 1,
    }
    assert counted["seconds"] < 120


@pytest.mark.parametrize("place", PUSHED)
def test_an_answer_to_each_place_reaches_its_platform(stack: Demo, place: str) -> None:
    writes_and_is_answered(stack, place, lambda: None)


@pytest.fixture(scope="module")
def clock(stack: Demo) -> Clock:
    """Which has asked everywhere once: what was written before that is not fetched."""
    clock = Clock(stack)
    demo.wait(clock.asks, 45, "the first look everywhere")
    return clock


@pytest.mark.parametrize("place", ASKED)
def test_an_answer_where_nothing_is_pushed_reaches_its_platform_too(stack: Demo, clock: Clock, place: str) -> None:
    writes_and_is_answered(stack, place, clock.asks)


def writes_and_is_answered(stack: Demo, place: str, meanwhile: Callable[[], Any]) -> None:
    """A customer's words become a ticket, and an agent's answer to its mail stands on the platform as it was written."""
    mails, posts = len(stack.mails("ticket")), len(stack.posts())
    asked = {"place": place, "name": "Mia Muster", "text": "Habt ihr offen? 日曜日は？ Có mở không? 营业吗？ متى 🙂"}
    demo.post(f"{stack.state['simulator_url']}/say", json.dumps(asked).encode())
    meanwhile()
    demo.wait(lambda: len(stack.mails("ticket")) > mails, 45, "the ticket mail")
    answer = f"Danke! ありがとう! Cảm ơn! 谢谢! شكرا 🙂 {place[:8]}"
    reply: dict[str, Any] = {"mail": stack.mails("ticket")[-1]["id"], "text": answer}
    demo.post(f"{stack.state['mailbox_url']}/reply", json.dumps(reply).encode())
    demo.wait(lambda: len(stack.posts()) > posts, 20, "the answer")
    said = stack.posts()[-1]["text"]
    if place == "letters":  # has a head, and what is written from the right is told in the order of its signs
        assert answer.partition("شكرا")[0] in said
    else:  # a toot begins with whom it is for
        assert (said.partition(" ")[2] if place.startswith("mastodon") else said) == answer


@dataclass
class Clock:
    """What has the platforms asked for news, without the minutes in between."""

    stack: Demo

    def asks(self) -> bool:
        """Whether everybody who pushes nothing has been asked."""
        aws = connect(self.stack.state["aws_endpoint"])
        table, name = aws.client("dynamodb"), self.stack.state["table"]
        at_once: dict[str, Any] = {
            "UpdateExpression": "SET due_at = :now",
            "ExpressionAttributeValues": {":now": {"N": "0"}},
        }
        for errand in polls(table, name):
            table.update_item(TableName=name, Key={key: errand[key] for key in ("pk", "sk")}, **at_once)
        aws.client("lambda").invoke(FunctionName="bridgehead-local-clock", Payload=b'{"task": "poll"}')
        quiet = {each["name"] for each in self.stack.state["connections"] if not PUSHES[each["channel"]]}
        looked = {errand["pk"]["S"] for errand in polls(table, name) if "cursor" in errand}
        return looked >= {f"connection#{each}" for each in quiet}


def polls(table: Any, name: str) -> list[dict[str, Any]]:
    """What is noted of the accounts that are asked."""
    pages = table.get_paginator("scan").paginate(TableName=name)
    return [item for page in pages for item in page["Items"] if item["sk"]["S"].startswith("cursor#")]


def test_what_cannot_be_read_is_kept_and_can_be_replayed(stack: Demo) -> None:
    facebook = stack.connections["facebook"]
    odd = {"object": "page", "entry": [{"id": facebook["accounts"][0], "time": 1, "changes": [{"field": "newthing"}]}]}
    assert stack.send(scenes.meta("something new", facebook, odd)) == 200
    assert "unknown" in bridgehead("quarantine", "list").stdout
    assert "still unreadable" in bridgehead("replay").stdout


def test_a_mistaken_command_ends_in_one_line(stack: Demo) -> None:
    done = bridgehead("show", "nosuchconversati")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
