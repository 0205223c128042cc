"""The shape of the house: who may import whom, and what a webhook's cold start loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("intake", "desk", "mailroom", "rounds", "reports")
SOURCES = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*prefixes: str) -> set[str]:
    found = (path for path in SOURCES if any(f"{name}.".startswith(prefixes) for name in imports(path)))
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_only_the_rim_talks_to_aws() -> None:
    assert all(name.startswith("chalicelib/aws/") for name in importers("boto3.", "botocore."))


def test_only_the_entry_points_know_chalice() -> None:
    assert importers("chalice.") == {"app.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_do_not_import_each_other(room: str) -> None:
    others = tuple(f"chalicelib.{other}." for other in ROOMS if other != room)
    inside = [path for path in SOURCES if path.is_relative_to(ROOT / "chalicelib" / room)]
    assert [path.name for path in inside if any(f"{name}.".startswith(others) for name in imports(path))] == []


@pytest.mark.parametrize("low", ["channels", "phone", "sla", "triage", "aws"])
def test_what_rooms_stand_on_knows_no_room(low: str) -> None:
    rooms = tuple(f"chalicelib.{room}." for room in ROOMS)
    inside = [path for path in SOURCES if path.is_relative_to(ROOT / "chalicelib" / low)]
    assert [path.name for path in inside if any(f"{name}.".startswith(rooms) for name in imports(path))] == []


def test_a_webhooks_cold_start_loads_neither_the_desk_nor_the_mailroom() -> None:
    heavy: tuple[str, ...] = ("chalicelib.desk", "chalicelib.mailroom", "chalicelib.sla", "chalicelib.triage")
    heavy += ("chalicelib.locales", "boto3", "holidays")
    heavy += ("chalicelib.channels.x", "aws_lambda_powertools.utilities.batch", "selectolax")
    program = "import sys, app, chalicelib.channels.facebook; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in loaded.stdout.split() if f"{name}.".startswith(tuple(f"{each}." for each in heavy))] == []
