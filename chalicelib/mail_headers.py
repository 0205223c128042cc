"""Headers of mails that arrive as they were written, whatever their script and length; for every room that writes a mail."""

from __future__ import annotations

import re
from email.header import Header
from email.headerregistry import HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.policy import SMTP, Policy
from typing import Any, ClassVar, cast

from chalicelib.text import JOINER, one_line

LONGEST_SUBJECT = 200  # characters; a helpdesk's own subject may be twice that, its tag can stand at the end
LONGEST_NAME = 60
LINE = 76  # characters; RFC 2047 allows no longer line with an encoded word
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,480}>")


def plain_name(name: str) -> str:
    """A name in which no parser, however careless, finds an address, a list of them or a second header."""
    return one_line(name.translate(_NAME_SIGNS), LONGEST_NAME)


def answering(subject: str) -> str:
    """`Re: ` and the subject as it was, tag and all, however often it has been answered before."""
    return f"Re: {without_answer_signs(subject)}"


def without_answer_signs(subject: str) -> str:
    """The subject as it was before it was answered, in one line."""
    return _ANSWER_SIGNS.sub("", one_line(subject, 2 * LONGEST_SUBJECT))


def literal(words: str) -> str:
    """Words in which nobody decodes anything."""
    # the standard library decodes an encoded word in any value it is given, and writes out the line ends it finds in it
    return words.replace("=?", f"={JOINER}?")


class MessageIds:
    """A header of message ids that is folded between them only.

    The standard library's takes an id longer than a line (Outlook's are) for a word and encodes it: no thread is found by that.
    """

    max_count: ClassVar[int] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"], kwds["decoded"] = None, " ".join(value.split())

    def fold(self, *, policy: Policy) -> str:
        name: str = self.name  # type: ignore[attr-defined]
        return f"{name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


class Words(UniqueUnstructuredHeader):
    """A line of words. The standard library's folding may lose the space between two encoded words; `Header`'s does not."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_encoded(str(self), self.name, policy)}{policy.linesep}"


class Mailbox(UniqueAddressHeader):
    """One address under one name; folded with the same care."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        (address,) = self.addresses
        if address.display_name.isascii():
            return f"{self.name}: {address}{policy.linesep}"
        name = _encoded(address.display_name, self.name, policy)
        return f"{self.name}: {name}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


def _encoded(words: str, name: str, policy: Policy) -> str:
    charset = "us-ascii" if words.isascii() else "utf-8"
    return Header(words, charset, maxlinelen=LINE, header_name=name).encode(linesep=policy.linesep)


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", cast(Any, Words))
    for name in ("From", "Reply-To"):
        registry.map_to_type(name, cast(Any, Mailbox))
    for name in ("References", "In-Reply-To", "Message-ID"):
        registry.map_to_type(name, cast(Any, MessageIds))
    return registry


SEVEN_BIT = SMTP.clone(cte_type="7bit", header_factory=_registry())
_NAME_SIGNS = str.maketrans({"<": "‹", ">": "›", '"': "”", "\\": "/", ",": " ", ";": " ", "@": " "})
_ANSWER_SIGNS = re.compile(r"^(?:(?:re|aw|antw|sv|回复|答复|返信|trả lời)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
