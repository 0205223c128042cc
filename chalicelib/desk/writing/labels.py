"""What a helpdesk may sort a ticket by, as headers of its mails: words of ours, never a customer's. Pure."""

from __future__ import annotations

from chalicelib.helpdesks import Helpdesk
from chalicelib.model import Conversation


def labels(conversation: Conversation, desk: Helpdesk) -> tuple[tuple[str, str], ...]:
    """Header and value, for what this product reads; the tags are the channel and the kind: "facebook,comment"."""
    found = {
        desk.priority_header: desk.priorities.get(conversation.priority, ""),
        desk.tag_header: f"{conversation.channel},{conversation.kind}",
    }
    return tuple((header, value) for header, value in found.items() if header and value)
