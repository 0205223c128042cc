"""The mailroom λ: whose mail is this, may they, which words are the answer.

    address and MAC -> sender proven and allowed -> no machine, no note -> conversation open -> not seen before -> words

A stranger's mail is put aside in silence; an agent's mail that cannot be posted as it is becomes `held`, and the desk
tells the agent why. Only words we are sure of become a reply. SES's reports about our own mails come in here as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from chalicelib import metrics, reply_address, text
from chalicelib.aws import conversations, environment, objects, parameters
from chalicelib.aws.conversations import Entry, entry, identity_key, item_key, quarantined
from chalicelib.aws.table import Put, Refused
from chalicelib.mailroom import authority, guards, mime
from chalicelib.mailroom.authority import AllowList, Receipt, Refusal
from chalicelib.mailroom.extraction import Context, extract
from chalicelib.mailroom.guards import Disposition, Incoming
from chalicelib.mailroom.helpdesks import HELPDESKS
from chalicelib.mailroom.mime import Mail, Malformed
from chalicelib.model import AgentReply, Conversation, Echo, Held, Learnt, Message
from chalicelib.reply_address import Keys
from chalicelib.settings import Settings

LARGEST_MAIL = 10_000_000  # bytes; more is refused unread
OPEN_FOR = timedelta(days=90)  # after the customer's last message an address answers no more
MOST_REPLIES, RATE_SPAN = 20, timedelta(minutes=10)
LOOK_BACK = 25  # items of the conversation, to know our own words and repeats


@dataclass(frozen=True)
class Room:
    """What the mailroom works with; tests bring their own."""

    settings: Settings
    keys: Keys
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def handle(event: dict[str, Any], context: Any, logger: Any) -> Any:
    """A batch of SES notices; the answer names those to be tried again."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    one = partial(_notice, room=_room(), logger=logger)
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)


def receive(receipt: Receipt, raw: bytes | None, room: Room) -> dict[str, str]:
    """One mail, for each of our addresses it came to: what became of it, as a code. `raw` None: too large to read."""
    addresses = sorted({recipient.lower() for recipient in receipt.recipients if _is_ours(recipient, room)})
    mail = _read(raw)
    if len(addresses) > 1:
        return {address: _put_aside(receipt, "several-addresses", room) for address in addresses}
    return {address: _receive(address, receipt, mail, room) for address in addresses}


def _room() -> Room:
    return Room(parameters.load_settings(), reply_address.open_keys(parameters.load_keys(), environment.get("STAGE")))


def _notice(record: Any, room: Room, logger: Any) -> None:
    notice = json.loads(json.loads(record["body"])["Message"])
    if notice.get("notificationType") == "Received":
        receipt = authority.read_receipt(notice)
        for outcome in receive(receipt, _fetch(receipt), room).values():
            logger.info("mail", extra={"outcome": outcome, "ses_id": receipt.message_id})
    else:
        from chalicelib.mailroom import reports

        logger.info("report", extra={"outcome": reports.note(notice, room.now())})


def _fetch(receipt: Receipt) -> bytes | None:
    try:
        return objects.get(receipt.key, LARGEST_MAIL)
    except ValueError:
        return None


def _is_ours(recipient: str, room: Room) -> bool:
    return recipient.lower().endswith(f"@{room.settings.reply_domain.lower()}")


def _read(raw: bytes | None) -> Mail | str:
    """The mail, or why it cannot be read."""
    if raw is None:
        return "too-large"
    try:
        return mime.read(raw)
    except Malformed:
        return "malformed"


def _receive(address: str, receipt: Receipt, mail: Mail | str, room: Room) -> str:
    conversation_id = reply_address.read(address, room.settings.reply_domain, room.keys)
    if conversation_id is None:
        return _put_aside(receipt, "unknown-address", room)
    if isinstance(mail, str):
        return _put_aside(receipt, mail, room)
    verdict = authority.judge(receipt, mail, _allowed(room.settings), room.settings.reply_domain)
    if verdict.refusal:
        if verdict.refusal is Refusal.SPOOFED:
            metrics.count("Spoofed")
        return _put_aside(receipt, verdict.refusal, room)
    conversation = conversations.load(conversation_id)
    if conversation is None:
        return _put_aside(receipt, "unknown-conversation", room)
    return _from_the_helpdesk(address, receipt, mail, verdict.sender, conversation, room)


