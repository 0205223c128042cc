"""Follow-ups join their ticket, no helpdesk is sent more than it takes, and a flood is summed up."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib import desk, settings
from chalicelib.desk import pace
from chalicelib.desk.absorb import absorb
from chalicelib.desk.pace import Wait
from chalicelib.desk.view import View
from chalicelib.helpdesks import HELPDESKS
from chalicelib.model import Author, Conversation, Kind, Learnt, MailKind, OutgoingMail, TicketThread
from tests import aws, signing
from tests.aws import SETTINGS, Stack
from tests.quick_aws import QuickAws

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
REAL = Path(__file__).parents[2].parent / "shared" / "corpora" / "helpdesk-mails"
OURS = "<0102018f-our-first@eu-central-1.amazonses.com>"
DESKS = {"rt5": "rt", "roundup": "roundup", "django_helpdesk": "django-helpdesk", "redmine": "redmine"}
TO_THE_CUSTOMER = ("auto_reply", "agent_reply", "followup_echo")


def business(kind: str) -> dict[str, Any]:
    return {**SETTINGS, "helpdesk": {**SETTINGS["helpdesk"], "kind": kind}}


def conversation(**ticket: Any) -> Conversation:
    thread = TicketThread(subject="[Facebook] Mia Muster: Hallo?", our_ids=(OURS,), opened_at=NOW)
    made = Conversation("a" * 16, "facebook", "facebook", "1", "t", Author("9", "Mia Muster"), Kind.DIRECT, False, NOW)
    return replace(made, ticket=replace(thread, **ticket))


def view_of(found: Conversation, kind: str) -> View:
    limits: Any = lambda conversation: None  # noqa: E731 - never asked here
    return View(found, NOW, settings.build(business(kind)), limits)


def taught(found: Conversation, kind: str, learnt: Learnt) -> Conversation:
    from chalicelib import stored
    from chalicelib.aws.conversations import Entry

    view = absorb(view_of(found, kind), [Entry(found.id, "i#1#learnt#1", "learnt", stored.dump(learnt))])
    assert view.conversation
    return view.conversation


def follow_up(found: Conversation, kind: str, at: datetime = NOW) -> Wait | None:
    mail = OutgoingMail("f", MailKind.TICKET, NOW, ("i#1",))
    return pace.wait_for(found, mail, settings_of(kind), at)


@cache
def settings_of(kind: str) -> settings.Settings:
    return settings.build(business(kind))


@pytest.mark.skipif(not REAL.exists(), reason="real mails are not at hand")
@pytest.mark.parametrize("folder", DESKS)
def test_what_real_helpdesks_mail_teaches_their_tag_and_ids(folder: str) -> None:
    known = conversation(subject="[Facebook] Jane: Hello, my order 42 is late")
    files = [each["file"] for each in json.loads((REAL / folder / "manifest.json").read_text()) if _for_us(each)]
    assert files
    for file in files:
        mail = message_from_bytes((REAL / folder / file).read_bytes(), policy=policy.default)
        learnt = Learnt(NOW, " ".join(str(mail["Subject"]).split()), (str(mail["Message-ID"]).strip(),))
        ticket = taught(known, DESKS[folder], learnt).ticket
        assert re.fullmatch(HELPDESKS[DESKS[folder]].tag, ticket.tag), file
        assert ticket.tag in str(mail["Subject"])
        assert ticket.their_ids == learnt.message_ids
        assert ticket.subject == known.ticket.subject


def _for_us(mail: dict[str, Any]) -> bool:
    return mail["kind"] in TO_THE_CUSTOMER


@pytest.mark.parametrize(
    ("kind", "subject", "tag"),
    [
        ("rt", "[lindner.example #17] AutoReply: [Facebook] Mia Muster: Hallo?", "[lindner.example #17]"),
        ("rt", "Re: [Facebook] Mia Muster: Hallo?", ""),
        ("roundup", "[issue4] [Facebook] Mia Muster: Hallo?", "[issue4]"),
        ("django-helpdesk", "[support-3] [Facebook] Mia Muster: Hallo? (Opened)", "[support-3]"),
        ("redmine", "[Support - Frage #9] [Facebook] Mia Muster: Hallo?", "[Support - Frage #9]"),
        ("jira-service-management", "LIN-12 [Facebook] Mia Muster: Hallo?", "LIN-12"),
        ("plain", "[Ticket#2026112110000015] [Facebook] Mia Muster: Hallo?", "[Ticket#2026112110000015]"),
        ("plain", "Automatische Antwort: [Facebook] Mia Muster: Hallo?", ""),
        ("plain", "お問い合わせ #881 を受け付けました", "#881"),
    ],
)
def test_only_the_tickets_name_is_learnt_from_a_subject(kind: str, subject: str, tag: str) -> None:
    assert taught(conversation(), kind, Learnt(NOW, subject, ("<1@desk>",))).ticket.tag == tag


def test_words_of_the_customer_are_no_tag_and_our_own_mail_coming_back_is_not_theirs() -> None:
    found = conversation(subject="[Facebook] Mia: COVID-19 test?")
    learnt = Learnt(NOW, "Re: [Facebook] Mia: COVID-19 test?", (OURS,))
    ticket = taught(found, "jira-service-management", learnt).ticket
    assert (ticket.tag, ticket.their_ids) == ("", ())


def test_a_follow_up_waits_for_the_tag_only_where_the_helpdesk_needs_one() -> None:
    assert follow_up(conversation(), "rt") == Wait("first-mail", NOW + timedelta(minutes=10))
    assert follow_up(conversation(), "redmine") == Wait("first-mail", NOW + timedelta(minutes=1))
    assert follow_up(conversation(), "plain") is None
    assert follow_up(conversation(our_ids=()), "rt") is None, "the first mail"
    assert follow_up(conversation(tag="[x #1]"), "rt") is None
    assert follow_up(conversation(their_ids=("<1@desk>",)), "redmine") is None
    assert follow_up(conversation(their_ids=("<1@desk>",)), "rt") is not None, "an id is nothing to RT"
    assert follow_up(conversation(), "rt", NOW + timedelta(minutes=10)) is None, "not for ever"


@pytest.mark.parametrize("kind", sorted(HELPDESKS))
def test_no_helpdesk_gets_more_mails_of_a_conversation_than_it_takes(kind: str) -> None:
    found, at, out = conversation(tag="[x #1]", their_ids=("<1@desk>",)), NOW, []
    while at < NOW + timedelta(hours=3):
        if follow_up(found, kind, at) is None:
            out.append(at)
            found = replace(found, ticket=replace(found.ticket, sent_at=pace.sent(found.ticket.sent_at, at)))
        at += timedelta(seconds=10)
    for most, span in [
        (15, timedelta(minutes=10)),
        (24, timedelta(hours=1)),
        HELPDESKS[kind].pace or (99, timedelta(1)),
    ]:
        assert max(sum(start <= each < start + span for each in out) for start in out) <= most
    assert len(found.ticket.sent_at) <= 25


# --- the whole stack ---------------------------------------------------------------------------------------------------


def write(stack: Stack, *numbers: int, text: str = "") -> None:
    """The customer's messages, in one delivery."""
    people = {"sender": {"id": "9001"}, "recipient": {"id": "1002003004005"}}
    items = [
        {**people, "timestamp": NOW_MS + each, "message": {"mid": f"m_{each}", "text": text or f"Frage {each}"}}
        for each in numbers
    ]
    entry = {"id": "1002003004005", "time": NOW_MS, "messaging": items}
    body = json.dumps({"object": "page", "entry": [entry]}, ensure_ascii=False).encode()
    headers = {"content-type": "application/json", **signing.facebook(body, aws.SECRET)}
    assert stack.client.http.post("/webhooks/facebook/facebook", headers=headers, body=body).status_code == 200


