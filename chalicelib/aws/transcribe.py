"""Amazon Transcribe: the words of a recording. A job is named by its recording, so beginning it again gives the same job.

https://docs.aws.amazon.com/transcribe/latest/APIReference/API_StartTranscriptionJob.html
Recording and words lie in our own bucket, which empties itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients, environment, objects

LANGUAGES = ("en-US", "de-DE", "ja-JP", "vi-VN", "zh-CN")  # which of them it is, Transcribe finds out
LARGEST_RESULT = 2_000_000  # bytes
THROTTLED = ("LimitExceededException", "ThrottlingException", "InternalFailureException", "ConflictException")
UNKNOWN = ("BadRequestException", "NotFoundException")  # there is no such job


class Unreadable(Exception):
    """Transcribe cannot tell the words, now or ever."""


def words(name: str, recording: Callable[[], bytes]) -> str | None:
    """What is said in an MP3; None while the job runs. `recording` is asked for once. Raises Unreadable."""
    try:
        return _words(name, recording)
    except ClientError as error:
        if error.response["Error"]["Code"] in THROTTLED:
            return None
        raise Unreadable(error.response["Error"]["Code"]) from error
    except (BotoCoreError, objects.NotKept):
        return None


def _words(name: str, recording: Callable[[], bytes]) -> str | None:
    state = _state(name)
    if not state:
        _begin(name, recording())
        return None
    if state == "FAILED":
        raise Unreadable(state)
    return _result(name) if state == "COMPLETED" else None


def _state(name: str) -> str:
    try:
        found = clients.client("transcribe").get_transcription_job(TranscriptionJobName=_job(name))
    except ClientError as error:
        if error.response["Error"]["Code"] in UNKNOWN:
            return ""
        raise
    return str(found["TranscriptionJob"]["TranscriptionJobStatus"])


def _begin(name: str, content: bytes) -> None:
    if not content:
        raise Unreadable("empty")
    bucket = environment.get("BUCKET")
    objects.put(_key(name, "mp3"), content, "audio/mpeg")
    clients.client("transcribe").start_transcription_job(
        TranscriptionJobName=_job(name),
        Media={"MediaFileUri": f"s3://{bucket}/{_key(name, 'mp3')}"},
        MediaFormat="mp3",
        IdentifyLanguage=True,
        LanguageOptions=list(LANGUAGES),
        OutputBucketName=bucket,
        OutputKey=_key(name, "json"),
    )


def _result(name: str) -> str:
    try:
        told = json.loads(objects.get(_key(name, "json"), LARGEST_RESULT))
        return "\n".join(each["transcript"] for each in told["results"]["transcripts"]).strip()
    except (LookupError, TypeError, ValueError) as error:
        raise Unreadable("result") from error


def _job(name: str) -> str:
    return f"bridgehead-{environment.get('STAGE')}-{name}"


def _key(name: str, ending: str) -> str:
    # no hyphen in a link's token: nobody can ask for these by one
    return f"media/voice-{name}.{ending}"
