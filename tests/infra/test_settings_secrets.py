"""Secrets do not belong into the owner's file, and are never repeated."""

from __future__ import annotations

import pytest

from tests.infra.settings_at_hand import Refused, changed, problems, stored, told_otherwise

REFUSED: Refused = {
    "a secret by name": (
        ('channel = "facebook" -> channel = "facebook"\napp_secret = "geheim"',),
        21,
        "bridgehead secret set fb app_secret",
    ),
    "a table of secrets": (
        ("-> [connections.shop.secrets]\nsigning = 1",),
        26,
        "connections.shop.secrets is no setting",
    ),
    "a secret by its looks": (
        ('"https://shop.de/replies" -> "whsec_MfKQ9r8GKYqr"',),
        25,
        "connections.shop.reply_url looks like a secret",
    ),
    "a token in a list": (
        ('["11", "22"] -> ["11", "EAAGm0PX4ZCpsBAKZCq1Zb4secondvalue9sQ"]',),
        21,
        "connections.fb.accounts looks like a secret",
    ),
    "a bot's token": (('["shop"] -> ["110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"]',), 24, "looks like a secret"),
    "a key in a link": (("/replies -> /replies?a=b&key=geheim",), 25, "connections.shop.reply_url looks like a secret"),
    "hex": (('"zendesk" -> "9f86d081884c7d659a2feaa0c55ad015"',), 8, "bridgehead secret set <connection> <name>"),
    "a password": (('-> password = "hunter2"',), 26, "bridgehead secret set shop password"),
}


def test_secrets_are_refused_with_their_line() -> None:
    assert told_otherwise(REFUSED) == {}


def test_a_secret_in_the_file_is_never_repeated() -> None:
    token = "EAAGm0PX4ZCpsBAKZCq1Zb4secondvalue9sQ"
    places = [
        '"zendesk" -> "TOKEN"',
        '["shop"] -> ["TOKEN"]',
        '"https://shop.de/replies" -> "TOKEN"',
        '-> bot = "TOKEN"',
        '"4h" -> "TOKEN"',
    ]
    for place in places:
        found = problems(changed(place.replace("TOKEN", token)))
        assert len(found) == 1
        assert token not in found[0]


@pytest.mark.parametrize(
    "account",
    [
        "accounts/1122334455667788/locations/9988776655443322",
        "U4af4980629cafe0123456789abcdef01",
        "urn:li:organization:2414183",
        "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "gh_0123456789ab",
        "@sonnenschein_wien",
        "喫茶店ひまわり",
        "+4367612345678",
        "@shop@social.example",
    ],
)
def test_a_platforms_long_id_is_no_secret(account: str) -> None:
    found = stored(f'accounts = ["shop"] -> accounts = ["{account}"]')
    assert found["connections"]["shop"]["accounts"] == [account]
