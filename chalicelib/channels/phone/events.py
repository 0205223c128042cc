"""Phone calls: what a delivery of Twilio's means. All that is told of one call is one message, known by the call's id.

https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from chalicelib.channels import twilio
from chalicelib.channels.base import WebhookRequest, each
from chalicelib.model import Author, Event, Kind, Message, Unreadable

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
# what Twilio writes for a withheld number: the words ANONYMOUS, BLOCKED, RESTRICTED, UNAVAILABLE, UNKNOWN on a keypad
WITHHELD = frozenset(("+266696687", "+2562533", "+7378742833", "+86282452253", "+8656696"))
NOBODY = re.compile(
    r"sips?:(?:anonymous|restricted|unavailable|unknown)?(?:@|$)|.*\.invalid$", re.IGNORECASE
)  # RFC 3323
OF_A_RECORDING = ("RecordingStatus", "TranscriptionStatus")  # only told besides: the desk asks for what there is


def events(request: WebhookRequest, accounts: Sequence[str]) -> list[Event]:
    """Raises Malformed."""
    form, at = twilio.read(request.body), datetime.fromtimestamp(request.received_at, UTC)
    if "MessageStatus" in form and form.get("MessageSid"):
        return twilio.undelivered("phone", form, accounts, at)
    if "CallSid" not in form:
        return [Unreadable("unknown-kind", form)]
    if form.get("Direction", "inbound") != "inbound" or any(name in form for name in OF_A_RECORDING):
        return []
    return list(each(form, partial(_call, accounts, at)))


def is_withheld(caller: str) -> bool:
    """Whether nobody can tell who calls."""
    is_somebody = NUMBER.fullmatch(caller) or (":" in caller and not NOBODY.match(caller))
    return caller in WITHHELD or not is_somebody


def _call(accounts: Sequence[str], at: datetime, form: Mapping[str, str]) -> Message | Unreadable:
    caller, account, id = form["From"], form["To"], form["CallSid"]
    if account not in accounts:
        return Unreadable("unknown account", form)
    if not id:
        raise ValueError("CallSid")
    withheld = is_withheld(caller)
    return Message(
        channel="phone",
        account=account,
        id=id,
        # of two who withhold their number nobody knows whether they are one
        thread=id if withheld else caller,
        author=Author("") if withheld else Author(caller, name=caller),
        text="",
        sent_at=at,
        kind=Kind.CALL if NUMBER.fullmatch(caller) and not withheld else Kind.CALL_BACK,
        partial=True,
        raw=form,
    )