NOW_MS = int(datetime.now(UTC).timestamp() * 1000) - 60_000


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content())


def acknowledge(stack: Stack, subject: str) -> None:
    ticket = stack.mails()[0]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Support <support@lindner.example>", ticket["Reply-To"], subject
    mail["Message-ID"], mail["Auto-Submitted"] = "<rt-1@lindner.example>", "auto-replied"
    mail.set_content("Ihre Anfrage ist eingegangen.")
    stack.mail_in(mail.as_bytes(), ticket["Reply-To"].addresses[0].addr_spec)
    stack.settle()


def passed(stack: Stack, minutes: float) -> None:
    """The same conversation, looked at so much later."""
    (head,) = stack.items("head")
    room = desk._room()
    desk.work(head["pk"], replace(room, now=lambda: datetime.now(UTC) + timedelta(minutes=minutes)))


def asked(stack: Stack, kind: str = "rt") -> None:
    stack.configure(business(kind))
    write(stack, 0)
    stack.settle()
    assert len(stack.mails()) == 1


def test_follow_ups_wait_for_the_helpdesks_first_mail_and_then_go_as_one(stack: Stack) -> None:
    asked(stack)
    for number in (1, 2, 3):
        write(stack, number)
        stack.settle()
    assert len(stack.mails()) == 1
    acknowledge(stack, "[lindner.example #17] AutoReply: [Facebook] Name unbekannt: Frage 0")
    first, second = stack.mails()
    assert all(f"Frage {number}" in text_of(second) for number in (1, 2, 3))
    assert second["Subject"] == f"Re: [lindner.example #17] {first['Subject']}"
    references = second["References"].split()
    (head,) = stack.items("head")
    ours = json.loads(head["data"])["ticket"]["our_ids"]
    assert references[0] == f"<conv-{head['pk']}@{aws.DOMAIN}>"
    assert {ours[0], "<rt-1@lindner.example>"} <= set(references)
    assert second["In-Reply-To"] == ours[0]
    assert [item["state"] for item in stack.items("o#") if item["state"] != "done"] == ["merged", "merged"]


