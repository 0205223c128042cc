"""The command line: `bridgehead …`, or `python -m infra …`.

Exit codes: 0 done · 1 failed · 2 wrong use · 3 AWS or the stack · 4 not found · 5 settings or secrets refused.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from pydoc import pager
from typing import Any

from chalicelib.settings import LANGUAGES

FAILED, WRONG_USE, AWS, NOT_FOUND, REFUSED = 1, 2, 3, 4, 5
DEFAULT_SETTINGS = Path("bridgehead.toml")

Given = argparse.Namespace


class NotSure(Exception):
    """Something that cannot be undone was not confirmed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; what a user can cause ends in one line and an exit code, never in a traceback."""
    given = _parser().parse_args(argv)
    try:
        given.run(given)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except tuple(kind for kind, _ in _kinds()) as error:
        code = next(code for kind, code in _kinds() if isinstance(error, kind))
        return _failed(_line(error), code)
    return 0


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'error'}: {error.strerror}"
    return str(error)


def _failed(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _kinds() -> list[tuple[type[Exception], int]]:
    """Which error ends with which exit code; the first that fits."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.mailroom.holds import NotReleasable
    from infra.demo import DemoFailed
    from infra.deploy import DeployError
    from infra.doctor import NotWell
    from infra.local import LocalError
    from infra.operate import NotFound, NotTrusted
    from infra.package import PackageError
    from infra.parameters import Refused
    from infra.settings_problems import SettingsError

    aws: tuple[type[Exception], ...] = (DeployError, PackageError, BotoCoreError, ClientError)
    return [
        (SettingsError, REFUSED),
        (Refused, REFUSED),
        (NotFound, NOT_FOUND),
        (NotSure, WRONG_USE),
        (NotTrusted, FAILED),
        (NotReleasable, FAILED),
        *((kind, AWS) for kind in aws),
        (DemoFailed, FAILED),
        (NotWell, FAILED),
        (LocalError, FAILED),
        (OSError, FAILED),
    ]


def _up(given: Given) -> None:
    from infra.up import down, up

    up()
    if given.stay:
        print("Ctrl-C stops it.")
        try:
            signal.pause()
        finally:
            down()


def _down(given: Given) -> None:
    from infra.up import down

    down()


def _demo(given: Given) -> None:
    from infra.demo import run
    from infra.up import down

    try:
        run()
    finally:
        if not given.keep:
            down()


def _deploy(given: Given) -> None:
    from infra import rollout

    rollout.roll_out(given.stage, given.settings)


def _configure(given: Given) -> None:
    from infra import rollout

    rollout.configure(given.stage, given.settings)


def _secret_set(given: Given) -> None:
    from infra import rollout

    rollout.set_secret(given.stage, given.connection, given.name, given.account, not given.forget_previous)


def _secret_status(given: Given) -> None:
    from infra import rollout

    rollout.show_secrets(given.stage)


def _keys_rotate(given: Given) -> None:
    from infra import rollout

    rollout.rotate(given.stage)


def _keys_retire(given: Given) -> None:
    from infra import rollout

    rollout.retire(given.stage)


def _channels(given: Given) -> None:
    from infra.catalogue import catalogue, table

    print(json.dumps(catalogue(), indent=2, ensure_ascii=False) if given.json else table())


def _quarantine(given: Given) -> None:
    from infra import operate
    from infra.target import open_target

    open_target(given.stage)
    if given.action == "list":
        _page("\n".join(operate.quarantine_lines()) or "Nothing is in quarantine.")
    elif given.action == "show":
        _page(operate.quarantine_details(given.id))
    elif given.action == "release":
        _ask(given, f"Use {given.id} as if it had come now?")
        print(operate.release(given.id))
    else:
        _ask(given, f"Drop {given.id}?")
        operate.drop(given.id)


def _hold(given: Given) -> None:
    from infra import held
    from infra.target import open_target

    open_target(given.stage)
    if given.action == "list":
        _page("\n".join(held.lines()) or "Nothing is held.")
    elif given.action == "show":
        _page(held.details(given.id))
    elif given.action == "release":
        _ask(given, f"Post {given.id} to the customer?")
        print(held.release(given.id))
    else:
        _ask(given, f"Drop {given.id}?")
        held.drop(given.id)


