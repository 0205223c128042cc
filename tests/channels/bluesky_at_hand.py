"""An account and a Bluesky that keeps posts and notifications, pages backwards and wants a valid session."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.channels.base import Connection
from chalicelib.channels.bluesky import Bluesky
from chalicelib.http import Response
from chalicelib.model import Kind
from tests.channels.at_hand import replying

SHOP, ME, MIKA = "lindner.bsky.example", "did:plc:lindnerlindnerlindner", "did:plc:mikamikamikamikamikami"
PASSWORD, PDS = "abcd-efgh-ijkl-mnop", "https://pds.example"
NOW = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
COLLECTION = "app.bsky.feed.post"
REASONS = {"mention", "reply", "quote"}


def token(name: str, ends_at: datetime) -> str:
    claims = json.dumps({"scope": name, "exp": int(ends_at.timestamp())}).encode()
    return f"eyJ0eXAi.{urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


ACCESS, RENEWING = token("access", NOW + timedelta(hours=2)), token("refresh", NOW + timedelta(days=60))
SESSION = json.dumps({"did": ME, "server": PDS, "access": ACCESS, "renewing": RENEWING})


def connection(**secrets: Any) -> Connection:
    held = {"app_passwords": {SHOP: PASSWORD}, "sessions": {SHOP: SESSION}, **secrets}
    return Connection("sky", "bluesky", (SHOP,), {}, held)


def uri_of(author: str, name: str) -> str:
    return f"at://{author}/{COLLECTION}/{name}"


reply = replying(
    channel="bluesky",
    account=SHOP,
    thread=uri_of(MIKA, "3k0000000001"),
    author_id=MIKA,
    parent=uri_of(MIKA, "3k0000000001"),
    kind=Kind.MENTION,
    public=True,
    text="はい、18時まで 🙂 https://lindner.example/offen, نعم @mika.bsky.example",
    window_from=NOW,
    tried_at=NOW,
)


@dataclass
class Server:
    """Answers as Bluesky does; `instead` says what comes in place of the next answers."""

    now: datetime = NOW
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)  # by URI: what `getPosts` tells
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    instead: list[Response | Exception | None] = field(default_factory=list)
    forgets_after: bool = False  # an answer is lost after the post was made

    def write(self, author: str, words: str, to: str = "", reason: str = "mention", **more: Any) -> str:
        """Somebody writes; whoever is not the account itself is told of."""
        uri, record = uri_of(author, f"3k{len(self.posts) + 1:010}"), {"$type": COLLECTION, "text": words, **more}
        record["createdAt"] = "1970-01-01T00:00:00Z" if author != ME else iso(self.now)
        if to:
            above = {"uri": to, "cid": f"cid-of-{to}"}
            root = (self.posts.get(to, {}).get("record") or {}).get("reply", {}).get("root") or above
            record["reply"] = {"root": root, "parent": above}
        self.keep(uri, author, record)
        if author != ME:
            self.notify(uri, "reply" if to else reason)
        return uri

    def keep(self, uri: str, author: str, record: dict[str, Any]) -> None:
        who = {"did": author, "handle": "mika.bsky.example", "displayName": "美香 ☕"}
        self.posts[uri] = {"uri": uri, "cid": f"cid-of-{uri}", "author": who, "record": record}

    def notify(self, uri: str, reason: str) -> None:
        shown = {name: self.posts[uri][name] for name in ("uri", "cid", "author", "record")}
        self.told.append({**shown, "reason": reason, "isRead": False, "labels": [], "indexedAt": iso(self.now)})

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        instead = self.instead.pop(0) if self.instead else None
        if isinstance(instead, Exception):
            if self.forgets_after:
                self._answer(url, more)
            raise instead
        found = instead or self._answer(url, more)
        return found if isinstance(found, Response) else Response(200, json.dumps(found).encode())

    def _answer(self, url: str, more: Any) -> Any:
        name, query = urlsplit(url).path.removeprefix("/xrpc/"), parse_qs(urlsplit(url).query)
        if name == "com.atproto.server.createSession":
            return self._session() if more["json"]["password"] == PASSWORD else problem(401, "AuthenticationRequired")
        if name == "com.atproto.server.refreshSession":
            return self._session() if more["headers"]["authorization"] == f"Bearer {RENEWING}" else EXPIRED
        if more["headers"]["authorization"] != f"Bearer {ACCESS}":
            return EXPIRED
        return getattr(self, name.rpartition(".")[2])(query, more)

    def _session(self) -> dict[str, Any]:
        service = [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": PDS}]
        tokens = {"accessJwt": ACCESS, "refreshJwt": RENEWING}
        return {"did": ME, "handle": SHOP, "didDoc": {"service": service}, **tokens}

    def listNotifications(self, query: dict[str, list[str]], more: Any) -> Any:
        start, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        found = sorted((each for each in self.told if each["reason"] in query["reasons"]), key=seen_at)
        following = {"cursor": str(start + limit)} if len(found) > start + limit else {}
        return {"notifications": found[::-1][start : start + limit], **following}

    def listRecords(self, query: dict[str, list[str]], more: Any) -> Any:
        own = [uri for uri in self.posts if uri.startswith(f"at://{query['repo'][0]}/")]
        found = [{"uri": uri, "cid": f"cid-of-{uri}", "value": self.posts[uri]["record"]} for uri in sorted(own)]
        return {"records": found[::-1][: int(query["limit"][0])]}

    def getPosts(self, query: dict[str, list[str]], more: Any) -> Any:
        return {"posts": [self.posts[uri] for uri in query["uris"] if uri in self.posts]}

    def getRecord(self, query: dict[str, list[str]], more: Any) -> Any:
        uri = uri_of(query["repo"][0], query["rkey"][0])
        return {"uri": uri} if uri in self.posts else problem(400, "RecordNotFound")

    def createRecord(self, query: Any, more: Any) -> Any:
        body = more["json"]
        uri = uri_of(body["repo"], body["rkey"])
        if uri in self.posts:
            return problem(500, "InternalServerError")
        self.keep(uri, ME, body["record"])
        return {"uri": uri, "cid": f"cid-of-{uri}", "validationStatus": "valid"}

    def resolveHandle(self, query: dict[str, list[str]], more: Any) -> Any:
        return {"did": MIKA} if query["handle"] == ["mika.bsky.example"] else problem(400, "InvalidRequest")

    def uploadBlob(self, query: Any, more: Any) -> Any:
        return {"blob": {"$type": "blob", "mimeType": more["headers"]["content-type"], "size": len(more["body"])}}

    def getProfile(self, query: Any, more: Any) -> Any:
        return {"did": MIKA, "handle": "mika.bsky.example", "displayName": "美香 ☕", "followersCount": 4200}


def seen_at(told: dict[str, Any]) -> str:
    return str(told.get("indexedAt", "9"))


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(status: int, name: str, **headers: str) -> Response:
    return Response(status, json.dumps({"error": name, "message": "Sag ich nicht"}).encode(), headers)


EXPIRED = problem(400, "ExpiredToken")


def channel(server: Server, **secrets: Any) -> Bluesky:
    return Bluesky(connection(**secrets), server, lambda: server.now)
