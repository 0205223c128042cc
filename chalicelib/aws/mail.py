"""SES, one try at a time: whoever calls this has written down that it will, and writes down what came of it.

v1 SendRawEmail with a 7-bit mail; up to 10 MB. SES replaces Message-ID and Date.
https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws import clients, environment

SEVEN_BIT = SMTP.clone(cte_type="7bit")
# about the mail itself; an account, domain or role that may not send now will be mended, and until then no ticket is lost
HOPELESS_CODES = ("InvalidParameterValue", "InvalidParameterCombination")


class MailFailed(Exception):
    """SES did not take the mail. `sure`: certainly not sent; `passing`: worth another try."""

    def __init__(self, code: str, *, sure: bool, passing: bool) -> None:
        super().__init__(code)
        self.code, self.sure, self.passing = code, sure, passing


def send(mail: EmailMessage, tags: Mapping[str, str]) -> str:
    """The id under which SES sent it, as it will come back in References. Raises MailFailed."""
    request = {
        # the role's conditions on sender and recipient are about these, not about the headers
        "Source": _address(mail, "From"),
        "Destinations": [_address(mail, "To")],
        "RawMessage": {"Data": mail.as_bytes(policy=SEVEN_BIT)},
        "ConfigurationSetName": environment.get("CONFIGURATION_SET"),
        "Tags": [{"Name": name, "Value": value} for name, value in tags.items()],
    }
    try:
        answer = clients.client("ses").send_raw_email(**request)
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise MailFailed(type(error).__name__, sure=True, passing=True) from error
    except ClientError as error:
        raise _refused(error) from error
    except Exception as error:
        raise MailFailed(type(error).__name__, sure=False, passing=True) from error
    return message_id(answer["MessageId"])


def message_id(ses_id: str) -> str:
    """The Message-ID header that SES gives a mail; an emulator answers with the whole of it."""
    if "@" in ses_id:
        return f"<{ses_id}>"
    region = clients.session().get_config_variable("region")
    host = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
    return f"<{ses_id}@{host}>"


def _address(mail: EmailMessage, header: str) -> str:
    (address,) = mail[header].addresses
    return str(address.addr_spec)


def _refused(error: ClientError) -> MailFailed:
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status >= 500:
        return MailFailed(code, sure=False, passing=True)
    return MailFailed(code, sure=True, passing=code not in HOPELESS_CODES)
