"""How the APIs of WeChat and WeCom are called: a token in the address, and errors inside answers that are all 200.

A token lives for two hours. The clock renews it before it ends; one that fails all the same, or is not there yet, is
asked for on the spot, which both platforms answer with the one that is valid already.
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Getting_Started_Guide.html
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from chalicelib import public_web
from chalicelib.channels.base import Connection, Outcome, PostFailed, reaching, text_id
from chalicelib.channels.powers import Refreshed
from chalicelib.http import Http, NotSent, Response
from chalicelib.model import File

Json = Mapping[str, Any]
Errors = Mapping[int, tuple[Outcome, str]]

TOKEN = "access_token"  # noqa: S105 - its name among the secrets to send
EXPIRED = (40001, 40014, 41001, 42001)
GONE = 40007  # a file that is not there, or no longer


@dataclass(frozen=True)
class Minted:
    """A token and how long it lives."""

    token: str
    lives: timedelta


@dataclass(frozen=True)
class Api:
    """One connection's way to a platform. `mint` asks for a token with what `ask` gives it."""

    connection: Connection
    http: Http
    get: Callable[..., Response]
    url: str
    errors: Errors
    mint: Callable[[Api], Minted]
    media_hosts: Sequence[str] = ()  # where files are besides the API's own host

    def call(self, method: str, path: str, **content: Any) -> Json:
        """One call. Raises PostFailed."""
        held = str(self.connection.secrets.get(TOKEN, ""))
        answer = self.ask(method, self._with_token(path, held), **content) if held else {"errcode": EXPIRED[0]}
        if answer.get("errcode") in EXPIRED:
            answer = self.ask(method, self._with_token(path, self.mint(self).token), **content)
        return self.good(answer)

    def ask(self, method: str, path: str, **content: Any) -> Json:
        """The answer, good or not. Raises PostFailed when there is none."""
        with reaching():
            response = self.http(method, f"{self.url}/{path}", **content)
        answer = response.json()
        if response.status != 200 or not isinstance(answer, dict) or not answer:
            raise PostFailed(Outcome.UNKNOWN, "unclear", str(response.status))
        return answer

    def good(self, answer: Json) -> Json:
        """The answer, if it is no error. Its words are left out, for they may quote the customer's. Raises PostFailed."""
        code = answer.get("errcode", 0)
        if code == 0:
            return answer
        number = code if isinstance(code, int) else 0
        raise PostFailed(*self.errors.get(number, (Outcome.REFUSED, "rejected")), str(number))

    def refreshed(self, now: datetime) -> Refreshed:
        """The token that is valid, and how long. Raises PostFailed."""
        minted = self.mint(self)
        return Refreshed({TOKEN: minted.token}, now + minted.lives)

    def upload(self, file: File, kind: str) -> str:
        """The platform's id of a file, good for three days. Raises PostFailed, never with an unknown outcome."""
        form = {"media": (file.name, file.content, file.media_type)}
        answer = harmless(lambda: self.call("POST", f"cgi-bin/media/upload?type={kind}", form=form))
        try:
            return text_id(answer.get("media_id"))
        except ValueError:
            raise PostFailed(Outcome.PASSING, "unclear") from None

    def download(self, ref: str, most: int, seconds: float) -> Response:
        """A customer's file. Raises NotSent, Lost or TooLarge."""
        path = f"cgi-bin/media/get?media_id={quote(ref, safe='')}"
        try:
            held = str(self.connection.secrets.get(TOKEN, "")) or self.mint(self).token
            found = self._fetched(path, held, most, seconds)
            if _said(found).get("errcode") in EXPIRED:
                found = self._fetched(path, self.mint(self).token, most, seconds)
        except PostFailed as failed:
            raise NotSent(failed.code) from None
        return self._file(found, most, seconds)

    def _file(self, found: Response, most: int, seconds: float) -> Response:
        said = _said(found)
        if said.get("errcode") == GONE:
            return Response(404)
        if "errcode" in said:
            raise NotSent(str(said["errcode"])[:20])
        where = said.get("video_url")  # videos have an address of their own
        if not isinstance(where, str):
            return found
        host = urlsplit(where).hostname or ""
        if not any(host == each or host.endswith(f".{each}") for each in self.media_hosts):
            raise NotSent("address")
        return self.get(where, address=self._address(where), most=most, seconds=seconds)

    def _fetched(self, path: str, token: str, most: int, seconds: float) -> Response:
        url = f"{self.url}/{self._with_token(path, token)}"
        return self.get(url, address=self._address(url), most=most, seconds=seconds)

    def _address(self, url: str) -> str:
        # the local stack's platforms are on this machine, and only its settings may name it
        address = public_web.check(url, loopback="127.0.0.1" in self.connection.options.get("media_hosts", ()))
        if address is None:
            raise NotSent("address")
        return address

    def _with_token(self, path: str, token: str) -> str:
        return f"{path}{'&' if '?' in path else '?'}access_token={quote(token, safe='')}"


def minted(api: Api, method: str, path: str, **content: Any) -> Minted:
    """The token that this call brings. Raises PostFailed; nothing depends on whether it was carried out."""
    answer = harmless(lambda: api.ask(method, path, **content))
    if answer.get("errcode") in EXPIRED:
        raise PostFailed(Outcome.REFUSED, "token", str(answer["errcode"]))
    token, lives = api.good(answer).get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token or isinstance(lives, bool) or not isinstance(lives, int):
        raise PostFailed(Outcome.PASSING, "unclear")
    return Minted(token, timedelta(seconds=lives))


def harmless(call: Callable[[], Json]) -> Json:
    """What may be done twice: an outcome that nobody knows passes. Raises PostFailed."""
    try:
        return call()
    except PostFailed as failed:
        outcome = Outcome.PASSING if failed.outcome is Outcome.UNKNOWN else failed.outcome
        raise PostFailed(outcome, failed.code, failed.detail, failed.retry_after) from None


def _said(found: Response) -> Json:
    """What stands in the place of a file: a file is always sent as one."""
    if "content-disposition" in found.headers:
        return {}
    said = found.json() if found.status == 200 and found.body[:1] == b"{" else {}
    return said if isinstance(said, dict) else {}
