"""An account on a server, and a Mastodon that keeps posts and notifications, pages upwards and makes HTML of words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.channels.base import Connection
from chalicelib.channels.mastodon import Mastodon
from chalicelib.http import Response
from chalicelib.model import Kind
from tests.channels.at_hand import replying

SHOP, TOKEN = "lindner@social.example", "access-token-of-the-account"
ME, MIKA, HUONG = "100", "201", "202"
NOW = datetime(2026, 10, 3, 10, 0, tzinfo=UTC)
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    ME: {"acct": "lindner", "display_name": "Café Lindner", "followers_count": 31},
    MIKA: {"acct": "mika@kissaten.example", "display_name": "美香 ☕", "followers_count": 4200},
    HUONG: {"acct": "huong", "display_name": "", "followers_count": 7},
}


def account(id: str) -> dict[str, Any]:
    name, _, host = str(PEOPLE[id]["acct"]).partition("@")
    return {
        "id": id,
        "username": name,
        "bot": False,
        "url": f"https://{host or 'social.example'}/@{name}",
        **PEOPLE[id],
    }


def connection(**options: Any) -> Connection:
    return Connection("masto", "mastodon", (SHOP,), options, {"access_tokens": {SHOP: TOKEN}})


reply = replying(
    channel="mastodon",
    account=SHOP,
    thread="1001",
    author_id=MIKA,
    parent="1001",
    kind=Kind.MENTION,
    public=True,
    text="はい、18時まで! https://lindner.example/offen 🙂 نعم",
    window_from=NOW,
    tried_at=NOW,
)


@dataclass
class Server:
    """Answers as Mastodon does; `instead` says what comes in place of the next answers."""

    now: datetime = NOW
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    instead: list[Response | Exception | None] = field(default_factory=list)
    forgets_after: bool = False  # an answer is lost after the post was made

    def write(self, author: str, words: str, to: str | None = None, seen_by: str = "public", **more: Any) -> str:
        """Somebody writes; whoever is not the account itself mentions it."""
        id = str(1001 + len(self.posts))
        above = self.posts.get(to or "")
        named = ME if author != ME else (above or {"account": {"id": MIKA}})["account"]["id"]
        self.posts[id] = {
            "id": id,
            "created_at": self.now.isoformat().replace("+00:00", ".000Z"),
            "edited_at": None,
            "in_reply_to_id": to,
            "in_reply_to_account_id": above["account"]["id"] if above else None,
            "spoiler_text": "",
            "visibility": seen_by,
            "url": f"https://social.example/@x/{id}",
            "content": as_html(words),
            "account": account(author),
            "media_attachments": [],
            "mentions": [{"id": named, "acct": PEOPLE[named]["acct"]}],
            **more,
        }
        if author != ME:
            self.notify("mention", id)
        return id

    def notify(self, kind: str, post: str) -> None:
        at = self.now.isoformat()
        by = self.posts[post]["account"]
        self.told.append(
            {"id": str(98 + len(self.told)), "type": kind, "created_at": at, "account": by, "status": self.posts[post]}
        )

    def __call__(self, method: str, url: str, **more: Any) -> Response:
        self.asked.append((method, url, more))
        instead = self.instead.pop(0) if self.instead else None
        if isinstance(instead, Exception):
            if self.forgets_after:
                self._answer(method, url, more)
            raise instead
        if instead is not None:
            return instead
        found = self._answer(method, url, more)
        return Response(404) if found is None else Response(200, json.dumps(found).encode())

    def _answer(self, method: str, url: str, more: Any) -> Any:
        path, query = urlsplit(url).path.removeprefix("/api/"), parse_qs(urlsplit(url).query)
        if method == "POST":
            return {"id": "media-1"} if path == "v2/media" else self._post(more)
        if path == "v1/accounts/verify_credentials":
            return account(ME)
        if path == "v1/notifications":
            shown = [each for each in self.told if "include_filtered" in query or not each.get("filtered")]
            return paged([each for each in shown if each["type"] in query["types[]"]], query)
        if path == f"v1/accounts/{ME}/statuses":
            return paged([each for each in self.posts.values() if each["account"]["id"] == ME], query)
        _, _, id, *rest = path.split("/")
        return {"ancestors": self._above(id)} if rest else self.posts.get(id)

    def _above(self, id: str) -> list[dict[str, Any]]:
        above = self.posts.get(self.posts[id]["in_reply_to_id"] or "")
        return [*self._above(above["id"]), above] if above else []

    def _post(self, more: Any) -> Any:
        key, body = more["headers"]["idempotency-key"], more["json"]
        if body["in_reply_to_id"] not in self.posts:
            return None
        if key not in self.keys:
            shown = {"media_attachments": body.get("media_ids", [])}
            self.keys[key] = self.write(ME, body["status"], body["in_reply_to_id"], body["visibility"], **shown)
        return self.posts[self.keys[key]]


def paged(found: list[dict[str, Any]], query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Newest first; with `min_id` the page next above it."""
    limit, found = int(query["limit"][0]), sorted(found, key=lambda each: int(each["id"]))
    if "min_id" in query:
        return [each for each in found if int(each["id"]) > int(query["min_id"][0])][:limit][::-1]
    below = int(query["max_id"][0]) if "max_id" in query else 10**9
    return [each for each in found[::-1] if int(each["id"]) < below][:limit]


def as_html(words: str) -> str:
    """As the server writes it: addresses cut into what is seen and what is not, names without their server."""
    shown = re.sub(r"https://([!-~]{1,10})([!-~]*)", LINK, html.escape(words, quote=False))
    return f"<p>{ADDRESSED.sub(NAME, shown)}</p>"


ADDRESSED = re.compile(r"(?<![/\w])@([a-z]+)(?:@[a-z.]+)?")
NAME = r'<span class="h-card"><a href="https://social.example/@\1" class="u-url mention">@<span>\1</span></a></span>'
LINK = (
    r'<a href="https://\1\2"><span class="invisible">https://</span>'
    r'<span class="ellipsis">\1</span><span class="invisible">\2</span></a>'
)


def channel(server: Server, **options: Any) -> Mastodon:
    return Mastodon(connection(**options), server, lambda: server.now)


def later(server: Server, seconds: float = 60) -> None:
    server.now += timedelta(seconds=seconds)
