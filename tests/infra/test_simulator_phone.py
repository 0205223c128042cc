"""The phones that the simulator plays: Twilio's API for the product, a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import request
from flask.testing import FlaskClient

from chalicelib.channels.base import WebhookRequest
from chalicelib.http import Response
from chalicelib.phone import twilio
from chalicelib.phone.sending import TextFailed
from chalicelib.settings import Phone
from infra.pages import new_app, serve_app
from infra.simulator import phone
from infra.simulator.phone import Phones

OURS, GRETA, KIM = "+436600000001", "+436601234567", "+436607654321"
ACCOUNT, TOKEN = f"AC{'1' * 32}", "token-of-the-simulator"
PHONE = Phone("twilio", OURS, account=ACCOUNT, api_url="http://simulator")
WORDS = "A7 X, 花子: 「抹茶ケーキは？」 🍵"


@pytest.fixture
def phones() -> Phones:
    people = [{"name": "Greta Sommer", "number": GRETA}, {"name": "Kim", "number": KIM}]
    return phone.phones_from({"account": ACCOUNT, "auth_token": TOKEN, "number": OURS, "people": people})


@pytest.fixture
def page(phones: Phones) -> FlaskClient:
    app = new_app("phones")
    app.register_blueprint(phone.phone_api(phones, ""))
    return app.test_client()


def by_page(page: FlaskClient, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    answer = page.open(urlsplit(url).path, method=method, headers=dict(headers), data=body)
    return Response(answer.status_code, answer.data)


def send(page: FlaskClient, to: str = GRETA, words: str = WORDS, token: str = TOKEN, **more: Any) -> str:
    return twilio.send(Phone(**{**vars(PHONE), **more}), token, to, words, partial(by_page, page))


def test_what_the_product_texts_is_on_the_phone(page: FlaskClient) -> None:
    assert send(page).startswith("SM")
    (text,) = page.get("/texts").get_json()
    assert (text["sender"], text["to"], text["text"], text["parts"]) == (OURS, GRETA, WORDS, 1)
    for language, title in (("de", "Handys"), ("ja", "携帯電話")):
        shown = page.get(f"/phone?lang={language}").get_data(as_text=True)
        assert title in shown
        assert "抹茶ケーキは？" in shown


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"token": "another-token-of-theirs"}, "20003"),
        ({"number": KIM}, "21606"),
        ({"to": OURS}, "21211"),
        ({"words": "x" * 1601}, "21617"),
    ],
)
def test_it_refuses_as_twilio_does(page: FlaskClient, wrong: dict[str, str], code: str) -> None:
    with pytest.raises(TextFailed) as raised:
        send(page, **wrong)
    assert raised.value.code == code
    assert page.get("/texts").get_json() == []


@pytest.fixture
def product() -> Iterator[tuple[str, list[WebhookRequest]]]:
    """Something that takes what Twilio delivers."""
    taken: list[WebhookRequest] = []
    app = new_app("product")

    @app.post("/api/texts/twilio")
    def texts() -> str:
        headers = {name.lower(): value for name, value in request.headers.items()}
        taken.append(WebhookRequest("POST", headers, {}, request.get_data(), 0.0))
        return "<Response/>"

    running = serve_app(app)
    yield f"{running.url}/api", taken
    running.stop()


def test_what_is_typed_on_the_phone_is_brought_as_twilio_brings_it(
    phones: Phones, product: tuple[str, list[WebhookRequest]]
) -> None:
    url, taken = product
    assert phone.deliver(phones, GRETA, "A7 はい、日曜も営業しています 🙂", url) == 200
    (delivery,) = taken
    fields = twilio.proven(delivery, f"{url}{twilio.PATH}", [TOKEN])
    assert (fields["From"], fields["To"], fields["Body"]) == (GRETA, OURS, "A7 はい、日曜も営業しています 🙂")
    assert dict(parse_qsl(delivery.body.decode()))["AccountSid"] == ACCOUNT


def test_after_stop_nothing_is_taken_for_that_phone_until_start(
    phones: Phones, page: FlaskClient, product: tuple[str, list[WebhookRequest]]
) -> None:
    phone.deliver(phones, GRETA, "Stop", product[0])
    with pytest.raises(TextFailed) as raised:
        send(page)
    assert raised.value.stopped
    assert send(page, to=KIM)
    phone.deliver(phones, GRETA, "START", product[0])
    assert send(page)
