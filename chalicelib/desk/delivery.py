"""The agent's answer, posted where the customer asked; once, whatever happens on the way.

What the channel allows is checked first (files, length, window), then what the answer answers and the posts it becomes
are frozen, and each post is written down, made, and its outcome written down. An outcome nobody knows is looked up;
where looking is impossible the answer is held and the agent told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.aws import conversations
from chalicelib.aws.conversations import SETTLED, Entry, done, epoch, identity_key, outgoing, watched
from chalicelib.aws.table import Change, Put
from chalicelib.channels.base import Channel, Limits, Media, Outcome, PostFailed
from chalicelib.channels.powers import Finds, Refreshes
from chalicelib.desk import clock, ledger, parts
from chalicelib.desk.files import Missing
from chalicelib.desk.parts import Part
from chalicelib.desk.saving import save
from chalicelib.desk.texting import texts
from chalicelib.desk.view import View, name_of, notice
from chalicelib.model import AgentReply, Conversation, Enclosure, File, Kind, MailKind, OutgoingMail, Reply, ReplyState
from chalicelib.splitting import Unsplittable

SETTLE = timedelta(seconds=20)  # longer than a platform call may take: a late one has landed by then
LOOK_UNTIL = timedelta(minutes=10)  # a look-up that fails so long leaves the answer held
GIVE_UP = timedelta(days=3)  # of passing failures on a channel without a window
RENEWED_WITHIN = timedelta(seconds=30)  # a token under way to Parameter Store
MOST_TRIES = 3  # whose outcome nobody knew and which were then not found: some platforms say "unknown" to a refusal
MOST_POSTS = 20  # of one answer

Wake = Callable[[datetime], None]
Bring = Callable[[Enclosure, str, Media], File]


class Refusal(Exception):
    """Why the channel would not take an answer: a code of locales, and what it is about."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Post:
    """What posting needs: the channel, the bucket, a clock that brings the desk back at a time."""

    channel: Channel
    bring: Bring
    wake: Wake


def deliver(view: View, entry: Entry, post: Post) -> View:
    """One answer, post by post, as far as it gets now."""
    for _ in range(MOST_POSTS):
        place = parts.position(entry)
        view = _step(view, entry, post)
        entry = conversations.one(entry.pk, entry.sk) or entry
        if parts.position(entry) == place:
            break
    return view


def is_under_way(entry: Entry | None) -> bool:
    """It was begun or put off, and is not over: later answers wait for it."""
    return entry is not None and "todo" in entry.more and bool(ledger.tries(entry) or entry.more.get("waits"))


def asks_anew(entry: Entry) -> bool:
    """The token we held was refused: the newest there is has to be read."""
    return "renewed" in entry.more


def unable(view: View, entry: Entry) -> View:
    """The business has to see to its connection first; the agent is told."""
    return _ended(view, entry, ReplyState.REFUSED, "token")


def set_aside(entry: Entry, struck: Change, now: datetime) -> list[Put | Change]:
    """The writes that end what a defect of ours keeps from being posted; the agent has to look whether it was."""
    mail = OutgoingMail(name_of("notice", entry.sk), MailKind.NOTICE, now, (entry.sk,), "held:unknown")
    held = {**struck.set, "state": ReplyState.HELD, "code": "unknown"}
    return [replace(struck, set=held, remove=SETTLED), outgoing(entry.pk, mail, now)]


def plan(answer: AgentReply, reply: Reply, limits: Limits, now: datetime) -> tuple[Part, ...]:
    """The posts the answer becomes. Raises Refusal. Pure."""
    if not limits.answers:
        raise Refusal("no-texts" if reply.kind is Kind.CALL_BACK else "no-answers")
    if limits.public != reply.public:
        raise Refusal("private-only" if limits.public else "no-public")
    unsuitable = parts.unsuitable(answer.attachments, None if answer.template else limits.media)
    if unsuitable:
        raise Refusal("attachment", unsuitable.name)
    if answer.template and answer.template not in limits.templates:
        raise Refusal("template")
    if _is_over(limits, reply, now):
        raise Refusal("window")
    try:
        return parts.plan(answer, limits)
    except Unsplittable:
        raise Refusal("too-long") from None


def reply_of(conversation: Conversation, entry: Entry, files: Sequence[File] = ()) -> Reply:
    """The part under way as the channel needs it; what it answers is what it answered at the first attempt."""
    kept, place, frozen = entry.read(AgentReply), parts.position(entry), entry.more
    since = frozen.get("window_from")
    tried = frozen.get("tried_at")
    return Reply(
        conversation_id=conversation.id,
        id=parts.part_id(kept.id, place),
        channel=conversation.channel,
        account=conversation.account,
        thread=str(frozen.get("thread", conversation.thread)),
        author_id=conversation.author.id,
        parent=str(frozen.get("parent", conversation.last_message_id)),
        kind=conversation.kind,
        public=conversation.public if kept.public is None else kept.public,
        text=parts.planned(entry)[place].text,
        window_from=datetime.fromisoformat(since) if since else conversation.last_message_at or kept.at,
        files=tuple(files),
        earlier=parts.posted_ids(entry),
        tried_at=datetime.fromtimestamp(tried, UTC) if tried else None,
        template=kept.template,
        title=conversation.title,
    )


