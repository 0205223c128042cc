"""Texts by AWS End User Messaging SMS, one try at a time: whoever calls this has written down that it will.

https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
It neither recognises a repeat nor can be asked whether it sent one.
"""

from __future__ import annotations

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws import clients
from chalicelib.phone.sending import TextFailed

SECONDS_TO_LIVE = 3600  # a text about a waiting customer is of no use tomorrow
DAYS_TO_LIVE = 259_200  # seconds; an answer to a customer is, and networks keep none for longer
# what only the account's owner can mend, or nobody
HOPELESS = frozenset(
    ("ConflictException", "ValidationException", "ResourceNotFoundException", "ServiceQuotaExceededException")
)
STOPPED = "DESTINATION_PHONE_NUMBER_OPTED_OUT"


def send(sender: str, to: str, text: str, seconds: int = SECONDS_TO_LIVE, report_to: str = "") -> str:
    """AWS's id of the text. `report_to`: the configuration set by which its delivery is told. Raises TextFailed."""
    request = {
        "DestinationPhoneNumber": to,
        "OriginationIdentity": sender,
        "MessageBody": text,
        "MessageType": "TRANSACTIONAL",
        "TimeToLive": seconds,
        **({"ConfigurationSetName": report_to} if report_to else {}),
    }
    try:
        answer = clients.client("pinpoint-sms-voice-v2").send_text_message(**request)
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise TextFailed(type(error).__name__, sure=True, passing=True) from error
    except ClientError as error:
        raise _refused(error) from error
    except Exception as error:
        raise TextFailed(type(error).__name__, sure=False, passing=True) from error
    return str(answer["MessageId"])


def _refused(error: ClientError) -> TextFailed:
    told, status = error.response, error.response["ResponseMetadata"]["HTTPStatusCode"]
    code, reason = told["Error"]["Code"], str(told.get("Reason", ""))
    if status >= 500:
        return TextFailed(code, sure=False, passing=True)
    stopped = reason == STOPPED
    return TextFailed(reason or code, sure=True, passing=code not in HOPELESS, stopped=stopped)
