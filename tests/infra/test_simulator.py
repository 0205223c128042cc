from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
import requests

from chalicelib.channels import open_channel
from chalicelib.channels.base import Connection, WebhookRequest
from chalicelib.model import Message
from infra import simulator
from infra.simulator.failures import KINDS
from infra.simulator.media import CAT, pdf, png
from infra.simulator.x.text import weight

PAGE, PERSON, COMMENT, USER = "10290001", "5550001", "900_17", "770077"
PAGE_TOKEN, USER_TOKEN, KEY = "page-token-for-tests", "user-token-for-tests", b"0123456789abcdef01234567"
OAUTH1 = "api-key:api-key-secret:access-token:access-token-secret"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()
CONFIG: dict[str, Any] = {
    "connections": [
        {
            "name": "teehaus",
            "channel": "facebook",
            "accounts": [PAGE],
            "secrets": {"page_tokens": {PAGE: PAGE_TOKEN}, "app_secret": "app-secret-for-tests"},
        },
        {
            "name": "teehaus-x",
            "channel": "x",
            "accounts": [USER, "880088"],
            "secrets": {
                "access_tokens": {USER: USER_TOKEN, "880088": OAUTH1},
                "consumer_secret": "consumer-secret-for-tests",
            },
        },
        {
            "name": "shop",
            "channel": "standard_webhooks",
            "accounts": ["kasse"],
            "secrets": {"reply_secret": WHSEC, "signing_secret": WHSEC},
        },
    ],
    "people": {PAGE: {"name": "Teehaus Löwe"}, USER: {"name": "Teehaus Löwe", "username": "teehaus"}},
}
WORDS = ("Grüße aus Köln", "申し訳ございません。", "Rất xin lỗi ạ", "非常抱歉。", "نعتذر جداً", "👩🏽‍🍳🙏 & <b>")


