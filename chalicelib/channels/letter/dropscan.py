"""Dropscan, a digital mailbox in Germany: its list of scanned letters is the truth, its webhook only says to look.

The body of its webhook is not documented, so nothing is read from it but which letter was scanned; what it says is
fetched. Only looks: asking Dropscan for a scan, to forward or to destroy a letter costs money and cannot be undone.
https://api.dropscan.de
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from chalicelib import public_web
from chalicelib.channels.base import Connection, Forged, Malformed, Outcome, PostFailed, WebhookRequest, read_json
from chalicelib.channels.letter.reading import placed
from chalicelib.channels.powers import Polled
from chalicelib.http import Http, Lost, NotSent, Response
from chalicelib.model import Attachment, AttachmentKind, Author, Message, Unreadable

SCANNED = "mailing_scanned"
EVENTS = (
    *("mailing_received", "scan_requested", SCANNED, "mailing_archived", "mailing_trashed", "mailing_shredded"),
    *("mailing_added_to_shipment", "mailing_removed_from_shipment", "shipment_sent", "package_tracking_updated"),
)
REF = "dropscan:"
MOST_PAGES, MOST_KNOWN = 20, 1_000
MAILING = re.compile(r"[A-Za-z0-9-]{8,64}")
UUID_KEYS, SCANBOX_KEYS = ("uuid", "mailing_uuid"), ("scanbox_id", "scanbox")


def verify(request: WebhookRequest, tokens: Sequence[str]) -> None:
    """By the Authorization value that we gave Dropscan with the rule. Raises Forged."""
    given = request.headers.get("authorization", "").encode("utf-8", "replace")
    if not any(compare_digest(given, token.encode()) for token in tokens):
        raise Forged("authorization")


def triggers(request: WebhookRequest, connection: Connection) -> list[Message | Unreadable]:
    """The letters that a delivery speaks of; none where it does not say which: the next look finds them. Raises Malformed."""
    body = read_json(request.body)
    if not isinstance(body, dict):
        raise Malformed("no object")
    leaves = list(_leaves(body))
    told = [value for _, value in leaves if value in EVENTS]
    if SCANNED not in told:
        return [] if told else [Unreadable("unknown-kind", body)]
    found = {key: value for key, value in leaves if key in (*UUID_KEYS, *SCANBOX_KEYS)}
    scanbox = next((found[key] for key in SCANBOX_KEYS if key in found), "")
    accounts = [each for each in connection.accounts if len(connection.accounts) == 1 or each == scanbox]
    names = [found[key] for key in UUID_KEYS if MAILING.fullmatch(found.get(key, ""))]
    now = datetime.fromtimestamp(request.received_at, UTC)
    return [_letter(account, name, now, body) for account in accounts for name in names[:1]]


@dataclass(frozen=True)
class Dropscan:
    """The API, with the business's own token."""

    url: str
    token: str
    http: Http
    get: Callable[..., Response]

    def poll(self, scanbox: str, cursor: str, now: datetime) -> Polled:
        """What is scanned and was not there at the last look; the first look brings nothing. Raises PostFailed."""
        known = dict.fromkeys(json.loads(cursor)) if cursor else {}
        new = [name for name in self._scanned(scanbox, known) if name not in known]
        kept = list(dict.fromkeys([*new, *known]))[:MOST_KNOWN]
        letters = [_letter(scanbox, name, now) for name in reversed(new)] if cursor else []
        return Polled(letters, json.dumps(kept))

    def complete(self, message: Message) -> Message:
        """With the words that Dropscan read in it. Raises PostFailed, also while it does not have them yet."""
        answer = self._ask(f"/scanboxes/{message.account}/mailings/{message.id}/plaintext")
        scan = Attachment(AttachmentKind.FILE, name="letter.pdf", ref=f"{REF}{message.id}")
        return placed(replace(message, attachments=(scan,)), answer.body.decode("utf-8", "replace"))

    def download(self, scanbox: str, ref: str, most: int, seconds: float) -> Response:
        """The scan. Raises http.NotSent, Lost or TooLarge."""
        url = f"{self.url}/scanboxes/{scanbox}/mailings/{ref.removeprefix(REF)}/pdf"
        address = public_web.check(url)
        if address is None:
            raise NotSent("address")
        return self.get(url, address=address, most=most, seconds=seconds, headers=self._headers)

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def _scanned(self, scanbox: str, known: Mapping[str, Any]) -> Iterator[str]:
        """Page by page, until one brings nothing new."""
        older = ""
        for _ in range(MOST_PAGES):
            page = self._ask(f"/scanboxes/{scanbox}/mailings?current_status=scanned{older}").json()
            rows = page if isinstance(page, list) else next((v for v in page.values() if isinstance(v, list)), [])
            names = [
                str(row["uuid"]) for row in rows if isinstance(row, dict) and MAILING.fullmatch(str(row.get("uuid")))
            ]
            yield from names
            if not names or all(name in known for name in names):
                return
            older = f"&older_than={names[-1]}"

    def _ask(self, path: str) -> Response:
        try:
            answer = self.http("GET", f"{self.url}{path}", headers=self._headers)
        except (NotSent, Lost) as error:
            raise PostFailed(Outcome.PASSING, "throttled", str(error)) from error
        if answer.status == 200:
            return answer
        refused = answer.status in (401, 403)
        raise PostFailed(
            Outcome.REFUSED if refused else Outcome.PASSING, "token" if refused else "throttled", str(answer.status)
        )


def _letter(scanbox: str, name: str, now: datetime, raw: Mapping[str, Any] | None = None) -> Message:
    return Message("letter", scanbox, name, name, Author(""), "", now, partial=True, raw=raw or {})


def _leaves(body: Any) -> Iterator[tuple[str, str]]:
    """Every key with a plain value, however deep."""
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        if isinstance(value, dict | list):
            yield from _leaves(value)
        else:
            yield str(key), str(value)
