"""What both kinds of letterbox share: where a mail came to, and the files that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.channels.base import Connection
from chalicelib.file_types import sniff
from chalicelib.mailroom.mime import AttachedFile
from chalicelib.model import Attachment, AttachmentKind
from chalicelib.settings import Settings

KINDS = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


@dataclass(frozen=True)
class Letterbox:
    """A connection's address that a mail came to."""

    connection: Connection
    account: str
    settings: Settings


@dataclass(frozen=True)
class Stored:
    """A file of a mail and where it is kept; what it is, its bytes say."""

    key: str
    file: AttachedFile

    @property
    def media_type(self) -> str:
        """By the first bytes; a browser never shows what it does not know."""
        return sniff(self.file.content)

    @property
    def attachment(self) -> Attachment:
        """As a message has it."""
        kind = KINDS.get(self.media_type.partition("/")[0], AttachmentKind.FILE)
        return Attachment(kind, name=self.file.name, ref=self.key)
