"""Pictures and files on their way into a ticket: fetched from where they may be, never longer than a mail can wait."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any, cast

import pytest

from chalicelib import public_web
from chalicelib.aws import clients, conversations, objects
from chalicelib.aws.conversations import Entry
from chalicelib.channels.base import ANYWHERE
from chalicelib.desk import media
from chalicelib.desk.media import Allowance, Shelf, show
from chalicelib.desk.writing.speeches import Shown
from chalicelib.helpdesks import HELPDESKS, Helpdesk
from chalicelib.http import NotSent, Response, TooLarge
from chalicelib.model import Attachment, AttachmentKind
from tests import aws, signing
from tests.aws import Stack
from tests.quick_aws import QuickAws

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
PUBLIC = "203.0.113.7"
GOOD = "https://cdn.shop.example/a.png"
PUT, WRITE = objects.put, conversations.write


def resolves_to(*addresses: str) -> Callable[..., Any]:
    return lambda host, port, **more: [(None, None, None, "", (each, port)) for each in addresses]


def shelf(
    *answers: Response | Exception, hosts: tuple[str, ...] = ("shop.example",), at: str = "93.184.216.34"
) -> Shelf:
    """One whose far side answers as told; `asked` has the addresses it was connected to."""
    left = list(answers)

    def fetch(url: str, *, address: str, most: int, seconds: float) -> Response:
        asked.append((url, address))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    asked.clear()
    check = partial(public_web.check, resolve=resolves_to(at))
    return Shelf(hosts, lambda name: "a" + name.replace(":", ""), "https://x.example/files/", check, fetch)


asked: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """What went into the bucket, where a test has no stack; by key."""
    found: dict[str, tuple[Any, ...]] = {}
    monkeypatch.setattr(objects, "put", lambda key, *more: found.update({key: more}))
    monkeypatch.setattr(conversations, "write", lambda actions: None)
    return found


def shown(url: str, where: Shelf, name: str = "", kind: AttachmentKind = AttachmentKind.IMAGE) -> Shown:
    return show(Attachment(kind, url, name), "m:0", Entry("c", "i#1", "message", "{}"), where, NOW)


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.170.2", "127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1"),
        *("[::1]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[::ffff:169.254.169.254]"),
        *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "127.1", "0", "１２７.０.０.１"),
    ],
)
def test_addresses_of_the_network_we_run_in_are_refused_however_written(host: str) -> None:
    where = shelf(Response(200, PNG), hosts=(ANYWHERE,), at="169.254.169.254")
    assert shown(f"http://{host}/latest/meta-data/", where).note == "refused"
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://cdn.shop.example@169.254.169.254/", "http://cdn.shop.example\\@169.254.169.254/", "//evil.example/x"),
        *("https://cdn.shop\t.example/x", "https://cdn.shop.example\r\n/x", "https://ev\nil.example/x"),
        *(
            "file:///etc/passwd",
            "ftp://cdn.shop.example/x",
            "data:image/png;base64,iVBOR",
            "https://cdn.shop.example:22/",
        ),
        *("https://[::1", "https://", "gopher://cdn.shop.example/", "https://user:pw@cdn.shop.example/"),
    ],
)
def test_addresses_that_mean_something_else_are_refused(url: str) -> None:
    for hosts in ((ANYWHERE,), ("shop.example",)):
        assert shown(url, shelf(Response(200, PNG), hosts=hosts)).note == "refused"
    assert asked == []


def test_only_hosts_of_the_channel_are_asked_unless_any_may_be() -> None:
    for url in ("https://evil.example/a.png", "https://evilshop.example/", "https://shop.example.evil.example/"):
        assert shown(url, shelf(Response(200, PNG))).note == "refused"
        assert shown(url, shelf(Response(200, PNG), hosts=(ANYWHERE,))).note == ""
    assert shown(GOOD, shelf(Response(200, PNG))).link


def test_a_host_with_one_private_address_among_public_ones_is_refused() -> None:
    where = replace(
        shelf(Response(200, PNG)), check=partial(public_web.check, resolve=resolves_to("8.8.8.8", "10.0.0.1"))
    )
    assert shown(GOOD, where).note == "refused"


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    shown(GOOD, shelf(Response(200, PNG)))
    assert asked == [(GOOD, "93.184.216.34")]


@pytest.mark.parametrize(
    ("location", "note"),
    [
        ("http://169.254.169.254/", "refused"),
        ("https://other.example/a.png", "refused"),
        ("//127.0.0.1/", "refused"),
        ("https://cdn.shop.example/again", "refused"),
    ],
)
def test_a_redirect_is_checked_like_any_address_and_does_not_go_on_for_ever(location: str, note: str) -> None:
    assert shown(GOOD, shelf(Response(302, b"", {"location": location}))).note == note
    assert len(asked) <= media.MOST_REDIRECTS + 1
    assert not any("169.254" in address or "other" in url for url, address in asked)


def test_a_redirect_to_where_media_may_come_from_is_followed() -> None:
    moved = Response(302, b"", {"location": "https://eu.shop.example/b.png"})
    assert shown(GOOD, shelf(moved, Response(200, PNG))).image == PNG


@pytest.mark.parametrize(
    ("answer", "note", "tries"),
    [
        (Response(404), "expired", 1),
        (Response(403), "expired", 1),
        (Response(410), "expired", 1),
        (Response(500), "failed", 2),
        (NotSent("ConnectTimeoutError"), "failed", 2),
        (TooLarge("bytes"), "too-large", 1),
    ],
)
def test_what_cannot_be_fetched_is_a_note(answer: Response | Exception, note: str, tries: int) -> None:
    assert shown(GOOD, shelf(answer)) == Shown(AttachmentKind.IMAGE, note=note)
    assert len(asked) == tries


def test_a_hiccup_is_tried_again() -> None:
    assert shown(GOOD, shelf(NotSent("x"), Response(200, PNG))).image == PNG


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"MZ\x90\x00" + bytes(60),
        b"PK\x03\x04" + bytes(60),
        gzip.compress(PNG, mtime=0),
        b"",
    ],
)
def test_what_is_no_picture_is_never_shown_as_one(content: bytes, kept: dict[str, tuple[Any, ...]]) -> None:
    found = shown(GOOD, shelf(Response(200, content, {"content-type": "image/png"})), "foto.png")
    assert found.image is None
    assert kept["media/am0"] == (content, "application/octet-stream", "foto.png")


def test_a_picture_that_is_also_something_else_is_only_a_picture(kept: dict[str, tuple[Any, ...]]) -> None:
    content = b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)<script>"
    assert shown(GOOD, shelf(Response(200, content))).media_type == "image/gif"
    assert kept["media/am0"][1] == "image/gif"


@pytest.mark.parametrize(
    ("name", "file", "label"),
    [
        ("../../etc/passwd", "etc-passwd.png", "../../etc/passwd"),
        ("..\\..\\x.svg", "x.svg", "..\\..\\x.svg"),
        ("CON", "attachment.png", "CON"),
        ("nul.png", "attachment.png", "nul.png"),
        ("a" * 300 + ".png", "a" * 50 + ".png", None),
        ("rechnung\u202egpj.exe", "rechnunggpj.exe", "rechnunggpj.exe"),
        ("", "attachment.png", ""),
        ('a"\r\nX-Evil: 1.png', "a-X-Evil-1.png", None),
        ("写真.png", "attachment.png", "写真.png"),
        ("ảnh chụp.png", "nh-ch-p.png", "ảnh chụp.png"),
    ],
)
def test_names_are_only_names(name: str, file: str, label: str | None, kept: dict[str, tuple[Any, ...]]) -> None:
    found = shown(GOOD, shelf(Response(200, PNG)), name)
    assert list(kept) == ["media/am0"], "the key is ours"
    assert kept["media/am0"][2] == file
    assert "\n" not in found.name
    assert len(found.name) <= 80
    assert label in (None, found.name)


def test_of_many_pictures_the_first_go_into_the_mail_and_all_have_a_link() -> None:
    big = PNG + bytes(media.LARGEST_INLINE - len(PNG))
    where = shelf(Response(200, big))
    found = [shown(GOOD, where) for _ in range(50)]
    assert sum(len(each.image or b"") for each in found) <= media.LARGEST_INLINE_TOGETHER
    assert found[0].image
    assert found[-1].image is None
    assert all(each.link for each in found)


def test_when_the_time_for_pictures_is_over_the_mail_goes_without_them() -> None:
    where = replace(shelf(Response(200, PNG)), allowance=Allowance(until=time.monotonic() - 1))
    assert shown(GOOD, where).note == "failed"
    assert asked == []
    assert media.SECONDS_FOR_ALL < 60


# --- a real server ----------------------------------------------------------------------------------------------------


@contextmanager
def server(*answers: bytes | Callable[[socket.socket], None]) -> Iterator[str]:
    """On loopback, one answer a connection; bytes are sent as they are."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                with suppress(OSError):
                    connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)  # wakes the one who waits for another connection
    listener.close()
    thread.join(5)