class Platforms:
    """A running simulator, called the way the product calls the platforms."""

    def __init__(self, url: str) -> None:
        self.url = url

    def graph(self, path: str, token: str = PAGE_TOKEN, **body: Any) -> requests.Response:
        return self._call("POST", f"/v26.0/{path}", {"Authorization": f"Bearer {token}"}, body)

    def look(self, path: str) -> Any:
        return self._call("GET", f"/v26.0/{path}", {"Authorization": f"Bearer {PAGE_TOKEN}"}).json()

    def x(self, path: str, token: str = USER_TOKEN, **body: Any) -> requests.Response:
        return self._call("POST", f"/2/{path}", {"Authorization": f"Bearer {token}"}, body)

    def look_x(self, path: str) -> Any:
        return self._call("GET", f"/2/{path}", {"Authorization": f"Bearer {USER_TOKEN}"}).json()

    def message(self, text: str = "hello", **more: Any) -> requests.Response:
        body = {"recipient": {"id": PERSON}, "messaging_type": "RESPONSE", "message": {"text": text}, **more}
        return self.graph(f"{PAGE}/messages", **body)

    def shop(self, text: str, name: str = "msg_1", at: int | None = None, key: bytes = KEY) -> requests.Response:
        data = {"text": text, "account": "kasse", "conversation": "order-88", "in_reply_to": "q1", "public": False}
        body, stamp = json.dumps({"type": "reply.created", "data": data}).encode(), str(at or int(time.time()))
        mac = base64.b64encode(hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v2,zzz v1,{mac}"}
        return requests.post(f"{self.url}/shop/replies", body, headers=headers, timeout=5)

    def told(self, **customer: Any) -> None:
        requests.post(f"{self.url}/inbound", json=customer, timeout=5).raise_for_status()

    def fail(self, channel: str, kind: str, **more: Any) -> requests.Response:
        return requests.post(f"{self.url}/fail", json={"channel": channel, "kind": kind, **more}, timeout=5)

    def posts(self) -> list[dict[str, Any]]:
        return list(requests.get(f"{self.url}/posts", timeout=5).json())

    def _call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> requests.Response:
        return requests.request(method, self.url + path, headers=headers, json=body, timeout=5)


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    found = simulator.serve(CONFIG, with_media=True)
    yield found.url
    found.stop()


@pytest.fixture
def platforms(running: str) -> Platforms:
    requests.delete(f"{running}/posts", timeout=5)
    return Platforms(running)


def error(answer: requests.Response) -> tuple[int, int, int | None]:
    found = answer.json()["error"]
    return answer.status_code, found["code"], found.get("error_subcode")


@pytest.mark.parametrize("text", WORDS)
def test_answers_of_every_script_are_posted_as_they_are(platforms: Platforms, text: str) -> None:
    comment = platforms.graph(f"{COMMENT}/comments", message=text).json()
    message = platforms.message(text).json()
    tweet = platforms.x("tweets", text=text, reply={"in_reply_to_tweet_id": "42"}).json()["data"]
    dm = platforms.x("dm_conversations/with/6001/messages", text=text).json()["data"]
    shop = platforms.shop(text).json()
    assert [
        (post["id"], post["channel"], post["account"], post["thread"], post["public"]) for post in platforms.posts()
    ] == [
        (comment["id"], "facebook", PAGE, COMMENT, True),
        (message["message_id"], "facebook", PAGE, PERSON, False),
        (tweet["id"], "x", USER, "42", True),
        (dm["dm_event_id"], "x", USER, "6001", False),
        (shop["id"], "standard_webhooks", "kasse", "order-88", False),
    ]
    assert {post["text"] for post in platforms.posts()} == {text}


def test_a_post_says_when_and_in_reply_to_what(platforms: Platforms) -> None:
    platforms.graph(f"{COMMENT}/comments", message="hello")
    post = platforms.posts()[0]
    assert post["in_reply_to"] == COMMENT
    assert datetime.now(UTC) - datetime.fromisoformat(post["at"]) < timedelta(minutes=1)


def test_graph_takes_parameters_from_query_form_and_json_and_the_token_anywhere(platforms: Platforms) -> None:
    url = f"{platforms.url}/v25.0/{COMMENT}/comments"
    assert requests.post(url, {"message": "form", "access_token": PAGE_TOKEN}, timeout=5).status_code == 200
    assert requests.post(f"{url}?message=query&access_token={PAGE_TOKEN}", timeout=5).status_code == 200
    assert [post["text"] for post in platforms.posts()] == ["form", "query"]


def test_a_wrong_token_posts_nothing(platforms: Platforms) -> None:
    assert error(platforms.graph(f"{COMMENT}/comments", token="stolen", message="hi")) == (401, 190, None)
    wrong = platforms.x("tweets", token="stolen", text="hi")
    assert (wrong.status_code, wrong.json()["title"]) == (401, "Unauthorized")
    assert wrong.headers["Content-Type"] == "application/problem+json"
    assert platforms.shop("hi", key=b"another key of 24 bytes!").status_code == 401
    assert platforms.posts() == []


def test_a_proof_of_the_app_secret_is_checked_where_it_is_sent(platforms: Platforms) -> None:
    proof = hmac.new(b"app-secret-for-tests", PAGE_TOKEN.encode(), hashlib.sha256).hexdigest()
    assert platforms.graph(f"{COMMENT}/comments", message="hi", appsecret_proof=proof).status_code == 200
    assert error(platforms.graph(f"{COMMENT}/comments", message="hi", appsecret_proof="0" * 64)) == (400, 100, None)


def test_another_pages_messages_cannot_be_sent(platforms: Platforms) -> None:
    body: dict[str, Any] = {"recipient": {"id": PERSON}, "messaging_type": "RESPONSE", "message": {"text": "hi"}}
    assert error(platforms.graph("999/messages", **body)) == (400, 100, 33)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{COMMENT}/comments", {"message": " "}),
        (f"{COMMENT}/comments", {"message": "字" * 8001}),
        (f"{PAGE}/messages", {"message": {"text": "hi"}, "messaging_type": "RESPONSE"}),
        (f"{PAGE}/messages", {"recipient": {"id": PERSON}, "message": {"text": "hi"}}),
        (
            f"{PAGE}/messages",
            {"recipient": {"id": PERSON}, "messaging_type": "RESPONSE", "message": {"text": "字" * 2001}},
        ),
        (
            f"{PAGE}/messages",
            {
                "recipient": {"id": PERSON},
                "messaging_type": "MESSAGE_TAG",
                "tag": "ACCOUNT_UPDATE",
                "message": {"text": "hi"},
            },
        ),
    ],
)
def test_what_facebook_does_not_take_is_error_100(platforms: Platforms, path: str, body: dict[str, Any]) -> None:
    assert error(platforms.graph(path, **body))[:2] == (400, 100)
    assert platforms.posts() == []


