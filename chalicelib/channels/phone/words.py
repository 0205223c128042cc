"""Phone calls: the words of a recording, by Amazon Transcribe in any of our languages, or by Twilio in English.

https://docs.aws.amazon.com/transcribe/latest/dg/lang-id-batch.html
https://www.twilio.com/docs/voice/api/recording-transcription
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.channels import option
from chalicelib.channels.base import Connection, Outcome, PostFailed
from chalicelib.channels.sms import files
from chalicelib.channels.twilio import Account
from chalicelib.http import Lost, NotSent, Response, TooLarge

LARGEST = 20_000_000  # bytes
SECONDS = 8.0  # for the recording; the desk has 30 for a job
LOOK_AGAIN = timedelta(seconds=20)
SOON = timedelta(minutes=5)  # by then Twilio has begun with what it will transcribe
LATE = timedelta(minutes=15)  # after the call: the recording itself matters more


@dataclass(frozen=True)
class Place:
    """Where a recording is, and since when."""

    connection: Connection
    account: Account
    get: Callable[..., Response]
    called_at: datetime
    now: datetime


def of(recording: str, place: Place) -> str:
    """What was said, "" when nobody can tell. Raises PostFailed, passing, while it is worked on."""
    way = str(option(place.connection, "transcribe"))
    try:
        return WAYS[way](recording, place) if way in WAYS else ""
    except PostFailed:
        if place.now - place.called_at < LATE:
            raise
        return ""


def file_of(recording: str) -> str:
    """Its path below the account."""
    return f"Recordings/{recording}.mp3"


def _by_aws(recording: str, place: Place) -> str:
    from chalicelib.aws import transcribe

    try:
        found = transcribe.words(recording, lambda: _fetched(recording, place))
    except transcribe.Unreadable:
        return ""
    if found is None:
        raise PostFailed(Outcome.PASSING, "unread", retry_after=LOOK_AGAIN)
    return found


def _fetched(recording: str, place: Place) -> bytes:
    """Raises PostFailed; what is no recording (any more) is b""."""
    try:
        got = files.download(
            place.connection, place.account.http, place.get, file_of(recording), most=LARGEST, seconds=SECONDS
        )
    except (NotSent, Lost):
        raise PostFailed(Outcome.PASSING, "unreachable", retry_after=LOOK_AGAIN) from None
    except TooLarge:
        return b""
    return got.body if got.status == 200 else b""


def _by_twilio(recording: str, place: Place) -> str:
    address = place.account.address(f"Recordings/{recording}/Transcriptions.json")
    found = place.account.look(address).get("transcriptions", ())
    begins = not found and place.now - place.called_at < SOON
    if begins or any(each["status"] == "in-progress" for each in found):
        raise PostFailed(Outcome.PASSING, "unread", retry_after=LOOK_AGAIN)
    return "\n".join(str(each.get("transcription_text") or "") for each in found if each["status"] == "completed")


WAYS: Mapping[str, Callable[[str, Place], str]] = {"aws": _by_aws, "twilio": _by_twilio}