def test_a_follow_up_goes_all_the_same_when_the_helpdesk_says_nothing(stack: Stack) -> None:
    asked(stack)
    write(stack, 1)
    stack.settle()
    wake = [name for name in stack.schedules() if name.startswith("wake-")]
    assert len(wake) == 1
    passed(stack, 11)
    assert len(stack.mails()) == 2
    assert [item.get("reason") for item in sorted(stack.items("o#"), key=lambda item: item["sk"])] == [
        None,
        "no-first-mail",
    ]


def test_what_comes_while_the_first_mails_fate_is_unknown_opens_no_second_ticket(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.aws import mail
    from chalicelib.aws.mail import MailFailed

    stack.configure(business("rt"))
    real, lost = mail.send, MailFailed("ReadTimeoutError", sure=False, passing=True)

    def lose(*_: Any) -> str:
        raise lost

    monkeypatch.setattr(mail, "send", lose)
    write(stack, 0)
    stack.settle()
    monkeypatch.setattr(mail, "send", real)
    write(stack, 1)
    stack.settle()
    assert stack.mails() == []
    passed(stack, 6)
    assert ["Frage 0" in text_of(each) for each in stack.mails()] == [True]


def test_what_is_too_much_for_the_helpdesk_is_held_back_and_goes_as_one(stack: Stack) -> None:
    asked(stack, "freshdesk")
    (head,) = stack.items("head")
    _pretend_sent(head["pk"], 12, timedelta(minutes=5))
    for number in (1, 2, 3):
        write(stack, number)
        stack.settle()
    assert len(stack.mails()) == 1
    passed(stack, 6)
    assert len(stack.mails()) == 2
    assert all(f"Frage {number}" in text_of(stack.mails()[-1]) for number in (1, 2, 3))


def test_at_the_ceiling_the_owner_hears_of_it_once_a_day(stack: Stack) -> None:
    asked(stack, "plain")
    (head,) = stack.items("head")
    _pretend_sent(head["pk"], 24, timedelta(minutes=30))
    for number in range(1, 4):
        write(stack, number)
        stack.settle()
        passed(stack, 0)
    told = [each for each in stack.mails() if each["X-Bridgehead-Kind"] == "owner"]
    assert [each["To"] for each in told] == ["chefin@lindner.example"]
    assert "Grenze" in text_of(told[0])
    assert len(stack.mails()) == 2
    passed(stack, 32)
    (_, ticket) = [each for each in stack.mails() if each["X-Bridgehead-Kind"] == "ticket"]
    assert all(f"Frage {number}" in text_of(ticket) for number in range(1, 4))


def _pretend_sent(pk: str, most: int, ago: timedelta) -> None:
    from chalicelib.aws import conversations

    found = conversations.load(pk)
    assert found
    times = (datetime.now(UTC) - ago,) * most
    changed = replace(found, ticket=replace(found.ticket, sent_at=times))
    conversations.write([conversations.head(changed, datetime.now(UTC))])


def test_more_than_fifty_messages_in_one_mail_are_counted_and_linked(stack: Stack) -> None:
    asked(stack, "rt")
    write(stack, *range(1, 40))
    stack.settle()
    write(stack, *range(40, 70))
    stack.settle()
    passed(stack, 11)
    _, flood = stack.mails()
    shown = text_of(flood)
    assert "Frage 50" in shown.splitlines()
    assert "Frage 51" not in shown.splitlines()
    assert "Und 19 weitere Nachrichten" in shown
    token = re.search(r"/files/([a-z2-7]+)", shown)
    assert token
    answer = stack.client.http.get(f"/files/{token[1]}")
    assert answer.status_code == 302
    kept, key = cast(QuickAws, stack.rig), f"media/{token[1]}"
    assert key in answer.headers["Location"]
    assert stack.client.http.get(f"/files/{token[1]}.jpg").headers["Location"] == answer.headers["Location"]
    assert kept.saved_as[key].startswith("attachment")
    assert "Frage 69" in kept.objects[key].decode()


def test_messages_too_long_together_make_no_mail_that_nobody_takes(stack: Stack) -> None:
    asked(stack, "rt")
    write(stack, *range(1, 13), text="長い話です。" * 2000)
    stack.settle()
    passed(stack, 11)
    flood = stack.mails()[-1]
    assert len(flood.as_bytes()) < 3_000_000
    assert "weitere Nachrichten" in text_of(flood)


def test_a_mail_that_another_worker_has_merged_cannot_be_claimed_as_it_was(stack: Stack) -> None:
    from chalicelib.aws import conversations
    from chalicelib.desk import ledger, mails

    asked(stack)
    write(stack, 1)
    stack.settle()
    (head,) = stack.items("head")
    (old,) = [each for each in conversations.pending(head["pk"]) if each.kind == "mail"]
    late = OutgoingMail("other", MailKind.TICKET, datetime.now(UTC), ("i#x",))
    conversations.write([conversations.outgoing(head["pk"], late, datetime.now(UTC))])
    (whole,) = mails.merged([each for each in conversations.pending(head["pk"]) if each.kind == "mail"])
    assert ledger.claim(old, datetime.now(UTC), mails.SETTLE, {}) is None
    assert ledger.claim(whole, datetime.now(UTC), mails.SETTLE, {}) is not None


def test_a_reminder_waits_for_the_ticket_as_well() -> None:
    mail = OutgoingMail("r", MailKind.REMINDER, NOW, (), "50")
    assert pace.wait_for(conversation(), mail, settings.build(business("rt")), NOW) is not None
    owner = replace(mail, kind=MailKind.OWNER, code="missed")
    assert pace.wait_for(conversation(), owner, settings.build(business("rt")), NOW) is None


def test_the_subject_stays_the_first_mails_when_only_an_event_proves_that_it_went(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.aws import mail
    from chalicelib.aws.mail import MailFailed
    from chalicelib.mailroom import reports

    def lose(*_: Any) -> str:
        raise MailFailed("ReadTimeoutError", sure=False, passing=True)

    real = mail.send
    monkeypatch.setattr(mail, "send", lose)
    write(stack, 0)
    stack.settle()
    monkeypatch.setattr(mail, "send", real)
    (item,) = stack.items("o#")
    tags = {"place": item["pk"], "mail": item["sk"].rpartition("#")[2], "created": str(_created(item))}
    sent = {"eventType": "Send", "mail": {"messageId": "0107-first", "tags": {k: [v] for k, v in tags.items()}}}
    assert reports.note(sent, datetime.now(UTC)) == "sent"
    write(stack, 1)
    stack.settle()
    (second,) = stack.mails()
    assert second["Subject"].endswith(": Frage 0")
    assert second["In-Reply-To"] == "<0107-first@eu-central-1.amazonses.com>"


def _created(item: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(item["sk"].split("#")[1]).timestamp() * 1000)