@pytest.mark.parametrize(
    ("hours", "tag", "accepted"),
    [(23, False, True), (25, False, False), (25, True, True), (24 * 7 + 1, True, False)],
)
def test_messenger_closes_its_window(platforms: Platforms, hours: int, tag: bool, accepted: bool) -> None:
    at = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    platforms.told(channel="facebook", account=PAGE, author=PERSON, at=at)
    answer = platforms.message(**({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if tag else {}))
    assert answer.status_code == (200 if accepted else 400)
    assert accepted or error(answer) == (400, 10, 2018278)


def test_a_comment_gets_one_private_reply_within_a_week(platforms: Platforms) -> None:
    platforms.told(channel="facebook", account=PAGE, author=PERSON, thread=COMMENT, public=True)
    old = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    platforms.told(channel="facebook", account=PAGE, author=PERSON, thread="900_18", public=True, at=old)
    first = platforms.graph(f"{PAGE}/messages", recipient={"comment_id": COMMENT}, message={"text": "hi"})
    assert first.json()["recipient_id"] == PERSON
    again = platforms.graph(f"{PAGE}/messages", recipient={"comment_id": COMMENT}, message={"text": "hi again"})
    assert error(again) == (400, 10900, None)
    late = platforms.graph(f"{PAGE}/messages", recipient={"comment_id": "900_18"}, message={"text": "late"})
    assert error(late) == (400, 10, 2018278)
    assert [(post["kind"], post["in_reply_to"], post["public"]) for post in platforms.posts()] == [
        ("private_reply", COMMENT, False)
    ]


def test_once_threads_are_told_no_other_is_there(platforms: Platforms) -> None:
    platforms.told(channel="facebook", account=PAGE, author=PERSON, thread=COMMENT, public=True)
    platforms.told(channel="x", account=USER, author="6001", thread="42", public=True)
    assert platforms.graph(f"{COMMENT}/comments", message="hi").status_code == 200
    assert error(platforms.graph("900_99/comments", message="hi")) == (400, 100, 33)
    assert platforms.x("tweets", text="hi", reply={"in_reply_to_tweet_id": "42"}).status_code == 201
    gone = platforms.x("tweets", text="hi", reply={"in_reply_to_tweet_id": "43"})
    assert "deleted or not visible" in gone.json()["detail"]


def test_what_was_posted_is_found_by_looking(platforms: Platforms) -> None:
    platforms.graph(f"{COMMENT}/comments", message="first")
    latest = platforms.graph(f"{COMMENT}/comments", message="最後").json()["id"]
    platforms.message("Xin chào")
    found = platforms.look(
        f"{COMMENT}/comments?fields=id,message,from,created_time&order=reverse_chronological&limit=1"
    )
    assert [row["message"] for row in found["data"]] == ["最後"]
    assert found["data"][0]["from"] == {"id": PAGE, "name": "Teehaus Löwe"}
    assert datetime.fromisoformat(found["data"][0]["created_time"]).tzinfo is not None
    after = found["paging"]["cursors"]["after"]
    assert "next" in found["paging"]
    rest = platforms.look(f"{COMMENT}/comments?order=reverse_chronological&limit=1&after={after}")
    assert [row["message"] for row in rest["data"]] == ["first"]
    assert "next" not in rest["paging"]
    assert platforms.look(f"{latest}?fields=message") == {"id": latest, "message": "最後"}
    chats = platforms.look(f"{PAGE}/conversations?platform=messenger&user_id={PERSON}&fields=messages")["data"]
    assert [message["message"] for message in chats[0]["messages"]["data"]] == ["Xin chào"]
    assert platforms.look(f"t_{PERSON}/messages")["data"] == chats[0]["messages"]["data"]


def test_a_conversation_is_there_as_soon_as_the_customer_wrote(platforms: Platforms) -> None:
    assert platforms.look(f"{PAGE}/conversations?user_id={PERSON}")["data"] == []
    platforms.told(channel="facebook", account=PAGE, author=PERSON, name="Emily Clark", text="Hello?")
    chat = platforms.look(f"{PAGE}/conversations?user_id={PERSON}")["data"][0]
    assert chat["messages"]["data"][0]["from"] == {"id": PERSON, "name": "Emily Clark"}


def test_people_have_names(platforms: Platforms) -> None:
    platforms.told(channel="facebook", account=PAGE, author=PERSON, name="Jürgen Weiß")
    assert platforms.look(f"{PERSON}?fields=first_name,last_name") == {
        "id": PERSON,
        "first_name": "Jürgen",
        "last_name": "Weiß",
    }
    platforms.told(channel="facebook", account=PAGE, author="5550003", name="田中 美咲")
    family_first = platforms.look("5550003?fields=first_name,last_name")
    assert (family_first["first_name"], family_first["last_name"]) == ("美咲", "田中")
    assert platforms.look("5550002?fields=first_name")["first_name"]
    assert platforms.look_x(f"users/{USER}")["data"]["username"] == "teehaus"


def test_a_page_remembers_what_it_is_subscribed_to(platforms: Platforms) -> None:
    assert platforms.look(f"{PAGE}/subscribed_apps")["data"] == []
    assert platforms.graph(f"{PAGE}/subscribed_apps", subscribed_fields="feed,messages").json() == {"success": True}
    assert platforms.look(f"{PAGE}/subscribed_apps")["data"][0]["subscribed_fields"] == ["feed", "messages"]


def test_x_refuses_the_same_words_twice_in_one_place(platforms: Platforms) -> None:
    answer: dict[str, Any] = {"text": "Danke!", "reply": {"in_reply_to_tweet_id": "42"}}
    assert platforms.x("tweets", **answer).status_code == 201
    again = platforms.x("tweets", **answer)
    assert (again.status_code, again.json()["detail"]) == (
        403,
        "You are not allowed to create a Tweet with duplicate content.",
    )
    assert platforms.x("tweets", text="Danke!", reply={"in_reply_to_tweet_id": "43"}).status_code == 201


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 280, 280),
        ("ü" * 280, 280),
        ("ộ" * 140, 280),
        ("ệ" * 10, 20),
        ("あ" * 140, 280),
        ("م" * 280, 280),
        ("👩🏽‍🍳🇩🇪👍🏿", 6),
        ("https://example.com/" + "x" * 300, 23),
        ("@teehaus @user1 hallo", 5),
        ("“x” – …", 8),
    ],
)
def test_x_weighs_scripts(text: str, expected: int) -> None:
    assert weight(text) == expected


