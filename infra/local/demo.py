"""`make demo`: the main job from start to end on this machine, each step counted from what arrived, not from what was sent."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local import scenes
from infra.local.scenes import Webhook
from infra.local.up import up
from infra.stack.package import BUILD, Say

RESULT = BUILD / "demo.json"
ARRIVES_WITHIN = 30.0  # seconds, of mails and posts; the first ones start the functions
REMINDER_WITHIN = 75.0  # half of the shop's 40 seconds, and the emulator's scheduler looks every 10 s
TEXTED = "نعتذر عن التأخير، طلبك في الطريق. Sorry, it is on its way! 🙏"
ANSWER = "Ja, am Sonntag von 9 bis 18 Uhr. Und der Kuchen wartet schon! 🙂"


class DemoFailed(Exception):
    """What did not arrive."""


@dataclass
class Demo:
    """One run of the demo against a running stack; `state` is build/local.json."""

    state: Mapping[str, Any]
    say: Say
    counted: dict[str, Any] = field(default_factory=dict)
    first: Webhook | None = None  # the delivery that is repeated and forged

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """By name; with where the simulator keeps a picture for the comment."""
        return {each["name"]: {**each, "media": self.state["simulator_url"]} for each in self.state["connections"]}

    def mails(self, kind: str) -> list[dict[str, Any]]:
        """What arrived in the mailbox, of one kind."""
        found: list[dict[str, Any]] = get(f"{self.state['mailbox_url']}/mails")
        return [mail for mail in found if mail["kind"] == kind]

    def posts(self) -> list[dict[str, Any]]:
        """What stands on the platforms."""
        found: list[dict[str, Any]] = get(f"{self.state['simulator_url']}/posts")
        return found

    def texts(self) -> list[dict[str, Any]]:
        """What arrived on the owner's phone."""
        found: list[dict[str, Any]] = get(f"{self.state['simulator_url']}/texts")
        return [text for text in found if text["to"] == self.state["owner"]["phone"]]

    def send(self, webhook: Webhook) -> int:
        """The status that the product answered with."""
        connection = self.connections[webhook.connection]
        url = f"{self.state['api_url']}/webhooks/{connection['channel']}/{connection['name']}"
        return post(url, webhook.body, {**webhook.headers, "content-type": "application/json"})


def run(say: Say = print) -> dict[str, Any]:
    """Starts the stack if need be, plays the demo and writes build/demo.json. Raises DemoFailed."""
    started = time.monotonic()
    demo = Demo(up(say), say)
    for step in STEPS:
        step(demo)
    demo.counted["seconds"] = round(time.monotonic() - started, 1)
    RESULT.write_text(json.dumps(demo.counted, indent=2))
    say(_summary(demo))
    return demo.counted


def _customers_write(demo: Demo) -> None:
    before = len(demo.mails("ticket"))
    webhooks = scenes.all_scenes(demo.connections)
    for webhook in webhooks:
        _expect(demo.send(webhook) == 200, f"{webhook.title} was not taken")
        demo.say(f"  in    {webhook.title}")
    wait(lambda: len(demo.mails("ticket")) >= before + len(webhooks), ARRIVES_WITHIN, "ticket mails")
    new = demo.mails("ticket")[before:]
    for mail in new:
        demo.say(f"  mail  {mail['subject']}")
    demo.first = webhooks[0]
    demo.counted.update(webhooks_sent=len(webhooks), tickets_mailed=len(new))


def _platform_repeats_itself(demo: Demo) -> None:
    before = len(demo.mails("ticket"))
    status = demo.send(_first(demo))
    _expect(status == 200, f"a redelivery was answered {status}")
    time.sleep(2)  # as long as a ticket mail takes, and some more
    extra = len(demo.mails("ticket")) - before
    demo.counted["redeliveries_ignored"] = int(extra == 0)
    demo.say(f"  in    the same Facebook comment again: {extra} new mails")


def _somebody_forges(demo: Demo) -> None:
    forged = _first(demo).forged()
    status = demo.send(forged)
    demo.counted["forged_refused"] = int(status in (401, 403))
    demo.say(f"  in    {forged.title}: answered {status}")


