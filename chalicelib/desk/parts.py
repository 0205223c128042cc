"""What one answer becomes on its platform: the posts it is made of, and which of them the ledger speaks of. Pure.

An item's `plan` holds the parts as they were cut at the first attempt, `part` is the one under way, `posted` has the
platform's ids of those before it. An answer that is one post has no plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib import stored
from chalicelib.aws.conversations import Entry
from chalicelib.channels.base import Limits, Media
from chalicelib.model import AgentReply, Echo, Enclosure, ReplyState
from chalicelib.splitting import TIGHT, Unsplittable, split

UNPROVEN = (ReplyState.ATTEMPTING, ReplyState.UNKNOWN)


@dataclass(frozen=True)
class Part:
    """One post: words, files, or both; files by their place in the answer."""

    text: str = ""
    files: tuple[int, ...] = ()


def plan(answer: AgentReply, limits: Limits) -> tuple[Part, ...]:
    """The posts an answer becomes, in order. Raises Unsplittable when it is longer than the platform takes."""
    if answer.template:
        return (Part(answer.text),)
    texts = _texts(answer.text, limits)
    together = limits.media.together if limits.media else 0
    groups = _groups(len(answer.attachments), together)
    # files that can go out with words do so with the last of them
    if texts and groups and together:
        return (*map(Part, texts[:-1]), Part(texts[-1], groups[0]), *(Part("", each) for each in groups[1:]))
    return (*map(Part, texts), *(Part("", each) for each in groups))


def unsuitable(files: Iterable[Enclosure], media: Media | None) -> Enclosure | None:
    """The first file that the platform would not take."""
    for number, file in enumerate(files):
        if media is None or number >= media.most or file.size > media.size or not media.takes(file.media_type):
            return file
    return None


def frozen(planned: Sequence[Part]) -> dict[str, str]:
    """How a plan is kept: with the item, since another version of us might cut elsewhere."""
    return {"plan": stored.dump(list(planned))} if len(planned) > 1 else {}


def planned(entry: Entry) -> tuple[Part, ...]:
    """The posts of a kept answer; before the first attempt it is one."""
    if "plan" in entry.more:
        return tuple(stored.build(Part, each) for each in json.loads(entry.more["plan"]))
    answer = entry.read(AgentReply)
    return (Part(answer.text, tuple(range(len(answer.attachments)))),)


def position(entry: Entry) -> int:
    """Which part is under way, from 0."""
    return int(entry.more.get("part", 0))


def posted_ids(entry: Entry) -> tuple[str, ...]:
    """The platform's ids of all parts that are posted."""
    return tuple(json.loads(entry.more.get("posted", "[]")))


def part_id(answer_id: str, place: int) -> str:
    """A part's own name; the first has the answer's, so that what is one post has it too."""
    return f"{answer_id}-{place + 1}" if place else answer_id


def words(entry: Entry, since: int = 0, until: int | None = None) -> str:
    """What the parts from `since` on say, as an agent would recognise it; files by their names."""
    answer = entry.read(AgentReply)
    said = (_words(part, answer) for part in planned(entry)[since:until])
    return "\n\n".join(filter(None, said))


def is_ours(entry: Entry, echo: Echo) -> bool:
    """Whether something the business posted is this answer or a part of it."""
    return is_known(entry, echo.id) or _names(entry, echo) or proves(entry, echo)


def is_known(entry: Entry, platform_id: str) -> bool:
    """Whether it is the id that the platform gave for this answer or a part of it."""
    return platform_id in {*posted_ids(entry), entry.more.get("platform_id")}


def proves(entry: Entry, echo: Echo) -> bool:
    """Whether it is the very part whose fate nobody knew."""
    if entry.more["state"] == ReplyState.HELD:
        # the agent was told that nobody knows; proof of the last part ends that
        return _names(entry, echo) and position(entry) == len(planned(entry)) - 1 and _is_current(entry, echo)
    return entry.more["state"] in UNPROVEN and _is_current(entry, echo)


def _is_current(entry: Entry, echo: Echo) -> bool:
    if echo.reply_id:
        return echo.reply_id == part_id(_id(entry), position(entry))
    part, said = planned(entry)[position(entry)], _plain(echo.text)
    # a picture's address may stand behind the words
    return bool(part.text) and (said.startswith(_plain(part.text)) if part.files else said == _plain(part.text))


def _names(entry: Entry, echo: Echo) -> bool:
    return echo.reply_id == _id(entry) or echo.reply_id.rpartition("-")[0] == _id(entry)


def _id(entry: Entry) -> str:
    return entry.sk.rsplit("#", 1)[-1]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _texts(text: str, limits: Limits) -> tuple[str, ...]:
    if limits.measure(text) > limits.longest_text:
        raise Unsplittable("text")
    texts = split(text, limits.text, limits.measure)
    if len(texts) > limits.parts:
        texts = split(text, limits.text, limits.measure, TIGHT)
    if len(texts) > limits.parts:
        raise Unsplittable("parts")
    return texts


def _groups(count: int, together: int) -> list[tuple[int, ...]]:
    size = together or 1
    return [tuple(range(start, min(start + size, count))) for start in range(0, count, size)]


def _words(part: Part, answer: AgentReply) -> str:
    names = (f"[{answer.attachments[place].name}]" for place in part.files)
    template = f"[{answer.template}]" if answer.template else ""
    return "\n".join(filter(None, (template, part.text, *names)))
