"""`bridgehead extract FILE.eml`: what would be posted of a mail, and how sure we are. For trying a helpdesk's templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import mime
from chalicelib.mailroom.extraction import Context, Extraction, extract
from infra.parameters import Refused


def extracted(file: Path, helpdesk: str, addresses: Sequence[str], names: Sequence[str]) -> Extraction:
    """Raises Refused for what is no mail, OSError for what cannot be opened."""
    if helpdesk not in HELPDESKS:
        raise Refused(f'there is no helpdesk "{helpdesk}", only: {", ".join(sorted(HELPDESKS))}')
    try:
        mail = mime.read(file.read_bytes())
    except mime.Malformed as malformed:
        raise Refused(f"{file} cannot be read as a mail ({malformed}): it would go to quarantine") from malformed
    context = Context(tuple(addresses), tuple(names), helpdesk=helpdesk)
    return extract(mail.text or None, mail.html or None, context)


def lines(found: Extraction) -> Iterator[str]:
    """For people: the words between two rules, then the verdict."""
    rule = "-" * 72
    yield from (rule, found.text or "(nothing)", rule)
    yield (
        "sure: it would be posted"
        if found.sure
        else f"unsure ({found.reason}): it would be held and shown to the agent"
    )
    yield f"rules that cut: {', '.join(found.how) or 'none'}"


def as_json(found: Extraction) -> str:
    """For scripts."""
    result: dict[str, Any] = {"text": found.text, "sure": found.sure, "reason": found.reason, "how": list(found.how)}
    return json.dumps(result, ensure_ascii=False, indent=2)