def _agent_answers(demo: Demo) -> None:
    ticket = next(mail for mail in demo.mails("ticket") if "Mia Muster" in mail["subject"])
    before = len(demo.posts())
    post(f"{demo.state['mailbox_url']}/reply", json.dumps({"mail": ticket["id"], "text": ANSWER}).encode())
    demo.say("  mail  Anna answers the comment by ordinary mail")
    wait(lambda: len(demo.posts()) > before, ARRIVES_WITHIN, "the answer on the platform")
    new = demo.posts()[before:]
    _expect([post["text"] for post in new] == [ANSWER], "other words were posted than Anna's")
    demo.counted["answers_posted"] = len(new)
    demo.say(f"  post  {new[0]['channel']}, public: {new[0]['text']}")


def _stranger_answers(demo: Demo) -> None:
    ticket, before = demo.mails("ticket")[0], len(demo.posts())
    forged = {"mail": ticket["id"], "text": "Buy watches!", "dmarc_fail": True}
    post(f"{demo.state['mailbox_url']}/reply", json.dumps(forged).encode())
    time.sleep(2)
    extra = len(demo.posts()) - before
    _expect(extra == 0, "a forged mail was posted")
    demo.say("  mail  a forged mail to the same address (DMARC fails): 0 posts, put aside in quarantine")


def _nobody_answers(demo: Demo) -> None:
    demo.say(
        "  ...   nobody answers the shop's customer; its target is 40 seconds, the first reminder comes at half of it"
    )
    wait(lambda: bool(demo.mails("reminder")), REMINDER_WITHIN, "a reminder")
    reminders = demo.mails("reminder")
    demo.counted["reminders_sent"] = len(reminders)
    demo.say(f"  mail  {reminders[0]['subject']} (reminder)")


def _owner_answers_by_text(demo: Demo) -> None:
    wait(lambda: bool(demo.texts()), ARRIVES_WITHIN, "a text on the owner's phone")
    buzz = demo.texts()[0]["text"]
    demo.say(f"  text  {buzz}")
    before, code = len(demo.posts()), buzz.split()[0]
    post(f"{demo.state['simulator_url']}/phone", json.dumps({"text": f"{code} {TEXTED}"}).encode())
    demo.say(f"  text  the owner texts back: {code} {TEXTED}")
    wait(lambda: len(demo.posts()) > before, ARRIVES_WITHIN, "the owner's answer on the platform")
    _expect([each["text"] for each in demo.posts()[before:]] == [TEXTED], "other words were posted than the owner's")
    wait(lambda: len(demo.texts()) > 1, ARRIVES_WITHIN, "the confirmation on the owner's phone")
    demo.say(f"  text  {demo.texts()[1]['text']}")
    demo.counted.update(texts_sent=len(demo.texts()), answers_by_text=1)


STEPS: Sequence[Callable[[Demo], None]] = (
    _customers_write,
    _platform_repeats_itself,
    _somebody_forges,
    _agent_answers,
    _stranger_answers,
    _nobody_answers,
    _owner_answers_by_text,
)


def _summary(demo: Demo) -> str:
    rows = [f"  {name.replace('_', ' '):<22} {value}" for name, value in demo.counted.items()]
    looks = [
        f"  tickets as the helpdesk sees them    {demo.state['mailbox_url']}/",
        f"  answers as the platforms show them   {demo.state['simulator_url']}/",
        f"  the owner's phone                    {demo.state['simulator_url']}/phone",
        f"  every mail as a file                 {demo.state['mails_dir']}",
    ]
    return "\n".join(["", "Counted:", *rows, "", "Look at it:", *looks, ""])


def _first(demo: Demo) -> Webhook:
    if demo.first is None:
        raise DemoFailed("no webhook was sent")
    return demo.first


def wait(arrived: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not arrived():
        _expect(time.monotonic() < until, f"{what} did not arrive within {seconds:.0f} s: see build/logs")
        time.sleep(0.2)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the local stack's own address
        return json.load(answer)


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
    fields = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=body, headers=fields)  # noqa: S310 - the local stack's own address
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
