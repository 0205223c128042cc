"""AWS on this machine: an emulator on loopback that runs the same package, and mail both ways.

The emulator lives in a virtual environment of its own, for its pinned botocore would drag others back. The functions
run in that too: it has boto3, as Lambda's runtime has, and everything else must be in the package, as on AWS.
Everything that is written is under build/.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import venv
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from infra.stack.package import BUILD, ROOT, Say

EMULATOR = ROOT / "requirements-local.lock"
VENV = BUILD / "ministack-venv"
LOGS = BUILD / "logs"
SCRATCH = BUILD / "scratch"
STATE = BUILD / "processes.json"

# Its defaults would listen to the whole network and open more ports
SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "MINISTACK_HOST": "127.0.0.1",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "LAMBDA_EXECUTOR": "local",
    "AUTH": "true",  # what a role does not allow fails here as it would on AWS
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")  # of this environment; above all no AWS_PROFILE, no credentials

READY_WITHIN = 60  # seconds


class LocalError(Exception):
    """Why the local stack does not run, and what to do about it, in one line."""


@dataclass(frozen=True)
class Local:
    """The running local stack; `process_ids` are what `stop` ends, by name."""

    endpoint_url: str
    process_ids: Mapping[str, int]


def start(smtp_host: str, port: int = 4566, say: Say = print) -> Local:
    """Starts the emulator, or finds it running; its SES hands mail to `smtp_host`. A taken port is stepped over."""
    running = current()
    if running:
        say(f"Local AWS: already running at {running.endpoint_url}")
        return running
    install(say)
    port = free_port(port)
    settings = {**SETTINGS, "GATEWAY_PORT": str(port), "SMTP_HOST": smtp_host, "TMPDIR": str(scratch())}
    process_id = spawn("ministack", [str(VENV / "bin" / "ministack")], settings)
    local = remember(Local(f"http://127.0.0.1:{port}", {"ministack": process_id}))
    wait_for(f"{local.endpoint_url}/_ministack/health", process_id)
    say(f"Local AWS: {local.endpoint_url}")
    return local


def run_beside(local: Local, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> Local:
    """Starts one more server of the local stack (mail, simulator), in place of an earlier one of that name.

    `stop` ends it together with the rest.
    """
    if name in local.process_ids:
        end(local.process_ids[name])
    process_id = spawn(name, command, environment or {})
    return remember(replace(local, process_ids={**local.process_ids, name: process_id}))


def stop(say: Say = print) -> None:
    """Ends what `start` and `run_beside` started and nothing else; no error when nothing runs."""
    local = remembered()
    for name, process_id in local.process_ids.items() if local else ():
        end(process_id)
        say(f"Stopped: {name}")
    STATE.unlink(missing_ok=True)
    shutil.rmtree(SCRATCH, ignore_errors=True)


def current() -> Local | None:
    """The local stack if its emulator answers."""
    local = remembered()
    return local if local and answers(f"{local.endpoint_url}/_ministack/health") else None


def free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """By name, a port each: the wanted one or the next that nobody has; never the same for two."""
    found: dict[str, int] = {}
    for name, port in wanted.items():
        found[name] = free_port(port, set(found.values()))
    return found


def free_port(wanted: int, promised: Collection[int] = ()) -> int:
    """`wanted` or the next port on loopback that nobody listens to and that is not promised to another."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                if port not in promised:
                    return port
    raise LocalError(f"Ports {wanted} to {wanted + 99} are all taken: end a program that listens there")


def remembered() -> Local | None:
    return Local(**json.loads(STATE.read_text())) if STATE.exists() else None


def remember(local: Local) -> Local:
    STATE.write_text(json.dumps(asdict(local)))
    return local


def install(say: Say) -> None:
    """The emulator's own virtual environment, made once for each version of its lock file."""
    stamp, wanted = VENV / "installed", EMULATOR.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Local AWS: installing the emulator (once)")
    venv.create(VENV, with_pip=True, clear=True)
    pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--require-hashes", "--requirement", str(EMULATOR)]
    done = subprocess.run([*pip, *what], capture_output=True, text=True)
    if done.returncode:
        raise LocalError(f"The emulator could not be installed: {done.stderr.strip().splitlines()[-1]}")
    stamp.write_text(wanted)


def scratch() -> Path:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return SCRATCH


def spawn(name: str, command: list[str], settings: Mapping[str, str]) -> int:
    """Starts a server in a group of its own, its words in build/logs/<name>.log; returns its process id."""
    LOGS.mkdir(parents=True, exist_ok=True)
    kept = {key: os.environ[key] for key in KEPT if key in os.environ}
    with (LOGS / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**kept, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).pid


def wait_for(url: str, process_id: int) -> None:
    give_up = time.monotonic() + READY_WITHIN
    while not answers(url):
        if not alive(process_id) or time.monotonic() > give_up:
            raise LocalError(f"The emulator did not start: see {LOGS / 'ministack.log'}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - only ever http on loopback
            return bool(response.status == 200)
    except OSError:
        return False


def alive(process_id: int) -> bool:
    with suppress(OSError):  # not our child, when another command started it
        os.waitpid(process_id, os.WNOHANG)
    try:
        # a stranger with a recycled id seldom leads a group
        return os.getpgid(process_id) == process_id and not zombie(process_id)
    except ProcessLookupError:
        return False


def zombie(process_id: int) -> bool:
    """Ended, but still listed: in a container nobody may be there to collect it."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def end(process_id: int) -> None:
    """The server and the functions it started: asked to, then made to."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not alive(process_id):
            return
        os.killpg(process_id, sign)
        give_up = time.monotonic() + 5
        while alive(process_id) and time.monotonic() < give_up:
            time.sleep(0.05)
