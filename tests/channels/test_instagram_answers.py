"""Instagram: every answer that can go out, what is looked up, renewed and set up again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.instagram import Instagram
from chalicelib.channels.instagram.answers import HASHTAG, LINK, size
from chalicelib.channels.powers import Completes, Finds, Lists, Profiles, Refreshed, Refreshes, Subscribes
from chalicelib.http import Lost, NotSent, Response
from chalicelib.model import Author, Echo, File, Kind, Message, Reply
from chalicelib.splitting import split
from tests.channels.at_hand import refusal
from tests.channels.facebook_at_hand import answering
from tests.channels.instagram_at_hand import (
    ACCOUNT,
    ANSWER,
    COMMENT,
    COMMENTER,
    INSTAGRAM,
    MEDIA,
    MENTION,
    MENTIONED_IN,
    NOW,
    OTHER,
    PERSON,
    SENT_AT,
    at,
    comment_reply,
    connection,
    delivered,
    only,
    payload,
    reply,
)

OWN_TOKEN = {"authorization": "Bearer token-of-the-first-account"}
HOST, PAGES_HOST = "https://graph.instagram.com/v26.0", "https://graph.facebook.com/v26.0"


def sent(answer: Reply, **options: Any) -> tuple[str, Any]:
    """Where an answer went below the host, and its body."""
    log: list[Any] = []
    http = answering({"id": "1", "message_id": "2"}, log=log)
    at(options.pop("now", NOW), http, **options).send(answer)
    return log[0][1].removeprefix(HOST).removeprefix(PAGES_HOST), log[0][3]


# --- what goes out ---------------------------------------------------------------------------------------------------


def test_a_message_is_answered_with_the_token_of_the_account() -> None:
    log: list[Any] = []
    assert at(NOW, answering({"recipient_id": PERSON, "message_id": "aWdnew"}, log=log)).send(reply()) == "aWdnew"
    body = {"recipient": {"id": PERSON}, "message": {"text": ANSWER}}
    assert log == [("POST", f"{HOST}/me/messages", OWN_TOKEN, body)]


def test_a_connection_by_facebook_login_goes_to_facebooks_host_in_the_name_of_the_page() -> None:
    log: list[Any] = []
    http = answering({"message_id": "1"}, {"id": "2"}, log=log)
    channel = at(NOW, http, login="facebook")
    channel.send(reply())
    channel.send(comment_reply(account=OTHER))
    assert [(url, headers) for _, url, headers, _ in log] == [
        (f"{PAGES_HOST}/me/messages", OWN_TOKEN),
        (f"{PAGES_HOST}/{COMMENT}/replies", {"authorization": "Bearer token-of-the-second-account"}),
    ]


def test_a_day_later_only_the_permission_for_human_agents_lets_an_answer_through() -> None:
    later = SENT_AT + timedelta(hours=25)
    _, body = sent(reply(), now=later, human_agent=True)
    assert (body["messaging_type"], body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    assert "tag" not in sent(reply(), now=SENT_AT + timedelta(hours=24), human_agent=True)[1]
    assert refusal(at(later, answering()), reply()) == (Outcome.REFUSED, "window")
    much_later = at(SENT_AT + timedelta(days=8), answering(), human_agent=True)
    assert refusal(much_later, reply()) == (Outcome.REFUSED, "window")


def test_a_file_goes_out_as_a_link_that_instagram_fetches() -> None:
    picture = File("Karte.png", "image/png", b"\x89PNG", "https://api.lindner.example/files/abc")
    _, body = sent(reply(text="", files=(picture,)))
    assert body["message"] == {"attachment": {"type": "image", "payload": {"url": picture.link}}}
    _, body = sent(reply(text="", files=(File("a.pdf", "application/pdf", b"%PDF", "https://x.example/a"),)))
    assert body["message"]["attachment"]["type"] == "file"


def test_a_comment_is_answered_under_the_one_at_the_top() -> None:
    assert sent(comment_reply()) == (f"/{COMMENT}/replies", {"message": ANSWER})
    assert sent(comment_reply(parent="1803-nested"))[0] == f"/{COMMENT}/replies"
    assert sent(comment_reply(thread=f":{COMMENT}"))[0] == f"/{COMMENT}/replies"


def test_a_mention_is_answered_where_it_stands() -> None:
    in_comment = comment_reply(kind=Kind.MENTION, thread=f"{MENTIONED_IN}:{MENTION}", parent=MENTION, author_id="")
    named = {"media_id": MENTIONED_IN, "comment_id": MENTION, "message": ANSWER}
    assert sent(in_comment) == (f"/{ACCOUNT}/mentions", named)
    in_caption = comment_reply(kind=Kind.MENTION, thread=MENTIONED_IN, parent=MENTIONED_IN, author_id="")
    assert sent(in_caption)[1] == {"media_id": MENTIONED_IN, "message": ANSWER}


def test_a_comment_can_be_answered_privately_within_a_week() -> None:
    path, body = sent(comment_reply(public=False), now=SENT_AT + timedelta(days=6))
    assert (path, body["recipient"]) == ("/me/messages", {"comment_id": COMMENT})
    live = comment_reply(public=False, thread=f"live:{MEDIA}:{COMMENT}")
    assert sent(live)[1]["recipient"] == {"comment_id": COMMENT}
    late = at(SENT_AT + timedelta(days=8), answering())
    assert refusal(late, comment_reply(public=False)) == (Outcome.REFUSED, "window")
    mention = comment_reply(public=False, kind=Kind.MENTION)
    assert refusal(at(NOW, answering()), mention) == (Outcome.REFUSED, "private-only")


def test_a_comment_on_a_broadcast_is_not_answered_publicly() -> None:
    live = comment_reply(thread=f"live:{MEDIA}:{COMMENT}")
    assert refusal(at(NOW, answering()), live) == (Outcome.REFUSED, "no-answers")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("長" * 301, "too-long"),
        ("#a #b #c #d #e", "crowded"),
        ("#茶 #Grüße #xin_chào #قهوة #5th", "crowded"),
        ("https://a.example und www.b.example", "crowded"),
    ],
)
def test_instagrams_rules_for_comments_are_known_before_anything_leaves(text: str, code: str) -> None:
    assert refusal(at(NOW, answering()), comment_reply(text=text)) == (Outcome.REFUSED, code)


@pytest.mark.parametrize("text", ["長" * 300, "#a #b #c #d, Nr. #5, a#b", "https://a.example/#x", "👩🏽‍🍳🙏"])
def test_an_ordinary_comment_keeps_the_rules(text: str) -> None:
    assert sent(comment_reply(text=text))[1] == {"message": text}
    assert len(HASHTAG.findall(text)) <= 4
    assert len(LINK.findall(text)) <= 1


def test_messages_are_counted_in_bytes_and_cut_between_signs() -> None:
    limits = INSTAGRAM.limits(Kind.DIRECT)
    for text in ("申し訳ございません。" * 60, "👩🏽‍🍳" * 150, "Rất xin lỗi ạ! " * 120, "نعتذر جداً " * 100):
        parts = split(text, limits.text, limits.measure)
        assert 1 < len(parts) <= limits.parts
        assert max(map(size, parts)) <= 1000
        assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    too_long = reply(text="長" * 334)
    assert refusal(at(NOW, answering()), too_long) == (Outcome.REFUSED, "too-long")
    assert size("\ud83d") == 3  # half a sign counts as what it would be


def test_limits_say_what_each_kind_of_answer_may_be() -> None:
    direct, tagged = INSTAGRAM.limits(Kind.DIRECT), Instagram(connection(human_agent=True)).limits(Kind.DIRECT)
    assert (direct.text, direct.unit, direct.window, direct.longest_window) == (1000, "bytes", *[timedelta(days=1)] * 2)
    assert tagged.longest_window == timedelta(days=7)
    for kind in (Kind.COMMENT, Kind.MENTION):
        public, private = INSTAGRAM.limits(kind), INSTAGRAM.limits(kind, public=False)
        assert (public.public, public.text, public.window, public.media) == (True, 300, None, None)
        assert (private.public, private.text, private.window) == (False, 1000, timedelta(days=7))
        assert (private.answers, private.parts) == (kind is Kind.COMMENT, 1)


def test_ids_cannot_leave_their_place_in_the_address() -> None:
    assert sent(comment_reply(thread="1:../me?x=1#"))[0] == "/..%2Fme%3Fx%3D1%23/replies"


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (NotSent("x"), Outcome.PASSING, "unreachable"),
        (Lost("x"), Outcome.UNKNOWN, "lost"),
        ((613, 2534040), Outcome.PASSING, "throttled"),
        ((80002, 0), Outcome.PASSING, "throttled"),
        ((10, 2534022), Outcome.REFUSED, "window"),
        ((10, 0), Outcome.REFUSED, "permission"),
        ((100, 2534014), Outcome.REFUSED, "gone"),
        ((100, 2534029), Outcome.REFUSED, "blocked"),
        ((190, 463), Outcome.REFUSED, "token"),
        ((200, 2534041), Outcome.REFUSED, "switched-off"),
        ((200, 0), Outcome.REFUSED, "permission"),
        ((551, 1545041), Outcome.REFUSED, "blocked"),
        (Response(500), Outcome.UNKNOWN, "unclear"),
        (Response(200, b"{}"), Outcome.UNKNOWN, "unclear"),
    ],
)
def test_every_failure_says_what_it_means_for_the_next_step(answer: Any, outcome: Outcome, code: str) -> None:
    assert refusal(at(NOW, answering(answer)), reply()) == (outcome, code)


def test_an_account_without_token_is_refused_before_anything_is_sent() -> None:
    assert refusal(at(NOW, answering()), reply(account="5")) == (Outcome.REFUSED, "token")


# --- whether it was posted after all ---------------------------------------------------------------------------------


def said(id: str, text: str, by: str, minutes: int = 5, **more: Any) -> dict[str, Any]:
    created = (SENT_AT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": id, "message": text, "from": {"id": by}, "created_time": created, **more}


def written(id: str, text: str, by: str = "teehaus", minutes: int = 5, **more: Any) -> dict[str, Any]:
    created = (SENT_AT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": id, "text": text, "username": by, "timestamp": created, **more}


def conversation(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"id": "aWd1", "messages": {"data": list(messages)}}]}


def test_a_lost_message_is_found_in_its_conversation_whatever_id_the_account_has_there() -> None:
    log: list[Any] = []
    http = answering(conversation(said("m2", f" {ANSWER}\n", "26001122"), said("m1", ANSWER, PERSON, 0)), log=log)
    assert at(NOW, http).find(reply()) == "m2"
    assert log[0][1].startswith(f"{HOST}/me/conversations?platform=instagram&user_id={PERSON}&fields=messages")
    assert at(NOW, answering(conversation(said("m1", ANSWER, PERSON)))).find(reply()) is None
    assert at(NOW, answering(conversation(said("m1", "anders", ACCOUNT)))).find(reply()) is None


def test_a_lost_private_answer_to_a_comment_is_looked_for_among_the_messages() -> None:
    assert at(NOW, answering({"data": []})).find(comment_reply(public=False)) is None
    assert at(NOW, answering(conversation(said("m3", ANSWER, ACCOUNT)))).find(comment_reply(public=False)) == "m3"


def test_a_lost_comment_is_found_by_our_name_or_id() -> None:
    me = {"username": "teehaus", "id": ACCOUNT}
    by_name = [written("1", ANSWER, "mai.nguyen"), written("2", ANSWER)]
    by_id = [{**written("3", ANSWER, "renamed"), "from": {"id": ACCOUNT}}]
    assert at(NOW, answering(me, {"data": by_name})).find(comment_reply()) == "2"
    assert at(NOW, answering(me, {"data": by_id})).find(comment_reply()) == "3"
    assert at(NOW, answering(me, {"data": [written("4", ANSWER, minutes=-9)]})).find(comment_reply()) is None


@pytest.mark.parametrize("answers", [[NotSent("x")], [(190, 0)], [{"username": "a"}, {"data": None}], [{}, {"x": 1}]])
def test_when_nobody_can_tell_it_says_so(answers: list[Any]) -> None:
    for answer in (comment_reply(), comment_reply(kind=Kind.MENTION)):
        with pytest.raises(PostFailed) as failed:
            at(NOW, answering(*answers)).find(answer)
        assert failed.value.outcome is Outcome.UNKNOWN


# --- what is looked up -----------------------------------------------------------------------------------------------


def test_who_wrote_a_message_has_a_name_and_a_handle() -> None:
    told = {"name": "田中 花子", "username": "hanako_t", "follower_count": 120, "id": PERSON}
    assert at(NOW, answering(told)).profile(ACCOUNT, PERSON) == {
        "name": "田中 花子",
        "handle": "hanako_t",
        "url": "https://www.instagram.com/hanako_t/",
        "followers": 120,
    }
    # who never wrote one: "User consent is required"
    assert at(NOW, answering((230, 0))).profile(ACCOUNT, COMMENTER) == {}
    assert at(NOW, answering()).profile("5", PERSON) == {}


def test_a_mention_in_a_comment_is_completed_with_words_author_and_address() -> None:
    log: list[Any] = []
    found = {
        "text": "@teehaus 能寄到台灣嗎？",
        "username": "lin.tw",
        "media": {"permalink": "https://www.instagram.com/p/Pp/"},
    }
    channel = at(NOW, answering({"mentioned_comment": found, "id": ACCOUNT}, log=log))
    whole = channel.complete(only("mention_in_comment"))
    assert whole
    assert (whole.id, whole.text, whole.permalink, whole.partial) == (
        MENTION,
        found["text"],
        "https://www.instagram.com/p/Pp/",
        False,
    )
    assert whole.author == Author("", handle="lin.tw", url="https://www.instagram.com/lin.tw/")
    assert unquote(log[0][1]) == (
        f"{HOST}/{ACCOUNT}?fields=mentioned_comment.comment_id({MENTION}){{text,username,media{{permalink}}}}"
    )


def test_a_mention_in_a_caption_is_completed_with_the_caption() -> None:
    found = {"caption": "Frühstück bei @teehaus 🥐", "username": "rabe", "permalink": "https://www.instagram.com/p/Q/"}
    whole = at(NOW, answering({"mentioned_media": found})).complete(only("mention_in_caption"))
    assert whole
    assert (whole.text, whole.author.handle, whole.permalink) == (found["caption"], "rabe", found["permalink"])


def test_a_mention_that_is_gone_is_no_message_and_one_that_cannot_be_read_now_waits() -> None:
    assert at(NOW, answering((100, 33))).complete(only("mention_in_comment")) is None
    for answer in ((613, 0), {"id": ACCOUNT}):
        with pytest.raises(PostFailed):
            at(NOW, answering(answer)).complete(only("mention_in_comment"))


def test_a_comment_gets_the_address_of_its_post_and_does_not_wait_for_it() -> None:
    comment = only("comment")
    whole = at(NOW, answering({"media": {"permalink": "https://www.instagram.com/p/R/"}})).complete(comment)
    assert whole
    assert (whole.permalink, whole.text, whole.partial) == ("https://www.instagram.com/p/R/", comment.text, False)
    without = at(NOW, answering(NotSent("x"))).complete(comment)
    assert without
    assert (without.permalink, without.partial) == ("", False)


# --- what was never pushed -------------------------------------------------------------------------------------------

STORY = {"mention": {"link": "https://lookaside.fbsbx.com/s?1"}}
PICTURE = {"data": [{"id": "1", "image_data": {"url": "https://lookaside.fbsbx.com/p?1", "width": 9}}]}


def listed() -> list[dict[str, Any]]:
    messages = [
        said("m4", "Danke!", ACCOUNT, 9, to={"data": [{"id": PERSON}]}),
        said("m3", "", PERSON, 8, to={"data": [{"id": ACCOUNT}]}, attachments=PICTURE),
        said("m2", "", PERSON, 7, to={"data": [{"id": ACCOUNT}]}, story=STORY),
        said("m1", "Noch da? 🍵", PERSON, 6, to={"data": [{"id": ACCOUNT}]}),
        said("m0", "alt", PERSON, -9999, to={"data": [{"id": ACCOUNT}]}),
    ]
    inbox = {"data": [{"updated_time": messages[0]["created_time"], "messages": {"data": messages}}]}
    nested = {**written("c2", "Ja!", parent_id="c1"), "from": {"id": ACCOUNT, "username": "teehaus"}}
    top = {**written("c1", "Còn hàng?", "mai", replies={"data": [nested]}), "from": {"id": "5", "username": "mai"}}
    posts = {"data": [{"id": MEDIA, "comments": {"data": [top]}}, {"id": "2"}]}
    return [{"username": "teehaus"}, inbox, posts]


def test_what_was_never_pushed_is_told_as_the_webhook_would_have() -> None:
    events = list(at(NOW, answering(*listed())).recent(ACCOUNT, SENT_AT))
    ids = [(type(event).__name__, event.id) for event in events if isinstance(event, Message | Echo)]
    assert ids == [
        ("Echo", "m4"),
        ("Message", "m3"),
        ("Message", "m2"),
        ("Message", "m1"),
        ("Message", "c1"),
        ("Echo", "c2"),
    ]
    told = {event.id: event for event in events if isinstance(event, Message)}
    assert told["m1"] == Message(
        "instagram", ACCOUNT, "m1", PERSON, Author(PERSON), "Noch da? 🍵", SENT_AT + timedelta(minutes=6)
    )
    assert told["m3"].attachments[0].url == "https://lookaside.fbsbx.com/p?1"
    assert told["m2"].attachments[0].kind == "story"
    assert (told["c1"].thread, told["c1"].sent_at) == (f"{MEDIA}:c1", SENT_AT + timedelta(minutes=5))
    assert INSTAGRAM.parse(delivered(told["c1"].raw)) == [told["c1"]]


def test_a_list_that_breaks_off_has_given_what_came_before() -> None:
    broken = at(NOW, answering(*listed()[:2], NotSent("x"))).recent(ACCOUNT, SENT_AT)
    assert len([next(broken) for _ in range(4)]) == 4
    with pytest.raises(PostFailed):
        next(broken)
    with pytest.raises(PostFailed):
        list(at(NOW, answering({"username": "a"}, {"data": [{"messages": None}]})).recent(ACCOUNT, SENT_AT))


# --- upkeep ----------------------------------------------------------------------------------------------------------


def test_fields_that_meta_dropped_are_asked_for_again_beside_those_that_are_left() -> None:
    log: list[Any] = []
    http = answering(
        {"data": [{"subscribed_fields": ["messages", "comments", "story_insights"]}]}, {"success": True}, log=log
    )
    missing = at(NOW, http).resubscribe(ACCOUNT, "https://api.lindner.example/webhooks/instagram/instagram")
    assert missing == ["messaging_postbacks", "message_reactions", "live_comments", "mentions"]
    asked = log[1][1].rpartition("subscribed_fields=")[2].split(",")
    assert asked == ["messages", "comments", "story_insights", *missing]


def test_fields_that_the_app_may_not_have_are_left_alone_as_long_as_there_are_others() -> None:
    messages = {"data": [{"subscribed_fields": ["messages"]}]}
    assert list(at(NOW, answering(messages, (200, 0))).resubscribe(ACCOUNT, "")) == []
    for answers in ([{"data": []}, (200, 0)], [messages, NotSent("x")]):
        with pytest.raises(PostFailed):
            at(NOW, answering(*answers)).resubscribe(ACCOUNT, "")


def test_a_page_needs_any_field_and_keeps_those_it_has() -> None:
    kept = answering({"data": [{"subscribed_fields": ["messages"]}]})
    assert list(at(NOW, kept, login="facebook").resubscribe(ACCOUNT, "")) == []
    log: list[Any] = []
    dropped = answering({"data": []}, {"success": True}, log=log)
    assert list(at(NOW, dropped, login="facebook").resubscribe(ACCOUNT, "")) == ["feed"]
    assert log[1][:2] == ("POST", f"{PAGES_HOST}/me/subscribed_apps?subscribed_fields=feed")


def test_a_token_is_renewed_for_sixty_days_and_a_pages_needs_nothing() -> None:
    log: list[Any] = []
    http = answering(
        {"access_token": "a-new-token-of-the-account", "token_type": "bearer", "expires_in": 5184000}, log=log
    )
    renewed = at(NOW, http).refresh(ACCOUNT)
    assert renewed == Refreshed({"access_tokens": "a-new-token-of-the-account"}, NOW + timedelta(days=60))
    assert log[0][1] == (
        "https://graph.instagram.com/refresh_access_token"
        "?grant_type=ig_refresh_token&access_token=token-of-the-first-account"
    )
    assert at(NOW, answering(), login="facebook").refresh(ACCOUNT) is None
    for answer in ({"access_token": "a-new-token-of-the-account"}, Lost("x")):
        with pytest.raises(PostFailed):
            at(NOW, answering(answer)).refresh(ACCOUNT)


def test_a_token_too_young_to_be_renewed_waits_and_a_dead_one_is_told_at_once() -> None:
    with pytest.raises(PostFailed) as young:
        at(NOW, answering((100, 0), {"id": ACCOUNT})).refresh(ACCOUNT)
    assert (young.value.outcome, young.value.retry_after) == (Outcome.PASSING, timedelta(days=1))
    with pytest.raises(PostFailed) as dead:
        at(NOW, answering((190, 463), (190, 463))).refresh(ACCOUNT)
    assert (dead.value.outcome, dead.value.code) == (Outcome.REFUSED, "token")
    with pytest.raises(PostFailed) as unclear:
        at(NOW, answering((190, 463), NotSent("x"))).refresh(ACCOUNT)
    assert unclear.value.outcome is Outcome.PASSING


def test_the_channel_has_all_the_powers_it_needs() -> None:
    for power in (Finds, Profiles, Completes, Lists, Subscribes, Refreshes):
        assert isinstance(INSTAGRAM, power)


def test_failures_say_neither_words_nor_tokens() -> None:
    with pytest.raises(PostFailed) as failed:
        at(NOW, answering((100, 5))).send(reply())
    shown = f"{failed.value!r} {failed.value} {failed.value.detail} {INSTAGRAM!r}"
    assert "morgen" not in shown
    assert "token-of" not in shown
    assert payload("comment").decode() not in shown
