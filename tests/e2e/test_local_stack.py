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
from infra.up import down, running_state, up

pytestmark = pytest.mark.e2e
QUIET: list[str] = []


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
    }
    assert counted["seconds"] < 120


@pytest.mark.parametrize("name", ["facebook", "x", "shop"])
def test_an_answer_to_each_channel_reaches_its_platform(stack: Demo, name: str) -> None:
    webhook = next(each for each in reversed(scenes.all_scenes(stack.connections)) if each.connection == name)
    mails, posts = len(stack.mails("ticket")), len(stack.posts())
    assert stack.send(webhook) == 200
    demo.wait(lambda: len(stack.mails("ticket")) > mails, 20, "the ticket mail")
    answer = f"Danke! ありがとう! Cảm ơn! 谢谢! شكرا 🙂 {name}"
    reply: dict[str, Any] = {"mail": stack.mails("ticket")[-1]["id"], "text": answer}
    demo.post(f"{stack.state['mailbox_url']}/reply", json.dumps(reply).encode())
    demo.wait(lambda: len(stack.posts()) > posts, 20, "the answer")
    assert stack.posts()[-1]["text"] == answer


def test_what_cannot_be_read_is_kept_and_can_be_replayed(stack: Demo) -> None:
    facebook = stack.connections["facebook"]
    odd = {"object": "page", "entry": [{"id": facebook["accounts"][0], "time": 1, "changes": [{"field": "newthing"}]}]}
    assert stack.send(scenes.meta("something new", facebook, odd)) == 200
    assert "unknown" in bridgehead("quarantine", "list").stdout
    assert "still unreadable" in bridgehead("replay").stdout


def test_a_mistaken_command_ends_in_one_line(stack: Demo) -> None:
    done = bridgehead("show", "nosuchconversati")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
