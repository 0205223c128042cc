"""Agents' files on their way to a platform: out of the bucket, without a camera's notes, behind a link where one is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable

from chalicelib.aws import objects
from chalicelib.channels.base import Media
from chalicelib.desk.pictures import Broken, without_metadata
from chalicelib.model import Enclosure, File

# some platforms take a link for a picture's only by its ending
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png"}


class Missing(Exception):
    """The file is no longer kept, or is not what it says it is."""


def bring(enclosure: Enclosure, name: str, media: Media, token: Callable[[str], str], link: str) -> File:
    """The file as it may leave; `name` is unique for it, `token` makes of it what stands behind `link`. Raises Missing."""
    try:
        content = without_metadata(objects.get(enclosure.key, enclosure.size), enclosure.media_type)
    except (KeyError, ValueError, Broken) as error:
        raise Missing(type(error).__name__) from error
    if not media.by_link:
        return File(enclosure.name, enclosure.media_type, content)
    found = token(name)
    objects.put(f"media/{found}", content, enclosure.media_type, _header_name(enclosure.name))
    return File(enclosure.name, enclosure.media_type, content, f"{link}{found}{ENDINGS.get(enclosure.media_type, '')}")


def _header_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-")[-80:]
