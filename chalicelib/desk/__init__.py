"""The desk λ: what a conversation needs next. A job names a conversation; the desk looks at it and does all that is due.

    settle what came in -> post answers -> remind -> send mails -> set the next schedule

Doing a job twice does nothing; a lost job is found again by the sweep. An item that cannot be worked on is struck, and
after five strikes set aside, so that it holds up neither other conversations nor, for long, its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import reply_address
from chalicelib.aws import clients, conversations, environment, events, mail, parameters, queue, schedules
from chalicelib.aws.conversations import Entry, identity_key
from chalicelib.channels import RESERVED, open_channel
from chalicelib.channels.base import Channel, Limits, SecretMissing
from chalicelib.desk import (
    aliases,
    clock,
    completing,
    delivery,
    erasing,
    files,
    mails,
    media,
    parked,
    people,
    profiles,
    rings,
    silence,
    texting,
)
from chalicelib.desk.absorb import absorb
from chalicelib.desk.compose import compose
from chalicelib.desk.reminders import remind, reschedule
from chalicelib.desk.saving import save
from chalicelib.desk.strikes import blaming
from chalicelib.desk.texting import texted, texts
from chalicelib.desk.texting.carrier import carry
from chalicelib.desk.view import View
from chalicelib.model import Conversation
from chalicelib.phone.people import PREFIX as PHONE
from chalicelib.phone.people import person_at
from chalicelib.phone.sending import Send
from chalicelib.settings import Owner, Settings
from chalicelib.stored import plain

PAGE = 45  # items of one conversation in one go: each may bring a mail, and all of it is one transaction of at most 100
MOST_PAGES = 10
LATEST = 20


@dataclass(frozen=True)
class Room:
    """What the desk works with; tests bring their own."""

    settings: Settings
    channel: Callable[[str], Channel]  # by connection
    limits: Callable[[Conversation], Limits]
    compose: mails.Compose
    post: mails.Send
    bring: delivery.Bring
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    text: Send = carry
    ask: rings.Ask = rings.nobody


def handle(event: dict[str, Any], context: Any, ask: rings.Ask, logger: Any) -> Any:
    """A batch of jobs; the answer names those to be tried again. A failed one holds up only its own group."""
    from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response

    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    one = partial(_job, room=replace(_room(), ask=ask), logger=logger)
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)


def work(pk: str, room: Room) -> None:
    """All that is due in one partition."""
    if pk.startswith("id#"):
        parked.settle(pk, room.now())
        return
    if pk.startswith("person#"):
        people.gather(pk, room.now(), partial(_wake, pk))
        _pass(pk, (), room)
        return
    if pk.startswith(PHONE):
        _phone(pk, room)
        _pass(pk, (), room)
        return
    if pk.startswith(rings.PLACE):
        rings.answer(pk, room.ask)
    for _ in range(MOST_PAGES):
        found = conversations.pending(pk, PAGE)
        _pass(pk, found, room)
        if len([each for each in found if each.sk.startswith("i#")]) < PAGE:
            return


def _phone(pk: str, room: Room) -> None:
    """What came from a phone, then what goes to it; nothing when it is nobody's any more."""
    owner = person_at(pk, room.settings)
    defects: list[Exception] = []
    for entry in (each for each in conversations.pending(pk, PAGE) if owner is None or each.kind == "text-in"):
        with blaming(entry, defects):
            texted.settle(entry, _line(pk, *owner, room)) if owner else texting.unplug(entry)
    if owner:
        texts.send(_line(pk, *owner, room), partial(blaming, defects=defects))
    if defects:
        raise defects[0]


def _line(pk: str, role: str, person: Owner, room: Room) -> texting.Line:
    return texting.Line(pk, role, person, room.settings, room.text, partial(_wake, pk), room.now())


def _job(record: Any, room: Room, logger: Any) -> None:
    pk = queue.read(record["body"])
    logger.append_keys(conversation_id=pk)
    try:
        work(pk, room)
    except Exception as error:
        logger.error("job failed", extra={"error": type(error).__name__})
        raise


def _room() -> Room:
    configured = parameters.load_settings()
    settings = replace(configured, connections={**configured.connections, **RESERVED})
    keys = reply_address.open_keys(parameters.load_keys(), environment.get("STAGE"))
    limits = partial(_limits, settings)
    link = f"{settings.public_url.rstrip('/')}/files/"
    bring = partial(files.bring, token=partial(reply_address.link_token, "media", keys=keys), link=link)
    return Room(settings, _channel, limits, partial(compose, keys=keys), mail.send, bring)


def _limits(settings: Settings, conversation: Conversation) -> Limits:
    """Data of the channel: needs no secret."""
    return open_channel(settings.connections[conversation.connection]).limits(conversation.kind, conversation.public)


def _channel(connection: str) -> Channel:
    if connection in RESERVED:
        return open_channel(RESERVED[connection])
    _, found = parameters.load_connection(connection, "send")
    return open_channel(found)


def _pass(pk: str, found: Sequence[Entry], room: Room) -> None:
    defects: list[Exception] = []
    download = partial(media.download, room.channel)
    view = View(conversations.load(pk), room.now(), room.settings, room.limits, download)
    inbox = [each for each in found if each.sk.startswith("i#") and each.kind != "reply"]
    ready = _complete(pk, inbox, room, defects)
    if view.conversation or not aliases.follow(pk, ready, view.now):
        replies = [each for each in found if each.kind == "reply"]
        _go_on(_settle(view, pk, ready, room, defects), pk, replies, room, defects)
    if defects:
        raise defects[0]


