"""Standard Webhooks: every way to sign one, every delivery we document, every answer that can go out."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, Forged, Outcome, PostFailed, SecretMissing, WebhookRequest
from chalicelib.channels.powers import Finds
from chalicelib.channels.standard_webhooks import StandardWebhooks
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import (
    Attachment,
    AttachmentKind,
    Author,
    Echo,
    Edit,
    Event,
    File,
    Kind,
    Message,
    Reply,
    Unreadable,
    Unsend,
    identity,
)
from tests import signing
from tests.channels.at_hand import SHARED, answering, failing, signatures

PAYLOADS = Path(__file__).parents[1] / "payloads" / "standard_webhooks"

FORM, FORUM = "kontaktformular", "forum"
NOW = 1_790_000_000
ID = "msg_2KWPBgLlAfxdpx2AI54"
SECRET, OLD_SECRET = "whsec_" + b64encode(b"k" * 32).decode(), "whsec_" + b64encode(b"o" * 24).decode()
REPLY_SECRET = "whsec_" + b64encode(b"r" * 32).decode()
REPLY_URL = "https://shop.example/bridgehead/replies"
SENT_AT = datetime(2026, 9, 21, 14, 13, 20, 344522, tzinfo=UTC)


def connection(accounts: tuple[str, ...] = (FORM,), reply_url: str = REPLY_URL, **secrets: Any) -> Connection:
    held = {"signing_secret": SECRET, "reply_secret": REPLY_SECRET, **secrets}
    return Connection("form", "standard_webhooks", accounts, {"reply_url": reply_url}, held)


def request(body: bytes, headers: dict[str, str] | None = None, received_at: float = NOW) -> WebhookRequest:
    given = signing.standard_webhooks(body, SECRET, ID, NOW) if headers is None else headers
    return WebhookRequest("POST", given, {}, body, received_at)


def verify(asked: WebhookRequest, **secrets: Any) -> None:
    StandardWebhooks(connection(**secrets)).verify(asked)


def events_of(body: bytes | dict[str, Any], accounts: tuple[str, ...] = (FORM,)) -> list[Event]:
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    return StandardWebhooks(connection(accounts)).parse(request(raw))


def event_of(name: str) -> Event:
    (event,) = events_of((PAYLOADS / f"{name}.json").read_bytes())
    return event


def message(**data: Any) -> Event:
    whole = {"author": {"id": "kunde-9"}, "text": "Hallo"} | data
    (event,) = events_of({"type": "message.created", "data": whole})
    return event


# --- proof


def test_there_is_no_handshake() -> None:
    with pytest.raises(Forged):
        StandardWebhooks(connection()).handshake(WebhookRequest("GET", {}, {"challenge": "x"}, b"", NOW))


BODY = b'{"type":"message.created"}'
HEADERS = signing.standard_webhooks(BODY, SECRET, ID, NOW)
GOOD = HEADERS["webhook-signature"]
OTHER = "v1," + b64encode(b"\x00" * 32).decode()


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        f"{OTHER} {GOOD}",
        f"v2,abc {GOOD} {OTHER}",
        f"v1a,{GOOD.removeprefix('v1,')} {GOOD}",
        " ".join([OTHER] * 9 + [GOOD]),
        " ".join(["v7,unknown"] * 50 + [GOOD]),
    ],
)
def test_one_right_signature_among_several_is_enough(header: str) -> None:
    verify(request(BODY, HEADERS | {"webhook-signature": header}))


@pytest.mark.parametrize(
    "header",
    [
        "v1",
        "v1,",
        GOOD.removeprefix("v1,"),
        GOOD + ",x",
        f"{GOOD}, {GOOD}",
        GOOD.replace("v1,", "v1 "),
        GOOD.replace("v1,", "V1,"),
        GOOD.replace("v1,", "v1a,"),
        f"{OTHER}  {OTHER}",
        "v1,!!!not base64!!!",
        "v1," + "A" * 10_000,
        "v1," + hmac.new(b"k" * 32, BODY, "sha256").hexdigest(),
        "v1," + b64encode(hmac.new(b"k" * 32, BODY, "sha256").digest()).decode(),
        " ".join([OTHER] * 10_000),
        " ".join([OTHER] * 10 + [GOOD]),
    ],
)
def test_anything_else_is_forged(header: str) -> None:
    with pytest.raises(Forged) as forged:
        verify(request(BODY, HEADERS | {"webhook-signature": header}))
    assert "k" * 16 not in repr(forged.value)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(name: str) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, {key: value for key, value in HEADERS.items() if key != name}))


@pytest.mark.parametrize("id", ["", "a.b", "a b", "x" * 257, "a\nb", "é"])
def test_an_id_that_could_shift_what_is_signed_is_forged(id: str) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, signing.standard_webhooks(BODY, SECRET, id, NOW)))


def test_the_older_names_of_the_headers_are_the_same() -> None:
    verify(request(BODY, {name.replace("webhook-", "svix-"): value for name, value in HEADERS.items()}))


@pytest.mark.parametrize("prefix", ["webhook-", "svix-"])
def test_a_delivery_is_read_again_without_its_signature(prefix: str) -> None:
    body = b'{"type":"message.created","data":{"author":{"id":"1"},"text":"Hallo"}}'
    kept = {f"{prefix}id": "msg_7", f"{prefix}timestamp": str(NOW)}
    (event,) = StandardWebhooks(connection()).parse(request(body, kept))
    assert isinstance(event, Message)
    assert (event.id, event.sent_at) == ("msg_7", datetime.fromtimestamp(NOW, UTC))


@pytest.mark.parametrize("apart", [-300, -1, 0, 300])
def test_five_minutes_are_allowed_both_ways(apart: int) -> None:
    verify(request(BODY, signing.standard_webhooks(BODY, SECRET, ID, NOW + apart)))


@pytest.mark.parametrize("apart", [-301, 301, 10**8, -(10**8)])
def test_more_than_five_minutes_are_a_replay(apart: int) -> None:
    with pytest.raises(Forged):
        verify(request(BODY, signing.standard_webhooks(BODY, SECRET, ID, NOW + apart)))


@pytest.mark.parametrize(
    "timestamp", ["nan", "inf", "1e10", "-1790000000", f"{NOW}000", f" {NOW}", f"{NOW}.0", "１７９０００００００", ""]
)
def test_a_timestamp_of_any_other_shape_is_forged(timestamp: str) -> None:
    digest = hmac.new(b"k" * 32, f"{ID}.{timestamp}.".encode() + BODY, "sha256").digest()
    signature = f"v1,{b64encode(digest).decode()}"
    with pytest.raises(Forged):
        verify(request(BODY, HEADERS | {"webhook-timestamp": timestamp, "webhook-signature": signature}))


@pytest.mark.parametrize(
    "secret", [SECRET.removeprefix("whsec_"), SECRET.rstrip("="), SECRET.removeprefix("whsec_").rstrip("=")]
)
def test_a_secret_is_taken_without_its_prefix_and_padding(secret: str) -> None:
    verify(request(BODY), signing_secret=secret)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_" + b64encode(b"short").decode(),
        "a plain password, no base64",
        "whpk_" + "!" * 44,
        [SECRET, ""],
    ],
)
def test_without_a_proper_secret_nothing_is_served(secret: Any) -> None:
    with pytest.raises(SecretMissing):
        verify(request(BODY), signing_secret=secret)


def test_a_sender_may_sign_with_ed25519() -> None:
    key = Ed25519PrivateKey.generate()
    public = "whpk_" + b64encode(key.public_key().public_bytes_raw()).decode()
    signed = b64encode(key.sign(f"{ID}.{NOW}.".encode() + BODY)).decode()
    good = request(BODY, HEADERS | {"webhook-signature": f"v1a,{signed}"})
    verify(good, signing_secret=[public])
    verify(good, signing_secret=[SECRET, public])
    for header in (f"v1,{signed}", "v1a,", "v1a,???", f"v1a,{signed[:-4]}", f"v1a,{signed[4:]}", GOOD):
        with pytest.raises(Forged):
            verify(request(BODY, HEADERS | {"webhook-signature": header}), signing_secret=[public])


def test_a_public_key_is_no_key_for_an_hmac() -> None:
    # a public key is public: whoever knows it must not be able to sign with it
    public = "whpk_" + b64encode(b"p" * 32).decode()
    signed = signing.standard_webhooks(BODY, "whsec_" + b64encode(b"p" * 32).decode(), ID, NOW)
    with pytest.raises(Forged):
        verify(request(BODY, signed), signing_secret=[public])


# --- what arrives

WRITTEN_OUT = {
    "message": Message(
        channel="standard_webhooks",
        account=FORM,
        id="anfrage-4711",
        thread="faden-12",
        author=Author("kunde-9", "小林 美咲", "misaki", 950, "https://forum.example/u/misaki"),
        text="ランプの交換はできますか？\nمرحبا 💡",
        sent_at=datetime(2026, 9, 21, 12, 13, 1, tzinfo=UTC),
        kind=Kind.POST,
        public=True,
        attachments=(
            Attachment(AttachmentKind.IMAGE, "https://forum.example/bild.jpg", "bild.jpg"),
            Attachment(AttachmentKind.FILE, "https://forum.example/beleg.pdf"),
        ),
        permalink="https://forum.example/t/12#4711",
        rating="3/5",
    ),
    "message_smallest": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="Hallo",
        sent_at=SENT_AT,
    ),
    "message_numeric_ids": Message(
        channel="standard_webhooks",
        account=FORM,
        id="9007199254740993",
        thread="12",
        author=Author("77", "Đặng Văn Lâm"),
        text="Đèn hỏng",
        sent_at=SENT_AT,
        rating="4",
    ),
    "message_only_attachment": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="",
        sent_at=SENT_AT,
        attachments=(Attachment(AttachmentKind.AUDIO, "https://forum.example/ton.ogg"),),
    ),
    "message_new_fields": Message(
        channel="standard_webhooks",
        account=FORM,
        id=ID,
        thread="kunde-9",
        author=Author("kunde-9"),
        text="Grüße",
        sent_at=SENT_AT,
    ),
    "message_edited": Edit("standard_webhooks", FORM, "anfrage-4711", "ランプの交換、お願いします。", SENT_AT),
    "message_deleted": Unsend("standard_webhooks", FORM, "anfrage-4711", SENT_AT),
    "reply": Echo(
        channel="standard_webhooks",
        account=FORM,
        id="antwort-1",
        text="はい、できます。",
        at=SENT_AT,
        thread="faden-12",
        author_id="kunde-9",
        parent="anfrage-4711",
        reply_id="r7",
    ),
    "reply_to_a_message": Echo("standard_webhooks", FORM, ID, "Ja.", SENT_AT, parent="anfrage-4711"),
    "message_thin": Unreadable("missing: data.author.id"),
    "message_without_text": Unreadable("missing: data.text"),
    "message_other_account": Unreadable("unknown-account"),
    "message_unknown_kind": Unreadable("wrong: data.kind"),
    "reply_to_nobody": Unreadable("missing: data.to.id"),
    "order_created": Unreadable("unknown-kind"),
    "order_created_thin": Unreadable("unknown-kind"),
    "ping": Unreadable("unknown-kind"),
}


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_a_delivery_says_exactly_this(path: Path) -> None:
    assert event_of(path.stem) == WRITTEN_OUT[path.stem]


def test_a_delivery_sent_again_is_the_same_message() -> None:
    # without an id of its own, a message has that of the webhook, which is the same in every try
    names = {
        identity("standard_webhooks", FORM, event.id) for event in (message(), message()) if isinstance(event, Message)
    }
    assert len(names) == 1


def test_with_several_accounts_a_message_has_to_name_one() -> None:
    delivery = {"type": "message.created", "data": {"author": {"id": "1"}, "text": "Hallo"}}
    assert events_of(delivery, (FORM, FORUM)) == [Unreadable("missing: data.account")]
    delivery["data"] |= {"account": FORUM}  # type: ignore[operator]
    (event,) = events_of(delivery, (FORM, FORUM))
    assert isinstance(event, Message)
    assert event.account == FORUM


def test_what_is_not_private_is_taken_for_public_until_told() -> None:
    for kind, public, expected in (
        ("comment", None, True),
        ("comment", False, False),
        ("direct", None, False),
        (None, True, True),
    ):
        event = message(kind=kind, public=public)
        assert isinstance(event, Message)
        assert event.public is expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"author": None}, "missing: data.author.id"),
        ({"author": "kunde"}, "missing: data.author.id"),
        ({"author": {"id": ""}}, "missing: data.author.id"),
        ({"author": {"id": []}}, "wrong: data.author.id"),
        ({"author": {"id": True}}, "wrong: data.author.id"),
        ({"text": None}, "missing: data.text"),
        ({"text": "  \n"}, "missing: data.text"),
        ({"text": 5}, "wrong: data.text"),
        ({"id": {}}, "wrong: data.id"),
        ({"conversation": 1.5}, "wrong: data.conversation"),
        ({"kind": ["direct"]}, "wrong: data.kind"),
        ({"public": "yes"}, "wrong: data.public"),
        ({"sent_at": "yesterday"}, "wrong: data.sent_at"),
        ({"sent_at": 1790000000}, "wrong: data.sent_at"),
        ({"sent_at": "0001-01-01T00:00:00+14:00"}, "wrong: data.sent_at"),
        ({"attachments": "x"}, "wrong: data.attachments"),
        ({"attachments": [{"name": "x"}]}, "missing: data.attachments.url"),
        ({"attachments": [{"url": "file:///etc/passwd"}]}, "missing: data.attachments.url"),
        ({"attachments": [5]}, "missing: data.attachments.url"),
        ({"account": "somebody"}, "unknown-account"),
    ],
)
def test_a_developer_reads_which_key_is_at_fault(data: dict[str, Any], reason: str) -> None:
    assert message(**data) == Unreadable(reason)


@pytest.mark.parametrize(
    "delivery",
    [
        {},
        {"type": 5},
        {"type": ["message.created"]},
        {"type": "message.created"},
        {"type": "message.created", "data": "x"},
    ],
)
def test_a_delivery_of_another_shape_is_kept_unread(delivery: dict[str, Any]) -> None:
    (event,) = events_of(delivery)
    assert isinstance(event, Unreadable)


def test_nobodys_words_stand_in_a_reason() -> None:
    wrong = {"kind": "secret words", "account": "secret words", "public": "secret words", "sent_at": "secret words"}
    for key, value in wrong.items():
        event = message(**{key: value})
        assert isinstance(event, Unreadable)
        assert "secret" not in event.reason


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//evil.example", "https://a b", "https://a\n", "ftp://x", 5, None]
)
def test_only_links_to_the_web_are_kept(link: Any) -> None:
    event = message(permalink=link, author={"id": "1", "url": link})
    assert isinstance(event, Message)
    assert (event.permalink, event.author.url) == ("", "")


@pytest.mark.parametrize(
    "at", ["2026-09-21T14:13:20.344522123Z", "2026-09-21T16:13:20.344522+02:00", "2026-09-21 14:13:20.344522"]
)
def test_times_are_read_however_they_are_written(at: str) -> None:
    event = message(sent_at=at)
    assert isinstance(event, Message)
    assert event.sent_at == SENT_AT


# --- what leaves

ADDRESS = "203.0.113.7"


def reply(**changes: Any) -> Reply:
    values: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "r-5h2k",
        "channel": "standard_webhooks",
        "account": FORM,
        "thread": "faden-12",
        "author_id": "kunde-9",
        "parent": "anfrage-4711",
        "kind": Kind.DIRECT,
        "public": False,
        "text": "はい、できます。Grüße 💡",
        "window_from": datetime(2026, 9, 21, tzinfo=UTC),
    }
    return Reply(**(values | changes))


def sending(http: Http, check: Any = lambda url: ADDRESS, **more: Any) -> StandardWebhooks:
    return StandardWebhooks(connection(**more), http=http, check=check, now=lambda: NOW)


def test_an_answer_arrives_signed_at_the_address_that_was_checked() -> None:
    asked: list[Any] = []
    assert sending(answering(200, b'{"id": 77}', asked=asked)).send(reply()) == "77"
    ((method, url, more),) = asked
    assert (method, url, more["address"]) == ("POST", REPLY_URL, ADDRESS)
    assert json.loads(more["body"]) == {
        "type": "reply.created",
        "timestamp": "2026-09-21T14:13:20.000+00:00",
        "data": {
            "id": "r-5h2k",
            "account": FORM,
            "conversation": "faden-12",
            "to": {"id": "kunde-9"},
            "in_reply_to": "anfrage-4711",
            "kind": "direct",
            "public": False,
            "text": "はい、できます。Grüße 💡",
        },
    }
    expected = signing.standard_webhooks(more["body"], REPLY_SECRET, "r-5h2k", NOW)
    assert more["headers"] == expected | {"content-type": "application/json"}


def test_an_answer_sent_back_to_us_is_an_echo_of_itself() -> None:
    asked: list[Any] = []
    sending(answering(204, asked=asked)).send(reply())
    (event,) = events_of(asked[0][2]["body"])
    assert isinstance(event, Echo)
    assert (event.id, event.thread, event.author_id, event.text) == ("r-5h2k", "faden-12", "kunde-9", reply().text)


def test_every_try_has_the_same_id_so_that_the_other_side_can_tell() -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed):
        sending(answering(503, asked=asked)).send(reply())
    sending(answering(200, asked=asked)).send(reply())
    assert [more["headers"]["webhook-id"] for _, _, more in asked] == ["r-5h2k", "r-5h2k"]


def test_during_a_rotation_an_answer_is_signed_with_both_secrets() -> None:
    asked: list[Any] = []
    sending(answering(200, asked=asked), reply_secret=[REPLY_SECRET, OLD_SECRET]).send(reply())
    more = asked[0][2]
    for secret in (REPLY_SECRET, OLD_SECRET):
        verify(request(more["body"], more["headers"]), signing_secret=secret)


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"null", b'{"id": null}', b'{"id": ""}', b'{"id": {}}'])
def test_without_an_id_in_the_answer_ours_is_kept(body: bytes) -> None:
    assert sending(answering(202, body)).send(reply()) == "r-5h2k"


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (410, Outcome.REFUSED, "switched-off"),
        (301, Outcome.REFUSED, "rejected"),
        (302, Outcome.REFUSED, "rejected"),
        (308, Outcome.REFUSED, "rejected"),
        (400, Outcome.REFUSED, "rejected"),
        (401, Outcome.REFUSED, "rejected"),
        (404, Outcome.REFUSED, "rejected"),
        (413, Outcome.REFUSED, "too-long"),
        (429, Outcome.PASSING, "throttled"),
        (500, Outcome.PASSING, "unreachable"),
        (502, Outcome.PASSING, "unreachable"),
        (503, Outcome.PASSING, "unreachable"),
        (504, Outcome.PASSING, "unreachable"),
    ],
)
def test_a_refused_answer_says_what_to_do(status: int, outcome: Outcome, code: str) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(answering(status, b"secret words", {"location": "http://169.254.169.254/"})).send(reply())
    assert (failed.value.outcome, failed.value.code) == (outcome, code)
    assert "secret words" not in str(vars(failed.value))


@pytest.mark.parametrize("error", [NotSent("NewConnectionError"), Lost("ReadTimeoutError")])
def test_a_try_that_was_lost_is_made_again_because_a_repeat_does_no_harm(error: Exception) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(failing(error)).send(reply())
    assert failed.value.outcome is Outcome.PASSING
    assert not isinstance(StandardWebhooks(connection()), Finds)


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), timedelta(seconds=90)),
        (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), timedelta(0)),
        ("999999999", timedelta(days=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_heeded(given: str, wait: timedelta | None) -> None:
    with pytest.raises(PostFailed) as failed:
        sending(answering(429, headers={"retry-after": given})).send(reply())
    assert failed.value.retry_after == wait


def test_an_address_that_is_not_public_is_never_asked() -> None:
    asked: list[Any] = []
    with pytest.raises(PostFailed) as failed:
        sending(answering(200, asked=asked), check=lambda url: None).send(reply())
    assert (failed.value.outcome, failed.value.code, asked) == (Outcome.REFUSED, "rejected", [])


def test_a_name_that_cannot_be_resolved_now_is_tried_later() -> None:
    def check(url: str) -> str:
        raise NotSent("gaierror")

    with pytest.raises(PostFailed) as failed:
        sending(answering(200), check=check).send(reply())
    assert failed.value.outcome is Outcome.PASSING


def test_the_guard_is_there_without_being_asked_for() -> None:
    asked: list[Any] = []
    channel = StandardWebhooks(connection(reply_url="https://169.254.169.254/latest"), http=answering(200, asked=asked))
    with pytest.raises(PostFailed) as failed:
        channel.send(reply())
    assert (failed.value.code, asked) == ("rejected", [])


def test_on_the_local_stage_answers_go_to_this_machine() -> None:
    asked: list[Any] = []
    local = StandardWebhooks(connection(reply_url="http://127.0.0.1:8123/replies"), http=answering(200, asked=asked))
    local.send(reply())
    assert asked[0][2]["address"] == "127.0.0.1"


def test_without_an_address_for_answers_there_are_none() -> None:
    channel = StandardWebhooks(connection(reply_url=""), http=answering(200))
    assert channel.limits(Kind.DIRECT).answers is False
    with pytest.raises(PostFailed) as failed:
        channel.send(reply())
    assert failed.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("secret", [None, "", "whsec_c2hvcnQ=", "whsec_not base64 at all!"])
def test_nothing_is_sent_unsigned(secret: Any) -> None:
    asked: list[Any] = []
    with pytest.raises(SecretMissing):
        sending(answering(200, asked=asked), reply_secret=secret).send(reply())
    assert asked == []


def test_how_long_an_answer_may_be_is_the_owners_choice() -> None:
    options = {"reply_url": REPLY_URL, "text_limit": 500}
    limits = StandardWebhooks(Connection("form", "standard_webhooks", (FORM,), options)).limits(Kind.COMMENT)
    assert (limits.text, limits.public, limits.answers) == (500, True, True)
    assert open_channel(connection()).limits(Kind.DIRECT).text == 10_000


def test_ten_thousand_signatures_cost_no_time() -> None:
    many = HEADERS | {"webhook-signature": " ".join([OTHER] * 10_000)}
    started = time.process_time()
    with pytest.raises(Forged):
        verify(request(BODY, many))
    assert time.process_time() - started < 0.5


# --- the documentation says the truth

DOCUMENT = (Path(__file__).parents[2] / "docs" / "channels" / "standard_webhooks.md").read_text()


def blocks(language: str) -> list[str]:
    return [part.partition("```")[0] for part in DOCUMENT.split(f"```{language}\n")[1:]]


def documented() -> list[dict[str, Any]]:
    decoder, found = json.JSONDecoder(), []
    for block in blocks("json"):
        rest = block.strip()
        while rest:
            delivery, end = decoder.raw_decode(rest)
            found.append(delivery)
            rest = rest[end:].strip()
    return found


def test_every_documented_delivery_means_what_the_page_says() -> None:
    read = [
        events_of(json.dumps(each).replace('"account": "shop"', f'"account": "{FORM}"').encode())
        for each in documented()
    ]
    assert [type(event) for (event,) in read] == [Message, Message, Edit, Unsend, Echo, Echo]


def test_every_documented_key_is_sent_with_an_answer() -> None:
    asked: list[Any] = []
    file = File("manual.pdf", "application/pdf", b"", "https://bridge.example/files/abc")
    sending(answering(200, asked=asked)).send(reply(files=(file,)))
    sent, shown = json.loads(asked[0][2]["body"]), documented()[-1]
    assert sent["data"]["attachments"][0].keys() == shown["data"]["attachments"][0].keys()
    assert sent.keys() == shown.keys()
    assert sent["data"].keys() == shown["data"].keys()


def answer_later(asked: list[Any], given: Any) -> Response:
    asked.append(given)
    return Response(202)


def test_the_documented_python_signs_and_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    names: dict[str, Any] = {}
    exec("\n".join(blocks("python")), names)  # noqa: S102 - our own page
    monkeypatch.setattr(names["urllib"].request, "urlopen", partial(answer_later, asked))
    names["send"]("https://bridgehead.example/", SECRET, ID, {"type": "message.created"})
    headers = {name.lower(): value for name, value in asked[0].header_items()}
    verify(request(asked[0].data, headers, time.time()))
    assert names["is_from_bridgehead"](headers, asked[0].data, SECRET)
    assert not names["is_from_bridgehead"](headers, asked[0].data + b" ", SECRET)


# --- deliveries from outside, where they are at hand

FIXTURES = SHARED / "standard_webhooks"


@pytest.mark.skipif(not FIXTURES.exists(), reason="no deliveries from outside here")
def test_deliveries_from_outside_are_kept_unread() -> None:
    found = {path.stem: events_of(path.read_bytes()) for path in FIXTURES.glob("*.json")}
    names = ("contact_created_full__1", "contact_created_thin__1", "minimal_test_vector_body__1")
    assert found == {name: [Unreadable("unknown-kind")] for name in names}


@pytest.mark.parametrize("vector", signatures("standard_webhooks"), ids=lambda vector: vector["source"][-40:])
def test_signatures_from_outside_are_judged_alike(vector: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    asked = request(vector["body"].encode(), headers, vector["now"])
    if vector["valid"]:
        verify(asked, signing_secret=vector["secret"])
    else:
        with pytest.raises(Forged):
            verify(asked, signing_secret=vector["secret"])
