"""A stack in memory whose settings a test chooses, and the customers, agents and owner around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.aws import clocks, conversations
from chalicelib.model import Conversation
from tests import aws, faults, story
from tests.quick_aws import quick
from tests.world import PAGE, Clock, Site, World, clocked, feed

OWNER, LEAD, AGENT = "chefin@lindner.example", "leitung@lindner.example", "anna@lindner.example"
HOUR = {"name": "eine Stunde", "first_response": 3600, "next_response": 7200}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@contextmanager
def stack(
    patch: pytest.MonkeyPatch, policy: Mapping[str, Any] | None = None, start: datetime | None = None, **settings: Any
) -> Iterator[World]:
    """With one policy of an hour, and whatever else the settings are to say."""
    import app

    patch.setattr(aws, "SETTINGS", {**aws.SETTINGS, "policies": [{**HOUR, **(policy or {})}], **settings})
    clock = Clock(start) if start else Clock()
    site = Site(clock)
    around = (faults.surrounded(patch), clocked(patch, clock), aws.answering(site))
    with quick(patch) as rig, Client(app.app) as client, ExitStack() as surroundings:
        for each in around:
            surroundings.enter_context(each)
        yield World(rig, client, clock, site)


def ask(world: World, text: str = story.QUESTION, id: str = "77_88", author: str = "9001", **more: Any) -> None:
    """A customer's comment under a post of their own, or below another one (`parent`)."""
    at, parent = more.pop("at", world.clock.now), more.pop("parent", f"{PAGE}_{author}")
    post = more.pop("post_id", f"{PAGE}_{author}")
    world.customer(feed(id, text, author, more.pop("name", "Mia Muster"), parent, at, post_id=post, **more))
    world.pass_time(timedelta(seconds=10))


def answer(world: World, text: str = story.ANSWER, ticket: EmailMessage | None = None) -> None:
    """An agent's mail."""
    ticket = ticket or world.mails()[0]
    world.agent(story.answer(ticket, text), ticket["Reply-To"].addresses[0].addr_spec)
    world.pass_time(timedelta(seconds=30))


def conversation(world: World) -> Conversation:
    (head,) = world.items("head")
    found = conversations.load(head["pk"])
    assert found
    return found


def turns(world: World) -> list[str]:
    return [turn.what for turn in clocks.turns(conversation(world).id)]


def mails(world: World, *kinds: str) -> list[EmailMessage]:
    return [mail for mail in world.mails() if mail["X-Bridgehead-Kind"] in kinds]


def recipients(world: World, *kinds: str) -> list[str]:
    return [mail["To"] for mail in mails(world, *kinds)]