def posted(view: View, entry: Entry, platform_id: str) -> View:
    """The platform has it: the post is recognised when it comes back; with the last one the clock stops."""
    assert view.conversation
    conversation, place = view.conversation, parts.position(entry)
    ours = _identity(conversation, entry, platform_id, view.now)
    known = {"posted": json.dumps([*parts.posted_ids(entry), platform_id])}
    if place + 1 < len(parts.planned(entry)):
        return save(view, [_next(view, entry, place + 1, known), ours])
    if entry.more["state"] == ReplyState.HELD:
        # the agent was told that nobody knows
        view = notice(view, entry.sk, "posted:", parts.words(entry), covers=(entry.sk,))
    elif _takes_the_place(view, entry, platform_id):
        view = notice(view, entry.sk, "posted:replaced", parts.words(entry), covers=(entry.sk,))
    stopped = clock.stop(texts.told(view, entry, "posted"), view.now, "reply", entry.sk)
    changed = replace(stopped, events=(*view.events, ("reply.posted", entry.sk)))
    return save(changed, [done(entry, state=ReplyState.DONE, platform_id=platform_id, **known), ours])


def _takes_the_place(view: View, entry: Entry, platform_id: str) -> bool:
    """Where there can be one answer only: whether there was an earlier one of ours."""
    conversation = view.conversation
    if not (conversation and view.limits(conversation).overwrites):
        return False
    known = conversations.whereabouts(identity_key(conversation.channel, conversation.account, platform_id))
    return known is not None and known["item"] != entry.sk


def known_as(view: View, entry: Entry, platform_id: str) -> None:
    """An answer that is posted has another id as well: by that the platform will speak of it."""
    if view.conversation:
        conversations.write([_identity(view.conversation, entry, platform_id, view.now)])


def _identity(conversation: Conversation, entry: Entry, platform_id: str, now: datetime) -> Put:
    return Put(
        {
            "pk": identity_key(conversation.channel, conversation.account, platform_id),
            "sk": "id",
            "kind": "id",
            "conversation": conversation.id,
            "item": entry.sk,
            "expires_at": epoch(now + timedelta(days=conversations.CONVERSATION_DAYS)),
        }
    )


def _next(view: View, entry: Entry, place: int, known: dict[str, str]) -> Change:
    # tries go on counting: who still has an older state in hand must not find it unchanged
    fresh = {"state": ReplyState.PENDING, "part": place, "tried_before": ledger.tries(entry), "waits": 0}
    return Change(entry.pk, entry.sk, set={**fresh, **known, **watched(entry.pk, view.now + SETTLE)})


def _step(view: View, entry: Entry, post: Post) -> View:
    if view.conversation is None or ledger.too_early(entry, view.now):
        return view
    state = ReplyState(entry.more["state"])
    if state is ReplyState.PENDING:
        return _hold_back(view, entry, post) or _attempt(view, entry, post)
    if state not in (ReplyState.ATTEMPTING, ReplyState.UNKNOWN):
        return view
    if ledger.since_attempt(entry, view.now) < SETTLE:
        post.wake(view.now + SETTLE)
        return view
    return _look(view, entry, post)


def _hold_back(view: View, entry: Entry, post: Post) -> View | None:
    """An answer whose agent wants it posted later."""
    later = entry.read(AgentReply).not_before
    if later is None or later <= view.now:
        return None
    post.wake(later)
    waits = {"not_before": epoch(later), **watched(entry.pk, later)}
    return save(clock.pause(view, later, entry.sk), [Change(entry.pk, entry.sk, set=waits)])


def _attempt(view: View, entry: Entry, post: Post) -> View:
    assert view.conversation
    try:
        ready, files = _ready(view.conversation, entry, post, view.now)
    except Refusal as refusal:
        return _ended(view, entry, ReplyState.REFUSED, refusal.code, refusal.detail)
    noted = {name: value for name, value in ready.more.items() if name not in entry.more}
    is_first_try = ledger.tries(entry) == ready.more.get("tried_before", 0)
    first = {"tried_at": epoch(view.now)} if is_first_try else {}
    claimed = ledger.claim(entry, view.now, SETTLE, {**noted, **first})
    if claimed is None:
        return view
    try:
        platform_id = post.channel.send(reply_of(view.conversation, claimed, files))
    except PostFailed as failed:
        return _OUTCOMES[failed.outcome](view, claimed, failed, post)
    return posted(view, claimed, platform_id)


