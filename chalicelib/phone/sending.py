"""What it means that a text was not sent."""

from __future__ import annotations

from collections.abc import Callable

Send = Callable[[str, str], str]  # (number, text) -> the provider's id; raises TextFailed


class TextFailed(Exception):
    """The provider did not take a text. `sure`: certainly not sent; `passing`: worth another try; `stopped`: by its receiver."""

    def __init__(self, code: str, *, sure: bool, passing: bool, stopped: bool = False) -> None:
        super().__init__(code)
        self.code, self.sure, self.passing, self.stopped = code, sure, passing, stopped
