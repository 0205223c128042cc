"""Files that came with mail: the mailroom kept them in the bucket, `Attachment.ref` is the object's key."""

from __future__ import annotations

from chalicelib.http import NotSent, Response, TooLarge
from chalicelib.model import Attachment

GONE = 410


def download(attachment: Attachment, most: int) -> Response:
    """At most `most` bytes; 410 when the bucket no longer has it. Raises http.TooLarge or NotSent."""
    from chalicelib.aws import objects

    if not attachment.ref.startswith("incoming/"):
        raise NotSent("no file of a mail")
    try:
        return Response(200, objects.get(attachment.ref, most))
    except KeyError:
        return Response(GONE)
    except ValueError as error:
        raise TooLarge("bytes") from error
