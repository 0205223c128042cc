"""WhatsApp: how an answer is written, whatever the way it takes to Meta.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.whatsapp.events import GROUP, OURS
from chalicelib.http import Response
from chalicelib.model import File, Reply

LARGEST_PICTURE = 5_000_000  # bytes; a larger one goes as a document
KINDS = {
    **dict.fromkeys(("image/jpeg", "image/png"), "image"),
    **dict.fromkeys(("video/mp4", "video/3gpp"), "video"),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), "audio"),
}  # everything else is a document


class Way(Protocol):
    """To Meta: its own API, or AWS's."""

    def send(self, message: Mapping[str, Any]) -> str:
        """The id of what was sent. Raises PostFailed."""

    def upload(self, file: File) -> str:
        """Meta's id of a file, good for 30 days. Raises PostFailed, never with an unknown outcome."""

    def download(self, ref: str, most: int, seconds: float) -> Response:
        """What a customer sent, by a reference of `whatsapp_content`. Raises NotSent, Lost or TooLarge."""


def post(reply: Reply, way: Way, templates: Mapping[str, str]) -> str:
    """The id of the message. Raises PostFailed."""
    if reply.template:
        what = _template(reply, templates)
    elif reply.files:
        what = _file(reply.files[0], way)
    else:
        what = {"type": "text", "text": {"body": reply.text, "preview_url": False}}
    # what a status brings back has the thread in it: nothing needs to be looked up to know whose answer it was
    kept = f"{OURS}{reply.id}:{reply.author_id}:{reply.thread}"
    return way.send({"messaging_product": "whatsapp", **_to(reply), **what, "biz_opaque_callback_data": kept})


def _to(reply: Reply) -> dict[str, Any]:
    if reply.thread.startswith(GROUP):
        return {"recipient_type": "group", "to": reply.thread.removeprefix(GROUP), **_answered(reply)}
    # numbers are digits alone; everything else is Meta's own id of a person
    side = "to" if reply.thread.isdecimal() else "recipient"
    return {"recipient_type": "individual", side: reply.thread, **_answered(reply)}


def _answered(reply: Reply) -> dict[str, Any]:
    """The message it answers, shown above it: once, however many parts follow, and not above a template."""
    if reply.earlier or reply.template or not reply.parent.startswith("wamid."):
        return {}
    return {"context": {"message_id": reply.parent}}


def _template(reply: Reply, templates: Mapping[str, str]) -> dict[str, Any]:
    if reply.template not in templates:
        raise PostFailed(Outcome.REFUSED, "template")
    lines = [" ".join(line.split()) for line in reply.text.splitlines() if line.strip()]
    places = [{"type": "text", "text": line} for line in lines]
    body = [{"type": "body", "parameters": places}] if places else []
    language = {"code": templates[reply.template]}
    return {"type": "template", "template": {"name": reply.template, "language": language, "components": body}}


def _file(file: File, way: Way) -> dict[str, Any]:
    kind = KINDS.get(file.media_type, "document")
    if kind == "image" and len(file.content) > LARGEST_PICTURE:
        kind = "document"
    # what is only uploaded nobody sees: it can be done again, unlike the message
    named = {"filename": file.name} if kind == "document" else {}
    return {"type": kind, kind: {"id": way.upload(file), **named}}
