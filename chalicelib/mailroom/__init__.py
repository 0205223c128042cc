"""The mailroom λ: whose mail is this, may they, which words are the answer.

    address and MAC -> sender proven and allowed -> no machine, no note -> conversation open -> not seen before -> words

A stranger's mail is put aside in silence; an agent's mail that cannot be posted as it is becomes `held`, and the desk
tells the agent why. Only words we are sure of become a reply. SES's reports about our own mails come in here as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from chalicelib import metrics, reply_address, stored, text
from chalicelib.assent import is_yes
from chalicelib.aws import conversations, environment, objects, parameters
from chalicelib.aws.conversations import entry, identity_key, item_key, quarantined
from chalicelib.aws.table import Change, Put, Refused
from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import authority, enclosures, guards, holds, letterboxes, mime, refusals
from chalicelib.mailroom.answers import LOOK_BACK, Arrived, Decision, Noted, Release, decide, known_texts
from chalicelib.mailroom.authority import AllowList, Receipt, Refusal
from chalicelib.mailroom.enclosures import MOST_FILES
from chalicelib.mailroom.guards import Disposition, Incoming
from chalicelib.mailroom.holds import Writes
from chalicelib.mailroom.letterbox import Letterbox
from chalicelib.mailroom.letterboxes import Keep, PutAside
from chalicelib.mailroom.mime import Mail, Malformed
from chalicelib.model import AgentReply, Closed, Conversation, Held, HeldState, Learnt
from chalicelib.reply_address import Keys
from chalicelib.settings import Settings

LARGEST_MAIL = 10_000_000  # bytes; more is refused unread
LARGEST_FROM_CUSTOMERS = 40 * 1024 * 1024  # bytes; what SES takes in


def _put_aside(receipt: Receipt, reason: str, metric: str = "Quarantined") -> str:
    """Keeps the mail for the operator, with what SES said about it; the reason."""
    metrics.count(metric)
    item = quarantined("mail", reason, receipt.key, datetime.now(UTC), object=receipt.key, receipt=stored.dump(receipt))
    conversations.write([Put(item)])
    return reason


@dataclass(frozen=True)
class Room:
    """What the mailroom works with; tests and the operator bring their own."""

    settings: Settings
    keys: Keys
    keep: Keep  # what customers write, as a webhook would
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    put_aside: PutAside = _put_aside
    by_hand: bool = False  # an operator looked at the mail and wants it taken


def handle(event: dict[str, Any], context: Any, keep: Keep, logger: Any) -> Any:
    """A batch of SES notices; the answer names those to be tried again."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    one = partial(_notice, room=open_room(keep), logger=logger)
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)


def receive(receipt: Receipt, raw: bytes | None, room: Room) -> dict[str, str]:
    """One mail, for each of our addresses it came to: what became of it, as a code. `raw` None: too large to read."""
    addresses = sorted({recipient.lower() for recipient in receipt.recipients if _is_ours(recipient, room)})
    mail = _read(raw)
    boxes = {address: box for address in addresses if (box := letterboxes.find(address, room.settings))}
    if len(addresses) > 1 and len(boxes) < len(addresses):
        return {address: room.put_aside(receipt, "several-addresses") for address in addresses}
    if boxes:
        return {address: _take_in(box, receipt, mail, raw, room) for address, box in boxes.items()}
    return {address: _receive(address, receipt, mail, room) for address in addresses}


def open_room(keep: Keep) -> Room:
    """As this process's environment and Parameter Store have it."""
    keys = reply_address.open_keys(parameters.load_keys(), environment.get("STAGE"))
    return Room(parameters.load_settings(), keys, keep)


def fetch(receipt: Receipt, room: Room) -> bytes | None:
    """The mail as SES stored it; None when it is too large to be read. Raises KeyError when it is gone."""
    boxes = [letterboxes.find(recipient.lower(), room.settings) for recipient in receipt.recipients]
    try:
        return objects.get(receipt.key, LARGEST_FROM_CUSTOMERS if any(boxes) else LARGEST_MAIL)
    except ValueError:
        return None


def _notice(record: Any, room: Room, logger: Any) -> None:
    notice = json.loads(json.loads(record["body"])["Message"])
    if notice.get("notificationType") == "Received":
        receipt = authority.read_receipt(notice)
        for outcome in receive(receipt, fetch(receipt, room), room).values():
            logger.info("mail", extra={"outcome": outcome, "ses_id": receipt.message_id})
    else:
        from chalicelib.mailroom import answered, reports

        about = answered.note(notice, room.settings, room.keep, room.now())
        logger.info("report", extra={"outcome": about or reports.note(notice, room.now())})


def _is_ours(recipient: str, room: Room) -> bool:
    return recipient.lower().endswith(f"@{room.settings.reply_domain.lower()}")


def _read(raw: bytes | None) -> Mail | str:
    """The mail, or why it cannot be read."""
    if raw is None:
        return "too-large"
    try:
        return mime.read(raw, LARGEST_FROM_CUSTOMERS)  # `fetch` has seen to it that others are smaller
    except Malformed:
        return "malformed"


def _take_in(box: Letterbox, receipt: Receipt, mail: Mail | str, raw: bytes | None, room: Room) -> str:
    if raw is None or isinstance(mail, str):
        return room.put_aside(receipt, str(mail))
    return letterboxes.take_in(box, receipt, mail, raw, room.keep, room.put_aside, room.now(), room.by_hand)


