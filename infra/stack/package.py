"""The code as CloudFormation wants it: one zip and one SAM template, in build/package/<stage>, and the press beside.

`chalice package` writes the functions, the API and its routes; resources.yaml is laid over them. Chalice is run on a
copy of the project whose dependencies are already there as its `vendor` folder, so that they are fetched once for each
requirements.lock instead of at every change, and never when there is no network but they were fetched before.

The press, the Lambda that sets answers to letters, is no function of Chalice's: it has a zip of its own, for its fonts
are larger than all the rest, and only who answers letters needs it.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
PACKAGED = ("app.py", "chalicelib", ".chalice/config.json")
INPUTS = (*PACKAGED, "requirements.lock", "infra/stack/resources.yaml", "infra/stack/package.py")
PRESS = ("chalicelib/__init__.py", "chalicelib/press")
PRESS_LOCK = "requirements-press.lock"

Say = Callable[[str], object]
Wheels = Literal[
    "lambda", "here", "none"
]  # for Lambda's Linux, for this machine's local stack, or (template only) none

# of the libraries, what no Lambda loads
LEFT_OUT = (
    "bin",
    "cffi",  # cryptography needs its compiled part only, which lies beside it
    "pycparser",
    "holidays/locale",  # the names of holidays; only their days count
    "aws_lambda_powertools/event_handler/openapi",
)
# Lambda runs Linux whatever this machine runs; with a foreign platform pip wants wheels only
PIP_OPTIONS: dict[Wheels, tuple[str, ...]] = {
    "lambda": ("--platform", "manylinux2014_x86_64", "--only-binary", ":all:"),
    "here": (),
}


class PackageError(Exception):
    """What could not be packaged, and what to do about it, in one line."""


def package(stage: str, say: Say = print, wheels: Wheels = "lambda") -> Path:
    """Returns the folder with deployment.zip and sam.yaml; does nothing when nothing changed since last time."""
    with alone():
        out = BUILD / "package" / stage
        inputs, stamp = fingerprint(wheels), out / "inputs"
        if stamp.exists() and stamp.read_text() == inputs:
            say("Package: nothing changed")
        else:
            build(out, wheels, say)
            stamp.write_text(inputs)
        return out


@contextmanager
def alone() -> Iterator[None]:
    """One at a time: parallel test processes want the same package."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(out: Path, wheels: Wheels, say: Say) -> None:
    project = BUILD / "chalice" / out.name
    lay_out(project, None if wheels == "none" else dependencies(wheels, say))
    chalice_package(project, out)
    shutil.rmtree(project)
    say(f"Package: {(out / 'deployment.zip').stat().st_size / 1e6:.1f} MB")


def press(wheels: Wheels, say: Say = print) -> Path:
    """The press's zip; does nothing when nothing of it changed since last time."""
    with alone():
        made = BUILD / "package" / f"press-{fingerprint(wheels, (*PRESS, PRESS_LOCK))[:16]}.zip"
        if not made.exists():
            vendor = dependencies(wheels, say, PRESS_LOCK)
            ours = {path.relative_to(ROOT): path for name in PRESS for path in sources(ROOT / name)}
            zip_up(made, {**ours, **{path.relative_to(vendor): path for path in sources(vendor)}})
            say(f"Package of the press: {made.stat().st_size / 1e6:.1f} MB")
        return made


def zip_up(made: Path, files: Mapping[Path, Path]) -> None:
    """The files under the names they are to have; the same files make the same zip, which is uploaded once."""
    made.parent.mkdir(parents=True, exist_ok=True)
    unfinished = made.with_suffix(".unfinished")
    with ZipFile(unfinished, "w") as archive:
        for name, file in files.items():
            entry = ZipInfo(name.as_posix())  # of 1980
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, file.read_bytes(), ZIP_DEFLATED)
    unfinished.rename(made)


def fingerprint(wheels: Wheels, inputs: Iterable[str] = INPUTS) -> str:
    """Changes when anything does that ends up in the package."""
    digest = hashlib.sha256(f"{wheels} {sys.version_info[:2]}".encode())
    for path in (path for name in inputs for path in sources(ROOT / name)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def sources(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def dependencies(wheels: Wheels, say: Say, lock: str = "requirements.lock") -> Path:
    """The libraries of a lock file, unpacked; fetched once for each version of that file."""
    wanted = f"{wheels} {sys.version_info[:2]} {version('chalice')} {LEFT_OUT}".encode() + (ROOT / lock).read_bytes()
    vendor = BUILD / "vendor" / hashlib.sha256(wanted).hexdigest()[:16]
    if not vendor.exists():
        say(f"Package: fetching the libraries of {lock}")
        fetch(vendor, wheels, lock)
    return vendor


def fetch(vendor: Path, wheels: Wheels, lock: str) -> None:
    unfinished = vendor.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    what = ["--target", str(unfinished), "--no-deps", "--require-hashes", "--requirement", str(ROOT / lock)]
    run([*pip, *PIP_OPTIONS[wheels], *what], ROOT, f"pip could not fetch the libraries of {lock}")
    for name in LEFT_OUT:
        shutil.rmtree(unfinished / name, ignore_errors=True)
    add_chalice_bytecode(unfinished)
    add_bytecode(unfinished)
    unfinished.rename(vendor)


def add_chalice_bytecode(vendor: Path) -> None:
    """Chalice puts the two modules of its runtime into the zip itself, but as source only."""
    runtime = Path(str(files("chalice")))
    (vendor / "chalice").mkdir()
    for name in ("app.py", "__init__.py"):
        shutil.copy2(runtime / name, vendor / "chalice" / name)
    add_bytecode(vendor / "chalice")
    for name in ("app.py", "__init__.py"):
        (vendor / "chalice" / name).unlink()


def add_bytecode(folder: Path) -> None:
    """Without it Lambda, whose code folder is read-only, compiles everything at every cold start.

    It is checked against the source by hash, because a file's time is lost in the zip.
    """
    compileall = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    run([*compileall, "-s", str(folder), str(folder)], folder, "The code could not be compiled")


def lay_out(project: Path, vendor: Path | None) -> None:
    """A copy of what Chalice packages: a vendor folder in place of what requirements.txt names."""
    shutil.rmtree(project, ignore_errors=True)
    if vendor:
        shutil.copytree(vendor, project / "vendor")
    for name in PACKAGED:
        for file in sources(ROOT / name):
            (project / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, project / file.relative_to(ROOT))
    add_bytecode(project / "chalicelib")


def chalice_package(project: Path, out: Path) -> None:
    chalice = [sys.executable, "-c", "from chalice.cli import main; main()"]
    merge = ["--merge-template", str(Path(__file__).with_name("resources.yaml")), str(out)]
    shutil.rmtree(out, ignore_errors=True)
    run([*chalice, "package", "--stage", out.name, *merge], project, "chalice package failed")


def run(command: list[str], cwd: Path, failure: str) -> None:
    """Raises PackageError with the program's last line of complaint."""
    # Chalice asks botocore for a region's service names, though nothing in the template depends on the answer
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise PackageError(f"{failure}: {json.dumps((done.stderr or done.stdout).strip().splitlines()[-1:])}")
