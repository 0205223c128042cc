"""What a command asks of the person who typed it, and how it shows what is long."""

from __future__ import annotations

import argparse
import sys
from pydoc import pager

Given = argparse.Namespace


class NotSure(Exception):
    """Something that cannot be undone was not confirmed."""


def which(given: Given, command: str) -> None:
    """Raises NotSure where nothing is named."""
    if given.action != "list" and not given.id:
        raise NotSure(f"Which one? They are named by: bridgehead {command} list --stage {given.stage}")


def ask(given: Given, question: str) -> None:
    """Before what cannot be undone. Raises NotSure."""
    if given.yes:
        return
    if not sys.stdin.isatty():
        raise NotSure(f"{question} Nobody can be asked here; say --yes if you are sure.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotSure("Nothing was done.")


def page(text: str) -> None:
    """On a terminal a screen at a time."""
    if sys.stdout.isatty():
        pager(text + "\n")
    else:
        print(text)
