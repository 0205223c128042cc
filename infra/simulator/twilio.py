"""Twilio as customers meet it: texts to a number of the business's and calls to one, and the API that answers by text.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/recording
What a caller says is their message after the beep; without a letter in it they hung up. Who has ☎ in their name calls from
a landline. A call lasts a second. The owner's phone is another number, see `phone.py`.
"""

from __future__ import annotations

import hmac
import secrets as random
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from chalicelib.phone.segments import count
from infra.simulator.failures import under
from infra.simulator.media import CAT, png
from infra.simulator.phone import refused
from infra.simulator.platform import Echo, Headers, Place, Platform, Secrets, Words
from infra.simulator.world import Connection, Post, Told, World

SMS, CALLS = "sms", "phone"
ACCOUNT = "/2010-04-01/Accounts/<account>"
LONGEST = 1600  # characters
A_CALL = timedelta(seconds=1)
LANDLINE = "☎"
# one frame of MPEG audio without a sound, 26 ms
SILENCE = b"\xff\xfb\x90\x64" + bytes(413)
FAILURES = {
    "throttle": partial(refused, 20429, 429),
    "refuse": partial(refused, 21614),
    "token": partial(refused, 20003, 401),
    "5xx": partial(refused, 20500, 502),
}


def texts_api(world: World, echo: Echo) -> Blueprint:
    """The routes for texts and files."""
    api = Blueprint("twilio_texts", __name__, url_prefix="/twilio")

    @api.post(f"{ACCOUNT}/Messages.json")
    def send(account: str) -> ResponseReturnValue:
        connection = caller(world, request.form.get("From", ""))
        if connection is None:
            return refused(20003, 401)
        return under(world, connection.channel, FAILURES, lambda: sent(world, echo, connection, request.form.to_dict()))

    @api.get(f"{ACCOUNT}/Messages/<id>/Media/<media>")
    def picture(account: str, id: str, media: str) -> ResponseReturnValue:
        return Response(png(CAT.splitlines()), content_type="image/png") if caller(world) else refused(20003, 401)

    return api


def calls_api(world: World, echo: Echo) -> Blueprint:
    """The routes that tell what came of a call."""
    api = Blueprint("twilio_calls", __name__, url_prefix="/twilio")
    api.before_request(lambda: None if caller(world) else refused(20003, 401))

    @api.get(f"{ACCOUNT}/Calls/<id>.json")
    def call(account: str, id: str) -> ResponseReturnValue:
        found = said(world, id)
        if found is None:
            return refused(20404, 404)
        goes_on = datetime.now(UTC) - found.at < A_CALL
        return jsonify({"sid": id, "status": "in-progress" if goes_on else "completed"})

    @api.get(f"{ACCOUNT}/Calls/<id>/Recordings.json")
    def recordings(account: str, id: str) -> ResponseReturnValue:
        found = said(world, id)
        spoken = found is not None and any(map(str.isalpha, found.text))
        known = {"sid": f"RE{id.removeprefix('CA')}", "status": "completed", "duration": "9"}
        return jsonify({"recordings": [known] if spoken else []})

    @api.get(f"{ACCOUNT}/Recordings/<id>.mp3")
    def recording(account: str, id: str) -> ResponseReturnValue:
        return Response(SILENCE * 40, content_type="audio/mpeg")

    @api.get(f"{ACCOUNT}/Recordings/<id>/Transcriptions.json")
    def transcriptions(account: str, id: str) -> ResponseReturnValue:
        found = said(world, f"CA{id.removeprefix('RE')}")
        return jsonify({"transcriptions": [{"status": "completed", "transcription_text": found.text if found else ""}]})

    @api.get("/v2/PhoneNumbers/<number>")
    def line(number: str) -> ResponseReturnValue:
        kind = "landline" if LANDLINE in world.person(number.removeprefix("+"))["name"] else "mobile"
        return jsonify({"valid": True, "line_type_intelligence": {"type": kind}})

    return api


def caller(world: World, number: str = "") -> Connection | None:
    """Whose sign-in was sent; with a number, whose it is."""
    given = request.headers.get("Authorization", "").removeprefix("Basic ")
    token = b64decode(given).decode().rpartition(":")[2]
    found = [each for channel in (SMS, CALLS) for each in world.of(channel) if token in each.values("auth_token")]
    return next((each for each in found if number in ("", *each.accounts)), None)


def sent(world: World, echo: Echo, connection: Connection, form: Mapping[str, str]) -> ResponseReturnValue:
    person, text = form.get("To", "").removeprefix("+"), form.get("Body", "")
    if not text.strip() or len(text) > LONGEST:
        return refused(21617)
    found, ours = f"SM{random.token_hex(16)}", form["From"]
    post = Post(
        found, connection.channel, ours, thread_of(world, connection, person), text, False, "message", datetime.now(UTC)
    )
    with world.hold:
        world.posts.append(post)
    echo(connection, post)
    return jsonify({"sid": found, "status": "queued", "num_segments": str(count(text))}), 201


def thread_of(world: World, connection: Connection, person: str) -> str:
    """Texts belong to a person; a text to a caller to their last call."""
    calls = [each.thread for each in world.told if (each.channel, each.author) == (CALLS, person)]
    return calls[-1] if connection.channel == CALLS and calls else person


def said(world: World, call: str) -> Told | None:
    return next((each for each in world.told if (each.channel, each.thread) == (CALLS, call)), None)


def text(words: Words) -> dict[str, Any]:
    known = {"MessageSid": words.id, "From": f"+{words.author}", "To": words.account, "Body": words.text}
    address = f"https://api.twilio.com/2010-04-01/Accounts/AC/Messages/{words.id}/Media/ME1"
    picture = {"MediaUrl0": address, "MediaContentType0": "image/png"} if words.picture else {}
    return {**known, "NumMedia": str(len(picture) // 2), "NumSegments": str(count(words.text)), **picture}


def ringing(words: Words) -> dict[str, Any]:
    known = {"CallSid": words.id, "From": f"+{words.author}", "To": words.account}
    return {**known, "CallStatus": "ringing", "Direction": "inbound"}


def delivered(post: Post) -> dict[str, Any]:
    return {"MessageSid": post.id, "MessageStatus": "delivered", "From": post.account}


def encode(payload: Mapping[str, Any]) -> bytes:
    return urlencode(payload).encode()


def sign_at(connection: Connection, body: bytes, url: str) -> Headers:
    """Over the address as well."""
    fields = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    signed = url + "".join(name + value for name, value in fields)
    token = connection.values("auth_token")[0]
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode(),
    }


def secrets(accounts: Sequence[str]) -> Secrets:
    given = {"auth_token": random.token_hex(16)}
    return given, given


def _id(beginning: str, world: World) -> str:
    return f"{beginning}{world.number():032x}"


TEXTS = Platform(
    channel=SMS,
    title="SMS",
    places=(Place("texts", "messages", partial(_id, "SM"), text, public=False, by_thread=False),),
    api=texts_api,
    sign=lambda connection, body: {},
    sign_at=sign_at,
    signed_with="auth_token",
    secrets=secrets,
    echoes={"message": delivered},
    encode=encode,
)
PHONE = Platform(
    channel=CALLS,
    title="Phone",
    places=(Place("calls", "messages", partial(_id, "CA"), ringing, public=False),),
    api=calls_api,
    sign=lambda connection, body: {},
    sign_at=sign_at,
    signed_with="auth_token",
    secrets=secrets,
    echoes={"message": delivered},
    encode=encode,
)
