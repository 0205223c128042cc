"""Standard Webhooks: what our page tells a developer is the truth."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chalicelib.http import Response
from chalicelib.model import Echo, Edit, File, Message, Unsend
from tests.channels.at_hand import answering
from tests.channels.standard_webhooks_at_hand import FORM, ID, SECRET, events_of, reply, request, sending, verify

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