def _ask(given: Given, question: str) -> None:
    """Before what cannot be undone. Raises NotSure."""
    if given.yes:
        return
    if not sys.stdin.isatty():
        raise NotSure(f"{question} Nobody can be asked here; say --yes if you are sure.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise NotSure("Nothing was done.")


def _page(text: str) -> None:
    """On a terminal a screen at a time."""
    if sys.stdout.isatty():
        pager(text + "\n")
    else:
        print(text)


def _replay(given: Given) -> None:
    from infra import operate
    from infra.target import open_target

    open_target(given.stage)
    for line in operate.replay(given.id):
        print(line, flush=True)


def _extract(given: Given) -> None:
    from infra import extract

    found = extract.extracted(given.file, given.helpdesk, given.address, given.name)
    print(extract.as_json(found) if given.json else "\n".join(extract.lines(found)))


def _show(given: Given) -> None:
    from infra import operate
    from infra.target import open_target

    open_target(given.stage)
    for line in operate.conversation_lines(given.conversation):
        print(line)


def _doctor(given: Given) -> None:
    from infra import doctor

    doctor.doctor(given.stage, given.canary, given.minutes)


def _sla_simulate(given: Given) -> None:
    from infra.sla_picture import draw
    from infra.sla_simulate import lines, say, simulate

    window = timedelta(hours=given.window) if given.window else None
    week = simulate(given.settings, given.week, window, given.language)
    out: Path = given.out or Path(f"sla-{given.week}.svg")
    out.write_text(draw(week), "utf-8")
    print("\n".join((*lines(week), "", say(week, "sla_picture", path=out))))


def _sla_show(given: Given) -> None:
    from infra import sla_show
    from infra.target import open_target

    open_target(given.stage)
    name = sla_show.conversation_of(given.conversation)
    print(sla_show.as_json(name) if given.json else "\n".join(sla_show.story(name)))


def _sla_apply(given: Given) -> None:
    from infra import sla_apply
    from infra.pages.texts import text
    from infra.target import open_target

    open_target(given.stage)
    settings, now = sla_apply.current()
    found, language = list(sla_apply.changes(settings, now)), settings.owner.language
    if not found:
        print(text("apply_none", language))
        return
    print("\n".join(sla_apply.lines(found, settings)))
    _ask(given, text("apply_question", language).format(count=len(found)))
    print(text("apply_done", language).format(count=sla_apply.apply(found, settings, now)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bridgehead", description="Answer social platforms from your email helpdesk.")
    commands = parser.add_subparsers(required=True, metavar="command")
    up = _command(commands, "up", _up, "start everything on this machine, to try it by hand")
    up.add_argument("--stay", action="store_true", help="stay in front; Ctrl-C stops everything")
    _command(commands, "down", _down, "stop what `up` or `demo` started")
    demo = _command(commands, "demo", _demo, "show the main job from start to end on this machine")
    demo.add_argument("--keep", action="store_true", help="leave it running afterwards")
    for name, run, text in (
        ("deploy", _deploy, "package and deploy to AWS, with the credentials of your environment"),
        ("configure", _configure, "check the settings file and store it"),
    ):
        command = _staged(_command(commands, name, run, text))
        command.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="default: bridgehead.toml")
    _secret(commands)
    doctor = _staged(_command(commands, "doctor", _doctor, "check that everything is there that an answer needs"))
    doctor.add_argument("--canary", action="store_true", help="also send a test question through the helpdesk")
    doctor.add_argument("--minutes", type=float, default=10, help="how long the canary waits for an answer (10)")
    keys = commands.add_parser("keys", help="keys of the reply addresses").add_subparsers(required=True)
    _staged(_command(keys, "rotate", _keys_rotate, "a new key; old addresses stay valid (five minutes)"))
    _staged(_command(keys, "retire", _keys_retire, "old keys end now; their tickets cannot be answered any more"))
    channels = _command(commands, "channels", _channels, "every channel and what it can do")
    channels.add_argument("--json", action="store_true", help="as JSON")
    quarantine = _staged(_command(commands, "quarantine", _quarantine, "what was proven but could not be used"))
    hold = _staged(_command(commands, "hold", _hold, "agents' answers that are held"))
    for command in (quarantine, hold):
        command.add_argument("action", choices=("list", "show", "release", "drop"))
        command.add_argument("id", nargs="?", default="", help="of show, release and drop")
        command.add_argument("--yes", action="store_true", help="release or drop without being asked")
    replay = _staged(_command(commands, "replay", _replay, "read quarantined webhooks again, after a fix"))
    replay.add_argument("id", nargs="*", help="only these")
    show = _staged(_command(commands, "show", _show, "one conversation: its state, what came in and went out"))
    show.add_argument("conversation", help="16 characters, as in the address of a ticket mail after c-")
    extract = _command(commands, "extract", _extract, "what would be posted of a mail, and how sure we are")
    extract.add_argument("file", type=Path, help="the mail, as .eml")
    extract.add_argument("--helpdesk", default="plain", help="its kind, as in the settings (default: plain)")
    extract.add_argument("--address", action="append", default=[], help="the conversation's address; repeatable")
    extract.add_argument("--name", action="append", default=[], help="the customer's name; repeatable")
    extract.add_argument("--json", action="store_true", help="as JSON")
    _sla(commands)
    return parser


def _sla(commands: Any) -> None:
    sla = commands.add_parser("sla", help="the clock of the conversations").add_subparsers(required=True)
    show = _staged(_command(sla, "show", _sla_show, "what a conversation's clock did, and why"))
    show.add_argument("conversation", help="its id, or the address of one of its ticket mails")
    show.add_argument("--json", action="store_true", help="as JSON")
    apply = _staged(_command(sla, "apply", _sla_apply, "set the clocks that run by the policies of now"))
    apply.add_argument("--yes", action="store_true", help="without being asked")
    simulate = _command(sla, "simulate", _sla_simulate, "a week under your policies, as a table and a picture")
    simulate.add_argument("settings", type=Path, help="the settings file, such as bridgehead.toml")
    simulate.add_argument("--week", type=date.fromisoformat, default=date.today(), help="a day of it (default: today)")
    simulate.add_argument("--window", type=float, help="on a platform that takes answers for so many hours")
    simulate.add_argument("--language", choices=LANGUAGES, default="", help="default: the owner's")
    simulate.add_argument("-o", "--out", type=Path, help="the picture (default: sla-<week>.svg)")


def _secret(commands: Any) -> None:
    secret = commands.add_parser("secret", help="secrets of the connections").add_subparsers(required=True)
    put = _staged(_command(secret, "set", _secret_set, "give one; the value comes from a prompt or a pipe"))
    put.add_argument("connection")
    put.add_argument("name")
    put.add_argument("--account", help="whose value it is, for secrets that each account has")
    put.add_argument("--forget-previous", action="store_true", help="it leaked: the old value ends at once")
    _staged(_command(secret, "status", _secret_status, "which are set and which are missing; never a value"))


def _command(commands: Any, name: str, run: Callable[[Given], None], text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command


def _staged(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--stage", default="prod", help="which stack (default: prod; local = this machine's)")
    return command


if __name__ == "__main__":
    sys.exit(main())