def _go_on(view: View, pk: str, replies: Sequence[Entry], room: Room, defects: list[Exception]) -> None:
    """What is due once all that came in is taken into account."""
    view = _deliver(view, replies, room, defects)
    view = _remind(replace(view, now=room.now()))
    view = _send(view, pk, room, defects)
    _reschedule(view)
    events.announce(_happened(pk, view))


def _complete(pk: str, inbox: Sequence[Entry], room: Room, defects: list[Exception]) -> list[Entry]:
    """With the rest of what the webhook only told of; without what still waits for it."""
    ready: list[Entry] = []
    for each in inbox:
        if not completing.is_partial(each):
            ready.append(each)
            continue
        with blaming(each, defects):
            whole = completing.complete(each, room.channel, room.now(), partial(_wake, pk))
            ready += [whole] if whole else []
    return ready


def _settle(view: View, pk: str, inbox: Sequence[Entry], room: Room, defects: list[Exception]) -> View:
    """All at once; after a defect one by one, which shows whose it is."""
    healthy = [each for each in inbox if not each.strikes]
    alone = [each for each in inbox if each.strikes]
    try:
        view = _settle_batch(view, pk, healthy, room)
    except Exception as error:
        if clients.is_passing(error) or not healthy:
            raise
        alone = [*healthy, *alone]
    for each in alone:
        with blaming(each, defects):
            view = _settle_batch(view, pk, [each], room)
    return view


def _settle_batch(view: View, pk: str, batch: Sequence[Entry], room: Room) -> View:
    if any(each.kind == "echo" for each in batch):
        view = replace(view, replies=tuple(each for each in conversations.latest(pk, LATEST) if each.kind == "reply"))
    for each in (found for found in batch if found.kind == "unsend"):
        erasing.forget(each)
    aliases.remember(view.conversation, batch, view.now)
    silence.listen(view, batch)
    before = view.conversation
    view = absorb(view, batch)
    if view.conversation and not before:
        view = clock.known(replace(view, conversation=profiles.named(view.conversation, room.channel, view.now)))
    if view.conversation != before or view.mails or view.settled:
        view = save(view, pk=pk)
    told = view.posted
    for entry, platform_id in view.named:
        delivery.known_as(view, entry, platform_id)
    for entry, platform_id in view.posted:
        view = delivery.posted(view, entry, platform_id)
    for _, platform_id in (*view.named, *told):
        _settle_what_waits(view, platform_id)
    return replace(view, posted=(), named=())


def _settle_what_waits(view: View, platform_id: str) -> None:
    """At an answer that is known by this id only now: a delivery that failed is told at once, not at the next sweep."""
    if view.conversation:
        parked.settle(identity_key(view.conversation.channel, view.conversation.account, platform_id), view.now)


def _deliver(view: View, replies: Sequence[Entry], room: Room, defects: list[Exception]) -> View:
    for found in replies:
        # as it is now: an echo may have settled it, or one of its parts, a moment ago
        entry = conversations.one(found.pk, found.sk)
        if view.conversation and entry:
            with blaming(entry, defects):
                view = _delivered(replace(view, now=room.now()), view.conversation, entry, room)
            if len(replies) > 1 and delivery.is_under_way(conversations.one(found.pk, found.sk)):
                break  # what was answered first arrives first
    return view


def _delivered(view: View, conversation: Conversation, entry: Entry, room: Room) -> View:
    if delivery.asks_anew(entry):
        parameters.forget()
    try:
        channel = room.channel(conversation.connection)
    except (SecretMissing, KeyError):
        return delivery.unable(view, entry)
    return delivery.deliver(view, entry, delivery.Post(channel, room.bring, partial(_wake, conversation.id)))


def _remind(view: View) -> View:
    """After the answers: one that is posted a moment before the reminder is due makes it needless."""
    reminded = remind(view)
    if reminded is view:
        return view
    saved = save(reminded)
    return silence.warn(saved) if silence.is_silent(reminded) else saved


def _send(view: View, pk: str, room: Room, defects: list[Exception]) -> View:
    waiting = mails.merged([entry for entry in conversations.pending(pk, PAGE) if entry.kind == "mail"])
    for position, entry in enumerate(waiting):
        with blaming(entry, defects):
            fresh = replace(view, now=room.now())
            view = mails.send(fresh, entry, waiting[:position], room.compose, room.post, partial(_wake, pk))
    return view


def _reschedule(view: View) -> None:
    if view.conversation:
        scheduled = reschedule(view.conversation)
        if scheduled != view.conversation:
            save(replace(view, conversation=scheduled))


def _happened(pk: str, view: View) -> list[tuple[str, dict[str, Any]]]:
    """What the bus is told."""
    done = [(kind, {"conversation": pk, "item": item}) for kind, item in view.events]
    return [*done, *((f"sla.{turn.what}", {"conversation": pk, **plain(turn)}) for turn in view.told)]


def _wake(pk: str, at: datetime) -> None:
    schedules.set_(f"wake-{pk.replace('#', '-')}-{int(at.timestamp())}", pk, at)