def _receive(address: str, receipt: Receipt, mail: Mail | str, room: Room) -> str:
    conversation_id = reply_address.read(address, room.settings.reply_domain, room.keys)
    if conversation_id is None:
        return room.put_aside(receipt, "unknown-address")
    if isinstance(mail, str):
        return room.put_aside(receipt, mail)
    refused = refusals.words_in(mail, receipt, room.settings)
    verdict = authority.judge(receipt, mail, _allowed(room.settings), room.settings.reply_domain)
    if verdict.refusal and not refused:
        if verdict.refusal is Refusal.SPOOFED:
            metrics.count("Spoofed")
        return room.put_aside(receipt, verdict.refusal)
    conversation = conversations.load(conversation_id)
    if conversation is None:
        return room.put_aside(receipt, "unknown-conversation")
    if refused:
        refusals.note(conversation_id, refused, room.now())
        return room.put_aside(receipt, "refused")
    return _from_the_helpdesk(address, receipt, mail, verdict.sender, conversation, room)


def _from_the_helpdesk(
    address: str, receipt: Receipt, mail: Mail, sender: str, conversation: Conversation, room: Room
) -> str:
    """A mail that is proven to come from the business."""
    said = conversations.latest(conversation.id, LOOK_BACK)
    reason = guards.inspect(
        Incoming(
            mail=mail,
            return_path=receipt.return_path,
            conversation_id=conversation.id,
            own_domain=room.settings.reply_domain,
            helpdesk=HELPDESKS[room.settings.helpdesk.kind],
            own_message_ids=frozenset(conversation.ticket.our_ids),
            known_texts=known_texts(said),
        )
    )
    name, now = _name(conversation.id, mail, sender), room.now()
    if reason and reason.disposition is not Disposition.HOLD:
        _keep(name, conversation.id, mail, [], now, reason.code)
        return room.put_aside(receipt, reason.code) if reason.disposition is Disposition.QUARANTINE else reason.code
    held, objection = conversations.held_now(conversation.id), reason.code if reason else ""
    arrived = Arrived(name, mail, address, sender, objection, conversation, said, held, room.settings, now)
    decision = decide(arrived)
    return _OUTCOMES[type(decision)](decision) if _keep_all(arrived, decision) else "known"


def _keep_all(arrived: Arrived, decision: Decision) -> bool:
    """Whether the mail is new; what came of it is kept once, its files first."""
    answer = decision.answer if isinstance(decision, Held) else decision
    if isinstance(answer, AgentReply):
        enclosures.keep(answer.attachments[:MOST_FILES], enclosures.files(arrived.mail))
    writes = _WRITES[type(decision)](arrived, decision)
    return _keep(arrived.name, arrived.conversation.id, arrived.mail, writes, arrived.now)


def _name(conversation_id: str, mail: Mail, sender: str) -> str:
    """The same mail is the same reply, however often it comes; another body under the same Message-ID is another."""
    parts = (conversation_id, mail.message_id, sender, mail.text, mail.html)
    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _keep(name: str, pk: str, mail: Mail, writes: Sequence[Put | Change], now: datetime, reason: str = "") -> bool:
    """Whether the mail is new; what it taught and what came of it are kept once."""
    taught_at = item_key(now, "learnt", name)
    seen = {
        "pk": identity_key("mail", pk, name),
        "sk": "id",
        "kind": "id",
        "conversation": pk,
        "item": taught_at,
        "expires_at": conversations.epoch(now + timedelta(days=conversations.CONVERSATION_DAYS)),
    }
    learnt = Learnt(now, text.one_line(mail.subject, 200), (mail.message_id,) if mail.message_id else (), reason)
    taught = Put(entry(pk, taught_at, "learnt", learnt, now))
    try:
        conversations.write([Put(seen, unless_there=True), taught, *writes])
    except Refused as refused:
        if 0 not in refused.there:
            raise  # a held answer was ended meanwhile: the mail is read again
        return False
    return True


def _write_reply(arrived: Arrived, answer: AgentReply) -> Writes:
    replaced = holds.end(arrived.held, HeldState.REPLACED, arrived.sender, arrived.now)
    return [holds.reply(arrived.conversation.id, answer, arrived.now), *replaced]


def _write_held(arrived: Arrived, held: Held) -> Writes:
    metrics.count("Held")
    pk, key = arrived.conversation.id, item_key(arrived.now, "held", arrived.name)
    item, pointer = conversations.holding(pk, key, held, arrived.now)
    if is_yes(held.answer.text) or held.reason == "rate":
        return [item]  # it was not meant to take another's place
    return [item, pointer, *holds.end(arrived.held, HeldState.REPLACED, arrived.sender, arrived.now)]


def _write_closed(arrived: Arrived, closed: Closed) -> Writes:
    item = entry(arrived.conversation.id, item_key(arrived.now, "closed", arrived.name), "closed", closed, arrived.now)
    return [Put(item), *holds.end(arrived.held, HeldState.DROPPED, arrived.sender, arrived.now)]


def _write_release(arrived: Arrived, release: Release) -> Writes:
    return holds.release(release.held, arrived.sender, arrived.now)


_WRITES: Mapping[type, Callable[[Arrived, Any], Writes]] = {
    AgentReply: _write_reply,
    Held: _write_held,
    Closed: _write_closed,
    Release: _write_release,
    Noted: lambda arrived, noted: [],
}
_OUTCOMES: Mapping[type, Callable[[Any], str]] = {
    AgentReply: lambda answer: "reply",
    Held: lambda held: f"held: {held.reason}",
    Closed: lambda closed: "closed",
    Release: lambda release: "released",
    Noted: lambda noted: noted.code,
}


def _allowed(settings: Settings) -> AllowList:
    helpdesk = settings.helpdesk.sends_from or (settings.helpdesk.address,)
    return AllowList.of([*(agent.address for agent in settings.agents), *helpdesk], settings.agent_domains)
