"""An official account and a service account of WeCom's, deliveries as they are signed and encrypted, and platforms that
answer from a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.channels.wechat import WeChat
from chalicelib.channels.wecom import WeCom
from chalicelib.http import Http, Response
from chalicelib.model import Event, File, Kind, Reply
from tests import signing

PAYLOADS = Path(__file__).parents[1] / "payloads"

ACCOUNT, APP = "gh_6b1f0c2d9e4a", "wx3c7be0a94d5f1268"
DESK, CORP = "wkLindner0001", "ww7d0e5a1c9b3f2468"
LI_WEI, MAI = "oKf3s6LiWei-0000000000000001", "oKf3s6Mai_00000000000000002"
AT = 1_791_021_660
NOW = datetime.fromtimestamp(AT, UTC)
TOKEN, OLD_TOKEN = "kaffeehaus9lindner7token", "kaffeehaus9lindner7before"
AES, OLD_AES = "Q2Fmw6lMaW5kbmVyV2llbjIwMjZLZXlOdW1iZXJPbmU", "Q2Fmw6lMaW5kbmVyV2llbjIwMjVLZXlOdW1iZXIwMDA"
SECRET = "8d1f0a7c5b3e92466f0e1d2c3b4a5968"
HELD, FRESH = "80_a-token-that-is-held", "81_a-token-just-asked-for"
MINTED = {"access_token": FRESH, "expires_in": 7200}
ANSWER = "可以的！我们周日九点到六点营业。Bis Sonntag 🙂"
RECEIVE = {"token": [TOKEN, OLD_TOKEN], "aes_key": [AES, OLD_AES]}


def connection(channel: str = "wechat", held: str = HELD, **options: Any) -> Connection:
    secrets = {**RECEIVE, "app_secret": SECRET, **({"access_token": held} if held else {})}
    accounts, own = ((ACCOUNT,), {"app_id": APP}) if channel == "wechat" else ((DESK,), {"corp_id": CORP})
    return Connection(channel, channel, accounts, {**own, **options}, secrets)


def payload(name: str) -> bytes:
    """Of wechat, or named with its folder."""
    return (PAYLOADS / (name if "/" in name else f"wechat/{name}.xml")).read_bytes()


def sealed(body: bytes, token: str = TOKEN, aes: str = AES, to: str = APP, at: int = AT) -> WebhookRequest:
    query, outer = signing.sealed(body, token, aes, to, at)
    return WebhookRequest("POST", {}, query, outer, AT)


def plain(body: bytes, token: str = TOKEN, at: int = AT) -> WebhookRequest:
    return WebhookRequest("POST", {}, signing.wechat(token, at), body, AT)


def read(name: str) -> list[Event]:
    """What a payload is, encrypted."""
    return WeChat(connection()).parse(sealed(payload(name)))


def only(name: str) -> Any:
    (event,) = read(name)
    return event


def reply(channel: str = "wechat", **more: Any) -> Reply:
    fields: dict[str, Any] = {
        "conversation_id": "abcdefghijklmnop",
        "id": "3f9c2a7e",
        "channel": channel,
        "account": ACCOUNT if channel == "wechat" else DESK,
        "thread": LI_WEI if channel == "wechat" else "wmLiWei01",
        "author_id": LI_WEI,
        "parent": "25100000000000001",
        "kind": Kind.DIRECT,
        "public": False,
        "text": ANSWER,
        "window_from": NOW - timedelta(hours=1),
    }
    return Reply(**{**fields, **more})


def wechat(*answers: Any, log: list[Any] | None = None, held: str = HELD, **more: Any) -> WeChat:
    return WeChat(connection(held=held), answering(*answers, log=log), lambda: NOW, **more)


def wecom(*answers: Any, log: list[Any] | None = None, held: str = HELD) -> WeCom:
    return WeCom(connection("wecom", held), answering(*answers, log=log), lambda: NOW)


def answering(*answers: Any, log: list[Any] | None = None) -> Http:
    """A platform, as a list of what it answers: a body, an error's number, a response or an exception."""
    left = list(answers)

    def http(method: str, url: str, *, json: Any = None, form: Mapping[str, Any] | None = None) -> Response:
        if log is not None:
            log.append((method, url.partition(".com/cgi-bin/")[2], json or form))
        return respond(left.pop(0))

    return http


def fetching(*answers: Any, log: list[str]) -> Callable[..., Response]:
    """The same for files."""
    left = list(answers)

    def get(url: str, *, address: str, most: int, seconds: float) -> Response:
        log.append(url)
        return respond(left.pop(0))

    return get


def respond(answer: Any) -> Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, int):
        answer = {"errcode": answer, "errmsg": "said in words that may change rid: 66f3bd4d-25a283a9"}
    return answer if isinstance(answer, Response) else Response(200, json.dumps(answer).encode())


def picture() -> File:
    return File("karte.png", "image/png", b"\x89PNG\r\n\x1a\n")