def real(seconds: float = 5.0) -> Shelf:
    """Fetches for real, from this machine only."""
    check = partial(public_web.check, loopback=True)
    plain = Shelf(("127.0.0.1",), lambda name: "a", "https://x.example/files/", check)
    return replace(plain, allowance=Allowance(until=time.monotonic() + seconds))


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(headers or (f"Content-Length: {len(body)}",)), "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_real_picture_arrives() -> None:
    with server(page(PNG)) as url:
        assert shown(url, real()).image == PNG


def test_a_real_chain_of_redirects_ends() -> None:
    moved = page(b"", "Location: /again", "Content-Length: 0", status="302 Found")
    with server(*[moved] * 11) as url:
        assert shown(url, real()).note == "refused"


def test_a_body_that_trickles_in_is_given_up() -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(page(b"", "Content-Length: 100000"))
        for _ in range(60):
            connection.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with server(trickle, trickle) as url:
        assert shown(url, real(seconds=0.2)).note in ("too-large", "failed")
        assert time.monotonic() - began < 2


def test_a_body_that_stalls_is_given_up() -> None:
    released = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.sendall(page(b"", "Content-Length: 1000"))
        released.wait(5)

    began = time.monotonic()
    with server(stall) as url:
        assert shown(url, real(seconds=0.2)).note == "failed"
        released.set()
    assert time.monotonic() - began < 2


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LARGEST", 300_000)

    def endless(connection: socket.socket) -> None:
        connection.sendall(page(b"", "Content-Type: image/png"))
        while True:
            connection.sendall(bytes(65_536))

    with server(endless) as url:
        assert shown(url, real()).note == "too-large"


