"""Whatever breaks and wherever: one text at most, one answer exactly, and nobody who waits is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.phone.pocket import OWNER, pocket
from tests.world import Crash

ANSWER = "Ja, von 9 bis 18 Uhr! 🙂"
LADDER = [{"percent": 50, "to": ["owner"], "by": ["sms"]}]
POLICY = {"name": "default", "first_response": 3600, "next_response": 7200, "ladder": LADDER}
KINDS = ("before", "after", "lost")


@dataclass
class Fault:
    """One call of AWS that goes wrong: the process dies before or after it, or its answer is lost."""

    number: int
    kind: str
    armed: bool = False
    calls: int = 0

    def __call__(self, operation: str, real: Callable[[], Any]) -> Any:
        if not self.armed:
            return real()
        self.calls += 1
        if self.calls != self.number:
            return real()
        if self.kind == "before":
            raise Crash
        answer = real()
        raise Crash if self.kind == "after" else ConnectionClosedError(endpoint_url=str(answer)[:5])


def tell(patch: pytest.MonkeyPatch, fault: Fault) -> list[str]:
    """A customer waits, the phone buzzes, the owner texts back: which promises were broken."""
    with pocket(patch, policies=[POLICY]) as phone:
        phone.rig.between = fault
        phone.world.arm = lambda armed: setattr(fault, "armed", armed)
        phone.question()
        phone.wait(45)
        alarms = [text for text in phone.texts() if "To answer" in text]
        mails = [mail for mail in phone.world.mails() if mail["To"] == "chefin@lindner.example"]
        if len(alarms) > 1 or not (alarms or mails):
            return [f"{len(alarms)} texts and {len(mails)} mails about one customer"]
        if not alarms:
            return []
        code, taken, fault.armed = phone.code(), False, True
        while not taken:
            with suppress(Crash):
                taken = phone.deliver(f"{code} {ANSWER}", id="SM-1").status_code == 200
        fault.armed = False
        phone.world.pass_time(timedelta(minutes=30))
        posted = [text for text in phone.texts(OWNER) if text.startswith("Posted")]
        broken = [] if phone.posts() == [ANSWER] else [f"posted {len(phone.posts())} times"]
        return broken + ([f"confirmed {len(posted)} times"] if len(posted) > 1 else [])


def faults() -> list[Fault]:
    return [Fault(number, kind) for number in range(1, 111) for kind in KINDS]


@pytest.mark.parametrize("fault", faults()[20::41], ids=lambda fault: f"{fault.kind} {fault.number}")
def test_one_text_and_one_answer_whatever_breaks(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    assert tell(monkeypatch, fault) == []


@pytest.mark.campaign
@pytest.mark.parametrize("fault", faults(), ids=lambda fault: f"{fault.kind} {fault.number}")
def test_one_text_and_one_answer_wherever_it_breaks(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    assert tell(monkeypatch, fault) == []


def test_the_story_has_no_more_calls_than_faults_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Fault(0, "before")
    assert tell(monkeypatch, nothing) == []
    assert 60 < nothing.calls <= 110
