"""YouTube, asked again and again: nothing is lost, nothing comes twice, and the day's units last for the day."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.http import Lost
from chalicelib.model import Edit, Event, Message
from tests.channels.youtube_at_hand import (
    MAI,
    START,
    THREAD,
    US,
    YUI,
    Site,
    Watcher,
    forget_tokens,
    opened,
    reason,
    refused,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _signed_out() -> None:
    forget_tokens()


def watching(**site: Any) -> Watcher:
    watcher = Watcher(Site(**site))
    watcher.look(timedelta(0))
    return watcher


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message | Edit)]


def test_the_first_look_brings_nothing_old() -> None:
    site = Site()
    site.write("Ugold", "from last week", at=START - 7 * DAY)
    site.write("Ugold", "an old reply", "r1", at=START - 6 * DAY)
    watcher = Watcher(site)
    assert watcher.look() == []
    assert watcher.look() == []


def test_a_late_reply_in_an_old_thread_is_brought() -> None:
    site = Site()
    site.write("Ugold", "from last week", at=START - 7 * DAY)
    watcher = Watcher(site)
    watcher.look()
    site.write("Ugold", "Còn hàng không ạ?", "r1")
    assert texts(watcher.look()) == ["Còn hàng không ạ?"]


def test_what_came_in_one_look_comes_in_the_order_it_was_written() -> None:
    watcher = watching()
    for number in range(3):
        watcher.site.now += MINUTE
        watcher.site.write(f"Ug{number}", str(number))
    assert texts(watcher.look()) == ["0", "1", "2"]


def test_nothing_comes_twice() -> None:
    watcher = watching()
    watcher.site.write(THREAD, "営業時間は？")
    watcher.site.write(THREAD, "同じく", "r1", YUI)
    for _ in range(5):
        watcher.look()
    assert watcher.texts() == ["営業時間は？", "同じく"]


def test_more_than_a_page_is_brought_page_by_page() -> None:
    watcher = watching(page_size=10)
    for number in range(35):
        watcher.site.write(f"Ug{number:02}", str(number), at=watcher.site.now + timedelta(seconds=number))
    watcher.site.asked.clear()
    assert sorted(map(int, texts(watcher.look()))) == list(range(35))
    assert len([path for path, fields in watcher.site.asked if "id" not in fields]) == 4
    assert watcher.look() == []


def test_a_look_that_broke_off_between_pages_goes_on_where_it_was() -> None:
    watcher = watching(page_size=10)
    for number in range(25):
        watcher.site.write(f"Ug{number:02}", str(number), at=watcher.site.now + timedelta(seconds=number))
    watcher.site.answers = [None, Lost("x")]
    with refused():
        watcher.look()
    watcher.look()
    assert sorted(map(int, watcher.texts())) == list(range(25))


def test_a_page_that_is_forgotten_there_is_looked_for_from_the_top() -> None:
    watcher = watching(page_size=10)
    for number in range(25):
        watcher.site.write(f"Ug{number:02}", str(number), at=watcher.site.now + timedelta(seconds=number))
    watcher.site.answers = [None, reason(400, "invalidPageToken")]
    watcher.look()
    watcher.look()
    assert sorted(map(int, watcher.texts())) == list(range(25))


def test_a_comment_that_was_held_for_review_comes_with_its_old_date() -> None:
    watcher = watching()
    held_at = watcher.site.now + MINUTE
    watcher.site.now += timedelta(hours=5)
    watcher.site.write("Ugnew", "newer")
    watcher.look()
    watcher.site.write("Ugheld", "was held", at=held_at)
    assert texts(watcher.look()) == ["was held"]


def test_more_replies_than_a_preview_shows_are_fetched_once() -> None:
    watcher = watching()
    watcher.site.write(THREAD)
    for number in range(8):
        watcher.site.write(THREAD, str(number), f"r{number}", YUI)
    assert len(watcher.look()) == 9
    watcher.site.asked.clear()
    watcher.look()
    assert "comments" not in [path for path, _ in watcher.site.asked]


def test_replies_that_may_not_be_read_hold_up_nobody() -> None:
    watcher = watching()
    watcher.site.write("Ugbad", "bad", at=watcher.site.now)
    for number in range(8):
        watcher.site.write("Ugbad", str(number), f"r{number}", YUI)
    watcher.site.write("Uggood", "good", at=watcher.site.now - MINUTE + timedelta(minutes=2))
    watcher.site.answers = [None, reason(404, "commentNotFound")]
    assert sorted(texts(watcher.look())) == ["bad", "good"]


def test_a_change_is_brought_once_and_likes_are_none() -> None:
    watcher = watching()
    watcher.site.write(THREAD, "alt")
    watcher.look()
    watcher.site.edit(THREAD, "neu")
    assert texts(watcher.look()) == ["neu"]
    watcher.site.threads[THREAD]["snippet"]["likeCount"] = 99
    assert watcher.look() == []


def test_threads_beyond_the_first_page_are_looked_at_in_turn() -> None:
    watcher = watching(page_size=100)
    for number in range(220):
        watcher.site.write(f"Ug{number:03}", at=watcher.site.now + timedelta(seconds=number))
    watcher.look(timedelta(minutes=5))
    watcher.site.write("Ug000", "late", "r1", YUI)
    looked = [texts(watcher.look()) for _ in range(4)]
    assert sorted(looked) == [[], [], [], ["late"]]


def test_a_deleted_thread_is_no_longer_asked_for() -> None:
    watcher = watching(page_size=1)
    watcher.site.write("Ugone", at=watcher.site.now)
    watcher.look()
    watcher.site.write("Ugtwo")
    watcher.look()
    del watcher.site.threads["Ugone"]
    watcher.look()
    watcher.site.asked.clear()
    watcher.look()
    assert [fields.get("id") for _, fields in watcher.site.asked] == [None]


def test_after_a_month_of_silence_a_thread_is_let_go() -> None:
    watcher = watching(page_size=1)
    watcher.site.write("Ugold")
    watcher.look()
    watcher.site.write("Ugnew")
    watcher.look(31 * DAY)
    watcher.site.asked.clear()
    watcher.look()
    assert [fields.get("id") for _, fields in watcher.site.asked] == [None]


# --- units


def test_a_quiet_look_costs_one_unit_and_a_busy_one_two() -> None:
    watcher = watching(page_size=2)
    watcher.site.asked.clear()
    watcher.look()
    assert len(watcher.site.asked) == 1
    for number in range(3):
        watcher.site.write(f"Ug{number}", at=watcher.site.now + timedelta(seconds=number))
    watcher.look()
    watcher.site.asked.clear()
    watcher.look()
    assert [sorted(fields)[:1] for _, fields in watcher.site.asked] == [["allThreadsRelatedToChannelId"], ["id"]]


@pytest.mark.parametrize(("units", "most"), [(10_000, 1440), (1_000, 500 + 200), (100, 50 + 200)])
def test_looks_leave_half_of_the_days_units_for_replies(units: int, most: int) -> None:
    site = Site(page_size=2)
    watcher = Watcher(site, {"daily_units": units})
    watcher.look(timedelta(0))
    for number in range(3):
        site.write(f"Ug{number}", at=START + timedelta(seconds=number))
    for _ in range(720):
        watcher.look()
    assert most * 0.9 <= len(site.asked) <= most + 3


def test_without_units_nothing_is_asked_and_later_nothing_is_missing() -> None:
    site = Site(page_size=10)
    watcher = Watcher(site, {"daily_units": 10})
    for _ in range(250):
        watcher.look(timedelta(seconds=1))
    for number in range(35):
        site.write(f"Ug{number:02}", str(number), at=site.now + timedelta(seconds=number))
    assert watcher.look() == []
    for _ in range(30):
        watcher.look(DAY / 2)
    assert sorted(map(int, watcher.texts())) == list(range(35))


def test_a_used_up_allowance_is_passing_and_loses_nothing() -> None:
    watcher = watching()
    watcher.site.write(THREAD, "Frage")
    watcher.site.answers = [reason(403, "quotaExceeded")]
    with refused() as found:
        watcher.look()
    assert found == [(Outcome.PASSING, "usage-capped")]
    assert texts(watcher.look()) == ["Frage"]


def test_a_cursor_fits_into_an_item_whatever_happens() -> None:
    watcher = watching()
    for thread in range(60):
        watcher.site.write(f"UgxThread{thread:012}AaABAg", at=watcher.site.now + timedelta(seconds=thread))
        for number in range(90):
            watcher.site.write(f"UgxThread{thread:012}AaABAg", "?", f"9k0Reply{number:014}", YUI)
    watcher.look(timedelta(minutes=5))
    assert watcher.look() == []
    assert len(watcher.came) == 60 * 91
    assert len(watcher.cursor) < 300_000


# --- whatever customers do


ACTS = st.lists(
    st.tuples(st.sampled_from(("thread", "reply", "edit", "look", "fail", "wait")), st.integers(0, 7)), max_size=25
)


@settings(max_examples=40, deadline=None)
@given(ACTS, st.integers(1, 4))
def test_whatever_customers_do_each_comment_comes_once_and_with_its_last_words(
    acts: list[tuple[str, int]], page_size: int
) -> None:
    watcher = watching(page_size=page_size, shown=2)
    for step, (act, number) in enumerate(acts):
        watcher.site.now += timedelta(seconds=20)
        _do(watcher, act, f"Ug{number % 4}", number, str(step))
    watcher.site.answers = []
    for _ in range(8):
        watcher.look()
    theirs = [each for each in watcher.site.all() if each["snippet"]["authorChannelId"]["value"] != US]
    came = Counter(event.id for event in watcher.came if isinstance(event, Message))
    assert came == Counter(each["id"] for each in theirs)
    last = {event.id: event.text for event in watcher.came if isinstance(event, Message | Edit)}
    assert last == {each["id"]: each["snippet"]["textOriginal"] for each in theirs}
    assert json.loads(watcher.cursor)["page"] == ""


def _do(watcher: Watcher, act: str, thread: str, number: int, step: str) -> None:
    site = watcher.site
    if act == "thread" and thread not in site.threads:
        site.write(thread, step)
    elif act == "reply" and thread in site.threads:
        site.write(thread, step, f"r{step}", (MAI, YUI, US)[number % 3])
    elif act == "edit" and thread in site.threads:
        site.edit(thread, step)
    elif act in ("look", "wait"):
        watcher.look(timedelta(hours=number) if act == "wait" else 2 * MINUTE)
    elif act == "fail":
        site.answers = [None] * (number % 3) + [Lost("x")]
        _look_in_vain(watcher)


def _look_in_vain(watcher: Watcher) -> None:
    with suppress(PostFailed):
        watcher.look()
    watcher.site.answers = []


def test_a_cursor_survives_being_stored() -> None:
    watcher = watching()
    watcher.site.write(THREAD, "Grüße 🙂 أهلا")
    watcher.look()
    watcher.cursor = json.loads(json.dumps(watcher.cursor))
    assert watcher.look() == []
    assert opened(watcher.site).poll(US, watcher.cursor).events == []
