"""What we call a channel: as its readers do in their language, and as its owner does where it is the owner's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.channels import CHANNELS
from chalicelib.desk.writing import names
from chalicelib.desk.writing.voice import Voice
from chalicelib.locales import texts
from chalicelib.model import Author, Conversation, Kind
from chalicelib.settings import LANGUAGES
from tests.aws import SETTINGS

WITHOUT_A_PLACE = ("email", "letter", "phone", "sms")
REFUSALS = ("permission_do", "no-answers_do", "usage-capped_do", "restricted_do", "unknown_do", "rejected", "policy")
ADVICE = ("note_encrypted", "note_incomplete", "media_look", *(f"refused_{code}" for code in REFUSALS))
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def voice(language: str, channel: str, connection: str = "", person: str = "Mia", **options: Any) -> Voice:
    """How we speak of somebody who wrote on that channel."""
    name = connection or channel.replace("_", "-")
    connections = {name: {"channel": channel, "accounts": ["1"], "options": options}}
    built = settings.build({**SETTINGS, "connections": connections})
    author = Author("1", person)
    conversation = Conversation("c", name, channel, "1", "t", author, Kind.DIRECT, False, AT)
    title = names.title(built, conversation, language)
    return Voice(language, "UTC", title, "Lindner", "Lindner", author, channel)


@pytest.mark.parametrize(
    ("channel", "title", "sentence"),
    [
        ("facebook", "Facebook", "What you write goes to Mia only, on Facebook."),
        ("email", "E-mail", "What you write goes to Mia only, by e-mail."),
        ("letter", "Letter", "What you write goes to Mia only, by letter."),
        ("sms", "SMS", "What you write goes to Mia only, by text."),
        ("google_business", "Google", "What you write goes to Mia only, on Google."),
    ],
)
def test_a_sentence_says_how_something_goes(channel: str, title: str, sentence: str) -> None:
    said = voice("en", channel)
    assert (said.channel_title, said.say("reply_private")) == (title, sentence)


@pytest.mark.parametrize(
    ("language", "channel", "sentence"),
    [
        ("de", "facebook", "Mia hat sich auf Facebook an Lindner gewandt"),
        ("de", "letter", "Mia hat sich per Brief an Lindner gewandt"),
        ("de", "phone", "Mia hat sich telefonisch an Lindner gewandt"),
        ("ja", "letter", "Miaさんが手紙でLindnerに連絡し"),
        ("vi", "phone", "Mia đã liên hệ với Lindner qua điện thoại"),
        ("zh", "email", "Mia通过电子邮件联系了Lindner"),
        ("zh", "wechat", "Mia在微信上联系了Lindner"),
    ],
)
def test_it_is_said_in_every_language(language: str, channel: str, sentence: str) -> None:
    said = voice(language, channel).say("owner_missed_text", waited="x", due="x")
    assert said.startswith(sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_to_a_call_goes_by_text(language: str) -> None:
    said = voice(language, "phone").say("notice_posted")
    assert said == voice(language, "sms").say("notice_posted")


def test_what_begins_a_sentence_is_written_large_and_a_name_as_it_is() -> None:
    assert voice("de", "facebook").say("open_original") == "Auf Facebook öffnen"
    assert voice("de", "facebook", person="mia").say("notice_elsewhere").startswith("mia hat auf Facebook")
    nameless = voice("en", "letter", person="")
    assert nameless.say("notice_elsewhere") == "The customer has already been answered by letter"
    assert nameless.say("media_failed") == "could not be fetched"


def test_a_system_of_the_owners_is_called_as_its_owner_does() -> None:
    for options, title in (({"title": "お問い合わせ"}, "お問い合わせ"), ({}, "shop-2")):
        said = voice("ja", "standard_webhooks", "shop-2", **options)
        assert said.channel_title == title
        assert said.say("notice_posted") == f"Miaさんへの返信を{title}で送りました"


def test_its_name_from_right_to_left_keeps_to_itself() -> None:
    said = voice("de", "standard_webhooks", title="متجر").say("notice_posted")
    assert said == "Ihre Antwort an Mia wurde über \u2068متجر\u2069 gesendet"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", WITHOUT_A_PLACE)
def test_nobody_is_sent_to_look_where_there_is_nothing_to_see(language: str, channel: str) -> None:
    said, elsewhere = voice(language, channel), voice(language, "facebook")
    for key in ADVICE:
        text = said.say(key)
        assert text != elsewhere.say(key).replace("Facebook", said.channel_title)
        assert names.on(language, channel, "") not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_channel_has_a_name_and_every_variant_a_text_that_it_stands_for(language: str) -> None:
    assert all(voice(language, channel).channel_title for channel in CHANNELS)
    known = texts(language)
    assert {key for key in known if key.endswith("_nowhere") and key.removesuffix("_nowhere") not in known} == set()
    named = {key.removeprefix(start) for start in ("channel_", "on_") for key in known if key.startswith(start)}
    assert named <= {*CHANNELS, "canary"}
