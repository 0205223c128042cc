"""The bucket: mails as they came, media on their way into a ticket, texts too long for the table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients, environment

LINK_SECONDS = 300  # of the signed address a link of ours leads to; the link itself lives as long as the object


class NotKept(Exception):
    """The bucket did not take it."""


def put(key: str, content: bytes, media_type: str = "application/octet-stream", name: str = "") -> None:
    """Stores an object; the same key again replaces it. A browser saves it under `name` instead of showing it.

    Raises NotKept.
    """
    disposition = {"ContentDisposition": f'attachment; filename="{name}"'} if name else {}
    place = {"Bucket": environment.get("BUCKET"), "Key": key}
    try:
        clients.client("s3").put_object(**place, Body=content, ContentType=media_type, **disposition)
    except (ClientError, BotoCoreError) as error:
        raise NotKept(type(error).__name__) from error


def get(key: str, most: int) -> bytes:
    """An object of at most `most` bytes. Raises KeyError when there is none, ValueError when it is larger."""
    try:
        found = clients.client("s3").get_object(Bucket=environment.get("BUCKET"), Key=key)
    except ClientError as error:
        # without the right to list the bucket a missing object is an AccessDenied
        if error.response["Error"]["Code"] in ("NoSuchKey", "404", "AccessDenied"):
            raise KeyError(key) from error
        raise
    if found["ContentLength"] > most:
        raise ValueError("too large")
    content: bytes = found["Body"].read()
    return content


def delete(key: str) -> None:
    """Removes an object; none there is as good."""
    clients.client("s3").delete_object(Bucket=environment.get("BUCKET"), Key=key)


def is_there(key: str) -> bool:
    """Whether there is such an object (still)."""
    try:
        clients.client("s3").head_object(Bucket=environment.get("BUCKET"), Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NotFound", "404"):
            return False
        raise
    return True


def names(prefix: str) -> Iterator[tuple[str, datetime]]:
    """The keys that begin so, with when each was stored; for an operator, no Lambda may list the bucket."""
    request: dict[str, Any] = {"Bucket": environment.get("BUCKET"), "Prefix": prefix}
    while True:
        page = clients.client("s3").list_objects_v2(**request)
        yield from ((each["Key"], each["LastModified"]) for each in page.get("Contents", ()))
        if not page.get("IsTruncated"):
            return
        request["ContinuationToken"] = page["NextContinuationToken"]


def signed_link(key: str) -> str | None:
    """A short-lived address of an object, which a browser saves; None when there is none (any more)."""
    place: dict[str, Any] = {"Bucket": environment.get("BUCKET"), "Key": key}
    try:
        kept = clients.client("s3").head_object(**place)
    except ClientError:
        return None
    saved = {**place, "ResponseContentDisposition": kept.get("ContentDisposition") or "attachment"}
    link: str = clients.client("s3").generate_presigned_url("get_object", Params=saved, ExpiresIn=LINK_SECONDS)
    return link
