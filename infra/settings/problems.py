"""What is wrong in `bridgehead.toml`, gathered so that the owner sees all of it at once, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.settings.toml_lines import Lines, Path
from infra.settings.values import Wrong, closest, shown

FILE = "bridgehead.toml"
SECRET_NAMES = ("secret", "token", "password", "passwd", "apikey", "api_key", "private_key", "access_key", "credential")


class SettingsError(Exception):
    """The file cannot be taken; `problems` are sentences, each with its line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class Problems:
    """One complaint a key, the first; whatever else is wrong with the same key follows from it."""

    def __init__(self, lines: Lines, file: str = FILE) -> None:
        self._lines, self._file = lines, file
        self._by_path: dict[Path, tuple[int, str]] = {}

    def add(self, path: Path, sentence: str) -> None:
        """Any sentence about a key."""
        self._by_path.setdefault(path, (self._lines.of(path), sentence))

    def wrong(self, path: Path, wrong: Wrong, allowed: str = "") -> None:
        """A value that is not allowed."""
        path = (*path, *wrong.path)
        sentence = f"{name_of(path)} is {shown(wrong.found)}, allowed: {wrong.allowed or allowed}"
        self.add(path, f"{sentence}; {wrong.hint}" if wrong.hint else sentence)

    def unknown(self, path: Path, found: Mapping[str, Any], known: Iterable[str]) -> None:
        """Every key that is no setting; its value is never shown, it may be a secret in the wrong place."""
        keys = tuple(known)
        for key in found:
            if key not in keys:
                self.add((*path, key), _unknown((*path, key), keys))

    def secret(self, path: Path) -> None:
        """A secret where everybody who sees the file can read it."""
        connection, key = path[1:3] if path[0] == "connections" and len(path) > 2 else ("<connection>", "")
        secret = key if is_secret_name(str(key)) else "<name>"
        where = f"take it out, make a new one and give it with: bridgehead secret set {connection} {secret}"
        self.add(path, f"{name_of(path)} looks like a secret, which has no place in a file; {where}")

    def has(self, path: Path) -> bool:
        """Whether anything in a table is wrong, so that what follows from it need not be told."""
        return any(known[: len(path)] == path for known in self._by_path)

    def stop_if_any(self) -> None:
        """Raises SettingsError."""
        if self._by_path:
            raise SettingsError(
                f"{self._file} line {line}: {sentence}" for line, sentence in sorted(self._by_path.values())
            )


def is_secret_name(key: str) -> bool:
    """Whether a key is called as secrets are."""
    return any(part in key.casefold().replace("-", "_") for part in SECRET_NAMES)


def name_of(path: Path) -> str:
    """A key as it is written; which of several tables it is in, the line tells."""
    return ".".join(shown(part)[1:-1] for part in path if isinstance(part, str))


def _unknown(path: Path, known: tuple[str, ...]) -> str:
    hint = closest(path[-1], known)
    return f"{name_of(path)} is no setting, allowed: {', '.join(known)}" + (f"; {hint}" if hint else "")
