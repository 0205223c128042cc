"""X: deliveries from outside, where they are at hand."""

from __future__ import annotations

import pytest

from tests.channels.at_hand import SHARED
from tests.channels.x_at_hand import NOTHING, events_of, kinds

FIXTURES = SHARED / "x"
FIXTURE_ACCOUNTS = (
    "1111111111111111111",
    "2975699229",
    "4337869213",
    "835740314006511618",
    "930524282358325248",
    "63046977",
)
EXPECTED = {
    "aaa_direct_message_events__1": ("Message direct",),
    "aaa_direct_message_html_entity_no_for_user_id__1": ("Message direct",),
    "aaa_direct_message_indicate_typing_events__1": NOTHING,
    "aaa_direct_message_mark_read_events__1": NOTHING,
    "aaa_direct_message_own_outgoing__1": ("Echo",),
    "aaa_direct_message_with_media__1": ("Message direct",),
    "aaa_favorite_events__1": NOTHING,
    "aaa_follow_events__1": NOTHING,
    "aaa_tweet_create_mention__1": ("Message mention",),
    "aaa_tweet_create_mention_extended__1": ("Message mention",),
    "aaa_tweet_create_mention_with_media__1": ("Message mention",),
    "aaa_tweet_create_own_outgoing__1": NOTHING,
    "aaa_tweet_create_quote__1": ("Message quote",),
    "aaa_tweet_create_reply__1": ("Message comment",),
    "aaa_tweet_create_retweet__1": NOTHING,
    "aaa_tweet_delete_events__1": ("Unsend",),
    "aaa_user_event__1": ("Trouble",),
    "filtered_stream_webhook_post__1": ("Unreadable unknown-account",),
    "replay_job_status__1": NOTHING,
    "replay_job_status__2": ("Unreadable replay-incomplete",),
    "xaa_broadcast_chat__1": NOTHING,
    "xaa_chat_received__1": ("Note",),
    "xaa_chat_sent__1": ("Echo",),
    "xaa_dm_received__1": ("Message direct",),
    "xaa_dm_sent__1": ("Echo",),
    "xaa_follow_follow__1": NOTHING,
    "xaa_follow_unfollow__1": NOTHING,
    "xaa_like_create__1": NOTHING,
    "xaa_oauth_revoke__1": ("Trouble",),
    "xaa_post_create__1": NOTHING,
    "xaa_post_delete__1": ("Unsend",),
    "xaa_post_mention_create__1": ("Message mention",),
    "xaa_post_quote_create__1": ("Message quote",),
    "xaa_post_reply_create__1": ("Message comment",),
    "xaa_post_repost_create__1": NOTHING,
    "xaa_profile_update_screenname__1": NOTHING,
}


@pytest.mark.skipif(not FIXTURES.exists(), reason="no deliveries from outside here")
def test_deliveries_from_outside_give_what_they_should() -> None:
    found = {path.stem: kinds(events_of(path.read_bytes(), FIXTURE_ACCOUNTS)) for path in FIXTURES.glob("*.json")}
    assert found == EXPECTED
