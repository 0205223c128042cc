"""X's errors: problem documents after RFC 7807. https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Response, jsonify

BLANK = "about:blank"
INVALID_REQUEST = "https://api.twitter.com/2/problems/invalid-request"


class Problem(Exception):
    """An error as X tells it."""

    def __init__(self, status: int, title: str, detail: str = "", kind: str = BLANK) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.kind = status, title, detail, kind

    def answer(self) -> Response:
        """The problem document; a throttled caller is told when to come back."""
        response = jsonify(
            {"title": self.title, "detail": self.detail or self.title, "type": self.kind, "status": self.status}
        )
        response.status_code, response.content_type = self.status, "application/problem+json"
        if self.status == 429:
            reset = str(int(time.time()) + 60)
            response.headers.extend(
                {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
            )
        return response


def on_demand(refused: str) -> dict[str, Callable[[], Response]]:
    """What each kind of failure looks like here; X knows no window."""
    problems = {
        "throttle": Problem(429, "Too Many Requests"),
        "refuse": Problem(403, "Forbidden", refused),
        "5xx": Problem(503, "Service Unavailable"),
        "token": Problem(401, "Unauthorized"),
    }
    return {kind: problem.answer for kind, problem in problems.items()}