def test_x_refuses_what_weighs_too_much(platforms: Platforms) -> None:
    assert platforms.x("tweets", text="あ" * 140).status_code == 201
    assert platforms.x("tweets", text="い" * 141).status_code == 403
    assert platforms.x("tweets", text="").status_code == 400
    assert platforms.x("dm_conversations/with/6001/messages", text="字" * 10_001).status_code == 403


def test_x_changes_texts_and_says_nothing_where_nothing_is(platforms: Platforms) -> None:
    assert platforms.look_x(f"users/{USER}/tweets") == {"meta": {"result_count": 0}}
    platforms.x("tweets", text="Tom & Ann: https://example.com/a", reply={"in_reply_to_tweet_id": "42"})
    tweet = platforms.look_x(f"users/{USER}/tweets")["data"][0]
    assert tweet["text"].startswith("Tom &amp; Ann: https://t.co/")
    assert tweet["entities"]["urls"][0]["expanded_url"] == "https://example.com/a"
    assert tweet["referenced_tweets"] == [{"type": "replied_to", "id": "42"}]
    assert platforms.look_x(f"users/{USER}/tweets?since_id={tweet['id']}") == {"meta": {"result_count": 0}}
    found = platforms.look_x(f"tweets?ids={tweet['id']},1")
    assert [each["id"] for each in found["data"]] == [tweet["id"]]
    assert found["errors"][0]["value"] == "1"


