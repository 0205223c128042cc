"""Facebook Pages: comments, visitor posts, mentions, ratings and Messenger, through one webhook for any number of Pages.

A change of the feed is read in `facebook_page.py`, a Messenger event in `messenger.py`; how Meta proves and fails is in `meta.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib import http
from chalicelib.channels import FACEBOOK, facebook_page, messenger, meta
from chalicelib.channels.base import (
    Answer,
    Connection,
    Limits,
    Outcome,
    PostFailed,
    SecretMissing,
    WebhookRequest,
    text_id,
)
from chalicelib.http import Http
from chalicelib.model import Event, Kind, Reply

LONGEST_COMMENT = 8000  # characters
PRIVATE_WINDOW = timedelta(days=7)  # in which a public comment may be answered privately
PRIVATELY = {Kind.COMMENT: "comment_id", Kind.POST: "post_id"}  # how a private answer names what it answers
COMMENTS_A_PAGE, MOST_PAGES = 100, 3
CLOCKS_DIFFER = timedelta(seconds=10)
READABLE_MESSAGES = 20  # Meta shows no more of a conversation
CJK_FROM = "\u2e80"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Facebook:
    """One app's webhook and the Pages it serves; each Page posts with its own token."""

    connection: Connection
    http: Http = http.request
    now: Callable[[], datetime] = _now

    def handshake(self, request: WebhookRequest) -> Answer:
        return meta.handshake(request, self.connection.secret("verify_token"))

    def verify(self, request: WebhookRequest) -> None:
        meta.verify(request, self.connection.secret("app_secret"))

    def parse(self, request: WebhookRequest) -> list[Event]:
        return meta.read(request, self.connection.accounts, _to_event)

    def limits(self, kind: Kind, public: bool | None = None) -> Limits:
        """Comments have no window; a private answer to one may be a single message, and not to all of them."""
        if kind is Kind.DIRECT:
            return messenger.limits(bool(self._option("human_agent")))
        if public is False:
            return Limits(False, messenger.LONGEST_TEXT, window=PRIVATE_WINDOW, answers=kind in PRIVATELY)
        return Limits(public=True, text=LONGEST_COMMENT)

    def send(self, reply: Reply) -> str:
        """A comment under the customer's, a message, or, where a public comment is answered privately, Meta's "private reply"."""
        if reply.kind is Kind.DIRECT:
            return self._message(reply, {"id": reply.thread}, self._needs_tag(reply))
        if reply.public:
            return self._comment(reply)
        return self._message(reply, _recipient(reply, self.now()))

    def find(self, reply: Reply) -> str | None:
        """By author, words or file, and time, for neither place keeps our own id: of two equal answers the first found is taken."""
        try:
            posted = self._messages(reply) if _is_message(reply) else self._comments(reply)
            return next((text_id(one["id"]) for one in posted if _is_ours(one, reply)), None)
        except PostFailed as failed:
            raise PostFailed(Outcome.UNKNOWN, failed.code, failed.detail, failed.retry_after) from None
        except (LookupError, TypeError, ValueError, AttributeError):
            raise PostFailed(Outcome.UNKNOWN, "unclear") from None

    def profile(self, account: str, author_id: str) -> Mapping[str, Any]:
        try:
            found = self._call("GET", account, f"{_segment(author_id)}?fields=first_name,last_name")
        except PostFailed:
            return {}
        name = _name(meta.words(found.get("first_name")), meta.words(found.get("last_name")))
        return {"name": name} if name else {}

    def _needs_tag(self, reply: Reply) -> bool:
        """Whether only Meta's permission for human agents lets this through. Raises PostFailed when nothing does."""
        passed = self.now() - reply.window_from
        if passed <= messenger.WINDOW:
            return False
        if not self._option("human_agent") or passed > messenger.HUMAN_WINDOW:
            raise PostFailed(Outcome.REFUSED, "window")
        return True

    def _message(self, reply: Reply, recipient: Mapping[str, str], human_agent: bool = False) -> str:
        """Words or one file: Meta takes only one of the two in a message."""
        if len(reply.text) > messenger.LONGEST_TEXT:
            raise PostFailed(Outcome.REFUSED, "too-long")
        body, path = messenger.addressed(reply, recipient, human_agent), f"{_segment(reply.account)}/messages"
        content = {"form": messenger.with_file(body, reply.files[0])} if reply.files else {"json": body}
        return _posted(self._call("POST", reply.account, path, **content), "message_id")

    def _comment(self, reply: Reply) -> str:
        *others, last = facebook_page.targets(reply.thread, reply.parent)
        for target in others:
            try:
                return self._comment_under(target, reply)
            except PostFailed as failed:
                if failed.code != "rejected":
                    raise
        return self._comment_under(last, reply)

    def _comment_under(self, target: str, reply: Reply) -> str:
        path = f"{_segment(target)}/comments"
        return _posted(self._call("POST", reply.account, path, json={"message": _untagged(reply.text)}), "id")

    def _comments(self, reply: Reply) -> Iterator[Mapping[str, Any]]:
        for target in facebook_page.targets(reply.thread, reply.parent):
            yield from self._comments_under(target, reply)

    def _comments_under(self, target: str, reply: Reply) -> Iterator[Mapping[str, Any]]:
        """Newest first, until they are older than what is answered. Raises PostFailed when there are too many to tell."""
        query = f"fields=id,from,message,created_time&order=reverse_chronological&limit={COMMENTS_A_PAGE}"
        after = ""
        for _ in range(MOST_PAGES):
            answer = self._call("GET", reply.account, f"{_segment(target)}/comments?{query}{after}")
            yield from answer["data"]
            # the address of the next page has the token in it, so the cursor is taken instead
            cursor = answer.get("paging", {}).get("cursors", {}).get("after", "")
            if "next" not in answer.get("paging", {}) or _is_before(answer["data"][-1], reply):
                return
            after = f"&after={_segment(cursor)}"
        raise PostFailed(Outcome.UNKNOWN, "unclear")

    def _messages(self, reply: Reply) -> Iterator[Mapping[str, Any]]:
        fields = f"messages.limit({READABLE_MESSAGES}){{id,message,from,created_time,attachments}}"
        query = f"platform=messenger&user_id={_segment(reply.author_id)}&fields={quote(fields)}"
        found = self._call("GET", reply.account, f"{_segment(reply.account)}/conversations?{query}")["data"]
        listed = [message for conversation in found for message in conversation["messages"]["data"]]
        yield from listed
        # who wrote to us has a conversation; and beyond what Meta shows there may be more
        hidden = not listed and reply.kind is Kind.DIRECT
        if hidden or (len(listed) >= READABLE_MESSAGES and not _is_before(listed[-1], reply)):
            raise PostFailed(Outcome.UNKNOWN, "unclear")

    def _call(self, method: str, account: str, path: str, **content: Any) -> Mapping[str, Any]:
        try:
            token = self.connection.account_secret("page_tokens", account)
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None
        url = f"{self._option('api_url')}/{self._option('api_version')}/{path}"
        return meta.call(self.http, method, url, token, **content)

    def _option(self, name: str) -> Any:
        return self.connection.options.get(name, FACEBOOK.settings[name])


