"""Phone calls: what the caller hears, as TwiML, in the language of the country the call comes from.

https://www.twilio.com/docs/voice/twiml/record
A recording's end asks for what comes next; silence does not, then the words after the recording are said.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from chalicelib.channels import option, twilio
from chalicelib.channels.base import Connection, Malformed, WebhookRequest
from chalicelib.channels.phone.events import events, is_withheld
from chalicelib.locales import say
from chalicelib.model import Message

SILENCE = 5  # seconds that end a message
STARTS = ("ringing", "in-progress")
# by the country a number belongs to; everybody else hears the first of the connection's languages
COUNTRIES: Mapping[str, str] = {
    **dict.fromkeys(("+41", "+423", "+43", "+49"), "de"),
    "+81": "ja",
    "+84": "vi",
    **dict.fromkeys(("+852", "+853", "+86", "+886"), "zh"),
    **dict.fromkeys(("+1", "+353", "+44", "+61", "+64", "+65"), "en"),
}
VOICES: Mapping[str, str] = {
    "en": 'language="en-US"',
    "de": 'language="de-DE"',
    "ja": 'language="ja-JP"',
    "vi": 'voice="Google.vi-VN-Standard-A" language="vi-VN"',
    "zh": 'language="zh-CN"',
}


def after(request: WebhookRequest, connection: Connection) -> str:
    """The answer to a delivery; what is only told is answered with nothing, and so is what opens no ticket."""
    if not _is_call(request, connection):
        return twilio.NOTHING
    form = twilio.read(request.body)
    if "RecordingSid" in form:
        language = _language(form, connection)
        said = _spoken(say(language, "call_thanks"), language)
        return f"<Response>{said}<Hangup/></Response>"
    starts = form.get("CallStatus") in STARTS
    return _greeting(form, connection, request.url) if starts else twilio.NOTHING


def _is_call(request: WebhookRequest, connection: Connection) -> bool:
    try:
        return any(isinstance(each, Message) for each in events(request, connection.accounts))
    except Malformed:
        return False


def _greeting(form: Mapping[str, str], connection: Connection, url: str) -> str:
    language = _language(form, connection)
    said = _spoken(_own(connection) or say(language, "call_greeting"), language)
    # who is to be called back has to say where
    said += _spoken(say(language, "call_withheld"), language) if is_withheld(form.get("From", "")) else ""
    longest = int(option(connection, "seconds"))
    transcribes = ' transcribe="true"' if connection.options.get("transcribe") == "twilio" else ""
    bounds = f'maxLength="{longest}" timeout="{SILENCE}" finishOnKey="#" playBeep="true"{transcribes}'
    record = f'<Record action={quoteattr(url)} method="POST" {bounds}/>'
    silence = _spoken(say(language, "call_silence"), language)
    return f"<Response>{said}{record}{silence}<Hangup/></Response>"


def _language(form: Mapping[str, str], connection: Connection) -> str:
    """The caller's, where we may speak it; that of the business's own greeting, where it has one."""
    allowed, caller = _languages(connection), "" if _own(connection) else form.get("From", "")
    theirs = (language for code, language in COUNTRIES.items() if caller.startswith(code) and language in allowed)
    return next(theirs, allowed[0])


def _own(connection: Connection) -> str:
    return str(connection.options.get("greeting", ""))


def _languages(connection: Connection) -> list[str]:
    told = str(option(connection, "languages")).replace(",", " ").split()
    return [each for each in told if each in VOICES] or ["en"]


def _spoken(words: str, language: str) -> str:
    return f"<Say {VOICES[language]}>{escape(words)}</Say>"