def test_direct_messages_are_found_with_the_person(platforms: Platforms) -> None:
    sent = platforms.x("dm_conversations/with/6001/messages", text="ありがとう").json()["data"]
    assert sent["dm_conversation_id"] == f"6001-{USER}"
    platforms.x(f"dm_conversations/{sent['dm_conversation_id']}/messages", text="again")
    events = platforms.look_x("dm_conversations/with/6001/dm_events")["data"]
    assert [(each["text"], each["sender_id"]) for each in events] == [("again", USER), ("ありがとう", USER)]


@pytest.mark.parametrize(("secret", "status"), [("access-token-secret", 200), ("wrong-token-secret", 401)])
def test_keys_that_never_expire_have_to_sign(platforms: Platforms, secret: str, status: int) -> None:
    url, query = f"{platforms.url}/2/users/880088/tweets", "max_results=100&tweet.fields=created_at%2Ctext"
    fields = (
        "oauth_consumer_key=api-key&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1"
        "&oauth_token=access-token&oauth_version=1.0"
    )
    sorted_query = "&".join(sorted([*query.split("&"), *fields.split("&")]))
    base = "&".join(quote(part, safe="~") for part in ("GET", url, sorted_query))
    mac = base64.b64encode(hmac.new(f"api-key-secret&{secret}".encode(), base.encode(), hashlib.sha1).digest()).decode()
    pairs = [*(each.split("=") for each in fields.split("&")), ["oauth_signature", quote(mac, safe="")]]
    header = "OAuth " + ", ".join(f'{key}="{value}"' for key, value in pairs)
    assert requests.get(f"{url}?{query}", headers={"Authorization": header}, timeout=5).status_code == status


def test_the_shop_posts_a_webhook_once(platforms: Platforms) -> None:
    assert platforms.shop("今天发货").json() == platforms.shop("今天发货").json()
    assert platforms.shop("另一条", name="msg_2").status_code == 200
    assert [post["text"] for post in platforms.posts()] == ["今天发货", "另一条"]
    assert platforms.shop("old", name="msg_3", at=int(time.time()) - 301).status_code == 401


def test_errors_look_like_the_platforms_own(platforms: Platforms) -> None:
    for kind in ("throttle", "refuse", "5xx", "window", "token"):
        platforms.fail("facebook", kind, times=2)
    comment = [error(platforms.graph(f"{COMMENT}/comments", message="hi")) for _ in range(1)]
    message = [error(platforms.message()) for _ in range(9)]
    assert comment == [(400, 32, None)]
    assert message == [
        (400, 613, None),
        *[(400, 551, 1545041)] * 2,
        *[(500, 2, None)] * 2,
        *[(400, 10, 2018278)] * 2,
        *[(401, 190, 463)] * 2,
    ]
    assert platforms.message().status_code == 200


def test_x_and_the_shop_say_when_to_come_back(platforms: Platforms) -> None:
    platforms.fail("x", "throttle")
    platforms.fail("standard_webhooks", "throttle")
    throttled = platforms.x("tweets", text="hi")
    assert throttled.status_code == 429
    assert 50 < int(throttled.headers["x-rate-limit-reset"]) - time.time() < 70
    assert platforms.shop("hi").headers["Retry-After"] == "60"
    platforms.fail("x", "refuse")
    refused = platforms.x("tweets", text="hi", reply={"in_reply_to_tweet_id": "42"})
    assert refused.json().keys() == {"title", "detail", "type", "status"}
    assert refused.json()["status"] == 403