def _to_event(piece: meta.Piece) -> Event | None:
    return READERS.get(piece.list, meta.unknown)(piece)


READERS: Mapping[str, Callable[[meta.Piece], Event | None]] = {
    "changes": facebook_page.to_event,
    "messaging": messenger.to_event,
    "standby": messenger.to_event,
}


def _is_message(reply: Reply) -> bool:
    return reply.kind is Kind.DIRECT or not reply.public


def _recipient(reply: Reply, now: datetime) -> dict[str, str]:
    """Whom a private answer to something public goes to. Raises PostFailed where there is no such thing: never publicly instead."""
    if reply.kind not in PRIVATELY:
        raise PostFailed(Outcome.REFUSED, "private-only")
    if now - reply.window_from > PRIVATE_WINDOW:
        raise PostFailed(Outcome.REFUSED, "window")
    return {PRIVATELY[reply.kind]: reply.parent}


def _posted(answer: Mapping[str, Any], name: str) -> str:
    try:
        return text_id(answer.get(name))
    except ValueError:
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _untagged(text: str) -> str:
    """Words like "@[123]" would tag somebody; an invisible joiner keeps them words."""
    return text.replace("@[", "@\u2060[")


def _is_ours(posted: Mapping[str, Any], reply: Reply) -> bool:
    author = str((posted.get("from") or {}).get("id"))
    if author != reply.account or _is_before(posted, reply) or posted.get("id") in reply.earlier:
        return False
    return _is_file(posted, reply) if reply.files else _same(posted.get("message"), reply.text)


def _is_file(posted: Mapping[str, Any], reply: Reply) -> bool:
    """Meta stores pictures anew, under a name of its own: what is left to compare is that it is a file, and when it came."""
    tried = (reply.tried_at or reply.window_from) - CLOCKS_DIFFER
    came = datetime.fromisoformat(posted["created_time"])
    return bool((posted.get("attachments") or {}).get("data")) and not posted.get("message") and came >= tried


def _is_before(posted: Mapping[str, Any], reply: Reply) -> bool:
    # the Graph API tells whole seconds
    return datetime.fromisoformat(posted["created_time"]) < reply.window_from.replace(microsecond=0)


def _same(posted: Any, text: str) -> bool:
    """Facebook trims and folds white space."""
    return _plain(meta.words(posted)) == _plain(text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text.replace("\u2060", "")).split())


def _name(first: str, last: str) -> str:
    """Chinese, Japanese and Korean names have the family's first and nothing between."""
    if first and last and min(first[0], last[0]) >= CJK_FROM:
        return last + first
    return f"{first} {last}".strip()


def _segment(text: str) -> str:
    return quote(text, safe="")
