"""What must hold after the story, whatever failed on the way: nothing lost, nothing twice, nobody left waiting unseen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from chalicelib import stored
from chalicelib.model import Conversation, Turn
from tests import story
from tests.story import ANSWER, QUESTION, Told
from tests.world import World

EVENT_PATIENCE = timedelta(minutes=5)  # after that a mail whose outcome nobody knows goes out again
REMINDING = ("reminder", "agent", "owner", "summary")  # kinds of mails
SETTLED_REPLY = {"done": 0, "held": 1, "refused": 1}  # by state: how many notices the agent got at least


def broken(world: World, told: Told) -> list[str]:
    """Every promise that was not kept, as a sentence."""
    return [sentence for check in PROMISES for sentence in check(world, told)]


def _kept_once(world: World, told: Told) -> Iterator[str]:
    count = sum(item["kind"] == "message" for item in world.items("i#"))
    if count != 1:
        yield f"the message is kept {count} times"


def _mailed_once(world: World, told: Told) -> Iterator[str]:
    for mail_id, count in _copies(world).items():
        if count > 1 + _unproven(world, mail_id):
            yield f"mail {mail_id} went out {count} times"
    found = len({mail["X-Bridgehead-Delivery"] for mail in story.mails_with(world, "ticket", QUESTION)})
    if found != 1:
        yield f"{found} ticket mails bring the question"


def _posted_once(world: World, told: Told) -> Iterator[str]:
    posts = [comment["message"] for comment in world.site.comments]
    if len(posts) > 1 or any(post != ANSWER for post in posts):
        yield f"posted: {posts}"
    replies = [item for item in world.items("i#") if item["kind"] in ("reply", "held")]
    if told.reply and len(replies) != 1:
        yield f"the agent's mail became {len(replies)} replies"
    notices = len(story.mails_with(world, "notice"))
    for reply in replies:
        state = reply.get("state", "held")
        if notices < SETTLED_REPLY.get(state, 99) or (state == "done" and len(posts) != 1):
            yield f"the reply ended {state} with {notices} notices and {len(posts)} posts"


def _reminded(world: World, told: Told) -> Iterator[str]:
    after = [
        mail["Subject"]
        for mail, at in zip(world.mails(), world.sent_at, strict=True)
        if mail["X-Bridgehead-Kind"] in REMINDING and world.answered_at and at > world.answered_at
    ]
    yield from (f"reminded after the answer: {subject}" for subject in after)
    reminders = [item for item in world.items("o#") if '"kind":"reminder"' in item["data"]]
    codes = [json.loads(item["data"])["code"] for item in reminders]
    if len(set(codes)) != len(codes) or (told.reply and "50" not in codes):
        yield f"reminders decided on: {codes}"


def _each_step_once(world: World, told: Told) -> Iterator[str]:
    turns = [stored.load(Turn, item["data"]) for item in sorted(world.items("c#"), key=lambda item: str(item["sk"]))]
    reminded = Counter((turn.cycle, turn.code) for turn in turns if turn.what == "reminded")
    yield from (f"step {step} was taken {count} times" for step, count in reminded.items() if count > 1)
    started, stopped = (sum(turn.what in whats for turn in turns) for whats in (("started",), ("met", "late")))
    if started != 1 or stopped != told.reply:
        yield f"the clock's turns: {[turn.what for turn in turns]}"


def _each_person_told_once(world: World, told: Told) -> Iterator[str]:
    alarms = [item for item in world.items("i#") if item["kind"] == "alarm"]
    covered = Counter(sk for item in world.items("o#") for sk in json.loads(item["data"]).get("covers", ()))
    if told.reply and not alarms:
        yield "the owner heard of nothing"
    for alarm in alarms:
        if (alarm["state"], covered[alarm["sk"]]) != ("told", 1):
            yield f"the alarm {alarm['sk']} is {alarm['state']}, in {covered[alarm['sk']]} mails"


def _clock_consistent(world: World, told: Told) -> Iterator[str]:
    for item in world.items("head"):
        clock = stored.load(Conversation, item["data"]).clock
        answered = any(item.get("state") == "done" for item in world.items("i#"))
        if answered and (clock.waiting_since or clock.scheduled or "check_at" in item):
            yield f"answered, but the clock says {clock}"
        if clock.scheduled and clock.scheduled not in world.rig.schedules():
            yield f"the schedule {clock.scheduled} is not set"


def _nothing_left(world: World, told: Told) -> Iterator[str]:
    for item in world.items():
        name = f"{item['kind']} {item.get('state', '')} {item['sk'][:60]}"
        if "todo" in item:
            yield f"still to do: {name}{'' if 'check_at' in item else ', and no sweep will find it'}"
        elif "check_at" in item and item["kind"] != "head":
            yield f"watched though done: {name}"
        if item.get("strikes") or item.get("state") == "failed":
            yield f"struck or set aside: {name} {item.get('reason', '')}{item.get('code', '')}"
        if item["kind"] == "quarantine":
            yield f"quarantined: {item['reason']}"


PROMISES = (
    *(_kept_once, _mailed_once, _posted_once),
    *(_reminded, _each_step_once, _each_person_told_once),
    *(_clock_consistent, _nothing_left),
)


def _copies(world: World) -> dict[str, int]:
    ids = [mail["X-Bridgehead-Delivery"] for mail in world.mails()]
    return {each: ids.count(each) for each in ids}


def _unproven(world: World, mail_id: str) -> int:
    """How many sends of a mail SES took while neither its answer nor in time its event reached the table."""
    sent = [at for (_, _, tags), at in zip(world.rig.mails(), world.sent_at, strict=True) if tags["mail"] == mail_id]
    proven = world.proven.get(mail_id)
    return sum(1 for at in sent if not proven or proven - at >= EVENT_PATIENCE)
