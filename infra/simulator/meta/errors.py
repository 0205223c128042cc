"""Graph's error envelope and the errors it holds. The HTTP status is 400 for most, throttling included.

https://developers.facebook.com/docs/graph-api/guides/error-handling
https://developers.facebook.com/docs/messenger-platform/error-codes
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from flask import Response, jsonify

EMPTY_MESSAGE = 2018034


@dataclass
class GraphError(Exception):
    """An error as Graph tells it."""

    status: int
    code: int
    message: str
    subcode: int | None = None
    type: str = "OAuthException"
    title: str = ""
    transient: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """The envelope."""
        error = {"message": self.message, "type": self.type, "code": self.code, "is_transient": self.transient}
        more = {
            "error_subcode": self.subcode,
            "error_user_title": self.title,
            "error_user_msg": self.title and self.message,
        }
        known = {key: value for key, value in more.items() if value}
        response = jsonify({"error": {**error, **known, "fbtrace_id": f"A{uuid4().hex[:22]}"}})
        response.status_code = self.status
        response.headers.extend(self.headers)
        return response


# minutes until the next call is worth it
USAGE = json.dumps({"call_count": 100, "total_cputime": 40, "total_time": 40})
REGAIN = json.dumps({"0": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 1}]})
THROTTLE_HEADERS = {"X-App-Usage": USAGE, "X-Business-Use-Case-Usage": REGAIN}

INVALID_TOKEN = GraphError(401, 190, "Invalid OAuth access token - Cannot parse access token")
EXPIRED_TOKEN = GraphError(401, 190, "Error validating access token: Session has expired.", 463)
INVALID_PROOF = GraphError(
    400, 100, "Invalid appsecret_proof provided in the API argument", type="GraphMethodException"
)
PAGE_THROTTLED = GraphError(400, 32, "(#32) Page request limit reached", transient=True, headers=THROTTLE_HEADERS)
MESSAGES_THROTTLED = GraphError(
    400, 613, "(#613) Calls to this api have exceeded the rate limit.", transient=True, headers=THROTTLE_HEADERS
)
BROKEN = GraphError(500, 2, "An unexpected error has occurred. Please retry your request later.", transient=True)
OUTSIDE_WINDOW = GraphError(400, 10, "(#10) This message is sent outside of allowed window.", 2018278)
UNAVAILABLE = GraphError(400, 551, "(#551) This person isn't available right now.", 1545041)
ALREADY_REPLIED = GraphError(400, 10900, "(#10900) Activity already replied to")


def gone(object_id: str) -> GraphError:
    """Deleted, never there, or another page's: Graph does not tell which."""
    said = "does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    return GraphError(
        400, 100, f"Unsupported request. Object with ID '{object_id}' {said}.", 33, type="GraphMethodException"
    )


def invalid(reason: str, subcode: int | None = None) -> GraphError:
    """A parameter is wrong."""
    return GraphError(400, 100, f"(#100) {reason}", subcode)


def on_demand(throttled: GraphError, refused: GraphError) -> dict[str, Callable[[], Response]]:
    """What each kind of failure looks like here."""
    errors = {"throttle": throttled, "refuse": refused, "5xx": BROKEN, "window": OUTSIDE_WINDOW, "token": EXPIRED_TOKEN}
    return {kind: replace(error).answer for kind, error in errors.items()}
