"""What is kept of customers ends by itself: every item has a date, every object lies where the bucket's rules reach."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.aws.table import unmarshal
from tests.channels.email_at_hand import HELLO, cafe
from tests.infra.test_forget import NAME, Town, lived, written
from tests.phone.pocket import pocket
from tests.quick_aws import QuickAws

ROOT = Path(__file__).parents[2]
# tells nothing of a customer: how a phone of the business stands, when the next mail to a person may go, a hash of a STOP
LASTING = {"phone", "pace", "stopped"}
LONGEST_DAYS = {"quarantine": 30, "raw": 35, "profile": 30, "mailing": 1, "text-in": 35, "held": 30}


def rules() -> dict[str, int]:
    """The days that the bucket keeps what begins so."""
    (template,) = (ROOT / "infra").rglob("resources.yaml")
    rule = r"\{Id: \w+, Prefix: ([\w/]+), Status: Enabled, ExpirationInDays: (\d+)\}"
    return {prefix: int(days) for prefix, days in re.findall(rule, template.read_text("utf-8"))}


def lasting(rig: QuickAws, written_at: datetime) -> Iterable[str]:
    """Items that stay longer than they may, or for ever."""
    for item in map(unmarshal, rig.rows.values()):
        days = LONGEST_DAYS.get(item["kind"], 180) + 1
        if item["kind"] not in LASTING and item.get("expires_at", 1e12) > written_at.timestamp() + days * 86_400:
            yield f"{item['kind']} {item['sk']}"


def test_all_that_a_journey_writes_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with pocket(monkeypatch) as made:
        lived(Town(made))
        kinds = {item["kind"] for item in made.world.items()}
        assert kinds >= {
            "head",
            "message",
            "edit",
            "reply",
            "held",
            "mail",
            "text",
            "text-in",
            "turn",
            "alarm",
            "learnt",
        }
        assert kinds >= {"id", "code", "pointer", "alias", "profile", "quarantine"}
        assert list(lasting(made.rig, made.world.clock.now)) == []
        assert {key.partition("/")[0] for key in made.rig.objects} >= {"bodies", "media", "inbound", "outgoing"}
        assert [key for key in made.rig.objects if not key.startswith(tuple(rules()))] == []


def test_so_does_all_that_comes_by_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    with cafe(monkeypatch) as shop:
        shop.arrives(written("Eine Frage", NAME, [b"%PDF-x"]), HELLO)
        assert "mailing" in {item["kind"] for item in shop.items()}
        assert list(lasting(shop.aws, datetime.now(UTC))) == []
        assert [key for key in shop.aws.objects if not key.startswith(tuple(rules()))] == []


def test_every_place_in_the_bucket_that_the_code_names_has_a_rule() -> None:
    """Also those that no journey of a test comes to; none is kept longer than conversations are."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    named = set(re.findall(r'f?"((?:bodies|incoming|inbound|media|outgoing|quarantine)/)', sources))
    put = re.findall(r'objects\.put\(f?"([a-z]+/)', sources)
    assert {*named, *put} - {"incoming/", "inbound/"} >= {"bodies/", "media/", "outgoing/", "quarantine/"}
    assert {*named, *put} <= rules().keys()
    assert max(rules().values()) <= 180
