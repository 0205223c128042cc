"""AWS End User Messaging Social: WhatsApp messages and files, one try at a time; whoever calls this has written down that it will.

Files go through the bucket: what a customer sent under a name of its own that is gone again at once, ours the same way.
https://docs.aws.amazon.com/social-messaging/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws import clients, environment, objects
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.http import Lost, NotSent, Response, TooLarge

SERVICE = "socialmessaging"
# no hyphen in a link's token: nobody can ask for these by one
ARRIVING, LEAVING = "media/whatsapp-in-", "media/whatsapp-out-"
LINK_SECONDS = 60
REFUSALS = {
    "ThrottledRequestException": (Outcome.PASSING, "throttled"),
    "ThrottlingException": (Outcome.PASSING, "throttled"),
    "InvalidParametersException": (Outcome.REFUSED, "rejected"),
    "ValidationException": (Outcome.REFUSED, "rejected"),
    "ResourceNotFoundException": (Outcome.REFUSED, "permission"),
    "AccessDeniedException": (Outcome.REFUSED, "permission"),
    "AccessDeniedByMetaException": (Outcome.REFUSED, "token"),
}  # every other error may come after the message has left


def send(number: str, message: bytes, version: str) -> str:
    """AWS's id of the message. Raises PostFailed."""
    request = {"originationPhoneNumberId": number, "message": message, "metaApiVersion": version}
    return str(_call("send_whatsapp_message", **request)["messageId"])


def upload(number: str, content: bytes, media_type: str) -> str:
    """Meta's id of a file. Raises PostFailed."""
    key = f"{LEAVING}{sha256(content).hexdigest()[:32]}"
    try:
        objects.put(key, content, media_type)
    except objects.NotKept:
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    place = {"bucketName": environment.get("BUCKET"), "key": key}
    answer = _call("post_whatsapp_message_media", originationPhoneNumberId=number, sourceS3File=place)
    objects.delete(key)
    return str(answer["mediaId"])


def download(number: str, media_id: str, most: int) -> Response:
    """What a customer sent. Raises NotSent, Lost or TooLarge."""
    key = f"{ARRIVING}{media_id}"
    request = {"mediaId": media_id, "originationPhoneNumberId": number}
    try:
        if _call("get_whatsapp_message_media", **request, metadataOnly=True).get("fileSize", 0) > most:
            raise TooLarge("bytes")
        _call("get_whatsapp_message_media", **request, destinationS3PresignedUrl=_place(key))
    except PostFailed as failed:
        raise _not_fetched(failed) from None
    return Response(200, _taken(key, most))


def _taken(key: str, most: int) -> bytes:
    """Off the bucket. The size told before may have been in KB: the papers say so, their examples do not."""
    try:
        return objects.get(key, most)
    except KeyError:
        raise NotSent("not there") from None
    except ValueError:
        raise TooLarge("bytes") from None
    finally:
        objects.delete(key)


def _place(key: str) -> dict[str, Any]:
    """An address to put a file at: to a key that it is given AWS adds the file's id and ending, which it does not tell."""
    place = {"Bucket": environment.get("BUCKET"), "Key": key}
    url = clients.client("s3").generate_presigned_url("put_object", Params=place, ExpiresIn=LINK_SECONDS)
    return {"url": url, "headers": {"Content-Type": "application/octet-stream"}}


def _not_fetched(failed: PostFailed) -> Exception:
    return Lost(failed.code) if failed.outcome is Outcome.UNKNOWN else NotSent(failed.code)


def _call(operation: str, **request: Any) -> Any:
    try:
        return getattr(clients.client(SERVICE), operation)(**request)
    except (EndpointConnectionError, ConnectTimeoutError):
        raise PostFailed(Outcome.PASSING, "unreachable") from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise PostFailed(*REFUSALS.get(code, (Outcome.UNKNOWN, "unclear")), code) from None
    except BotoCoreError:
        raise PostFailed(Outcome.UNKNOWN, "lost") from None
