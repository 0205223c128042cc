"""Whose phone it is, and where what concerns it is kept. A stranger's number is nobody's."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.model import identity
from chalicelib.settings import Owner, Settings

PREFIX = "phone#"


def people(settings: Settings) -> Iterator[tuple[str, Owner]]:
    """Who may be texted and may answer by text, by role; of two with the same number the first."""
    roles = {"owner": settings.owner, "lead": settings.lead}
    numbers: set[str] = set()
    for role, person in roles.items():
        if settings.phone and person and person.phone and person.phone not in numbers:
            numbers.add(person.phone)
            yield role, person


def place_of(role: str, settings: Settings) -> str | None:
    """The partition of a role's phone; None when it has none."""
    return next((place(person.phone, settings) for each, person in people(settings) if each == role), None)


def person_at(pk: str, settings: Settings) -> tuple[str, Owner] | None:
    """Whose phone a partition is about, by role; None when the number is on the list no more."""
    return next((each for each in people(settings) if place(each[1].phone, settings) == pk), None)


def place(number: str, settings: Settings) -> str:
    """The partition of a phone number: a hash, other in every installation, because logs name partitions."""
    return f"{PREFIX}{identity('phone', settings.reply_domain, number)[:16]}"
