"""Text messages: how an answer goes out, by Twilio or by AWS. Nobody can be asked for it, so a lost one stays unknown.

https://www.twilio.com/docs/messaging/api/message-resource
https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.aws import stops
from chalicelib.aws import texts as aws_texts
from chalicelib.channels.base import Outcome, PostFailed, reaching, text_id, utf16_length
from chalicelib.channels.sms import STOPPED
from chalicelib.channels.twilio import LONGEST_TEXT, Account, failure
from chalicelib.http import Response
from chalicelib.phone.sending import TextFailed


def by_twilio(account: Account, ours: str, theirs: str, text: str, callback: str) -> str:
    """Twilio's id of the text. Raises PostFailed."""
    _check(ours, theirs, text)
    with reaching():
        answer = account.text({"From": ours, "To": theirs, "Body": text, "StatusCallback": callback})
    return _sid(answer)


def by_aws(ours: str, theirs: str, text: str, report_to: str) -> str:
    """AWS's id of the text. Raises PostFailed."""
    _check(ours, theirs, text)
    try:
        return aws_texts.send(ours, theirs, text, aws_texts.DAYS_TO_LIVE, report_to)
    except TextFailed as failed:
        raise _meaning(failed) from None


def _check(ours: str, theirs: str, text: str) -> None:
    if stops.is_stopped(ours, theirs):
        raise PostFailed(Outcome.REFUSED, STOPPED)
    if utf16_length(text) > LONGEST_TEXT:
        raise PostFailed(Outcome.REFUSED, "too-long")


def _sid(answer: Response) -> str:
    if answer.status not in (200, 201):
        raise failure(answer)
    try:
        return text_id(answer.json()["sid"])
    except (LookupError, TypeError, ValueError):
        raise PostFailed(Outcome.UNKNOWN, "unclear") from None


def _meaning(failed: TextFailed) -> PostFailed:
    if not failed.sure:
        return PostFailed(Outcome.UNKNOWN, "lost", failed.code)
    if failed.stopped:
        return PostFailed(Outcome.REFUSED, STOPPED, failed.code)
    if failed.code in AWS_REFUSED:
        return PostFailed(Outcome.REFUSED, AWS_REFUSED[failed.code], failed.code)
    if failed.passing:
        return PostFailed(Outcome.PASSING, "throttled", failed.code)
    return PostFailed(Outcome.REFUSED, "rejected", failed.code)


# AWS's exceptions, or the reasons that it gives with them
AWS_REFUSED: Mapping[str, str] = {
    "ACCOUNT_DISABLED": "restricted",
    "AccessDeniedException": "permission",
    "COUNTRY_CODE_MISMATCH": "permission",
    "COUNTRY_NOT_ENABLED": "permission",
    "DESTINATION_COUNTRY_BLOCKED": "permission",
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": "permission",
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": "permission",
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": "restricted",  # the sandbox
    "INSUFFICIENT_ACCOUNT_REPUTATION": "restricted",
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": "permission",
    "INVALID_PARAMETER": "no-texts",
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": "usage-capped",
    "NO_ORIGINATION_IDENTITIES_FOUND": "permission",
    "NUMBER_CAPABILITIES_MISMATCH": "permission",
    "REGISTRATION_NOT_COMPLETE": "restricted",
    "RESOURCE_NOT_ACCESSIBLE": "permission",
    "RESOURCE_NOT_ACTIVE": "permission",  # a number that AWS is still setting up
    "ResourceNotFoundException": "permission",  # a number that is not this account's
    "ServiceQuotaExceededException": "usage-capped",
}
