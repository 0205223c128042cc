"""What can be typed after `bridgehead`; what it does is in `running`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from chalicelib.settings import LANGUAGES
from infra.commands import running

DEFAULT_SETTINGS = Path("bridgehead.toml")
Given = argparse.Namespace


def every_command() -> argparse.ArgumentParser:
    """The commands with their options."""
    parser = argparse.ArgumentParser(prog="bridgehead", description="Answer social platforms from your email helpdesk.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add in (_here, _aws, _secret, _checks, _keys, _put_aside, _conversations, _extract, _letter, _sla):
        add(commands)
    return parser


def _here(commands: Any) -> None:
    up = _command(commands, "up", running.up, "start everything on this machine, to try it by hand")
    up.add_argument("--stay", action="store_true", help="stay in front; Ctrl-C stops everything")
    _command(commands, "down", running.down, "stop what `up` or `demo` started")
    demo = _command(commands, "demo", running.demo, "show the main job from start to end on this machine")
    demo.add_argument("--keep", action="store_true", help="leave it running afterwards")


def _aws(commands: Any) -> None:
    for name, run, text in (
        ("deploy", running.deploy, "package and deploy to AWS, with the credentials of your environment"),
        ("configure", running.configure, "check the settings file and store it"),
    ):
        command = _staged(_command(commands, name, run, text))
        command.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="default: bridgehead.toml")


def _checks(commands: Any) -> None:
    doctor = _staged(
        _command(commands, "doctor", running.doctor, "check that everything is there that an answer needs")
    )
    doctor.add_argument("--canary", action="store_true", help="also send a test question through the helpdesk")
    doctor.add_argument("--minutes", type=float, default=10, help="how long the canary waits for an answer (10)")
    channels = _command(commands, "channels", running.channels, "every channel and what it can do")
    channels.add_argument("--json", action="store_true", help="as JSON")


def _keys(commands: Any) -> None:
    keys = commands.add_parser("keys", help="keys of the reply addresses").add_subparsers(required=True)
    _staged(_command(keys, "rotate", running.keys_rotate, "a new key; old addresses stay valid (five minutes)"))
    _staged(
        _command(keys, "retire", running.keys_retire, "old keys end now; their tickets cannot be answered any more")
    )


def _put_aside(commands: Any) -> None:
    quarantine = _staged(_command(commands, "quarantine", running.quarantine, "what was proven but could not be used"))
    hold = _staged(_command(commands, "hold", running.hold, "agents' answers that are held"))
    for command in (quarantine, hold):
        command.add_argument("action", choices=("list", "show", "release", "drop"))
        command.add_argument("id", nargs="?", default="", help="of show, release and drop")
        command.add_argument("--yes", action="store_true", help="release or drop without being asked")
    replay = _staged(_command(commands, "replay", running.replay, "read quarantined webhooks again, after a fix"))
    replay.add_argument("id", nargs="*", help="only these")


def _conversations(commands: Any) -> None:
    show = _staged(_command(commands, "show", running.show, "one conversation: its state, what came in and went out"))
    show.add_argument("conversation", help="16 characters, as in the address of a ticket mail after c-")
    forget = _staged(_command(commands, "forget", running.forget, "remove everything that is kept of one person"))
    forget.add_argument(
        "who", nargs="+", help="a conversation, a ticket mail's address, or three: channel, account, author's id"
    )
    forget.add_argument("--dry-run", action="store_true", help="only say what there is")
    forget.add_argument("--yes", action="store_true", help="without being asked")


def _extract(commands: Any) -> None:
    extract = _command(commands, "extract", running.extract, "what would be posted of a mail, and how sure we are")
    extract.add_argument("file", type=Path, help="the mail, as .eml")
    extract.add_argument("--helpdesk", default="plain", help="its kind, as in the settings (default: plain)")
    extract.add_argument("--address", action="append", default=[], help="the conversation's address; repeatable")
    extract.add_argument("--name", action="append", default=[], help="the customer's name; repeatable")
    extract.add_argument("--json", action="store_true", help="as JSON")


def _letter(commands: Any) -> None:
    letter = _command(
        commands, "letter", running.letter, "an answer to a letter as a PDF, on your letterhead, to look at"
    )
    letter.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="default: bridgehead.toml")
    letter.add_argument("--connection", default="", help="default: the first of channel letter")
    letter.add_argument("--language", choices=LANGUAGES, default="", help="of the sample; default: the owner's")
    letter.add_argument("--text", type=Path, help="an answer of your own in place of the sample")
    letter.add_argument("-o", "--out", type=Path, default=Path("letter.pdf"), help="default: letter.pdf")


def _sla(commands: Any) -> None:
    sla = commands.add_parser("sla", help="the clock of the conversations").add_subparsers(required=True)
    show = _staged(_command(sla, "show", running.sla_show, "what a conversation's clock did, and why"))
    show.add_argument("conversation", help="its id, or the address of one of its ticket mails")
    show.add_argument("--json", action="store_true", help="as JSON")
    apply = _staged(_command(sla, "apply", running.sla_apply, "set the clocks that run by the policies of now"))
    apply.add_argument("--yes", action="store_true", help="without being asked")
    simulate = _command(sla, "simulate", running.sla_simulate, "a week under your policies, as a table and a picture")
    simulate.add_argument("settings", type=Path, help="the settings file, such as bridgehead.toml")
    simulate.add_argument("--week", type=date.fromisoformat, default=date.today(), help="a day of it (default: today)")
    simulate.add_argument("--window", type=float, help="on a platform that takes answers for so many hours")
    simulate.add_argument("--language", choices=LANGUAGES, default="", help="default: the owner's")
    simulate.add_argument("-o", "--out", type=Path, help="the picture (default: sla-<week>.svg)")


def _secret(commands: Any) -> None:
    secret = commands.add_parser("secret", help="secrets of the connections").add_subparsers(required=True)
    put = _staged(_command(secret, "set", running.secret_set, "give one; the value comes from a prompt or a pipe"))
    put.add_argument("connection")
    put.add_argument("name")
    put.add_argument("--account", help="whose value it is, for secrets that each account has")
    put.add_argument("--forget-previous", action="store_true", help="it leaked: the old value ends at once")
    _staged(_command(secret, "status", running.secret_status, "which are set and which are missing; never a value"))


def _command(commands: Any, name: str, run: Callable[[Given], None], text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command


def _staged(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--stage", default="prod", help="which stack (default: prod; local = this machine's)")
    return command
