"""What a customer takes back is gone: every version of its words, wherever we had them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import desk
from chalicelib.aws import conversations
from chalicelib.aws.table import Busy
from chalicelib.desk import media
from tests import signing
from tests.aws import SECRET, Stack
from tests.mailroom.shop import Shop, address, opened
from tests.test_journey import NOW, body, post

PAGE = "1002003004005"
WORDS = "Geheimwort"  # in everything that is taken back


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with opened(monkeypatch) as made:
        yield made


def told(shop: Shop, verb: str, text: str = "", id: str = "77_88", at: int = NOW, **more: Any) -> None:
    value = {"item": "comment", "verb": verb, "comment_id": id, "post_id": f"{PAGE}_77", "parent_id": f"{PAGE}_77"}
    said = {"from": {"id": "9001", "name": "Mia Muster"}, "created_time": NOW, "message": text, **more}
    entry = {"id": PAGE, "time": at, "changes": [{"field": "feed", "value": {**value, **said}}]}
    assert post(cast(Stack, shop), json.dumps({"object": "page", "entry": [entry]}).encode()).status_code == 200


def holding(shop: Shop) -> list[str]:
    """What of ours still has the words: items by their kind, objects by their key."""
    items = [item["kind"] for item in shop.items() if WORDS in json.dumps(item, ensure_ascii=False, default=str)]
    return [*items, *(key for key, content in shop.aws.objects.items() if WORDS.encode() in content)]


def test_a_message_goes_with_every_version_of_its_words(shop: Shop) -> None:
    told(shop, "add", f"{WORDS} eins 秘密 🤫")
    shop.settle()
    for number in (1, 2):
        told(shop, "edited", f"{WORDS} in Fassung {number} سر", at=NOW + number)
        shop.settle()
    assert set(holding(shop)) == {"head", "id", "message", "edit"}
    told(shop, "remove", at=NOW + 5)
    shop.settle()
    assert holding(shop) == []
    told(shop, "remove", at=NOW + 6)
    told(shop, "edited", f"{WORDS} verspätet", at=NOW + 2)
    shop.settle()
    assert holding(shop) == [], "nothing brings it back"


def test_all_that_comes_at_once_leaves_nothing_in_whatever_order(shop: Shop) -> None:
    told(shop, "remove", at=NOW + 5)
    told(shop, "edited", f"{WORDS} danach", at=NOW + 1)
    told(shop, "add", f"{WORDS} zuerst")
    for _ in range(3):
        shop.settle()
        shop.seen.clear()
    assert holding(shop) == []


def test_the_agent_is_told_and_the_ticket_goes_on_without_the_words_in_its_name(shop: Shop) -> None:
    told(shop, "add", f"{WORDS}: habt ihr offen?")
    shop.settle()
    (ticket,) = shop.mails()
    shop.answer(ticket, "[#77] Wir melden uns!", Auto_Submitted="auto-replied", Subject=f"[#77] {ticket['Subject']}")
    told(shop, "remove", at=NOW + 5)
    told(shop, "add", "Noch eine Frage", id="77_89", parent_id="77_88")
    shop.settle()
    *_, last = shop.mails()
    assert str(last["Subject"]) == "Re: [#77] [Facebook] Mia Muster: Kommentar zu einem Beitrag von Kaffeehaus Lindner"
    assert address(last) == address(ticket)
    assert holding(shop) == [key for key in shop.aws.objects if key.startswith("inbound/")], (
        "agents' mails, for a month"
    )
    told(shop, "add", "Und noch eine", id="77_90", parent_id="77_88")
    shop.settle()
    assert str(shop.mails()[-1]["Subject"]) == str(last["Subject"]), "it stays so"


def test_a_mail_whose_fate_nobody_knows_yet_brings_no_name_with_these_words(shop: Shop) -> None:
    def between(operation: str, real: Callable[[], Any]) -> Any:
        done = real()
        if operation == "SendRawEmail":
            raise ReadTimeoutError(endpoint_url="ses")
        return done

    shop.aws.between = between
    told(shop, "add", f"{WORDS}: habt ihr offen?")
    shop.settle()
    told(shop, "remove", at=NOW + 5)
    shop.settle()
    assert (holding(shop), len(shop.mails())) == ([], 1)


def test_a_later_message_that_is_taken_back_leaves_the_tickets_name(shop: Shop) -> None:
    told(shop, "add", "Habt ihr offen?")
    shop.settle()
    opened_at = json.loads(next(item for item in shop.items("head"))["data"])["ticket"]["opened_at"]
    assert opened_at
    told(shop, "add", f"{WORDS}!", id="77_89", parent_id="77_88", created_time=NOW + 3600)
    shop.settle()
    told(shop, "remove", id="77_89", at=NOW + 3700)
    shop.settle()
    assert holding(shop) == []
    assert "Habt ihr offen?" in str(shop.mails()[-1]["Subject"])


def test_a_text_kept_behind_a_link_goes_with_the_edit_that_is_in_it(shop: Shop) -> None:
    told(shop, "add", "Habt ihr offen?")
    told(shop, "edited", f"{WORDS}, und das sehr lang", at=NOW + 1)
    shop.settle()
    (edit,) = [item for item in shop.entries("edit") if item["sk"].count(":")]
    # as a flood's is that no mail could show
    entry = conversations.one(edit["pk"], edit["sk"])
    assert entry
    media.note([entry], "token")
    shop.aws.put_object("media/token", f"{WORDS}, und das sehr lang".encode())
    told(shop, "remove", at=NOW + 99)
    shop.settle()
    assert holding(shop) == []


def test_a_reply_that_waited_for_its_thread_leaves_no_copy_where_it_waited(shop: Shop) -> None:
    customer = {"id": 5001, "id_str": "5001", "name": "Mai", "screen_name": "mai"}
    tweet = {
        **{"id_str": "88002", "text": f"@lindner {WORDS}", "user": customer, "timestamp_ms": str(NOW * 1000)},
        **{"in_reply_to_status_id_str": "88001", "in_reply_to_user_id_str": "77001"},
    }
    on_x(shop, {"for_user_id": "77001", "tweet_create_events": [tweet]})
    assert holding(shop).count("message") == 1
    deleted = {"status": {"id": "88002", "user_id": "5001"}, "timestamp_ms": str(NOW * 1000 + 5000)}
    on_x(shop, {"for_user_id": "77001", "tweet_delete_events": [deleted]})
    assert holding(shop) == []


def on_x(shop: Shop, delivery: dict[str, Any]) -> None:
    raw = json.dumps(delivery).encode()
    headers = {"content-type": "application/json", **signing.x(raw, SECRET)}
    assert shop.client.http.post("/webhooks/x/x", headers=headers, body=raw).status_code == 200
    shop.settle()


def test_what_an_agent_sees_says_that_it_was_taken_back(shop: Shop) -> None:
    told(shop, "add", f"{WORDS} eins")
    shop.settle()
    told(shop, "remove", at=NOW + 5)
    shop.settle()
    assert "Mia Muster hat diese Nachricht zurückgenommen." in body(shop.mails()[-1])


@pytest.mark.parametrize("crash_at", range(1, 6))
def test_a_crash_at_any_write_leaves_nothing_either(shop: Shop, crash_at: int) -> None:
    told(shop, "add", f"{WORDS} eins")
    shop.settle()
    for number in (1, 2):
        told(shop, "edited", f"{WORDS} in Fassung {number}", at=NOW + number)
        shop.settle()
    told(shop, "remove", at=NOW + 5)
    writes = iter(range(1, 100))

    def between(operation: str, real: Callable[[], Any]) -> Any:
        done = real()
        if operation == "TransactWriteItems" and next(writes) == crash_at:
            raise Busy("lost")
        return done

    shop.aws.between = between
    for _ in range(6):
        for pk in sorted({item["pk"] for item in shop.items() if "todo" in item}):
            with suppress(Busy):
                desk.work(pk, desk._room())
    assert holding(shop) == []
