"""The canary on the local stack: there, an automatic mail, an answer by hand, and nothing on any platform."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest

from infra.local import demo
from infra.local.demo import Demo
from infra.operate import doctor
from tests.e2e.test_local_stack import stack

__all__ = ["stack"]
pytestmark = pytest.mark.e2e


def test_the_canary_makes_the_whole_way_and_publishes_nothing(stack: Demo) -> None:
    said: list[str] = []
    posts, known = len(stack.posts()), {mail["id"] for mail in stack.mails("ticket")}

    def answers() -> None:
        demo.wait(lambda: any("answer it with" in line for line in said), 60, "the canary's request")
        (ticket,) = [mail for mail in stack.mails("ticket") if mail["id"] not in known]
        word = re.search(r'with the word "(\S+)"', "\n".join(said))
        assert word
        reply: dict[str, Any] = {"mail": ticket["id"], "text": word[1]}
        demo.post(f"{stack.state['mailbox_url']}/reply", json.dumps(reply).encode())

    agent = threading.Thread(target=answers)
    agent.start()
    doctor.doctor("local", True, 1, said.append)
    agent.join()
    assert any(re.match(r"ok +answer", line) for line in said)
    assert len(stack.posts()) == posts
