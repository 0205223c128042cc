"""How Graph shows what it has: comments, messages, people. Times are ISO with +0000, as Graph writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from infra.simulator.world import Post, Told, World

CJK_FROM = "\u2e80"


def as_object(world: World, page: str, object_id: str) -> dict[str, Any] | None:
    """A page, a post or something a customer wrote; None when the id is none of these."""
    if object_id == page:
        return {"id": page, "name": world.account_name(page)}
    for post in world.posts:
        if post.channel == "facebook" and post.id == object_id:
            return as_comment(world, post) if post.public else as_message(world, post)
    told = next((told for told in world.told if told.channel == "facebook" and told.thread == object_id), None)
    return None if told is None else as_told(world, told)


def as_comment(world: World, post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "message": post.text,
        "created_time": stamp(post.at),
        "from": {"id": post.account, "name": world.account_name(post.account)},
        "parent": {"id": post.in_reply_to},
        "permalink_url": link(post.id),
    }


def as_message(world: World, line: Post | Told) -> dict[str, Any]:
    page = {"id": line.account, "name": world.account_name(line.account)}
    person_id = line.thread if isinstance(line, Post) else line.author
    person = {"id": person_id, "name": world.person(person_id)["name"]}
    sender, recipient = (page, person) if isinstance(line, Post) else (person, page)
    message_id = line.id if isinstance(line, Post) else line.thread or f"m_told_{line.at.timestamp():.0f}"
    files = line.files if isinstance(line, Post) else ()
    attached = [{"id": file.name, "mime_type": file.media_type, "name": file.name, "size": file.size} for file in files]
    return {
        "id": message_id,
        "message": line.text,
        "created_time": stamp(line.at),
        "from": sender,
        "to": {"data": [recipient]},
        **({"attachments": {"data": attached}} if attached else {}),
    }


def as_told(world: World, told: Told) -> dict[str, Any]:
    return {
        "id": told.thread,
        "message": told.text,
        "created_time": stamp(told.at),
        "from": {"id": told.author, "name": world.person(told.author)["name"]},
        "permalink_url": link(told.thread),
    }


def as_conversation(person: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Newest first; it is as young as its newest message."""
    listed = {"data": messages, "paging": {}}
    return {"id": f"t_{person}", "updated_time": messages[0]["created_time"], "messages": listed}


def as_wall(world: World, page: str) -> dict[str, Any]:
    """One post of the page, under which all comments stand."""
    told = [each for each in world.told if (each.channel, each.account, each.public) == ("facebook", page, True)]
    comments = [as_told(world, each) for each in told if each.thread]
    own = {"id": page, "name": world.account_name(page)}
    first = min((each.at for each in told), default=datetime.now(UTC))
    wall = {"id": f"{page}_1", "message": "", "from": own, "created_time": stamp(first)}
    return {**wall, "comments": {"data": comments, "paging": {}}}


def person_fields(world: World, person_id: str) -> dict[str, Any]:
    """The first word is the first name, but the family's in Chinese, Japanese and Korean."""
    name = world.person(person_id)["name"]
    first, _, last = name.partition(" ")
    if last and name[0] >= CJK_FROM:
        first, last = last, first
    return {"id": person_id, "name": name, "first_name": first, "last_name": last}


def link(object_id: str) -> str:
    return f"https://www.facebook.com/{object_id}"


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")
