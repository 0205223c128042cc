"""Everything of one person's in the table, and the write that ends each of it.

What came after a conversation was sealed is a new question, and stays.
Of an identity the bare name stays for as long as it would have lived: it is a hash that tells nothing, and without it
a platform that repeats a delivery, or is asked for the last days, would bring the words back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib import stored
from chalicelib.aws import table
from chalicelib.aws.table import Action, Change, Item, Put, Remove
from chalicelib.desk.view import name_of
from chalicelib.model import Handset, OutgoingMail, OutgoingText, TextIn
from infra.operate.forget.kept import mail_of, objects_of
from infra.operate.forget.look import Look, data_of, named_in, places_of, sieve
from infra.operate.forget.person import SEAL, Person
from infra.operate.forget.pieces import without
from infra.operate.forget.quarantine import Aside, aside

BARE = "forgotten"  # the item that a bare identity names; there is none of this name

Say = Callable[[str], None]


@dataclass(frozen=True)
class Trace:
    """Something that we keep of somebody: its kind, the writes that end it, the objects that go with it."""

    kind: str
    actions: Sequence[Action] = ()
    objects: Sequence[str] = ()
    left: str = ""  # why it cannot be taken out, where it cannot


def walk(look: Look, say: Say) -> list[Trace]:
    """All there is, as traces; `look` knows afterwards what else was found."""
    may_concern = sieve(look.person)
    for page in table.scan():
        look.items += filter(may_concern, page)
        if look.looked_at // PROGRESS < (look.looked_at + len(page)) // PROGRESS:
            say(f"looked at {look.looked_at + len(page):,} items")
        look.looked_at += len(page)
    return list(_traces(look))


def _traces(look: Look) -> Iterator[Trace]:
    places = places_of(look.person)
    for item in look.items:
        if look.stays(item, named_in(item) or item["pk"]):
            continue
        if look.is_own(item) or look.is_by(item) or item["pk"] in places:
            yield from _taken(item, look)
        elif item["kind"] in _ELSEWHERE:
            yield from _ELSEWHERE[item["kind"]](item, look)
    for pk in look.identities:
        yield from (_bared(item, look) for item in table.everything(pk))


def _taken(item: Item, look: Look) -> Iterator[Trace]:
    if item["sk"] != SEAL:
        # by its writer: another head may have come in its place
        when = {"writer": item["writer"]} if item["sk"] == "head" else {}
        yield Trace(item["kind"], [Remove(item["pk"], item["sk"], when)], objects_of(item, look.shelf))


def _bared(item: Item, look: Look) -> Trace:
    if item["sk"] == "raw":
        return Trace("raw", [Remove(item["pk"], "raw")])
    bare = {name: item[name] for name in ("pk", "sk", "kind", "expires_at")}
    place = {"conversation": item["pk"], "item": BARE} if item["sk"] == "id" else {}
    key = mail_of(item) if look.shelf.is_by_mail else ""
    is_shared = key in look.mails_of_others
    left = f"a mail that brought others' letters as well; it ends by itself within 30 days: {key}" if is_shared else ""
    return Trace(item["kind"], [Put({**bare, **place})], (key,) if key and not is_shared else (), left)


def _named(item: Item, look: Look) -> Iterator[Trace]:
    if look.names(item):
        yield Trace(item["kind"], [Remove(item["pk"], item["sk"])])


def _alias(item: Item, look: Look) -> Iterator[Trace]:
    """With all that lay in its place before it moved on."""
    if look.names(item):
        for each in table.everything(item["pk"]):
            if not look.is_news(each):
                yield Trace(each["kind"], [Remove(each["pk"], each["sk"])], objects_of(each, look.shelf))


def _raw(item: Item, look: Look) -> Iterator[Trace]:
    """A delivery that is kept with somebody else's message, and brought something of theirs as well."""
    raw = str(item.get("raw", ""))
    rest = without(raw, look.person.ids) if raw and item["pk"] not in look.identities else raw
    if rest not in (raw, None) and _is_of_account(item, look.person):
        yield Trace("raw", [Change(item["pk"], item["sk"], set={"raw": rest}, when={"raw": raw})])


def _is_of_account(item: Item, person: Person) -> bool:
    place = item if item["sk"] == "id" else table.get(item["pk"], "id")
    told = table.get(str(place["conversation"]), str(place["item"])) if place else None
    data = data_of(told) if told else {}
    return (data.get("channel"), data.get("account")) == (person.channel, person.account)


def _text(item: Item, look: Look) -> Iterator[Trace]:
    """To the owner or the lead; one that asks whom of many they mean only names them."""
    text = stored.load(OutgoingText, item["data"])
    others = " ".join(each for each in text.detail.split(" ") if each not in look.person.conversations)
    if look.names(item):
        yield Trace("text", [Remove(item["pk"], item["sk"])])
    elif others != text.detail:
        fewer = stored.dump(replace(text, detail=others))
        yield Trace("text", [Change(item["pk"], item["sk"], set={"data": fewer}, when={"data": item["data"]})])


def _mail(item: Item, look: Look) -> Iterator[Trace]:
    """A mail to the owner or the lead tells of one or of many who wait."""
    mail = stored.load(OutgoingMail, item["data"])
    others = tuple(sk for sk in mail.covers if not any(own in sk for own in look.person.conversations))
    if not others and mail.covers:
        yield Trace("mail", [Remove(item["pk"], item["sk"])])
    elif others != mail.covers:
        fewer = stored.dump(replace(mail, covers=others))
        yield Trace("mail", [Change(item["pk"], item["sk"], set={"data": fewer}, when={"data": item["data"]})])


def _text_in(item: Item, look: Look) -> Iterator[Trace]:
    """What was texted about a customer: what came of it is named by it."""
    text = stored.load(TextIn, item["data"])
    answer = name_of("texted", item["pk"], text.id)
    posted = any(look.is_own(each) and answer in each["sk"] for each in look.items)
    if posted or any(
        name_of("text", item["sk"], each.code) == each.id for each in _texts(look.items, item["pk"], look)
    ):
        yield Trace("text-in", [Remove(item["pk"], item["sk"])])


def _texts(items: Iterable[Item], pk: str, look: Look) -> Iterator[OutgoingText]:
    mine = (item for item in items if item["kind"] == "text" and item["pk"] == pk and look.names(item))
    return (stored.load(OutgoingText, item["data"]) for item in mine)


def _phone(item: Item, look: Look) -> Iterator[Trace]:
    """Whom its owner was asked about."""
    phone = stored.load(Handset, item["data"])
    if phone.asked_for in look.person.conversations:
        blank = stored.dump(replace(phone, asked="", asked_for=""))
        unchanged, version = {"version": item["version"]}, int(item["version"]) + 1
        change = Change(item["pk"], item["sk"], set={"data": blank, "version": version}, when=unchanged)
        yield Trace("phone", [change])


def _quarantine(item: Item, look: Look) -> Iterator[Trace]:
    told: Aside | None = aside(item, look.person, look.identities, look.connections, look.shelf)
    if told:
        yield Trace("quarantine", told.actions, told.objects, told.left)


_ELSEWHERE: Mapping[str, Callable[[Item, Look], Iterator[Trace]]] = {
    "alias": _alias,
    "code": _named,
    "text": _text,
    "id": _raw,
    "raw": _raw,
    "alarm": _named,
    "mail": _mail,
    "text-in": _text_in,
    "phone": _phone,
    "quarantine": _quarantine,
}
PROGRESS = 10_000  # items between two lines
