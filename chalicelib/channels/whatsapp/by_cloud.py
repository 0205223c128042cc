"""WhatsApp through Meta's own Cloud API.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from chalicelib import public_web
from chalicelib.channels import WHATSAPP, meta
from chalicelib.channels.base import Connection, Outcome, PostFailed, SecretMissing, text_id
from chalicelib.channels.told import words
from chalicelib.channels.whatsapp.failures import ERRORS
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import File


@dataclass(frozen=True)
class Cloud:
    """One business phone number; `url` is the API's, with its version."""

    connection: Connection
    number: str
    url: str
    http: Http
    get: Callable[..., Response]

    def send(self, message: Mapping[str, Any]) -> str:
        answer = self._call("POST", f"{quote(self.number, safe='')}/messages", json=message)
        try:
            return text_id(answer["messages"][0]["id"])
        except (LookupError, TypeError, ValueError):
            raise PostFailed(Outcome.UNKNOWN, "unclear") from None

    def upload(self, file: File) -> str:
        content = (file.name, file.content, file.media_type)
        form = {"messaging_product": "whatsapp", "type": file.media_type, "file": content}
        try:
            return text_id(self._call("POST", f"{quote(self.number, safe='')}/media", form=form).get("id"))
        except ValueError:
            raise PostFailed(Outcome.PASSING, "unreachable") from None
        except PostFailed as failed:
            raise not_uploaded(failed) from None

    def download(self, ref: str, most: int, seconds: float) -> Response:
        """Meta gives an address for five minutes; it wants our token too, so only an address of Meta's own is asked."""
        id, _, digest = ref.partition(" ")
        found = self.http(
            "GET", f"{self.url}/{quote(id, safe='')}?phone_number_id={self.number}", headers=self._headers()
        )
        where = words(found.json().get("url")) if found.status == 200 else ""
        if not where:
            return Response(found.status if found.status != 200 else 404)
        fetched = self.get(where, address=self._address(where), most=most, seconds=seconds, headers=self._headers())
        return whole(fetched, digest)

    def resubscribe(self, business: str) -> Sequence[str]:
        """The app's subscription to the business account; which fields it brings is the app's own setting."""
        path = f"{quote(business, safe='')}/subscribed_apps"
        if self._call("GET", path).get("data"):
            return ()
        self._call("POST", path)
        return ("subscribed_apps",)

    def _call(self, method: str, path: str, **content: Any) -> Mapping[str, Any]:
        return meta.call(self.http, method, f"{self.url}/{path}", self._token(), errors=ERRORS, **content)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token()}"}

    def _token(self) -> str:
        try:
            return self.connection.account_secret("access_tokens", self.number)
        except SecretMissing:
            raise PostFailed(Outcome.REFUSED, "token") from None

    def _address(self, where: str) -> str:
        host, hosts = urlsplit(where).hostname or "", self.connection.options.get("media_hosts", WHATSAPP.media_hosts)
        is_metas = any(host == each or host.endswith(f".{each}") for each in hosts)
        # the local stack's platforms are on this machine, and only its settings may name it
        loopback = "127.0.0.1" in hosts
        address = public_web.check(where, loopback=loopback) if is_metas else None
        if address is None:
            raise NotSent("address")
        return address


def whole(fetched: Response, digest: str) -> Response:
    """What was fetched, if it is what Meta announced. Raises Lost."""
    wanted = b64encode(sha256(fetched.body).digest())
    if fetched.status == 200 and digest and not hmac.compare_digest(wanted, digest.encode()):
        raise Lost("sha256")
    return fetched


def not_uploaded(failed: PostFailed) -> PostFailed:
    """A file that may have arrived is sent again; one that is not taken is the file's fault."""
    if failed.outcome is Outcome.UNKNOWN:
        return PostFailed(Outcome.PASSING, "unreachable", failed.detail)
    code = "attachment" if failed.code == "rejected" else failed.code
    return PostFailed(failed.outcome, code, failed.detail, failed.retry_after)
