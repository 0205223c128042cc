"""What the platforms are asked for: what is new, what was never pushed, whether they still push, new tokens.

By the clock λ from time to time, and by the desk λ as soon as a platform rings to say that there is something new.

One duty is one power of a channel. Each account has an errand of its own for it, claimed before anybody is asked, so
two runs at once do not ask twice; an account that fails is put off and holds up no other. What comes of it is kept like
a webhook's delivery, and only then is it written down how far we are.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import metrics
from chalicelib.aws import clients, parameters
from chalicelib.aws.conversations import epoch
from chalicelib.channels import open_channel
from chalicelib.channels.base import Channel, Connection, Outcome, PostFailed
from chalicelib.model import Trouble
from chalicelib.rounds import errands
from chalicelib.rounds.duty import Duty, Keep, Round
from chalicelib.rounds.errands import Errand
from chalicelib.rounds.health import HEALTH
from chalicelib.rounds.polling import POLLING
from chalicelib.rounds.reconciling import RECONCILING
from chalicelib.rounds.tokens import TOKENS

TASKS: Mapping[str, tuple[Duty, ...]] = {
    "poll": (TOKENS, POLLING),  # every two minutes; each account when it is due
    "health": (HEALTH,),  # every hour
    "reconcile": (RECONCILING,),  # once a day
}
SECONDS = 90.0  # of the clock's 120: nothing is begun later, and what was begun has time to end
RUNG_SECONDS = 5.0  # of the desk's 30, whose other jobs wait: what is left the clock brings
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(minutes=50)  # less than the hour that alarms count by
LONGEST_ASKED = timedelta(days=1)  # that a platform may ask us to wait
LONGEST_SAID = 80  # characters of what it said, for an operator


def go(task: str, keep: Keep, logger: Any) -> dict[str, int]:
    """How many accounts were seen to, and how many of those failed. Raises KeyError for a task that is none."""
    return walk(TASKS[task], _round(keep, logger, SECONDS))


def rung(connection: str, words: Mapping[str, str], keep: Keep, logger: Any) -> None:
    """A platform says that there is something for these accounts: they are asked now, each with the word it gave."""
    around = _round(keep, logger, RUNG_SECONDS)
    places = [place for place in _places(POLLING, around, [connection]) if place[2] in words]
    found = [errand for place in places if (errand := errands.rung(place, around.now()))]
    _see_to(POLLING, [replace(errand, word=words[errand.account]) for errand in found], around)


def walk(duties: Sequence[Duty], around: Round) -> dict[str, int]:
    """Every account that is due, the longest waiting first, those that failed last; what has more to tell queues up again."""
    run = failed = 0
    for duty in duties:
        places = _places(duty, around, around.settings.connections)
        over = _see_to(duty, sorted(errands.due(places, around.now()), key=_order), around)
        run, failed = run + len(over), failed + sum(bool(each.failures) for each in over)
    if run:
        around.logger.info("round", extra={"run": run, "failed": failed})
    return {"run": run, "failed": failed}


def _round(keep: Keep, logger: Any, seconds: float) -> Round:
    settings = parameters.load_settings()
    return Round(settings, _open, keep, logger, time.monotonic() + seconds)


def _open(connection: str) -> Channel:
    _, found = parameters.load_connection(connection, "send")
    return open_channel(found)


def _places(duty: Duty, around: Round, connections: Iterable[str]) -> list[tuple[str, str, str]]:
    """Duty, connection, account: all that have it."""
    served = [around.settings.connections[name] for name in connections if name in around.settings.connections]
    able = [each for each in served if _is_able(duty, each, around)]
    return [(duty.name, connection.name, account) for connection in able for account in connection.accounts]


def _is_able(duty: Duty, connection: Connection, around: Round) -> bool:
    return duty.every(connection) is not None and isinstance(around.open(connection.name), duty.power)


def _order(errand: Errand) -> tuple[int, int]:
    return errand.failures, errand.due_at


def _see_to(duty: Duty, waiting: list[Errand], around: Round) -> list[Errand]:
    """The errands as they are after each run: who has more to tell, or was rung for meanwhile, comes several times."""
    run: list[Errand] = []
    while waiting and time.monotonic() < around.until:
        claimed = errands.claim(waiting.pop(0), around.now())
        if claimed:
            run.append(_run(duty, claimed, around))
            waiting += [run[-1]] if run[-1].due_at <= epoch(around.now()) else []
    return run


def _run(duty: Duty, errand: Errand, around: Round) -> Errand:
    """The errand as it is afterwards."""
    try:
        done = duty.do(errand, around)
    except Exception as error:
        # the table or Parameter Store is not this account's fault: the claim runs out, and its turn comes again
        if clients.is_passing(error):
            raise
        return _put_off(duty, errand, _failure(error), around)
    now, every = around.now(), duty.every(_connection(errand, around)) or timedelta()
    return errands.conclude(errand, now if done.more else done.due_at or now + every, now, **done.noted)


def _failure(error: Exception) -> PostFailed:
    # a missing secret, or a defect of one channel, fails like a platform
    return error if isinstance(error, PostFailed) else PostFailed(Outcome.PASSING, type(error).__name__)


def _put_off(duty: Duty, errand: Errand, failed: PostFailed, around: Round) -> Errand:
    now = around.now().replace(microsecond=0)
    since = errand.failing_since or now
    what = {"duty": duty.name, "connection": errand.connection, "code": failed.code, "failures": errand.failures + 1}
    around.logger.warning("errand failed", extra=what)
    _count(duty.failed)
    if duty.is_grave(errand, failed, now - since, around):
        _count(duty.grave)
        _tell(duty, errand, failed.code, since, around)
    wait = failed.retry_after or min(FIRST_WAIT * 2 ** min(errand.failures, 10), LONGEST_WAIT)
    said = f"{failed.code} {failed.detail}".strip()[:LONGEST_SAID]
    return errands.put_off(errand, now + min(wait, LONGEST_ASKED), since, now, said)


def _count(metric: str) -> None:
    if metric:
        metrics.count(metric)


def _tell(duty: Duty, errand: Errand, code: str, since: datetime, around: Round) -> None:
    """The owner hears of it, once for each time it began to fail: name and time are those of its beginning."""
    connection = _connection(errand, around)
    name = f"{errand.sk} {since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    trouble = Trouble(connection.channel, errand.account, name, duty.trouble, since, code)
    around.keep([trouble], connection, around.now())


def _connection(errand: Errand, around: Round) -> Connection:
    return around.settings.connections[errand.connection]
