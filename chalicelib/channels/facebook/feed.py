"""Comments, visitor posts, mentions and ratings of a Page: what a change of its feed means.

https://developers.facebook.com/docs/graph-api/webhooks/reference/page
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.channels.base import text_id
from chalicelib.channels.meta import Piece, moment, unknown
from chalicelib.channels.told import address, words
from chalicelib.model import Attachment, AttachmentKind, Author, Echo, Edit, Event, Kind, Message, Unsend

SITE = "https://www.facebook.com"
POSTS = ("post", "status", "photo", "video", "share", "album", "event")
KINDS: Mapping[str, Mapping[str, Kind]] = {
    "feed": {"comment": Kind.COMMENT, **dict.fromkeys(POSTS, Kind.POST)},
    "mention": dict.fromkeys(("comment", *POSTS), Kind.MENTION),
    "ratings": {"rating": Kind.REVIEW, "comment": Kind.COMMENT},
}
SILENT_ITEMS = ("like", "reaction")
SILENT_VERBS = ("hide", "unhide", "block", "unblock", "mute")  # moderation by the Page
IDS = {"comment": "comment_id", "rating": "open_graph_story_id"}  # every other item: post_id
LINKS = {"photo": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO}  # what `link` is for an item; else a link


def to_event(piece: Piece) -> Event | None:
    """One of `entry[].changes[]`."""
    field, value = piece.item["field"], piece.item.get("value", {})
    item, verb = value.get("item"), value.get("verb")
    kind, read = KINDS.get(field, {}).get(item), VERBS.get(verb)
    if field in KINDS and (item in SILENT_ITEMS or (kind and verb in SILENT_VERBS)):
        return None
    if kind is None or read is None:
        return unknown(piece)
    # scheduled posts and those only shown as advertisements have no readers yet
    return None if value.get("published") == 0 else read(piece, value, kind)


def targets(thread: str, parent: str) -> list[str]:
    """What an answer is written under, the best first: the latest message, else the comment at the top of its thread."""
    # not every comment takes answers of its own, the one at the top always does
    return list(dict.fromkeys(target for target in (parent, thread.rpartition(":")[2]) if target))


def _added(piece: Piece, value: Mapping[str, Any], kind: Kind) -> Event | None:
    author = _author(value)
    if author.id == piece.account:
        return _echo(piece, value) if value["item"] == "comment" else None
    return Message(
        channel="facebook",
        account=piece.account,
        id=_id(value),
        thread=_thread(piece, value),
        author=author,
        text=words(value.get("review_text" if kind is Kind.REVIEW else "message")),
        sent_at=moment(value.get("created_time"), *piece.times),
        kind=kind,
        public=True,
        attachments=tuple(_attachments(value)),
        permalink=_permalink(piece, value, kind),
        parent=_parent(piece, value),
        rating=_rating(value),
        raw=piece.raw,
    )


def _echo(piece: Piece, value: Mapping[str, Any]) -> Echo:
    # nobody says whom the Page answers, only under what
    return Echo(
        channel="facebook",
        account=piece.account,
        id=_id(value),
        text=words(value.get("message")),
        at=moment(value.get("created_time"), *piece.times),
        parent=_parent(piece, value),
        raw=piece.raw,
    )


def _edited(piece: Piece, value: Mapping[str, Any], kind: Kind) -> Edit | None:
    if _author(value).id == piece.account:
        return None
    text = words(value.get("review_text" if kind is Kind.REVIEW else "message"))
    # created_time is that of the first version
    at = moment(*piece.times[:1], value.get("created_time"), *piece.times)
    return Edit("facebook", piece.account, _id(value), text, at, piece.raw)


def _removed(piece: Piece, value: Mapping[str, Any], kind: Kind) -> Unsend:
    # also when it names the Page: that may be who removed it, and words that are gone there must go here
    return Unsend("facebook", piece.account, _id(value), moment(*piece.times), piece.raw)


VERBS: Mapping[Any, Callable[[Piece, Mapping[str, Any], Kind], Event | None]] = {
    "add": _added,
    "edited": _edited,
    "edit": _edited,  # posts and ratings come with this spelling
    "remove": _removed,
}


def _author(value: Mapping[str, Any]) -> Author:
    """The three ways Meta has named people, or nobody: Meta leaves out those who did not agree, never the Page itself."""
    named = value.get("from") or {}
    found = named.get("id") or value.get("sender_id") or value.get("reviewer_id")
    name = named.get("name") or value.get("sender_name") or value.get("reviewer_name")
    return Author(text_id(found) if found else "", words(name))


def _id(value: Mapping[str, Any]) -> str:
    return text_id(value[IDS.get(value["item"], "post_id")])


def _thread(piece: Piece, value: Mapping[str, Any]) -> str:
    if piece.item["field"] == "ratings":
        return _story(value)
    post = text_id(value["post_id"])
    if value["item"] != "comment":
        return post
    above = _above(value)
    return f"{post}:{_id(value) if above == post else above}"


def _parent(piece: Piece, value: Mapping[str, Any]) -> str:
    if value["item"] != "comment":
        return ""
    above = _above(value)
    return _story(value) if piece.item["field"] == "ratings" and above == text_id(value["post_id"]) else above


def _above(value: Mapping[str, Any]) -> str:
    """The comment above, or the post; a post is named with its Page in front or without."""
    post, above = text_id(value["post_id"]), text_id(value.get("parent_id") or value["post_id"])
    return post if above == post.rpartition("_")[2] else above


def _story(value: Mapping[str, Any]) -> str:
    """A rating's own id; comments under it that do not tell it have it at the end of their post's."""
    return text_id(value.get("open_graph_story_id") or text_id(value["post_id"]).rpartition("_")[2])


def _attachments(value: Mapping[str, Any]) -> Iterator[Attachment]:
    photos = value["photos"] if isinstance(value.get("photos"), list) else []
    for url in dict.fromkeys(map(address, [value.get("photo"), *photos])):
        if url:
            yield Attachment(AttachmentKind.IMAGE, url)
    for name, kind in (("video", AttachmentKind.VIDEO), ("link", LINKS.get(value["item"], AttachmentKind.LINK))):
        if address(value.get(name)):
            yield Attachment(kind, value[name])


def _permalink(piece: Piece, value: Mapping[str, Any], kind: Kind) -> str:
    if kind is Kind.REVIEW:
        return f"{SITE}/{piece.account}/reviews"
    comment = value["item"] == "comment"
    told = words((value.get("post") or {}).get("permalink_url"))
    if told.startswith(f"{SITE}/") and not comment:
        return told
    post = text_id(value["post_id"])
    return f"{SITE}/{post}" + (f"?comment_id={_id(value).rpartition('_')[2]}" if comment else "")


def _rating(value: Mapping[str, Any]) -> str:
    # Pages have recommendations since 2018; where both come, the stars are not shown on the Page
    stars = value.get("rating")
    return words(value.get("recommendation_type")) or (f"{stars}/5" if isinstance(stars, int) else "")
