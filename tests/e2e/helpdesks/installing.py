"""A product in a virtual environment of its own under build/helpdesks, made once for each of its versions."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path

from infra.stack.package import BUILD

HOME = BUILD / "helpdesks"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
SECONDS = 300


def installed(name: str, *packages: str) -> Path:
    """The folder of the product's programs."""
    place = HOME / f"{name}-venv"
    stamp = place / "installed"
    if not (stamp.exists() and stamp.read_text() == " ".join(packages)):
        venv.create(place, with_pip=True, clear=True)
        run([str(place / "bin" / "python"), *PIP, *packages])
        stamp.write_text(" ".join(packages))
    return place / "bin"


def emptied(name: str) -> Path:
    """A folder for the data of one run."""
    place = HOME / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def run(command: list[str], given: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
    """What the command wrote. A command that fails stops the test with what it said."""
    done = subprocess.run(
        command,
        input=given,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, f"{command[0]}: {said}"
    return said
