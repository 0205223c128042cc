"""What `configure` says: in the owner's words, each thing once, with the command that helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.__main__ import WRONG_USE, main
from infra.parameters import Refused
from infra.stack import rollout

FILE = """\
version = 1
[business]
name = "Cửa hàng Hoa Sen"
zone = "Asia/Ho_Chi_Minh"
reply_domain = "reply.hoasen.vn"
[helpdesk]
address = "hotro@hoasen.vn"
sends_from = ["hotro@hoasen.vn"]
[owner]
address = "chu@hoasen.vn"
[connections.viber]
channel = "viber"
accounts = ["hoasen"]
[connections.bluesky]
channel = "bluesky"
accounts = ["hoasen.bsky.social"]
"""


@dataclass
class Store:
    """Parameter Store, in memory."""

    kept: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> tuple[Any, int, datetime]:
        return self.kept.get(name), int(name in self.kept), datetime(2026, 11, 22, tzinfo=UTC)

    def put(self, name: str, value: Any, after: int | None = None, kind: str = "SecureString") -> None:
        self.kept[name] = value


def configured(
    tmp_path: Path, patch: pytest.MonkeyPatch, deployed: Mapping[str, str], written: str = FILE, **secrets: Any
) -> None:
    """`bridgehead configure`, with a stack that was deployed with other or the same rights."""
    file = tmp_path / "bridgehead.toml"
    file.write_text(written, "utf-8")
    rights = {"ReplyDomain": "reply.hoasen.vn", "OwnerAddress": "chu@hoasen.vn"}
    rights |= {"Recipients": "hotro@hoasen.vn,chu@hoasen.vn", **deployed}
    outputs = SimpleNamespace(api_url="https://api.example", stack="bridgehead-prod")
    target = SimpleNamespace(stage="prod", outputs=outputs, parameters=Store(secrets), template_parameters=rights)
    patch.setattr(rollout, "open_target", lambda stage: target)
    rollout.configure("prod", file)


def test_a_secret_that_serves_both_ways_is_asked_for_once_and_says_what_goes_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, monkeypatch, {})
    assert capsys.readouterr().out.partition("Still missing:\n")[2].splitlines() == [
        "  bridgehead secret set viber auth_token --stage prod   # without it nothing arrives and no answer goes out",
        "  bridgehead secret set bluesky app_passwords --account hoasen.bsky.social --stage prod"
        "   # without it no answer goes out",
    ]


def test_what_needs_a_deployment_is_told_in_words_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match=r"^changed: the owner's address\. This needs a deployment, run: make deploy"):
        configured(tmp_path, monkeypatch, {"OwnerAddress": "truoc@hoasen.vn"})
    assert set(rollout.RIGHTS) == set(rollout.template_parameters(rollout._check("prod", tmp_path / "bridgehead.toml")))


@pytest.mark.parametrize("command", ["quarantine", "hold"])
def test_whoever_names_nothing_is_told_where_the_names_are(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "show", "--stage", "test"]) == WRONG_USE
    assert f"bridgehead {command} list --stage test" in capsys.readouterr().err


def test_nobody_is_asked_for_a_secret_that_no_connection_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(tmp_path, monkeypatch, {})
    monkeypatch.setattr(rollout, "read_value", lambda title: pytest.fail("asked in vain"))
    with pytest.raises(Refused, match='did you mean "auth_token"'):
        rollout.set_secret("prod", "viber", "auth_tokn", None, True)
