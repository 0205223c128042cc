"""A question that nobody asked, sent through the whole product, to see that the helpdesk gets it and only answers come back.

    written as a webhook's message is -> ticket mail -> the helpdesk's automatic mails, if any -> an answer by hand

Nothing is published: what would be posted is read back from the ledger.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib import intake
from chalicelib.aws import conversations
from chalicelib.aws.conversations import Entry
from chalicelib.channels import CANARY, RESERVED
from chalicelib.channels.base import WebhookRequest
from chalicelib.channels.canary import Canary, question
from chalicelib.model import AgentReply, Bounced, Held, Learnt, conversation_id
from chalicelib.settings import Settings
from chalicelib.text import one_line
from infra.operate.findings import Finding, missing, ok, warning
from infra.stack.package import Say

TICKET_WITHIN = timedelta(minutes=2)
PAUSE = 2.0  # seconds between two looks
QUESTION_WORDS = ("amsel", "buche", "distel", "falke", "ginster", "holunder", "kranich", "linde", "meise", "wacholder")


@dataclass
class Trial:
    """One round trip; `wait` passes the time, in tests by doing the stack's work."""

    settings: Settings
    say: Say = print
    wait: Callable[[], None] = lambda: time.sleep(PAUSE)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    word: str = field(default_factory=lambda: f"{secrets.choice(QUESTION_WORDS)}-{secrets.randbelow(900) + 100}")
    thread: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def pk(self) -> str:
        """The test's conversation."""
        return conversation_id(CANARY.name, CANARY.name, self.thread, self.thread)


def fly(trial: Trial, patience: timedelta) -> Iterator[Finding]:
    """Asks, waits at most so long for an answer by hand, and says what came of each step."""
    began = trial.clock()
    _ask(trial, began)
    trial.say(f"A test question is on its way to {trial.settings.helpdesk.address} (conversation {trial.pk}).")
    yield (ticket := _ticket(trial, began + TICKET_WITHIN))
    if ticket.word != "ok":
        return
    trial.say(f'\nPlease open the ticket in your helpdesk and answer it with the word "{trial.word}".')
    trial.say(
        f"Waiting for up to {patience.total_seconds() / 60:.0f} minutes. Nothing will be published. Ctrl-C stops."
    )
    _watch(trial, began + patience)
    yield from _verdict(trial, began)


def _ask(trial: Trial, now: datetime) -> None:
    body = question(trial.settings.helpdesk.language, trial.thread, trial.word)
    request = WebhookRequest("POST", {}, {}, body, now.timestamp())
    intake.keep(request, Canary(RESERVED[CANARY.name]), CANARY.name)


def _ticket(trial: Trial, until: datetime) -> Finding:
    while trial.clock() < until:
        mail = next(iter(conversations.mails(trial.pk, 1)), None)
        if mail and mail.more["state"] == "done":
            told = "" if mail.more.get("accepted") else "; its send event has not come yet"
            return ok("ticket mail", f"SES took it as {mail.more['message_id']}{told}")
        if mail and mail.more["state"] == "failed":
            do = "see what SES objects to, most often an identity that is not verified"
            return missing("ticket mail", f"SES refused it: {mail.more.get('code', 'no reason given')}", do)
        trial.wait()
    do = "look at the logs of the relay and the desk, then run the canary again"
    return missing("ticket mail", f"none within {TICKET_WITHIN.total_seconds() / 60:.0f} minutes", do)


def _watch(trial: Trial, until: datetime) -> None:
    """Until somebody answered with the word, or the time is over; each arrival is said at once."""
    seen: set[str] = set()
    while trial.clock() < until:
        for entry in _came_back(trial):
            if entry.sk not in seen and entry.kind in _TOLD:
                seen.add(entry.sk)
                trial.say(f"  {entry.kind:<8} {one_line(_TOLD[entry.kind](entry), 120)}")
        if any(_is_answer(entry, trial) for entry in _came_back(trial)):
            return
        trial.wait()


def _came_back(trial: Trial) -> list[Entry]:
    return [each for each in conversations.latest(trial.pk, 50) if each.kind != "message"]


def _told_of_mail(entry: Entry) -> str:
    learnt = entry.read(Learnt)
    return f"{learnt.subject} ({learnt.reason or 'an answer'})"


def _told_of_hold(entry: Entry) -> str:
    return entry.read(Held).reason


def _told_of_reply(entry: Entry) -> str:
    return entry.read(AgentReply).text


def _told_of_bounce(entry: Entry) -> str:
    bounced = entry.read(Bounced)
    return f"{bounced.event} {bounced.reason}"


_TOLD: dict[str, Callable[[Entry], str]] = {
    "learnt": _told_of_mail,
    "held": _told_of_hold,
    "reply": _told_of_reply,
    "bounced": _told_of_bounce,
}


def _is_answer(entry: Entry, trial: Trial) -> bool:
    return entry.kind == "reply" and trial.word in entry.read(AgentReply).text.casefold()


def _verdict(trial: Trial, began: datetime) -> Iterator[Finding]:
    came = _came_back(trial)
    yield from (_bounced(each) for each in came if each.kind == "bounced")
    yield from _automatic(came, trial)
    yield from _answers(came, trial)
    yield from _put_aside(began)


def _bounced(entry: Entry) -> Finding:
    do = "check helpdesk.address, and that no filter there stops our mail"
    return missing("delivery", f"the ticket mail came back: {_told_of_bounce(entry)}", do)


def _automatic(came: list[Entry], trial: Trial) -> Iterator[Finding]:
    mails = [each.read(Learnt) for each in came if each.kind == "learnt"]
    for mail in (each for each in mails if each.reason):
        yield ok("automatic mail", f'not taken for an answer ({mail.reason}): "{one_line(mail.subject, 60)}"')
    if not any(mail.reason for mail in mails):
        yield ok("automatic mail", "the helpdesk sent none to the customer")
    for entry in came:
        if entry.kind == "reply" and not _is_answer(entry, trial):
            do = "set helpdesk.kind to your product, or switch this mail off for the customer; do not go live before"
            text = one_line(entry.read(AgentReply).text, 60)
            yield missing("other mail", f'would have been published: "{text}"', do)


def _answers(came: list[Entry], trial: Trial) -> Iterator[Finding]:
    answers = [each for each in came if _is_answer(each, trial)]
    for entry in answers:
        text = entry.read(AgentReply).text.strip()
        if text.casefold() == trial.word:
            yield ok("answer", f'exactly "{trial.word}" would have been published')
        else:
            do = "put marker lines around the answer in your helpdesk's template and name them in helpdesk.marks"
            yield missing("answer", f'more than the answer would have been published: "{one_line(text, 80)}"', do)
    for entry in (each for each in came if each.kind == "held"):
        do = "see what would have been posted: bridgehead show " + entry.pk
        yield warning("held", f"a mail was not posted at once, because of: {entry.read(Held).reason}", do)
    if not answers:
        do = "answer the ticket with the word next time, or see below whether your answer was put aside"
        yield missing("answer", "nobody answered in time, or the answer did not come back", do)


def _put_aside(began: datetime) -> Iterator[Finding]:
    """Mails that nobody could assign or trust; they may be the helpdesk's own."""
    for item in conversations.quarantine(began):
        if item["source"] == "mail" and item["sk"] >= conversations.stamp(began):
            name = item["sk"].rpartition("#")[2]
            do = f"if it is your helpdesk's, add its sender to helpdesk.sends_from. See: bridgehead quarantine show {name}"
            yield warning("put aside", f"a mail was not trusted ({item['reason']})", do)