def _from_the_helpdesk(
    address: str, receipt: Receipt, mail: Mail, sender: str, conversation: Conversation, room: Room
) -> str:
    """A mail that is proven to come from the business."""
    said = conversations.latest(conversation.id, LOOK_BACK)
    known = [words for each in said if (words := _words_of(each))]
    learnt = Learnt(room.now(), text.one_line(mail.subject, 200), (mail.message_id,) if mail.message_id else ())
    reason = guards.inspect(
        Incoming(
            mail=mail,
            return_path=receipt.return_path,
            conversation_id=conversation.id,
            own_domain=room.settings.reply_domain,
            helpdesk=HELPDESKS[room.settings.helpdesk.kind],
            own_message_ids=frozenset(conversation.ticket.our_ids),
            known_texts=known,
        )
    )
    name = _name(conversation.id, mail, sender)
    if reason and reason.disposition is not Disposition.HOLD:
        _keep(name, conversation, [("learnt", learnt)], room)
        if reason.disposition is Disposition.QUARANTINE:
            _put_aside(receipt, reason.code, room)
        return reason.code
    answer = _answer(name, address, mail, sender, conversation, said, known, room, reason.code if reason else "")
    kind = "reply" if isinstance(answer, AgentReply) else "held"
    is_new = _keep(name, conversation, [("learnt", learnt), (kind, answer)], room)
    return (kind if isinstance(answer, AgentReply) else f"held: {answer.reason}") if is_new else "known"


def _answer(
    name: str,
    address: str,
    mail: Mail,
    sender: str,
    conversation: Conversation,
    said: Sequence[Entry],
    known: Sequence[str],
    room: Room,
    objection: str,
) -> AgentReply | Held:
    names = (conversation.author.name,) if conversation.author.name else ()
    helpdesk = room.settings.helpdesk
    found = extract(
        mail.text or None,
        mail.html or None,
        Context(
            addresses=(address,),
            names=names,
            marks=(text.mark(conversation.id), helpdesk.marks),
            known_texts=tuple(known),
            helpdesk=helpdesk.kind,
        ),
    )
    now = room.now()
    reason = objection or _objection(mail, found.text, conversation, said, now) or ("" if found.sure else found.reason)
    if reason:
        return Held(name, now, reason, found.text, sender)
    return AgentReply(name, now, found.text, sender, mail.message_id)


def _objection(mail: Mail, words: str, conversation: Conversation, said: Sequence[Entry], now: datetime) -> str:
    """Why an agent's words are not posted at once; "" when nothing speaks against it."""
    replies = [each.read(AgentReply) for each in said if each.kind == "reply"]
    recent = [reply for reply in replies if now - reply.at <= RATE_SPAN]
    written = conversation.last_message_at or conversation.opened_at
    reasons = {
        "expired": now - written > OPEN_FOR,
        "rate": len(recent) >= MOST_REPLIES,
        "repeat": any(_same(reply.text, words) for reply in recent),
        "attachment": any(not each.inline for each in mail.attachments),
        "empty": not words.strip(),
    }
    return next((code for code, holds in reasons.items() if holds), "")


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _words_of(said: Entry) -> str:
    kinds: dict[str, type[Message | AgentReply | Echo]] = {"message": Message, "reply": AgentReply, "echo": Echo}
    return said.read(kinds[said.kind]).text if said.kind in kinds else ""


def _name(conversation_id: str, mail: Mail, sender: str) -> str:
    """The same mail is the same reply, however often it comes; another body under the same Message-ID is another."""
    parts = (conversation_id, mail.message_id, sender, mail.text, mail.html)
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _keep(
    name: str, conversation: Conversation, items: Sequence[tuple[str, Learnt | AgentReply | Held]], room: Room
) -> bool:
    """Whether the mail is new; what it brought is kept once."""
    now = room.now()
    seen = {
        "pk": identity_key("mail", conversation.id, name),
        "sk": "id",
        "kind": "id",
        "conversation": conversation.id,
        "item": item_key(now, items[-1][0], name),
        "expires_at": conversations.epoch(now + timedelta(days=conversations.CONVERSATION_DAYS)),
    }
    puts = [Put(_item(conversation, kind, name, data, now)) for kind, data in items]
    try:
        conversations.write([Put(seen, unless_there=True), *puts])
    except Refused:
        return False
    return True


def _item(conversation: Conversation, kind: str, name: str, data: Any, now: datetime) -> dict[str, Any]:
    ledger: dict[str, Any] = {"state": "pending", "tries": 0} if kind == "reply" else {}
    return entry(conversation.id, item_key(now, kind, name), kind, data, now, **ledger)


def _put_aside(receipt: Receipt, reason: str, room: Room) -> str:
    metrics.count("Quarantined")
    conversations.write([Put(quarantined("mail", reason, "", room.now(), object=receipt.key))])
    return reason


def _allowed(settings: Settings) -> AllowList:
    helpdesk = settings.helpdesk.sends_from or (settings.helpdesk.address,)
    return AllowList.of([*(agent.address for agent in settings.agents), *helpdesk], settings.agent_domains)
