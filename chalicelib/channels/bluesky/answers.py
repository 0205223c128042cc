"""What leaves for Bluesky: an answer below the post it answers, the look whether it is there, an author's profile.

A post may be given its name by whoever writes it, so an answer's is made from the answer: a second one of that name is
refused, and whether it is there is one look.
https://docs.bsky.app/docs/api/com-atproto-repo-create-record
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed, text_id
from chalicelib.channels.bluesky import LONGEST_POST, length
from chalicelib.channels.bluesky.calls import Json, Now, call
from chalicelib.channels.bluesky.facets import facets
from chalicelib.channels.bluesky.posts import POST
from chalicelib.channels.bluesky.sessions import session_of
from chalicelib.channels.told import words
from chalicelib.http import Http
from chalicelib.model import File, Reply

LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # in the order of their bytes
CLOCK_BITS, LENGTH = 10, 13


def post(connection: Connection, http: Http, now: Now, reply: Reply) -> str:
    """The post's URI. Raises PostFailed."""
    if not reply.public:
        raise PostFailed(Outcome.REFUSED, "private-only")
    if length(reply.text) > LONGEST_POST:
        raise PostFailed(Outcome.REFUSED, "too-long")

    def ask(method: str, name: str, lost: Outcome = Outcome.PASSING, **more: Any) -> Json:
        return call(connection, http, now, reply.account, method, name, lost, **more)

    record = {
        "$type": POST,
        "text": reply.text,
        "createdAt": now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "reply": _place(ask, reply.parent),
        "facets": facets(reply.text, lambda handle: _did_of(ask, handle)),
        **_pictures(ask, reply.files),
    }
    body = {"repo": session_of(connection, reply.account).did, "collection": POST, "rkey": name_of(reply)}
    try:
        answer = ask("POST", "com.atproto.repo.createRecord", Outcome.UNKNOWN, json={**body, "record": record})
        return text_id(answer.get("uri"))
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None
    except PostFailed as failed:
        # servers refuse a name that is there already, each in its own words
        there = find(connection, http, now, reply) if failed.code == "rejected" else None
        if there:
            return there
        raise


def find(connection: Connection, http: Http, now: Now, reply: Reply) -> str | None:
    """The posted answer's URI, None when it is certainly not there. Raises PostFailed when nobody can tell."""
    query = {"repo": session_of(connection, reply.account).did, "collection": POST, "rkey": name_of(reply)}
    try:
        found = call(connection, http, now, reply.account, "GET", "com.atproto.repo.getRecord", query=query)
        return text_id(found.get("uri"))
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None
    except PostFailed as failed:
        if failed.code == "gone":
            return None
        raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None


def profile(connection: Connection, http: Http, now: Now, account: str, author: str) -> Mapping[str, Any]:
    """Name, handle and followers; {} when Bluesky will not tell. Never raises."""
    try:
        found = call(connection, http, now, account, "GET", "app.bsky.actor.getProfile", query={"actor": author})
    except PostFailed:
        return {}
    followers = found.get("followersCount")
    told = {"name": words(found.get("displayName")), "handle": words(found.get("handle"))}
    counted = {"followers": followers} if isinstance(followers, int) and not isinstance(followers, bool) else {}
    return {name: value for name, value in told.items() if value} | counted


def name_of(reply: Reply) -> str:
    """As posts are named: the microsecond in letters, here of the first try and from the answer's own name."""
    chance = int.from_bytes(sha256(reply.id.encode()).digest()[:8], "big")
    microseconds = int((reply.tried_at or reply.window_from).timestamp()) * 1_000_000 + chance % 1_000_000
    number = microseconds << CLOCK_BITS | chance >> 32 & 2**CLOCK_BITS - 1
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def _place(ask: Any, parent: str) -> Json:
    """Above what it stands: the post and the first one of its thread, each as it is now. Raises PostFailed."""
    found = ask("GET", "app.bsky.feed.getPosts", query={"uris": [parent]}).get("posts") or [{}]
    try:
        above = {"uri": found[0]["uri"], "cid": found[0]["cid"]}
        root = (found[0]["record"].get("reply") or {}).get("root") or above
        place = {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": above}
    except (LookupError, TypeError, AttributeError):
        raise PostFailed(Outcome.REFUSED, "gone") from None
    seen = (found[0].get("author") or {}).get("viewer") or {}
    if seen.get("blockedBy") or seen.get("blocking"):
        raise PostFailed(Outcome.REFUSED, "blocked")
    if (found[0].get("viewer") or {}).get("replyDisabled"):
        raise PostFailed(Outcome.REFUSED, "switched-off")
    return place


def _did_of(ask: Any, handle: str) -> str:
    try:
        return words(ask("GET", "com.atproto.identity.resolveHandle", query={"handle": handle}).get("did"))
    except PostFailed:
        return ""


def _pictures(ask: Any, files: tuple[File, ...]) -> Mapping[str, Any]:
    """What is only uploaded nobody sees: it can be done again, unlike the post."""
    if not files:
        return {}
    blobs = [
        ask(
            "POST",
            "com.atproto.repo.uploadBlob",
            headers={"content-type": file.media_type},
            body=file.content,
        ).get("blob")
        for file in files
    ]
    if None in blobs:
        raise PostFailed(Outcome.PASSING, "temporary")
    return {"embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": blob} for blob in blobs]}}
