"""Everything of a person is gone, nothing of anybody else's, and what was interrupted is finished by the next run."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import desk
from chalicelib.aws import conversations, dead, known, parameters
from chalicelib.aws.conversations import author_key, quarantined
from chalicelib.aws.table import Put, unmarshal
from infra import __main__ as command_line
from infra.operate import NotFound, forget
from infra.operate.forget.pieces import without
from tests.aws import Stack, client, received
from tests.channels.email_at_hand import HELLO, LETTERS, cafe, payload
from tests.mailroom.shop import address, with_file
from tests.phone.pocket import Pocket, pocket
from tests.quick_aws import QuickAws
from tests.story import answer, mails_with
from tests.test_journey import comment, post, reply_to
from tests.world import PAGE, feed

MIA, TOM = "900190019001", "900290029002"
NAME, SECRET = "Mia Mustermann", "Geheimwort"
LONG = f"{SECRET} 秘密 سر 🤫 " + "ä" * 34_000  # more than the table takes, as it is written there


@dataclass
class Town:
    """Two customers who wait, an owner with a phone, an operator who waits for nothing."""

    pocket: Pocket
    heard: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Any] = lambda: None

    def forgets(self, *given: str) -> dict[str, int]:
        """What was removed, by kind."""
        now = self.pocket.world.clock
        done = forget.remove(self.find(*given), self.heard.append, lambda seconds: self.meanwhile(), lambda: now.now)
        self.heard += forget.lines(done)
        return {kind: number for kind, number in done.counts.items() if number}

    def find(self, *given: str) -> forget.Found:
        found = forget.find(given, self.heard.append)
        self.heard += forget.lines(found)
        return found

    def conversation(self, author: str) -> str:
        wanted = author_key("facebook", PAGE, author)
        return str(next(item["pk"] for item in self.pocket.world.items("head") if item["author_key"] == wanted))

    def asks(self, author: str, name: str, words: str) -> None:
        self.pocket.question(words, author, name)
        self.pocket.wait(1)

    def holding(self, *marks: str) -> list[str]:
        return holding(self.pocket.rig, *marks)


def holding(rig: QuickAws, *marks: str) -> list[str]:
    """What has one of these anywhere: items by key, objects, schedules, dead letters."""
    items = {str(key): json.dumps(unmarshal(row), ensure_ascii=False) for key, row in rig.rows.items()}
    raw = {f"{key} raw": b64decode(row["data"]["S"]).decode() for key, row in rig.rows.items() if "headers" in row}
    files = {key: body.decode("utf-8", "replace") for key, body in rig.objects.items()}
    others = [*rig.timers, *(body for bodies in rig.letters.values() for body in bodies)]
    found = {**items, **raw, **files, **dict(zip(others, others, strict=True))}
    return [key for key, body in found.items() if any(mark in f"{key}{body}" for mark in marks)]


@pytest.fixture(scope="module")
def story() -> Iterator[tuple[Town, list[Kept]]]:
    """Told once; `town` begins where it ends."""
    with pytest.MonkeyPatch.context() as patch, pocket(patch) as made:
        town = Town(made)
        lived(town)
        yield town, kept(town)


@pytest.fixture
def town(story: tuple[Town, list[Kept]]) -> Town:
    town, before = story
    restore(before)
    town.heard, town.meanwhile = [], lambda: None
    return town


Kept = tuple[Any, str, Any]  # whose, what, as it was


def kept(town: Town) -> list[Kept]:
    """Everything that a test may change."""
    pocket, world = town.pocket, town.pocket.world
    held = (
        (pocket.rig, ("rows", "objects", "timers", "letters", "hidden", "sent", "jobs")),
        (world, ("webhooks", "stream", "jobs", "notices", "sent_at", "_seen", "_names", "_read", "dropped")),
        (world.clock, ("now",)),
        (world.site, ("comments",)),
        (pocket, ("inbox",)),
    )
    return [(whose, name, copied(getattr(whose, name))) for whose, names in held for name in names]


def restore(before: list[Kept]) -> None:
    for whose, name, value in before:
        setattr(whose, name, copied(value))


def copied(value: Any) -> Any:
    """Rows, objects and mails are never changed in place."""
    if isinstance(value, dict):
        return {key: list(each) if isinstance(each, list) else each for key, each in value.items()}
    return type(value)(value) if isinstance(value, list | set) else value


def lived(town: Town) -> None:
    """Both asked and changed their words; Mia has got an answer and asked again; the owner was texted and mailed."""
    pocket, world = town.pocket, town.pocket.world
    for author, name, words in ((MIA, NAME, LONG), (TOM, "Tom Andere", "Habt ihr offen?")):
        town.asks(author, name, words)
        world.customer(
            feed(f"77_{author}", f"{words[:90]}?", author, name, f"{PAGE}_77", world.clock.now, verb="edited")
        )
    pocket.wait(31)
    code = next(item["code"] for item in world.items("code") if item["pk"] == town.conversation(MIA))
    pocket.text(f"{code} {SECRET}: ja, gerne!")
    world.customer(feed("77_5", f"{SECRET} noch etwas", MIA, NAME, f"77_{MIA}", world.clock.now))
    pocket.wait(1)
    ticket = mails_with(world, "ticket", "noch etwas")[0]
    world.agent(
        with_file(f"{SECRET}: siehe oben\n\n> {SECRET}", ticket, ("plan.pdf", b"%PDF-Geheimwort")), address(ticket)
    )
    pocket.wait(125)  # reminders, alarms, mails to the owner
    put_aside(town)


def put_aside(town: Town) -> None:
    """What lies in corners: a profile, an alias, quarantine, dead letters."""
    pocket, now, pk = town.pocket, town.pocket.world.clock.now, town.conversation(MIA)
    mine, toms = ({"value": {"from": {"id": id}, "message": f"{words}"}} for id, words in ((MIA, SECRET), (TOM, "Tom")))
    asides = [delivery([mine]), delivery([mine, toms]), delivery([toms])]
    writes = [Put(quarantined("webhook", "unknown-kind", each, now, **more)) for each, more in asides]
    polled = json.dumps({"conversation": {"id": "x"}, "from": {"id": MIA}, "text": SECRET})
    writes.append(Put(quarantined("poll", "unknown-kind", polled, now, connection="facebook")))
    profile = known.told_of("facebook", PAGE, MIA, {"name": NAME}, now)
    conversations.write([*writes, profile, conversations.alias("a" * 16, pk, now)])
    ticket = mails_with(pocket.world, "ticket", "noch etwas")[0]
    stranger = answer(ticket, SECRET).replace(b"anna@lindner", b"fremd@anders")
    pocket.world.agent(stranger, address(ticket))
    pocket.wait(1)
    job = json.dumps({"conversation": pk, "cause": "e1"})
    notice = json.dumps({"Message": json.dumps(received("inbound/x", address(ticket)))})
    pocket.rig.letters = {"dead-jobs.fifo": [job, job.replace(pk, "b" * 16)], "dead-mail": [notice, "{}"]}


def delivery(changes: list[Any]) -> tuple[str, dict[str, Any]]:
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "changes": changes}]}).encode()
    return b64encode(body).decode(), {"connection": "facebook", "headers": "{}", "received_at": "1"}


def written(words: str, name: str, files: Sequence[bytes] = (), to: str = HELLO, **headers: str) -> bytes:
    mail = EmailMessage()
    given = {"From": f"{name} <{name.split()[0].lower()}@kundin.example>", "To": to, "Subject": words, **headers}
    for key, value in {"Message-ID": f"<{sha256(words.encode()).hexdigest()[:8]}@kundin.example>", **given}.items():
        mail[key.replace("_", "-")] = value
    mail.set_content(words)
    for content in files:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename="brief.pdf")
    return mail.as_bytes()


def quietly(*given: str) -> forget.Found:
    heard: list[str] = []
    return forget.remove(forget.find(given, heard.append), heard.append, lambda seconds: None)


def test_of_a_customer_who_writes_by_mail_every_mail_and_file_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    with cafe(monkeypatch) as shop:
        for name in (NAME, "Tom Andere"):
            shop.arrives(written(f"Bestellung von {name}", name, [b"%PDF-von " + name.encode()]), HELLO)
            shop.answer(shop.mails()[-1], f"Gerne, {name}!")
            shop.arrives(written(f"Bin weg, {name}", name, Auto_Submitted="auto-replied"), HELLO)
        toms = holding(shop.aws, "Tom", "tom@")
        assert {key.split("/")[0] for key in holding(shop.aws, NAME, "mia@")} >= {"inbound", "incoming"}
        removed = quietly("email", HELLO, "mia@kundin.example").counts
        assert holding(shop.aws, NAME, "mia@") == []
        assert holding(shop.aws, "Tom", "tom@") == toms
        assert removed["mailing"] == 1
        assert not any(quietly("email", HELLO, "mia@kundin.example").counts.values())


def test_a_mail_that_brought_others_letters_too_stays_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = payload("letter/complaint_german.pdf")
    with cafe(monkeypatch) as shop:
        scan = written("New scan", "new", [pdf, pdf.replace(b"19,80", b"29,80")], LETTERS, From="<new@scans.example>")
        shop.arrives(scan, LETTERS, return_path="bounces@scans.example")
        first, second = (item["pk"] for item in shop.items("head"))
        before = set(shop.aws.objects)
        done = quietly(first)
        gone = before - set(shop.aws.objects)
        assert {key.split("/")[0] for key in gone} == {"incoming", "media"}
        assert [line.split(";")[0] for line in done.left] == ["a mail that brought others' letters as well"]
        assert not quietly(second).left
        assert not shop.aws.objects


def test_it_works_with_what_aws_itself_makes_of_the_calls(moto_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead, "WAIT_SECONDS", 0)
    for queue in dead.QUEUES:
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if queue.endswith("fifo") else {}
        client("sqs").create_queue(QueueName=f"bridgehead-test-{queue}", Attributes=attributes)
    for author in ("9001", "9002"):
        post(moto_stack, comment(f"Geheimwort von {author}", id=f"77_{author}", author=author))
        moto_stack.settle()
    reply_to(moto_stack, "Gerne!")
    moto_stack.settle()
    pk, other = (item["pk"] for item in sorted(moto_stack.items("head"), key=lambda item: "9002" in item["data"]))
    url = client("sqs").get_queue_url(QueueName="bridgehead-test-dead-jobs.fifo")["QueueUrl"]
    for each in (pk, other):
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"conversation": each}), MessageGroupId=each)
    removed = quietly(pk).counts
    assert removed["letter"] == 1
    assert "9001" not in json.dumps(moto_stack.items())
    assert {item["pk"] for item in moto_stack.items("head")} == {other}
    assert [name[:16] for name in moto_stack.schedules()] == [other]
    assert client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == json.dumps({"conversation": other})
    assert not any(quietly(pk).counts.values())


def test_everything_of_a_person_is_gone_and_nothing_of_anybody_else(town: Town) -> None:
    pk, toms = town.conversation(MIA), town.holding(TOM, "Tom", town.conversation(TOM))
    marks = (MIA, NAME, SECRET, pk)
    assert {key.split("/")[0] for key in town.holding(*marks) if "/" in key} >= {
        "bodies",
        "media",
        "inbound",
        "outgoing",
    }
    removed = town.forgets(pk)
    assert town.holding(*marks) == []
    assert town.holding(TOM, "Tom", town.conversation(TOM)) == toms
    assert removed.keys() >= {"head", "message", "edit", "reply", "held", "mail", "text", "text-in", "turn", "learnt"}
    assert removed.keys() >= {"code", "alias", "profile", "alarm", "id", "quarantine", "object", "schedule", "letter"}
    assert removed["letter"] == 2
    assert sorted(removed) == sorted(forget.LABELS.keys() & removed.keys()), "each kind has a name on the screen"


def test_the_second_run_says_0(town: Town) -> None:
    pk = town.conversation(MIA)
    town.forgets("facebook", PAGE, MIA)
    for given in ((pk,), ("facebook", PAGE, MIA)):
        assert town.find(*given).nothing


def test_the_screen_shows_numbers_and_no_words(town: Town) -> None:
    town.forgets(town.conversation(MIA))
    assert town.heard
    assert not [line for line in town.heard if any(mark in line for mark in (MIA, NAME, SECRET, "anna@"))]


def test_whoever_was_forgotten_is_named_by_id_by_address_or_by_their_own_id(town: Town) -> None:
    found = town.find(town.conversation(MIA)).counts
    ticket = mails_with(town.pocket.world, "ticket", "noch etwas")[0]
    assert town.find(address(ticket)).counts == town.find("facebook", PAGE, MIA).counts == found
    assert town.find("facebook", PAGE, "nobody-at-all").nothing
    with pytest.raises(NotFound):
        town.find("Mia Mustermann")


def test_a_clock_that_runs_ends_and_nobody_is_reminded(town: Town) -> None:
    town.forgets(town.conversation(MIA))
    before = (len(town.pocket.world.mails()), len(town.pocket.inbox))
    town.forgets(town.conversation(TOM))
    town.pocket.wait(600)
    assert (len(town.pocket.world.mails()), len(town.pocket.inbox)) == before
    assert not town.pocket.rig.timers


def test_a_question_that_comes_afterwards_opens_a_ticket_of_its_own(town: Town) -> None:
    pk = town.conversation(MIA)
    town.forgets(pk)
    world = town.pocket.world
    world.customer(feed("77_6", "Und heute?", MIA, NAME, f"77_{MIA}", world.clock.now))
    town.pocket.wait(1)
    (ticket,) = mails_with(world, "ticket", "Und heute?")
    assert "Re:" not in ticket["Subject"]
    assert SECRET not in str(ticket)
    assert conversations.load(pk)


def test_a_question_that_comes_while_it_runs_is_not_lost(town: Town) -> None:
    world, pk = town.pocket.world, town.conversation(MIA)

    def asked() -> None:
        world.customer(feed("77_6", "Und heute?", MIA, NAME, f"77_{MIA}", world.clock.now))
        town.pocket.wait(1)

    town.meanwhile = asked
    town.forgets(pk)
    assert len(mails_with(world, "ticket", "Und heute?")) == 1
    assert town.holding(SECRET) == []
    assert conversations.load(pk)
    assert town.pocket.rig.timers
    assert [item["kind"] for item in world.items("i#") if item["pk"] == pk] == ["message"]


def test_a_delivery_that_is_repeated_brings_nothing_back(town: Town) -> None:
    world = town.pocket.world
    town.forgets(town.conversation(MIA))
    sent = len(world.mails())
    world.customer(feed("77_5", f"{SECRET} noch etwas", MIA, NAME, f"77_{MIA}", world.clock.now))
    town.pocket.wait(60)
    assert len(world.mails()) == sent
    assert town.holding(SECRET, NAME) == []


def test_a_desk_that_has_the_conversation_in_hand_saves_nothing_of_it(town: Town) -> None:
    """It read everything before; whatever it then writes, the second look takes away or its condition refuses."""
    world, rig, pk = town.pocket.world, town.pocket.rig, town.conversation(MIA)
    world.customer(feed("77_7", f"{SECRET} eilig", MIA, NAME, f"77_{MIA}", world.clock.now))
    world._webhook()
    real, done = rig.between, list[int]()

    def between(operation: str, call: Callable[[], Any]) -> Any:
        if operation == "TransactWriteItems" and not done:
            done.append(1)
            found = town.find(pk)
            town.meanwhile = lambda: _call_again(call)
            forget.remove(found, town.heard.append, lambda seconds: town.meanwhile(), lambda: world.clock.now)
            raise ReadTimeoutError(endpoint_url="x")
        return real(operation, call)

    rig.between = between
    with pytest.raises(ReadTimeoutError):
        desk.work(pk, desk._room())
    rig.between = real
    town.pocket.wait(30)
    assert done
    assert town.holding(SECRET, NAME) == []


def _call_again(call: Callable[[], Any]) -> None:
    with suppress(ClientError):
        call()


def test_an_interrupted_run_is_finished_by_the_next(town: Town) -> None:
    """At every call of its own it breaks off once: before the call was carried out, and writes also after."""
    pk, before = town.conversation(MIA), kept(town)
    operations = broken_off(town, pk)
    ways = [
        (n, after) for n, each in enumerate(operations) for after in ((False, True) if each in CHANGES else (False,))
    ]
    assert len(ways) > len(operations) > 50
    for number, after in ways:
        restore(before)
        town.meanwhile = lambda: None
        broken_off(town, pk, number, after)
        town.meanwhile = town.pocket.rig.hidden.clear  # what somebody was reading is shown again after half a minute
        town.forgets(pk)
        assert town.holding(MIA, NAME, SECRET, pk) == [], (number, operations[number], after)
        assert town.pocket.world.items("forgotten") == [], (number, operations[number], after)


CHANGES = ("TransactWriteItems", "DeleteObject", "DeleteSchedule", "DeleteMessage")


def broken_off(town: Town, pk: str, number: int = -1, after: bool = False) -> list[str]:
    """The calls of a run until the one that failed, if any."""
    calls: list[str] = []

    def between(operation: str, real: Callable[[], Any]) -> Any:
        calls.append(operation)
        if len(calls) - 1 != number:
            return real()
        if after:
            real()
        raise ReadTimeoutError(endpoint_url="x")

    town.pocket.rig.between = between
    with suppress(ReadTimeoutError, forget.Unfinished, parameters.Unavailable):
        town.forgets(pk)
    town.pocket.rig.between = lambda operation, real: real()
    return calls


THEIRS, OTHERS = {"from": {"id": MIA}}, {"from": {"id": "2"}, "in_reply_to": MIA}


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ({"entry": [{"changes": [THEIRS, OTHERS]}]}, {"entry": [{"changes": [OTHERS]}]}),
        ({"entry": [{"changes": [THEIRS]}, {"changes": [OTHERS]}]}, {"entry": [{"changes": [OTHERS]}]}),
        ({"entry": [{"changes": [{"from": {"id": int(MIA)}}]}]}, None),
        ({"contacts": [{"wa_id": MIA}], "messages": [{"from": MIA}]}, None),
        ({"messages": [{"from": MIA}], "statuses": [{"to": "2"}]}, {"statuses": [{"to": "2"}]}),
        ({"users": {MIA: {"name": NAME}, "2": {}}, "events": [OTHERS]}, {"users": {"2": {}}, "events": [OTHERS]}),
        (OTHERS, OTHERS),
        ({"Message": json.dumps({"from": f"+{MIA}"})}, None),
    ],
)
def test_of_a_delivery_only_their_own_pieces_are_taken_out(raw: Any, left: Any) -> None:
    rest = without(json.dumps(raw), {MIA})
    assert (None if rest is None else json.loads(rest)) == left


@pytest.mark.parametrize("form", ["From=%2B{}&Body=x", "<xml><FromUserName>{}</FromUserName></xml>"])
def test_a_delivery_that_is_no_json_is_one_persons(form: str) -> None:
    assert without(form.format(MIA), {MIA}) is None
    assert without(form.format(f"{MIA}7"), {MIA}) == form.format(f"{MIA}7")


def test_a_short_id_is_not_looked_for_in_raw_deliveries() -> None:
    assert without('{"id":"7","count":7}', {"7"}) == '{"id":"7","count":7}'


def test_the_command_asks_shows_numbers_and_says_what_is_not_ours(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("infra.stack.target.open_target", lambda stage: None)
    monkeypatch.setattr(forget, "UNDER_WAY", 0)
    pk = town.conversation(MIA)
    capsys.readouterr()
    assert command_line.main(["forget", pk, "--dry-run"]) == 0
    assert "conversations" in capsys.readouterr().out
    assert command_line.main(["forget", pk]) == command_line.WRONG_USE, "nobody can be asked here"
    assert command_line.main(["forget", "facebook", PAGE]) == command_line.WRONG_USE
    assert town.holding(SECRET)
    assert command_line.main(["forget", pk, "--yes"]) == 0
    told = capsys.readouterr().out
    assert "Removed:" in told
    assert "helpdesk" in told
    assert SECRET not in told
    assert command_line.main(["forget", pk]) == 0
    assert capsys.readouterr().out.startswith("0: ")