def _ready(conversation: Conversation, entry: Entry, post: Post, now: datetime) -> tuple[Entry, list[File]]:
    """The entry with all that is frozen, and the files of the part under way. Raises Refusal."""
    answer, reply = entry.read(AgentReply), reply_of(conversation, entry)
    limits = post.channel.limits(reply.kind, reply.public)
    if "parent" in entry.more:
        if _is_over(limits, reply, now):
            raise Refusal("window")
        wanted = parts.planned(entry)[parts.position(entry)].files
        return entry, [_brought(entry, answer, place, limits, post.bring) for place in wanted]
    planned = plan(answer, reply, limits, now)
    frozen = {"parent": reply.parent, "thread": reply.thread, "window_from": reply.window_from.isoformat()}
    # all files are looked at before anything is posted
    files = [_brought(entry, answer, place, limits, post.bring) for place in range(len(answer.attachments))]
    ready = replace(entry, more={**entry.more, **frozen, **parts.frozen(planned)})
    return ready, [files[place] for place in planned[0].files]


def _brought(entry: Entry, answer: AgentReply, place: int, limits: Limits, bring: Bring) -> File:
    enclosure = answer.attachments[place]
    if limits.media is None:
        raise Refusal("attachment", enclosure.name)
    try:
        return bring(enclosure, f"{entry.pk}:{answer.id}:{place}", limits.media)
    except Missing:
        raise Refusal("attachment", enclosure.name) from None


def _is_over(limits: Limits, reply: Reply, now: datetime) -> bool:
    window = None if reply.template else limits.longest_window
    return window is not None and now - reply.window_from > window


def _look(view: View, entry: Entry, post: Post) -> View:
    assert view.conversation
    if not isinstance(post.channel, Finds):
        return _held(view, entry)
    try:
        platform_id = post.channel.find(reply_of(view.conversation, entry, _named(entry)))
    except PostFailed as failed:
        return _still_unknown(view, entry, failed, post)
    if platform_id:
        return posted(view, entry, platform_id)
    if ledger.tries(entry) - int(entry.more.get("tried_before", 0)) >= MOST_TRIES:
        return _held(view, entry)
    return _attempt(view, entry, post)


def _named(entry: Entry) -> list[File]:
    """The files of the part under way without their bytes."""
    kept = entry.read(AgentReply).attachments
    wanted = parts.planned(entry)[parts.position(entry)].files
    return [File(kept[place].name, kept[place].media_type, b"") for place in wanted]


def _passing(view: View, entry: Entry, failed: PostFailed, post: Post) -> View:
    answer = entry.read(AgentReply)
    if view.now - max(answer.at, answer.not_before or answer.at) > GIVE_UP:
        return _ended(view, entry, ReplyState.REFUSED, failed.code, failed.detail)
    change, later = ledger.put_off(entry, view.now, failed.retry_after)
    post.wake(later)
    return save(view, [change])


def _not_taken(view: View, entry: Entry, failed: PostFailed, post: Post) -> View:
    if failed.code == "token" and not asks_anew(entry) and isinstance(post.channel, Refreshes):
        return _anew(view, entry, post)
    return _ended(view, entry, ReplyState.REFUSED, failed.code, failed.detail)


def _anew(view: View, entry: Entry, post: Post) -> View:
    """Once more, with the token that may have been renewed while we held the old one."""
    change, later = ledger.put_off(entry, view.now, RENEWED_WITHIN)
    post.wake(later)
    return save(view, [replace(change, set={**change.set, "renewed": True})])


def _still_unknown(view: View, entry: Entry, failed: PostFailed, post: Post) -> View:
    if ledger.since_attempt(entry, view.now) > LOOK_UNTIL:
        return _held(view, entry)
    later = view.now + SETTLE
    post.wake(later)
    return save(view, [Change(entry.pk, entry.sk, set={"state": ReplyState.UNKNOWN, **watched(entry.pk, later)})])


def _held(view: View, entry: Entry) -> View:
    return _ended(view, entry, ReplyState.HELD, "unknown")


def _ended(view: View, entry: Entry, state: ReplyState, code: str, detail: str = "") -> View:
    """Without success: the agent is told why, and which parts the customer has."""
    view = texts.told(clock.resume(view, entry.sk), entry, f"{state}:{code}")
    told = notice(view, entry.sk, f"{state}:{code}", parts.words(entry, parts.position(entry)), detail, (entry.sk,))
    return save(told, [done(entry, state=state, code="partly" if parts.position(entry) else code, reason=code)])


_OUTCOMES: dict[Outcome, Callable[[View, Entry, PostFailed, Post], View]] = {
    Outcome.PASSING: _passing,
    Outcome.REFUSED: _not_taken,
    Outcome.UNKNOWN: _still_unknown,
}
