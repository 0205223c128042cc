"""WhatsApp through AWS End User Messaging Social: the same messages, carried by AWS, under the role of our Lambdas.

https://docs.aws.amazon.com/social-messaging/latest/APIReference/API_SendWhatsAppMessage.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import social
from chalicelib.channels.base import Outcome, PostFailed
from chalicelib.channels.whatsapp.by_cloud import not_uploaded, whole
from chalicelib.http import Response
from chalicelib.model import File


@dataclass(frozen=True)
class Aws:
    """One business phone number, `number` by AWS's id of it."""

    number: str
    version: str

    def send(self, message: Mapping[str, Any]) -> str:
        content = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        return social.send(self._known(), content, self.version)

    def upload(self, file: File) -> str:
        try:
            return social.upload(self._known(), file.content, file.media_type)
        except PostFailed as failed:
            raise not_uploaded(failed) from None

    def download(self, ref: str, most: int, seconds: float) -> Response:
        # AWS's client has a time limit of its own
        id, _, digest = ref.partition(" ")
        return whole(social.download(self._known(), id, most), digest)

    def _known(self) -> str:
        if not self.number:
            raise PostFailed(Outcome.REFUSED, "token")
        return self.number
