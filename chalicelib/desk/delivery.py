"""The agent's answer, posted where the customer asked; once, whatever happens on the way.

What the channel allows is checked first (length, window), then the attempt is written down, made, and its outcome
written down. An outcome nobody knows is looked up; where looking is impossible the answer is held and the agent told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry, done, identity_key, watched
from chalicelib.aws.table import Change, Put
from chalicelib.channels.base import Channel, Finds, Limits, Outcome, PostFailed
from chalicelib.desk import ledger
from chalicelib.desk.absorb import View, answered, notice
from chalicelib.desk.saving import save
from chalicelib.model import AgentReply, Conversation, Reply, ReplyState

SETTLE = timedelta(seconds=20)  # longer than a platform call may take: a late one has landed by then
LOOK_UNTIL = timedelta(minutes=10)  # a look-up that fails so long leaves the answer held
GIVE_UP = timedelta(days=3)  # of passing failures on a channel without a window
MOST_TRIES = 3  # whose outcome nobody knew and which were then not found: some platforms say "unknown" to a refusal

Wake = Callable[[datetime], None]


def deliver(view: View, entry: Entry, channel: Channel, wake: Wake) -> View:
    """One answer, a step further. `wake` brings the desk back at a time."""
    if view.conversation is None or ledger.too_early(entry, view.now):
        return view
    reply = reply_of(view.conversation, entry)
    state = ReplyState(entry.more["state"])
    if state is ReplyState.PENDING:
        return _attempt(view, entry, reply, channel, wake)
    if ledger.since_attempt(entry, view.now) < SETTLE:
        wake(view.now + SETTLE)
        return view
    return _look(view, entry, reply, channel, wake)


def refusal(reply: Reply, limits: Limits, now: datetime) -> str:
    """Why the channel would not take this answer, as a code of locales; "" when it would. Pure."""
    if not limits.answers:
        return "no-answers"
    if limits.measure(reply.text) > limits.text:
        return "too-long"
    longest = limits.longest_window
    return "window" if longest and now - reply.window_from > longest else ""


def reply_of(conversation: Conversation, entry: Entry) -> Reply:
    """The stored answer as the channel needs it."""
    kept = entry.read(AgentReply)
    return Reply(
        conversation_id=conversation.id,
        id=kept.id,
        channel=conversation.channel,
        account=conversation.account,
        thread=conversation.thread,
        author_id=conversation.author.id,
        parent=conversation.last_message_id,
        kind=conversation.kind,
        public=conversation.public,
        text=kept.text,
        window_from=conversation.last_message_at or kept.at,
    )


def posted(view: View, entry: Entry, platform_id: str) -> View:
    """The platform has it: the clock stops, and the post is recognised when it comes back."""
    assert view.conversation
    conversation = answered(view.conversation)
    ours = {
        "pk": identity_key(conversation.channel, conversation.account, platform_id),
        "sk": "id",
        "kind": "id",
        "conversation": conversation.id,
        "item": entry.sk,
        "expires_at": conversations.epoch(view.now + timedelta(days=conversations.CONVERSATION_DAYS)),
    }
    changed = replace(view, conversation=conversation, events=(*view.events, ("reply.posted", entry.sk)))
    return save(changed, [done(entry, state=ReplyState.DONE, platform_id=platform_id), Put(ours)])


def _attempt(view: View, entry: Entry, reply: Reply, channel: Channel, wake: Wake) -> View:
    code = refusal(reply, channel.limits(reply.kind), view.now)
    if code:
        return _refused(view, entry, code)
    claimed = ledger.claim(entry, view.now, SETTLE)
    if claimed is None:
        return view
    try:
        platform_id = channel.send(reply)
    except PostFailed as failed:
        return _OUTCOMES[failed.outcome](view, claimed, failed, wake)
    return posted(view, claimed, platform_id)


def _look(view: View, entry: Entry, reply: Reply, channel: Channel, wake: Wake) -> View:
    if not isinstance(channel, Finds):
        return _held(view, entry)
    try:
        platform_id = channel.find(reply)
    except PostFailed as failed:
        return _still_unknown(view, entry, failed, wake)
    if platform_id:
        return posted(view, entry, platform_id)
    if ledger.tries(entry) >= MOST_TRIES:
        return _held(view, entry)
    return _attempt(view, entry, reply, channel, wake)


def _passing(view: View, entry: Entry, failed: PostFailed, wake: Wake) -> View:
    if view.now - entry.read(AgentReply).at > GIVE_UP:
        return _refused(view, entry, failed.code, failed.detail)
    change, later = ledger.put_off(entry, view.now, failed.retry_after)
    wake(later)
    return save(view, [change])


def _not_taken(view: View, entry: Entry, failed: PostFailed, wake: Wake) -> View:
    return _refused(view, entry, failed.code, failed.detail)


def _still_unknown(view: View, entry: Entry, failed: PostFailed, wake: Wake) -> View:
    if ledger.since_attempt(entry, view.now) > LOOK_UNTIL:
        return _held(view, entry)
    later = view.now + SETTLE
    wake(later)
    return save(view, [Change(entry.pk, entry.sk, set={"state": ReplyState.UNKNOWN, **watched(entry.pk, later)})])


def _refused(view: View, entry: Entry, code: str, detail: str = "") -> View:
    told = notice(view, entry.sk, f"refused:{code}", entry.read(AgentReply).text, detail)
    return save(told, [done(entry, state=ReplyState.REFUSED, code=code)])


def _held(view: View, entry: Entry) -> View:
    told = notice(view, entry.sk, "held:unknown", entry.read(AgentReply).text)
    return save(told, [done(entry, state=ReplyState.HELD, code="unknown")])


_OUTCOMES: dict[Outcome, Callable[[View, Entry, PostFailed, Wake], View]] = {
    Outcome.PASSING: _passing,
    Outcome.REFUSED: _not_taken,
    Outcome.UNKNOWN: _still_unknown,
}
