"""What helpdesks mail to the customer's address without an agent's words, as their templates write it."""

from __future__ import annotations

import pytest

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom.frames import not_an_answer

HELLO = 'Hello,\n\nYou recently logged a ticket with a subject of "Wo ist mein Paket?" with us. '
RESOLVED = (
    f"{HELLO}This e-mail is to advise you of a resolution to that ticket.\n\n"
    "The following resolution was added to ticket [hilfe-7]:\n\n{words}\n\n"
    "Can you please confirm that this resolution addresses your needs so we may close this ticket?"
)
UPDATED = (
    f"{HELLO}This e-mail is to advise you of an update to that ticket.\n\n"
    "The following comment was added to ticket [hilfe-7]:\n\n{words}\n\n"
    "If you need to provide us with further information, please reply to this e-mail and keep the subject intact."
)
ESCALATED = f"{HELLO}This e-mail is to advise you of an automated escalation of that ticket."


@pytest.mark.parametrize(
    ("subject", "text", "verdict"),
    [
        ("(Resolved)", RESOLVED.format(words=""), "notice"),
        ("(Resolved)", RESOLVED.format(words="配達済みです。🙂"), None),
        ("(Updated)", UPDATED.format(words=""), "notice"),
        ("(Updated)", UPDATED.format(words="Can you please confirm your address?"), None),
        ("(Escalated)", ESCALATED, "notice"),
    ],
)
def test_django_helpdesks_mail_without_words_is_no_answer(subject: str, text: str, verdict: str | None) -> None:
    whole = f"[hilfe-7] Wo ist mein Paket? {subject}"
    assert not_an_answer(HELPDESKS["django-helpdesk"], {}, whole, text) == verdict


def test_only_django_helpdesk_is_not_asked_to_leave_its_acknowledgements_out() -> None:
    assert [name for name, each in HELPDESKS.items() if each.suppress != "All"] == ["django-helpdesk"]
