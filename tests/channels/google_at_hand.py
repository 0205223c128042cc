"""A café's location on Google, pushes as Pub/Sub sends them, and a Google that knows reviews and answers by URL."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from jwt.algorithms import RSAAlgorithm

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.google_business import GoogleBusiness
from chalicelib.http import Http, Response
from chalicelib.model import Kind, Reply
from tests.signing import AUDIENCE, PUSH_ACCOUNT, google_key

PAYLOADS = Path(__file__).parents[1] / "payloads" / "google_business"
LOCATION = "accounts/104551230987654321098/locations/7712098345610027734"
REVIEW = f"{LOCATION}/reviews/AbFvOqmX81_kTzQ-mueller"
NOW = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
SECRETS = {"client_secret": "a-client-secret-of-the-cafe", "refresh_token": "1//a-refresh-token-of-the-owner"}


def connection(**options: Any) -> Connection:
    known = {"audience": AUDIENCE, "push_account": PUSH_ACCOUNT, "client_id": "77.apps.example"}
    return Connection("google", "google_business", (LOCATION,), {**known, **options}, SECRETS)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def pushed(body: bytes, headers: Mapping[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest("POST", dict(headers or {}), {}, body, NOW.timestamp())


def token(key: str = "first", **claims: Any) -> str:
    """A JWT as Pub/Sub sends it, with other claims where told; None leaves one out."""
    at = int(time.time())
    usual = {"aud": AUDIENCE, "email": PUSH_ACCOUNT, "email_verified": True, "iss": "https://accounts.google.com"}
    told = {**usual, "sub": "1122", "azp": "1122", "iat": at, "exp": at + 3600, **claims}
    said = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(said, google_key(key), algorithm="RS256", headers={"kid": key})


def certs(*names: str) -> dict[str, Any]:
    """Google's public keys, as it publishes them."""
    keys = [{**RSAAlgorithm.to_jwk(google_key(name).public_key(), as_dict=True), "kid": name} for name in names]
    return {"keys": keys}


def review(text: str | None = "Die Lieferung kam zu spät. 配達が遅れました", **more: Any) -> dict[str, Any]:
    said = {} if text is None else {"comment": text}
    times = {"createTime": "2026-10-03T10:00:01.234567Z", "updateTime": "2026-10-03T10:00:01.234567Z"}
    who = {"displayName": "Jürgen Müller", "profilePhotoUrl": "https://lh3.googleusercontent.com/a/x"}
    return {"name": REVIEW, "reviewId": REVIEW[-20:], "reviewer": who, "starRating": "TWO", **said, **times, **more}


def answered(text: str, at: str = "2026-10-03T12:00:00Z", **more: str) -> dict[str, Any]:
    return {"reviewReply": {"comment": text, "updateTime": at, **more}}


def reply(text: str = "Das tut uns leid.") -> Reply:
    return Reply("c1", "r1", "google_business", LOCATION, REVIEW, "", "push:1", Kind.REVIEW, True, text, NOW)


@dataclass
class Google:
    """Reviews by name; `failing` has a status for what is asked next."""

    reviews: dict[str, dict[str, Any]] = field(default_factory=dict)
    setting: dict[str, Any] = field(default_factory=dict)
    failing: list[Response | Exception] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: int = 0

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        if url.endswith("/token"):
            self.tokens += 1
            return ok({"access_token": f"ya29.{self.tokens}", "expires_in": 3599})
        place = urlsplit(url)
        self.asked.append((method, place.path.partition("/accounts/")[2] or place.path))
        if self.failing:
            failure = self.failing.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return self._answer(method, place.path.partition("/v4/")[2] or place.path, parse_qs(place.query), more)

    def _answer(self, method: str, path: str, asked: Mapping[str, list[str]], more: Mapping[str, Any]) -> Response:
        if path.endswith("/notificationSetting"):
            self.setting.update(more.get("json") or {})
            return ok(self.setting)
        if path.endswith("/reply"):
            at = self.reviews[path.removesuffix("/reply")]
            at["reviewReply"] = {**more["json"], "updateTime": "2026-10-03T12:00:00Z"}
            return ok(at["reviewReply"])
        if path.endswith("/reviews"):
            return self._listed(int(asked.get("pageToken", ["0"])[0]), 2)
        return ok(self.reviews[path]) if path in self.reviews else Response(404, b"{}")

    def _listed(self, start: int, most: int) -> Response:
        newest = sorted(self.reviews.values(), key=lambda each: each["updateTime"], reverse=True)
        more = {"nextPageToken": str(start + most)} if len(newest) > start + most else {}
        return ok({"reviews": newest[start : start + most], **more})


def google(http: Http, **options: Any) -> GoogleBusiness:
    return GoogleBusiness(connection(**options), http, lambda: NOW)


def ok(content: Any) -> Response:
    return Response(200, json.dumps(content).encode())
