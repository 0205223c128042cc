"""The address of a conversation: what opens it, and that nothing else does."""

from __future__ import annotations

import string
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reply_address import Keys, link_token, mint, open_keys, proves, read

CONVERSATION, OTHER, DOMAIN = "k3ym2aq7b5xw4c6d", "zzzzzzzzzzzzzzzz", "reply.shop.example"
OLD, NEW = b"o" * 24, b"n" * 32
KEYS = Keys("b", {"a": OLD, "b": NEW}, "production")
BEFORE = Keys("a", {"a": OLD}, "production")

IDS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)


@given(IDS)
def test_an_address_leads_back_to_its_conversation(conversation: str) -> None:
    assert read(mint(conversation, DOMAIN, KEYS), DOMAIN, KEYS) == conversation


def test_an_address_is_written_as_mail_programs_like_it() -> None:
    local, _, domain = mint(CONVERSATION, DOMAIN.upper(), KEYS).partition("@")
    assert (len(local), domain) == (46, DOMAIN)
    assert local.startswith(f"c-{CONVERSATION}-b")
    assert set(local) <= set(string.ascii_lowercase + string.digits + "-")


def test_an_address_never_changes() -> None:  # it stands in tickets that are older than the release
    assert mint(CONVERSATION, DOMAIN, KEYS) == "c-k3ym2aq7b5xw4c6d-b444n4sfptanpwzhux7nmxlgutu@reply.shop.example"


def test_a_helpdesk_may_change_the_case() -> None:
    assert read(mint(CONVERSATION, DOMAIN, KEYS).upper(), DOMAIN, KEYS) == CONVERSATION
    assert read(mint(CONVERSATION, DOMAIN, KEYS), DOMAIN.upper(), KEYS) == CONVERSATION


def test_an_address_minted_before_the_rotation_still_opens() -> None:
    assert read(mint(CONVERSATION, DOMAIN, BEFORE), DOMAIN, KEYS) == CONVERSATION


def test_an_address_of_a_removed_key_does_not_open() -> None:
    assert read(mint(CONVERSATION, DOMAIN, BEFORE), DOMAIN, Keys("b", {"b": NEW}, "production")) is None


def test_an_address_of_another_stage_does_not_open() -> None:
    assert read(mint(CONVERSATION, DOMAIN, Keys("b", {"b": NEW}, "staging")), DOMAIN, KEYS) is None


def test_a_key_by_another_name_does_not_open() -> None:
    assert read(mint(CONVERSATION, DOMAIN, Keys("b", {"b": OLD}, "production")), DOMAIN, KEYS) is None


def test_no_changed_character_opens() -> None:  # also the unused bits of the last one
    address = mint(CONVERSATION, DOMAIN, KEYS)
    for place in range(len(address)):
        for letter in string.ascii_lowercase + string.digits + "-.+@":
            if letter != address[place]:
                assert read(address[:place] + letter + address[place + 1 :], DOMAIN, KEYS) is None


def test_the_mac_of_one_conversation_does_not_open_another() -> None:
    assert read(mint(CONVERSATION, DOMAIN, KEYS).replace(CONVERSATION, OTHER), DOMAIN, KEYS) is None


ADDRESS = mint(CONVERSATION, DOMAIN, KEYS)
LOCAL = ADDRESS.partition("@")[0]


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "@",
        DOMAIN,
        f"@{DOMAIN}",
        LOCAL,
        f"{LOCAL}@",
        f"{LOCAL[:-1]}@{DOMAIN}",
        f"{LOCAL}a@{DOMAIN}",
        f"{LOCAL}@sub.{DOMAIN}",
        f"{LOCAL}@{DOMAIN}.",
        f"{LOCAL}@shop.example",
        f"{LOCAL}@evil.example@{DOMAIN}",
        f" {ADDRESS}",
        f"{ADDRESS}\n",
        f"{LOCAL}\n@{DOMAIN}",
        f"<{ADDRESS}>",
        f"x{ADDRESS}",
        f"{LOCAL}+tag@{DOMAIN}",
        f'"{LOCAL}"@{DOMAIN}',
        ADDRESS.replace("k", "\u212a"),  # KELVIN SIGN: lower() makes it a k
        ADDRESS.replace("c-", "\uff43-"),
        ADDRESS.replace("2", "٢"),
        "c-" + "a" * 100_000,
    ],
)
def test_what_is_not_exactly_an_address_opens_nothing(recipient: str) -> None:
    assert read(recipient, DOMAIN, KEYS) is None


@given(st.text())
def test_no_text_opens_anything_or_raises(recipient: str) -> None:
    assert read(recipient, DOMAIN, KEYS) is None
    assert read(f"{recipient}@{DOMAIN}", DOMAIN, KEYS) is None


def test_a_link_proves_its_purpose_and_value_only() -> None:
    given_token = link_token("release", CONVERSATION, KEYS)
    assert proves(given_token, "release", CONVERSATION, KEYS)
    assert not proves(given_token, "forget", CONVERSATION, KEYS)
    assert not proves(given_token, "release", OTHER, KEYS)
    assert not proves(given_token[:-1], "release", CONVERSATION, KEYS)
    assert not proves("a" + given_token[1:], "release", CONVERSATION, KEYS)
    assert not proves("", "release", CONVERSATION, KEYS)
    assert not proves("\u212a", "release", CONVERSATION, KEYS)
    assert proves(link_token("release", CONVERSATION, BEFORE), "release", CONVERSATION, KEYS)


def test_no_link_opens_a_conversation() -> None:
    assert read(f"c-{CONVERSATION}-{link_token('release', CONVERSATION, KEYS)}@{DOMAIN}", DOMAIN, KEYS) is None
    for purpose in ("reply", "", "Reply", "a|b", "reply|v1"):
        with pytest.raises(ValueError, match="purpose"):
            link_token(purpose, CONVERSATION, KEYS)
    mac = ADDRESS.partition("@")[0].rpartition("-")[2]
    assert not proves(mac, "reply", CONVERSATION, KEYS)


@pytest.mark.parametrize("conversation", ["", "short", "K3YM2AQ7B5XW4C6D", "k3ym2aq7b5xw4c6d\n", "k3ym2aq7b5xw4c61"])
def test_only_a_conversation_gets_an_address(conversation: str) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        mint(conversation, DOMAIN, KEYS)


@pytest.mark.parametrize(
    ("current", "secrets"),
    [
        ("a", {}),
        ("b", {"a": OLD}),
        ("a", {"a": b"short" * 4}),
        ("aa", {"aa": OLD}),
        ("1", {"1": OLD}),
        ("A", {"A": OLD}),
    ],
)
def test_weak_or_missing_keys_are_refused(current: str, secrets: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        Keys(current, secrets, "production")


def test_keys_are_opened_as_they_are_stored() -> None:
    stored = {"current": "b", "keys": {"a": b64encode(OLD).decode(), "b": b64encode(NEW).decode()}}
    assert open_keys(stored, "production") == KEYS


def test_keys_do_not_show_their_secrets() -> None:
    assert "ooo" not in repr(KEYS)
