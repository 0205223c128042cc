"""One review as Google's API gives it, and as the message it is for us. Pure.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews#Review
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.model import Attachment, AttachmentKind, Author, Kind, Message

CHANNEL = "google_business"
STARS = {"ONE": "1/5", "TWO": "2/5", "THREE": "3/5", "FOUR": "4/5", "FIVE": "5/5"}
TRANSLATED, ORIGINAL = "(Translated by Google)", "(Original)"

Json = Mapping[str, Any]


def message_from(review: Json, account: str, raw: Json) -> Message:
    """A version of a review. Raises LookupError or ValueError on what is none."""
    text, translation = _split(str(review.get("comment") or ""))
    return Message(
        channel=CHANNEL,
        account=account,
        id=content_id(review),
        thread=review["name"],
        author=Author("", _name(review.get("reviewer") or {})),
        text=text,
        sent_at=moment(review["updateTime"]),
        kind=Kind.REVIEW,
        public=True,
        attachments=tuple(_media(review)),
        permalink=_address(review.get("reviewReplyUrl")),
        rating=STARS.get(str(review.get("starRating")), ""),
        translation=translation,
        raw=raw,
    )


def content_id(review: Json) -> str:
    """What tells this version of the review from the one before, however it was found."""
    return f"{review['name']}@{moment(review['updateTime']).isoformat()}"


def is_answered(review: Json) -> bool:
    """Whether our reply is the newest of it: nobody waits, and a push about it was about our own words."""
    answered = reply_to(review).get("updateTime")
    return bool(answered) and moment(answered) >= moment(review["updateTime"])


def reply_to(review: Json) -> Json:
    """Our reply, {} when there is none."""
    found = review.get("reviewReply")
    return found if isinstance(found, Mapping) else {}


def reply_id(review: str) -> str:
    """A review has one reply, and Google gives it no id of its own."""
    return f"{review}/reply"


def rejected(reply: Json) -> bool:
    """Whether Google's moderation took the reply down; PENDING ones may still come."""
    return reply.get("reviewReplyState") == "REJECTED"


def moment(value: Any) -> datetime:
    """RFC 3339, any number of digits behind the second. Raises TypeError, or ValueError without the value, which may be anything."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        raise ValueError("time") from None


def _split(comment: str) -> tuple[str, str]:
    """The words as they were written and Google's translation, which stand in one text in either order."""
    before, found, rest = comment.partition(TRANSLATED)
    if not found:
        return comment.strip(), ""
    if before.strip():
        return before.strip().removeprefix(ORIGINAL).strip(), rest.strip()
    translation, found, original = rest.partition(f"\n{ORIGINAL}")
    return (original.strip(), translation.strip()) if found else (comment.strip(), "")


def _name(reviewer: Json) -> str:
    return "" if reviewer.get("isAnonymous") else str(reviewer.get("displayName") or "")


def _media(review: Json) -> Iterator[Attachment]:
    for item in review.get("reviewMediaItems") or ():
        if video := _address(item.get("videoUrl")):
            yield Attachment(AttachmentKind.VIDEO, video)
        elif picture := _address(item.get("thumbnailUrl")):
            yield Attachment(AttachmentKind.IMAGE, picture)


def _address(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith("https://") else ""