@pytest.mark.parametrize("told", ["10", "100000", "-1", "x"])
def test_a_wrong_length_makes_no_wrong_file(told: str, kept: dict[str, tuple[Any, ...]]) -> None:
    answer = page(PNG, f"Content-Length: {told}")
    with server(answer, answer) as url:
        found = shown(url, real())
    stored = [content for content, *_ in kept.values()]
    assert found.note == "failed" or stored == [PNG[: int(told)] if told == "10" else PNG]


def test_a_packed_body_is_not_unpacked(kept: dict[str, tuple[Any, ...]]) -> None:
    bomb = gzip.compress(bytes(5_000_000), mtime=0)
    with server(page(bomb, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")) as url:
        assert shown(url, real()).image is None
    assert kept["media/a"][0] == bomb


# --- the whole stack --------------------------------------------------------------------------------------------------


def from_the_shop(stack: Stack, data: dict[str, Any], id: str) -> None:
    body = json.dumps(data).encode()
    headers = {
        "content-type": "application/json",
        **signing.standard_webhooks(body, aws.SIGNING_SECRET, id, int(time.time())),
    }
    assert stack.client.http.post("/webhooks/standard_webhooks/shop", headers=headers, body=body).status_code == 200


@pytest.fixture
def shop(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The whole stack; every address that is asked answers with a picture."""
    return showing(stack, monkeypatch)


def showing(stack: Stack, patch: pytest.MonkeyPatch) -> Stack:
    compose = import_module("chalicelib.desk.compose")
    patch.setattr(objects, "put", PUT)
    patch.setattr(conversations, "write", WRITE)
    made = compose._shelf
    fetch = lambda url, **more: Response(200, PNG)  # noqa: E731

    def answering(*given: Any) -> Shelf:
        shelf: Shelf = made(*given)
        return replace(shelf, fetch=fetch, check=lambda url: PUBLIC)

    patch.setattr(compose, "_shelf", answering)
    return stack


def asked_with_pictures(stack: Stack, id: str = "q-1") -> None:
    pictures = [{"url": f"https://anywhere.example/{each}.png", "kind": "image"} for each in range(2)]
    data = {"id": id, "author": {"id": "c-9", "name": "小林 美咲"}, "text": "これは何ですか？", "attachments": pictures}
    from_the_shop(stack, {"type": "message.created", "data": data}, f"msg_{id}")
    stack.settle()


def in_the_bucket(stack: Stack) -> list[str]:
    return [key for key in cast(QuickAws, stack.rig).objects if key.startswith("media/")]


def test_files_of_the_shop_come_from_any_public_host(shop: Stack) -> None:
    asked_with_pictures(shop)
    (mail,) = shop.mails()
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in pictures] == [PNG, PNG]
    assert len(in_the_bucket(shop)) == 2


def test_a_helpdesk_that_takes_small_mails_only_gets_the_other_pictures_as_links(
    shop: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(HELPDESKS["plain"], largest_mail=3 * len(PNG))
    monkeypatch.setitem(cast(dict[str, Helpdesk], HELPDESKS), "plain", small)
    asked_with_pictures(shop)
    (mail,) = shop.mails()
    assert [part.get_content_type() for part in mail.walk()].count("image/png") == 1
    assert len(in_the_bucket(shop)) == 2


def test_a_link_leads_to_a_file_that_a_browser_saves_and_guesses_lead_nowhere(
    moto_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = showing(moto_stack, monkeypatch)
    asked_with_pictures(shop)
    kept = aws.client("s3").list_objects_v2(Bucket="bridgehead-mail", Prefix="media/")["Contents"]
    token = kept[0]["Key"].rpartition("/")[2]
    assert len(token) >= 26, "128 bits"
    answer = shop.client.http.get(f"/files/{token}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Amz-Expires=300" in answer.headers["Location"]
    assert "response-content-disposition=attachment" in answer.headers["Location"]
    for guess in (token[:-1] + ("a" if token[-1] != "a" else "b"), "", "../inbound", "media%2F" + token):
        assert shop.client.http.get(f"/files/{guess}").status_code in (403, 404)


def test_links_die_when_the_message_is_taken_back_and_live_on_when_it_is_changed(shop: Stack) -> None:
    asked_with_pictures(shop)
    asked_with_pictures(shop, "q-2")
    edited = {"type": "message.edited", "data": {"id": "q-1", "text": "何ですか？"}}
    from_the_shop(shop, edited, "msg_e")
    shop.settle()
    before = in_the_bucket(shop)
    assert len(before) == 4
    from_the_shop(shop, {"type": "message.deleted", "data": {"id": "q-1"}}, "msg_d")
    shop.settle()
    left = in_the_bucket(shop)
    assert len(left) == 2
    (gone,) = [item for item in shop.items("i#") if item["kind"] == "message" and "unsend" in item]
    assert not {f"media/{name.removeprefix('media-')}" for name in gone if name.startswith("media-")} & set(left)
    for key in set(before) - set(left):
        assert shop.client.http.get(f"/files/{key.rpartition('/')[2]}").status_code == 404


def test_a_text_too_long_for_a_mail_is_gone_with_its_message(shop: Stack) -> None:
    data = {"id": "q-1", "author": {"id": "c-9"}, "text": "chuyện dài " * 3000}
    from_the_shop(shop, {"type": "message.created", "data": data}, "msg_1")
    shop.settle()
    assert len(in_the_bucket(shop)) == 1
    from_the_shop(shop, {"type": "message.deleted", "data": {"id": "q-1"}}, "msg_d")
    shop.settle()
    assert in_the_bucket(shop) == []


def test_a_bucket_that_takes_nothing_does_not_keep_the_words_back(shop: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise objects.NotKept("EndpointConnectionError")

    monkeypatch.setattr(objects, "put", fail)
    asked_with_pictures(shop)
    (mail,) = shop.mails()
    part = mail.get_body(("plain",))
    assert part
    assert "これは何ですか？" in part.get_content()
    (message,) = [item for item in shop.items("i#") if item["kind"] == "message"]
    assert any(name.startswith("media-") for name in message), "noted before it is kept"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1"])
def test_links_are_signed_as_todays_buckets_want_it_in_every_region(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**aws.ENVIRONMENT, "AWS_DEFAULT_REGION": region}.items():
        monkeypatch.setenv(name, value)
    clients.forget()
    place = {"Bucket": "kept", "Key": "media/a"}
    link = clients.client("s3").generate_presigned_url("get_object", Params=place)
    clients.forget()
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert region in link
