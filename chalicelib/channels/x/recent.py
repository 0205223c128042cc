"""What X has of the last days, put into the words of its webhook, so that it is the same message however it came.

X bills what it gives: each post and message that is listed costs as much as one that is read.
https://docs.x.com/x-api/users/get-mentions, https://docs.x.com/x-api/direct-messages/lookup/introduction
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.x.calls import call, failure, listed, mapping, segment
from chalicelib.channels.x.common import Json, from_iso
from chalicelib.http import Http, Lost, NotSent

PAGE, MOST_PAGES = 100, 5
PEOPLE = {"user.fields": "name,username,public_metrics"}
MEDIA = {"media.fields": "media_key,type,url,preview_image_url,variants"}
MENTIONS = {
    **PEOPLE,
    **MEDIA,
    "max_results": PAGE,
    "expansions": "author_id,attachments.media_keys",
    "tweet.fields": "author_id,conversation_id,created_at,in_reply_to_user_id,referenced_tweets,entities,attachments,"
    "edit_history_tweet_ids,note_tweet",
}
MESSAGES = {
    **PEOPLE,
    **MEDIA,
    "max_results": PAGE,
    "event_types": "MessageCreate",
    "expansions": "sender_id,attachments.media_keys",
    "dm_event.fields": "id,text,event_type,sender_id,created_at,dm_conversation_id,entities,attachments",
}


def deliveries(connection: Connection, http: Http, account: str, since: datetime, now: float) -> Iterator[Json]:
    """One delivery for each post and message. Raises PostFailed, also in the midst of it."""
    try:
        started = {"start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        for page in _pages(
            connection, http, account, f"/2/users/{segment(account)}/mentions", {**MENTIONS, **started}, now
        ):
            yield from (_post(post, page, account) for post in listed(page, "data"))
        for page in _pages(connection, http, account, "/2/dm_events", MESSAGES, now):
            young = [each for each in listed(page, "data") if from_iso(each["created_at"]) >= since]
            # a group's conversation has no pair of people in its name, and no answer of ours would reach it
            yield from (_message(each, page, account) for each in young if "-" in str(each.get("dm_conversation_id")))
            if len(young) < len(listed(page, "data")):
                return
    except (LookupError, TypeError, ValueError, AttributeError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _pages(
    connection: Connection, http: Http, account: str, path: str, fields: Mapping[str, Any], now: float
) -> Iterator[Json]:
    for _ in range(MOST_PAGES):
        page = asked(connection, http, account, path, fields, now)
        yield page
        token = mapping(page.get("meta")).get("next_token")
        if not token:
            return
        fields = {**fields, "pagination_token": token}


def asked(
    connection: Connection,
    http: Http,
    account: str,
    path: str,
    fields: Mapping[str, Any],
    now: float,
    method: str = "GET",
    **more: Any,
) -> Json:
    """What X answers. Raises PostFailed; nothing here does harm when it is done twice."""
    try:
        answer = call(connection, http, account, method, path, fields, **more)
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    page = mapping(answer.json())
    if not 200 <= answer.status < 300 or (page.get("errors") and "data" not in page):
        raise failure(answer, page, now)
    return page


def _post(post: Json, page: Json, account: str) -> Json:
    kind = "reply" if post.get("in_reply_to_user_id") == account else "mention"
    told = {"filter": {"user_id": account}, "payload": post, "includes": mapping(page.get("includes"))}
    return {"data": {"event_type": f"post.{kind}.create", **told}}


def _message(event: Json, page: Json, account: str) -> Json:
    """A v2 event as the v1.1 one that a webhook brings."""
    one, _, other = str(event["dm_conversation_id"]).partition("-")
    recipient = other if event["sender_id"] == one else one
    includes = mapping(page.get("includes"))
    said = {"text": event.get("text", ""), "entities": event.get("entities"), **_file(event, includes)}
    created = {"sender_id": event["sender_id"], "target": {"recipient_id": recipient}, "message_data": said}
    at = str(round(from_iso(event["created_at"]).timestamp() * 1000))
    item = {"type": "message_create", "id": event["id"], "created_timestamp": at, "message_create": created}
    payload = {"direct_message_events": [item], "users": includes.get("users") or []}
    kind = "dm.sent" if event["sender_id"] == account else "dm.received"
    return {"data": {"event_type": kind, "filter": {"user_id": account}, "payload": payload}}


def _file(event: Json, includes: Json) -> dict[str, Any]:
    keys = mapping(event.get("attachments")).get("media_keys") or ()
    found = [each for each in listed(includes, "media") if each.get("media_key") in keys]
    return {"attachment": {"media": found[0]}} if found else {}