@pytest.mark.parametrize(("kind", "posted"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_cut_connection_leaves_the_product_in_the_dark(platforms: Platforms, kind: str, posted: int) -> None:
    for channel in ("facebook", "x", "standard_webhooks"):
        platforms.fail(channel, kind)
    with pytest.raises(requests.ConnectionError):
        platforms.message()
    with pytest.raises(requests.ConnectionError):
        platforms.x("tweets", text="hi")
    with pytest.raises(requests.ConnectionError):
        platforms.shop("hi")
    assert len(platforms.posts()) == 3 * posted


def test_looking_can_fail_on_its_own(platforms: Platforms) -> None:
    platforms.fail("facebook", "5xx", on="look_up")
    assert platforms.message().status_code == 200
    assert platforms.look(f"{COMMENT}/comments")["error"]["code"] == 2
    assert platforms.look(f"{COMMENT}/comments")["data"] == []


@pytest.mark.parametrize(
    "asked",
    [{"kind": "earthquake"}, {"channel": "myspace"}, {"times": 0}, {"times": "many"}, {"on": "monday"}],
)
def test_a_failure_that_cannot_be_says_what_can(platforms: Platforms, asked: dict[str, Any]) -> None:
    answer = platforms.fail(**{"channel": "x", "kind": "5xx", **asked})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(next(iter(asked)))


def test_everything_can_be_forgotten(platforms: Platforms) -> None:
    platforms.message()
    platforms.fail("facebook", "throttle")
    assert requests.delete(f"{platforms.url}/posts", timeout=5).status_code == 204
    assert platforms.posts() == []
    assert platforms.message().status_code == 200


@pytest.mark.parametrize("language", ["en", "de", "ja", "vi", "zh"])
def test_the_page_shows_both_sides_in_every_language(platforms: Platforms, language: str) -> None:
    platforms.told(channel="facebook", account=PAGE, author=PERSON, thread=COMMENT, text="<i>متى؟</i>", public=True)
    platforms.graph(f"{COMMENT}/comments", message="غداً <script>")
    for kind in KINDS:
        platforms.fail("x", kind)
    page = requests.get(f"{platforms.url}/?lang={language}", timeout=5).text
    assert f'<html lang="{language}">' in page
    assert "&lt;i&gt;متى؟&lt;/i&gt;" in page
    assert "غداً &lt;script&gt;" in page


def test_attachments_can_be_fetched(platforms: Platforms) -> None:
    cat = requests.get(f"{platforms.url}/media/cat.png", timeout=5)
    assert (cat.headers["Content-Type"], cat.content) == ("image/png", png(CAT.splitlines()))
    assert requests.get(f"{platforms.url}/media/order.pdf", timeout=5).content == pdf("Order 1234")


class Webhook(BaseHTTPRequestHandler):
    """The product's webhook as far as echoes know it."""

    received: Queue[tuple[str, dict[str, str], bytes]] = Queue()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.put((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def echoing() -> Iterator[Platforms]:
    Webhook.received = Queue()
    server = HTTPServer(("127.0.0.1", 0), Webhook)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    found = simulator.serve(CONFIG, echo_base=f"http://127.0.0.1:{server.server_port}/", with_media=True)
    yield Platforms(found.url)
    found.stop()
    server.shutdown()
    server.server_close()


def test_platforms_echo_what_was_posted_signed_like_everything_they_send(echoing: Platforms) -> None:
    echoing.graph(f"{COMMENT}/comments", message="Grüße/谢谢")
    path, headers, body = Webhook.received.get(timeout=5)
    digest = hmac.new(b"app-secret-for-tests", body, hashlib.sha256).hexdigest()
    assert (path, headers["x-hub-signature-256"]) == ("/webhooks/facebook/teehaus", f"sha256={digest}")
    assert b"Gr\\u00fc\\u00dfe\\/\\u8c22" in body
    value = json.loads(body)["entry"][0]["changes"][0]["value"]
    assert (value["from"]["id"], value["message"], value["parent_id"]) == (PAGE, "Grüße/谢谢", COMMENT)


def test_the_echo_of_a_message_brings_its_metadata_back(echoing: Platforms) -> None:
    posted = echoing.message(message={"text": "hi", "metadata": "mine"}).json()
    echo = json.loads(Webhook.received.get(timeout=5)[2])["entry"][0]["messaging"][0]
    assert echo["sender"] == {"id": PAGE}
    assert echo["message"]["mid"] == posted["message_id"]
    assert (echo["message"]["is_echo"], echo["message"]["metadata"]) == (True, "mine")


def test_x_echoes_posts_and_direct_messages(echoing: Platforms) -> None:
    tweet = echoing.x("tweets", text="hi", reply={"in_reply_to_tweet_id": "42"}).json()["data"]["id"]
    path, headers, body = Webhook.received.get(timeout=5)
    mac = base64.b64encode(hmac.new(b"consumer-secret-for-tests", body, hashlib.sha256).digest()).decode()
    assert (path, headers["x-twitter-webhooks-signature"]) == ("/webhooks/x/teehaus-x", f"sha256={mac}")
    data = json.loads(body)["data"]
    assert (data["event_type"], data["payload"]["id"], data["filter"]) == ("post.create", tweet, {"user_id": USER})
    dm = echoing.x("dm_conversations/with/6001/messages", text="hi").json()["data"]["dm_event_id"]
    data = json.loads(Webhook.received.get(timeout=5)[2])["data"]
    assert (data["event_type"], data["payload"]["direct_message_events"][0]["id"]) == ("dm.sent", dm)


@pytest.mark.parametrize("place", ["comments", "messages", "tweets", "dms", "shop"])
def test_what_a_customer_writes_here_is_what_the_product_reads(echoing: Platforms, place: str) -> None:
    asked: dict[str, str | bool] = {
        "place": place,
        "name": "田中 美咲",
        "text": "まだ届きません 😢 / متى؟",
        "picture": True,
    }
    said = requests.post(f"{echoing.url}/say", json=asked, timeout=5).json()
    path, headers, body = Webhook.received.get(timeout=5)
    row = next(row for row in CONFIG["connections"] if path == f"/webhooks/{row['channel']}/{row['name']}")
    opened = open_channel(Connection(row["name"], row["channel"], tuple(row["accounts"]), {}, row["secrets"]))
    request = WebhookRequest("POST", headers, {}, body, time.time())
    opened.verify(request)
    (message,) = opened.parse(request)
    assert isinstance(message, Message)
    assert (message.id, message.author.id, message.account) == (said["id"], said["author"], said["account"])
    assert message.text.endswith("まだ届きません 😢 / متى؟")
    assert message.public == (place in ("comments", "tweets"))
    assert "まだ届きません" in requests.get(echoing.url, timeout=5).text


def test_the_same_customer_can_be_answered_and_write_again(echoing: Platforms) -> None:
    said = [
        requests.post(f"{echoing.url}/say", json={"place": "messages", "text": text}, timeout=5).json()
        for text in ("Hallo?", "Noch da?")
    ]
    assert said[0]["author"] == said[1]["author"]
    assert echoing.message(recipient={"id": said[0]["author"]}).status_code == 200


def test_a_customer_the_product_does_not_take_is_not_lost_in_silence(platforms: Platforms) -> None:
    answer = requests.post(f"{platforms.url}/say", json={"place": "messages", "text": "Hallo?"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "nobody listens: start with --echo-to")
    found = simulator.serve(CONFIG, echo_base="http://127.0.0.1:9")
    answer = requests.post(f"{found.url}/say", json={"place": "messages", "text": "Hallo?"}, timeout=5)
    found.stop()
    assert (answer.status_code, answer.json()["status"]) == (502, 0)


def test_a_configuration_that_cannot_work_names_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "simulator.json"
    config.write_text('{"connections": [{"name": "teehaus", "channel": "facebook"}]}')
    with pytest.raises(SystemExit):
        simulator.main(["--config", str(config)])
    assert "accounts, secrets missing in teehaus" in capsys.readouterr().err
    with pytest.raises(ValueError, match="channel of teehaus is one of"):
        simulator.serve({"connections": [{"name": "teehaus", "channel": "myspace", "accounts": [], "secrets": {}}]})


def test_the_program_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        simulator.main(["--help"])
    assert ended.value.code == 0
    assert "--echo-to URL" in capsys.readouterr().out
