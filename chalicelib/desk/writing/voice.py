"""How we speak of one customer to one reader: names, times and numbers in the reader's language and the business's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.channels.base import Limits, Media
from chalicelib.desk.writing import names
from chalicelib.desk.writing.envelopes import display_name
from chalicelib.locales import duration, moment, number, say, short_moment, texts
from chalicelib.mail_headers import plain_name
from chalicelib.model import Author
from chalicelib.text import cut, defuse, isolate, one_line, tidy

TYPE_NAMES = {
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "text/plain": "TXT",
}  # where a type's second word is not what people say
LONGEST_LABEL = 120  # characters of a file's name, an account's, a platform's own reason


@dataclass(frozen=True)
class Voice:
    """Who is spoken of, where, and in which language."""

    language: str
    zone: str
    channel_title: str
    account_name: str
    business: str
    author: Author
    channel: str = ""  # by which its words are chosen; "" = like any platform

    def say(self, key: str, **values: object) -> str:
        """A text of locales; name, channel, account and business are known to it, and "on" and "out" of `names`."""
        place = (self.language, self.channel, self.channel_title)
        on, out = names.on(*place), names.out(*place)
        known = {"name": self.person, "channel": isolate(self.channel_title), "account": label(self.account_name)}
        known |= {"business": self.business, "on": on, "out": out}
        said = say(self.language, names.fitting(self.language, self.channel, key), **{**known, **values})
        # "the customer" and "on Facebook" may begin a sentence; a name stays as its owner writes it
        begins = said.startswith((on, out) if self.name else (on, out, self.person))
        return said[:1].upper() + said[1:] if begins else said

    @property
    def name(self) -> str:
        """The author's name or handle as one safe line; "" when the platform tells neither."""
        return plain_name(self.author.name) or self.handle

    @property
    def handle(self) -> str:
        handle = plain_name(self.author.handle.lstrip("@"))
        return f"@{handle}" if handle else ""

    @property
    def shown_name(self) -> str:
        """The name, or that it is unknown; as a label, not inside a sentence."""
        return self.name or say(self.language, "author_unknown")

    @property
    def person(self) -> str:
        """The author inside a sentence: "Mia Muster", "花子さん", "the customer"."""
        if not self.name:
            return say(self.language, "person_unknown")
        return say(self.language, "person", name=isolate(self.name))

    @property
    def display_name(self) -> str:
        """Under which all mails of the conversation come."""
        return display_name(self.shown_name, self.channel_title)

    def joined(self, *sentences: str) -> str:
        """Sentences one after the other; Japanese and Chinese put no space between them."""
        return str(texts(self.language)["sentence_between"]).join(sentences)

    def when(self, at: datetime) -> str:
        """Day, time and which zone that is."""
        return moment(self.language, at, self.zone)

    def short_when(self, at: datetime) -> str:
        return short_moment(self.language, at, self.zone)

    def number(self, value: int) -> str:
        return number(self.language, value)

    def span(self, span: timedelta) -> str:
        return duration(self.language, span)

    def length(self, limits: Limits) -> str:
        """The longest answer with its unit: "8,000 characters"."""
        return self.counted(limits.longest_text, limits)

    def counted(self, length: int, limits: Limits) -> str:
        """A length with the unit the platform counts in."""
        return say(self.language, f"unit_{limits.unit}", count=length, number=self.number(length))

    def files(self, media: Media | None) -> str:
        """Which files an answer may bring: "You can attach JPEG, PNG: 4 at most, 5 MB each."."""
        if media is None:
            return self.say("reply_files_none")
        types = self.say("files_any") if media.takes("") else ", ".join(sorted(map(_type_name, media.types)))
        size = self.number(media.size // 1_000_000)
        return self.say("reply_files", types=types, most=self.number(media.most), size=size)


def _type_name(media_type: str) -> str:
    return TYPE_NAMES.get(media_type) or media_type.partition("/")[2].upper()


def words(text: str, limit: int) -> str:
    """A customer's, agent's or platform's words, ready for both parts of a mail."""
    return defuse(cut(tidy(text), limit))


def label(text: str) -> str:
    """The same as one short line inside one of ours."""
    return isolate(defuse(one_line(text, LONGEST_LABEL)))


def call_link(number: str) -> str:
    """What a phone or a computer offers to call; "" for what is no number."""
    return f"tel:{number}" if _NUMBER.fullmatch(number) else ""


def link(address: str) -> str:
    """An address that a mail may offer to open, else "": only the web's, and nothing a reader could not see."""
    is_web = address.startswith(("https://", "http://")) and address.isascii() and address.isprintable()
    return address if is_web and not set(address) & set(" \"'<>\\`") else ""


_NUMBER = re.compile(r"\+[0-9]{7,15}")
