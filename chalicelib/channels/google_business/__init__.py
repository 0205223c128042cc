"""Google Business Profile: reviews of a location, told by Pub/Sub, answered by the one reply that Google allows.

A push only names the review: the desk asks for the rest (`complete`). A version of a review is known by its name and
`updateTime`, however it was found. Our own reply changes the review too and is recognised by being the newer one.

https://developers.google.com/my-business/content/notification-setup
https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from chalicelib import http
from chalicelib.channels import GOOGLE_BUSINESS, google_oauth
from chalicelib.channels.base import (
    Answer,
    Connection,
    Forged,
    Limits,
    Malformed,
    Outcome,
    PostFailed,
    SecretMissing,
    WebhookRequest,
    each,
    reaching,
    read_json,
    text_id,
    utc_now,
)
from chalicelib.channels.google_business import push_proof
from chalicelib.channels.google_business.reviews import (
    Json,
    is_answered,
    message_from,
    moment,
    rejected,
    reply_id,
    reply_to,
)
from chalicelib.channels.powers import Polled
from chalicelib.http import Http, Response
from chalicelib.model import Author, Event, Kind, Message, Reply, Undelivered, Unreadable

LONGEST = 4096  # bytes of UTF-8
REVIEWS_A_PAGE, MOST_PAGES = 50, 40
OUR_TYPES = ("NEW_REVIEW", "UPDATED_REVIEW")
OTHER_TYPES = frozenset(
    [
        "GOOGLE_UPDATE",
        "NEW_CUSTOMER_MEDIA",
        "DUPLICATE_LOCATION",
        "LOSS_OF_VOICE_OF_MERCHANT",
        "VOICE_OF_MERCHANT_UPDATED",
        "NEW_QUESTION",
        "UPDATED_QUESTION",
        "NEW_ANSWER",
        "UPDATED_ANSWER",
    ]
)
TYPE, REVIEW = ("type", "notificationType", "notification_type"), ("review", "reviewName", "review_name")


@dataclass(frozen=True)
class GoogleBusiness:
    """One Google account's locations ("accounts/1/locations/2"), and the push subscription that tells of their reviews."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = utc_now

    def handshake(self, request: WebhookRequest) -> Answer:
        """There is none: Pub/Sub asks for no proof. Raises Forged."""
        raise Forged("handshake")

    def verify(self, request: WebhookRequest) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Forged("authorization")
        audience, account = self._needed("audience"), self._needed("push_account")
        push_proof.check(token, audience, account, self.http, self._option("certs_url"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        delivery = read_json(request.body)
        if not isinstance(delivery, dict) or not isinstance(delivery.get("message"), dict):
            raise Malformed("no message")
        return list(each([delivery], partial(_pushed, self.connection.accounts)))

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """One public reply to a review; another takes its place."""
        return Limits(
            public=True, text=LONGEST, measure=_bytes, unit="bytes", answers=kind is Kind.REVIEW, overwrites=True
        )

    def complete(self, message: Message) -> Message | None:
        """The review as it is now, or None when it is gone or our own reply is the newest of it."""
        try:
            review = self._call("GET", message.thread)
        except PostFailed as failed:
            if failed.code == "gone":
                return None
            raise
        return None if is_answered(review) else message_from(review, message.account, message.raw)

    def send(self, reply: Reply) -> str:
        """Creates our reply, or puts it in the place of the one before: doing it twice does no harm."""
        posted = self._call("PUT", f"{reply.thread}/reply", json={"comment": reply.text})
        if rejected(posted):
            raise PostFailed(Outcome.REFUSED, "policy", str(posted.get("policyViolation", ""))[:40])
        return reply_id(reply.thread)

    def find(self, reply: Reply) -> str | None:
        """Our reply has no id: it is there when its words are."""
        try:
            review = self._call("GET", reply.thread)
        except PostFailed as failed:
            raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
        is_there = str(reply_to(review).get("comment", "")).strip() == reply.text.strip()
        return reply_id(reply.thread) if is_there else None

    def poll(self, account: str, cursor: str) -> Polled:
        """What was pushed and lost, and replies of ours that Google took down."""
        since = moment(cursor) if cursor else self.now()
        reviews = list(self._since(account, since))
        latest = max([since, *(moment(review["updateTime"]) for review in reviews)])
        return Polled([event for review in reversed(reviews) for event in _told(review, account)], latest.isoformat())

    def recent(self, account: str, since: datetime) -> Iterator[Event]:
        for review in self._since(account, since):
            yield from _told(review, account)

    def resubscribe(self, account: str, callback: str) -> Sequence[str]:
        """One topic belongs to a whole Google account: one that is not ours is somebody's, and is left alone."""
        topic, place = self._option("topic"), f"{account.partition('/locations/')[0]}/notificationSetting"
        if not topic:
            return ()
        base = self._option("notifications_url")
        found = self._call("GET", place, base=base)
        if found.get("pubsubTopic") not in (None, "", topic):
            raise PostFailed(Outcome.REFUSED, "taken", "another topic is set")
        kinds = [str(kind) for kind in found.get("notificationTypes") or ()]
        missing = [kind for kind in OUR_TYPES if kind not in kinds or not found.get("pubsubTopic")]
        if missing:
            wanted = {"pubsubTopic": topic, "notificationTypes": list(dict.fromkeys([*kinds, *OUR_TYPES]))}
            self._call("PATCH", f"{place}?updateMask=pubsubTopic,notificationTypes", base=base, json=wanted)
        return missing

    def _since(self, account: str, since: datetime) -> Iterator[Json]:
        """Reviews changed at or after a time, the newest first. Raises PostFailed."""
        page = ""
        for _ in range(MOST_PAGES):
            asked = {"pageSize": str(REVIEWS_A_PAGE), "orderBy": "updateTime desc", "pageToken": page}
            found = self._call(
                "GET", f"{account}/reviews?{urlencode({key: asked[key] for key in asked if asked[key]})}"
            )
            for review in found.get("reviews") or ():
                if moment(review["updateTime"]) < since:
                    return
                yield review
            page = str(found.get("nextPageToken") or "")
            if not page:
                return

    def _call(self, method: str, path: str, base: str = "", **content: Any) -> Json:
        token = google_oauth.access_token(self.connection, self.http, self.now)
        url = f"{base or self._option('api_url')}/{path}"
        with reaching():
            response = self.http(method, url, headers={"authorization": f"Bearer {token}"}, **content)
        answer = response.json()
        if response.status == 200 and isinstance(answer, dict):
            return answer
        if response.status == 401:
            google_oauth.forget(self.connection)
        raise _failure(response)

    def _option(self, name: str) -> str:
        return str(self.connection.options.get(name) or GOOGLE_BUSINESS.settings[name])

    def _needed(self, name: str) -> str:
        value = self._option(name)
        if not value:
            raise SecretMissing(self.connection.name, name)
        return value


def _pushed(accounts: Sequence[str], delivery: Json) -> Event | None:
    message = delivery["message"]
    told = read_json(b64decode(message["data"], validate=True))
    kind, review = _first(told, TYPE), _first(told, REVIEW)
    if kind in OTHER_TYPES:
        return None
    if kind not in OUR_TYPES or not review:
        return Unreadable("unknown-kind", delivery)
    account = review.rpartition("/reviews/")[0]
    if account not in accounts:
        return Unreadable("unknown-account", delivery)
    name, at = _first(message, ("messageId", "message_id")), _first(message, ("publishTime", "publish_time"))
    return Message(
        channel=GOOGLE_BUSINESS.name,
        account=account,
        id=f"push:{text_id(name)}",
        thread=review,
        author=Author(""),  # Google tells no id, and one review has one author
        text="",
        sent_at=moment(at),
        kind=Kind.REVIEW,
        public=True,
        partial=True,
        raw=delivery,
    )


def _told(review: Json, account: str) -> Iterator[Event]:
    if rejected(reply_to(review)):
        yield _undelivered(review, account)
    if not is_answered(review):
        yield message_from(review, account, review)


def _undelivered(review: Json, account: str) -> Event:
    reply = reply_to(review)
    at, detail = moment(reply["updateTime"]), str(reply.get("policyViolation", ""))[:40]
    raw = {"review": review["name"], "reply": reply["updateTime"]}
    return Undelivered(GOOGLE_BUSINESS.name, account, reply_id(review["name"]), "policy", at, detail, raw)


def _failure(response: Response) -> PostFailed:
    outcome, code = ERRORS.get(response.status, _UNCLEAR if response.status >= 500 else _REJECTED)
    wait = response.headers.get("retry-after", "")
    after = timedelta(seconds=int(wait)) if wait.isdecimal() and len(wait) < 6 else None
    return PostFailed(outcome, code, str(response.status), after)


def _first(found: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((value for name in names if isinstance(value := found.get(name), str) and value), "")


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


_UNCLEAR = (Outcome.UNKNOWN, "temporary")
_REJECTED = (Outcome.REFUSED, "rejected")
ERRORS: Mapping[int, tuple[Outcome, str]] = {
    401: (Outcome.PASSING, "token"),  # with a new one; when there is none to be had, that is the refusal
    403: (Outcome.REFUSED, "permission"),  # not verified, not a manager any more, or the API not granted
    404: (Outcome.REFUSED, "gone"),
    429: (Outcome.PASSING, "throttled"),
}
