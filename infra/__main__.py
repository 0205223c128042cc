"""The command line: `bridgehead …`, or `python -m infra …`.

Exit codes: 0 done · 1 failed · 2 wrong use · 3 AWS or the stack · 4 not found · 5 settings or secrets refused.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from infra.commands import every_command
from infra.commands.asking import NotSure

FAILED, WRONG_USE, AWS, NOT_FOUND, REFUSED = 1, 2, 3, 4, 5


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; what a user can cause ends in one line and an exit code, never in a traceback."""
    given = every_command().parse_args(argv)
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
    from infra.local.demo import DemoFailed
    from infra.operate import NotFound, NotTrusted
    from infra.operate.doctor import NotWell
    from infra.operate.forget import Unfinished
    from infra.parameters import Refused
    from infra.settings.problems import SettingsError
    from infra.stack.deploy import DeployError
    from infra.stack.package import PackageError
    from infra.stack.processes import LocalError

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
        (Unfinished, FAILED),
        (LocalError, FAILED),
        (OSError, FAILED),
    ]


if __name__ == "__main__":
    sys.exit(main())
