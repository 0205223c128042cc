"""What each command does: a function each, which loads only what it needs, so that `--help` comes at once."""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from infra.commands.asking import ask, page, which

Given = argparse.Namespace


def up(given: Given) -> None:
    from infra.local.up import down, up

    up()
    if given.stay:
        print("Ctrl-C stops it.")
        try:
            signal.pause()
        finally:
            down()


def down(given: Given) -> None:
    from infra.local.up import down

    down()


def demo(given: Given) -> None:
    from infra.local.demo import run
    from infra.local.up import down

    try:
        run()
    finally:
        if not given.keep:
            down()


def deploy(given: Given) -> None:
    from infra.stack import rollout

    rollout.roll_out(given.stage, given.settings)


def configure(given: Given) -> None:
    from infra.stack import rollout

    rollout.configure(given.stage, given.settings)


def secret_set(given: Given) -> None:
    from infra.stack import rollout

    rollout.set_secret(given.stage, given.connection, given.name, given.account, not given.forget_previous)


def secret_status(given: Given) -> None:
    from infra.stack import rollout

    rollout.show_secrets(given.stage)


def keys_rotate(given: Given) -> None:
    from infra.stack import rollout

    rollout.rotate(given.stage)


def keys_retire(given: Given) -> None:
    from infra.stack import rollout

    rollout.retire(given.stage)


def channels(given: Given) -> None:
    from infra.catalogue import catalogue, table

    print(json.dumps(catalogue(), indent=2, ensure_ascii=False) if given.json else table())


def quarantine(given: Given) -> None:
    from infra import operate

    shelf = Shelf(operate.quarantine_lines, operate.quarantine_details, operate.release, operate.drop)
    _go_through(shelf, given, "quarantine", "Nothing is in quarantine.", f"Use {given.id} as if it had come now?")


def hold(given: Given) -> None:
    from infra.operate import held

    shelf = Shelf(held.lines, held.details, held.release, held.drop)
    _go_through(shelf, given, "hold", "Nothing is held.", f"Post {given.id} to the customer?")


@dataclass(frozen=True)
class Shelf:
    """What waits for a decision, each by its name."""

    lines: Callable[[], Iterable[str]]
    details: Callable[[str], str]
    release: Callable[[str], str]
    drop: Callable[[str], None]


def _go_through(shelf: Shelf, given: Given, command: str, nothing: str, sure: str) -> None:
    from infra.stack.target import open_target

    which(given, command)
    open_target(given.stage)
    if given.action == "list":
        page("\n".join(shelf.lines()) or nothing)
    elif given.action == "show":
        page(shelf.details(given.id))
    elif given.action == "release":
        ask(given, sure)
        print(shelf.release(given.id))
    else:
        ask(given, f"Drop {given.id}?")
        shelf.drop(given.id)


def replay(given: Given) -> None:
    from infra import operate
    from infra.stack.target import open_target

    open_target(given.stage)
    for line in operate.replay(given.id):
        print(line, flush=True)


def forget(given: Given) -> None:
    from infra.operate import forget
    from infra.stack.target import open_target

    open_target(given.stage)
    found = forget.find(given.who)
    print("\n".join(forget.lines(found)) or "0: nothing is kept of them.")
    if found.nothing or given.dry_run:
        return
    ask(given, "Remove all of it, for good?")
    done = forget.remove(found)
    print("Removed:", "\n".join(forget.lines(done)) or "      0", forget.ELSEWHERE, sep="\n")


def extract(given: Given) -> None:
    from infra.operate import extract

    found = extract.extracted(given.file, given.helpdesk, given.address, given.name)
    print(extract.as_json(found) if given.json else "\n".join(extract.lines(found)))


def show(given: Given) -> None:
    from infra import operate
    from infra.stack.target import open_target

    open_target(given.stage)
    for line in operate.conversation_lines(given.conversation):
        print(line)


def letter(given: Given) -> None:
    from infra.stack import letterheads

    words = given.text.read_text("utf-8") if given.text else ""
    given.out.write_bytes(letterheads.preview(given.settings, given.connection, given.language, words))
    print(given.out)


def doctor(given: Given) -> None:
    from infra.operate import doctor

    doctor.doctor(given.stage, given.canary, given.minutes)


def sla_simulate(given: Given) -> None:
    from infra.sla.picture import draw
    from infra.sla.simulate import lines, say, simulate

    window = timedelta(hours=given.window) if given.window else None
    week = simulate(given.settings, given.week, window, given.language)
    out: Path = given.out or Path(f"sla-{given.week}.svg")
    out.write_text(draw(week), "utf-8")
    print("\n".join((*lines(week), "", say(week, "sla_picture", path=out))))


def sla_show(given: Given) -> None:
    from infra.sla import show
    from infra.stack.target import open_target

    open_target(given.stage)
    name = show.conversation_of(given.conversation)
    print(show.as_json(name) if given.json else "\n".join(show.story(name)))


def sla_apply(given: Given) -> None:
    from infra.pages.texts import text
    from infra.sla import apply
    from infra.stack.target import open_target

    open_target(given.stage)
    settings, now = apply.current()
    found, language = list(apply.changes(settings, now)), settings.owner.language
    if not found:
        print(text("apply_none", language))
        return
    print("\n".join(apply.lines(found, settings)))
    ask(given, text("apply_question", language).format(count=len(found)))
    print(text("apply_done", language).format(count=apply.apply(found, settings, now)))
