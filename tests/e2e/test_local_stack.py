"""The main job on the local stack: the packaged template, real sockets, real schedules, the same code as on AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from infra import demo, scenes
from infra.demo import Demo
from infra.package import ROOT
from infra.simulator.platforms import PLATFORMS
from infra.up import down, running_state, up

pytestmark = pytest.mark.e2e
QUIET: list[str] = []
# what the clock has to ask for takes up to two minutes; WeCom only rings, and is then asked
PUSHED = [
    place.key
    for platform in PLATFORMS.values()
    for place in platform.places
    if (place.payload or platform.bring) and platform.channel != "wecom"
]


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
    mails, posts = len(stack.mails("ticket")), len(stack.posts())
    asked = {"place": place, "name": "Mia Muster", "text": "Habt ihr offen? 日曜日は？ Có mở không? 营业吗？ متى 🙂"}
    demo.post(f"{stack.state['simulator_url']}/say", json.dumps(asked).encode())
    demo.wait(lambda: len(stack.mails("ticket")) > mails, 45, "the ticket mail")
    answer = f"Danke! ありがとう! Cảm ơn! 谢谢! شكرا 🙂 {place[:8]}"
    reply: dict[str, Any] = {"mail": stack.mails("ticket")[-1]["id"], "text": answer}
    demo.post(f"{stack.state['mailbox_url']}/reply", json.dumps(reply).encode())
    demo.wait(lambda: len(stack.posts()) > posts, 20, "the answer")
    # an answer to a letter is a page to print
    assert stack.posts()[-1]["text"] == answer or place == "letters"


def test_what_cannot_be_read_is_kept_and_can_be_replayed(stack: Demo) -> None:
    facebook = stack.connections["facebook"]
    odd = {"object": "page", "entry": [{"id": facebook["accounts"][0], "time": 1, "changes": [{"field": "newthing"}]}]}
    assert stack.send(scenes.meta("something new", facebook, odd)) == 200
    assert "unknown" in bridgehead("quarantine", "list").stdout
    assert "still unreadable" in bridgehead("replay").stdout


def test_a_mistaken_command_ends_in_one_line(stack: Demo) -> None:
    done = bridgehead("show", "nosuchconversati")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
