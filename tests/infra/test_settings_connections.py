"""The owner's file: connections, their accounts and their options."""

from __future__ import annotations

import pytest

from infra.settings.connections import NEEDED
from infra.settings.document import check
from tests.infra.settings_at_hand import Refused, changed, problems, stored, told_otherwise

REFUSED: Refused = {
    "a connection's name": (
        ("[connections.fb] -> [connections.FB_1]",),
        19,
        'connections.FB_1 is "FB_1", allowed: a name of 1 to 32 characters a-z, 0-9 and -',
    ),
    "a connection with a name of ours": (
        ("[connections.fb] -> [connections.canary]",),
        19,
        'cannot be called "canary"',
    ),
    "no channel": (('channel = "facebook" ->',), 19, "connections.fb.channel is missing"),
    "no accounts": (
        ('accounts = ["11", "22"] -> accounts = []',),
        21,
        "connections.fb.accounts is [], allowed: a list of",
    ),
    "a number for an account": (
        ('["11", "22"] -> ["11", 22]',),
        21,
        "connections.fb.accounts is 22, allowed: an account's id in quotes",
    ),
    "one account, two connections": (
        ('"standard_webhooks" -> "facebook"', '["shop"] -> ["22"]', "reply_url -> api_url"),
        24,
        "which connections.fb already has",
    ),
    "two bots in one connection": (
        ('-> [connections.bots]\nchannel = "telegram"\naccounts = ["7000111222", "7000111223"]',),
        28,
        "connections.bots.accounts has 2 of them, allowed: one",
    ),
    "an app without its id": (
        ('-> [connections.oa]\nchannel = "zalo"\naccounts = ["2880123456789012345"]',),
        26,
        "connections.oa.app_id is missing, it is the id of your app",
    ),
    "an OAuth 2.0 login for no app": (
        ('-> [connections.x]\nchannel = "x"\nlogin = "oauth2"\naccounts = ["2000000002"]',),
        26,
        'connections.x.client_id is missing, login = "oauth2" needs the app\'s Client ID',
    ),
    "a version without its v": (
        ('accounts = ["shop"] -> accounts = ["shop"]', '["11", "22"] -> ["11"]\napi_version = "26"'),
        22,
        'such as "v26.0"',
    ),
    "an option of the wrong type": (
        ('channel = "facebook" -> channel = "facebook"\nhuman_agent = "yes"',),
        21,
        "allowed: true or false; without quotes",
    ),
    "an option below 1": (
        ("reply_url -> text_limit = 0\nreply_url",),
        25,
        "connections.shop.text_limit is 0, allowed: a whole number above 0",
    ),
    "texts to a number without its country": (
        ('-> [connections.texts]\nchannel = "sms"\nprovider = "aws"\naccounts = ["0660123456"]',),
        29,
        'write numbers as "+" and digits',
    ),
    "customers who text the owner's number": (
        (
            '-> [phone]\nprovider = "aws"\nnumber = "+43660123456"\n'
            '[connections.texts]\nchannel = "sms"\nprovider = "aws"\naccounts = ["+43660123456"]',
        ),
        32,
        "which brings only the owner's texts: take another",
    ),
    "calls without Twilio's account": (
        ('-> [connections.calls]\nchannel = "phone"\naccounts = ["+43660123456"]',),
        26,
        'connections.calls.account_sid is needed for Twilio, it is "AC" and 32 characters',
    ),
    "a language nobody speaks on the phone": (
        (
            f'-> [connections.calls]\nchannel = "phone"\naccounts = ["+4312345"]\naccount_sid = "AC{"0" * 32}"\nlanguages = "fr"',
        ),
        30,
        "allowed: some of en, de, ja, vi, zh",
    ),
    "no TLS": (('"https://shop.de/replies" -> "http://shop.de/replies"',), 25, 'only the stage "local"'),
    "an address inside": (
        ('"https://shop.de/replies" -> "https://169.254.169.254/"',),
        25,
        "a public https:// address",
    ),
    "this machine": (('"https://shop.de/replies" -> "https://localhost/"',), 25, 'only the stage "local"'),
    "this machine in another spelling": (
        ('"https://shop.de/replies" -> "https://2130706433/"',),
        25,
        'only the stage "local"',
    ),
    "this machine in IPv6": (('"https://shop.de/replies" -> "https://[::1]/"',), 25, 'only the stage "local"'),
    "a password in an address": (
        ('"https://shop.de/replies" -> "https://me:pw@shop.de/"',),
        25,
        "a public https:// address",
    ),
    "a file": (('"https://shop.de/replies" -> "file:///etc/passwd"',), 25, "a public https:// address"),
    "a name of no ASCII letters": (
        ("https://shop.de/replies -> https://köln.de/replies",),
        25,
        "write its name as xn--kln-sna.de",
    ),
}


def test_connections_that_cannot_work_are_refused_with_their_line() -> None:
    assert told_otherwise(REFUSED) == {}


@pytest.mark.parametrize(
    ("channel", "ids", "taken_for_it"),
    [
        ("facebook", "100000000000001", "cafelindner"),
        ("instagram", "17841400000000001", "@cafelindner"),
        ("threads", "cafe.lindner", "@cafe.lindner"),
        ("whatsapp", "100000000000001", "+4366012345678"),
        ("x", "7100000000000000001", "@cafelindner"),
        ("linkedin", "30911502", "cafe-lindner"),
        ("google_business", "accounts/1122/locations/3344", "3344"),
        ("youtube", "UCaBcDeFgHiJkLmNoPqRsTuV", "@cafelindner"),
        ("line", "U0123456789abcdef0123456789abcdef", "@cafelindner"),
        ("zalo", "2880123456789012345", "cafelindner"),
        ("wechat", "gh_6b1f0c2d9e4a", "wx3c7be0a94d5f1268"),
        ("wecom", "wkAbCdEfGhIjKlMnOp", "ww7d0e5a1c9b3f2468"),
        ("telegram", "7000111222", "@cafelindner_bot"),
        ("viber", "cafelindner", "viber://pa?chatURI=cafelindner"),
        ("tiktok", "_000aBcDeFgHiJkLmNoPqRsTuVwXyZ", "@cafelindner"),
        ("mastodon", "lindner@social.example", "@lindner@social.example"),
        ("bluesky", "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "@lindner.bsky.social"),
    ],
)
def test_an_account_is_what_the_platform_calls_it_and_no_handle(channel: str, ids: str, taken_for_it: str) -> None:
    needed = "".join(f'{key} = "1-a"\n' for key in NEEDED.get(channel, ()))
    own = f'->[connections.own]\nchannel = "{channel}"\n{needed}accounts = '
    assert stored(f'{own}["{ids}"]')["connections"]["own"]["accounts"] == [ids]
    (told,) = problems(changed(f'{own}["{taken_for_it}"]'))
    assert f'connections.own.accounts has "{taken_for_it}", allowed: ' in told


def test_the_local_stage_may_talk_to_itself() -> None:
    for url in ("http://127.0.0.1:8600/replies", "http://localhost", "https://shop.de/"):
        found = stored(f'"https://shop.de/replies" -> "{url}"', stage="local")
        assert found["connections"]["shop"]["options"] == {"reply_url": url}


def test_an_approved_text_may_be_called_what_it_is_about() -> None:
    sent = 'templates = { password_reset = "de" }'
    found = stored(f'->[connections.wa]\nchannel = "whatsapp"\naccounts = ["100000000000001"]\n{sent}')
    assert found["connections"]["wa"]["options"]["templates"] == {"password_reset": "de"}


def letterbox(channel: str, account: str, more: str = "") -> str:
    return changed(f'->[connections.box]\nchannel = "{channel}"\naccounts = ["{account}"]\n{more}')


def test_customers_write_to_addresses_of_the_reply_domain_and_to_none_that_opens_the_way_back() -> None:
    check(letterbox("email", "hello@reply.shop.de"), "prod")
    ours = "c-aaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaa@reply.shop.de"
    for address in ("hello@shop.de", "hello", "Hello@reply.shop.de", ours):
        (told,) = problems(letterbox("email", address))
        assert 'allowed: an address such as "hello@reply.shop.de"' in told


def test_letters_are_brought_by_named_senders_only() -> None:
    check(letterbox("letter", "post@reply.shop.de", 'senders = "scans.example"'), "prod")
    (told,) = problems(letterbox("letter", "post@reply.shop.de"))
    assert "connections.box.senders is missing" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('senders = "gmail.com"', 'senders has "gmail.com", where anybody can have mail'),
        ('senders = "CAYA"', 'senders has "CAYA", allowed: addresses and domains'),
        ('senders = "scans.de"\nprint_to = "Greta"', 'print_to is "Greta", allowed: one e-mail address'),
        ('senders = "scans.de"\nprint_to = "x@reply.shop.de"', "its mail would come back here (loop)"),
    ],
)
def test_letters_come_from_people_who_are_known_and_go_to_who_can_print(more: str, told: str) -> None:
    assert [told in each for each in problems(letterbox("letter", "post@reply.shop.de", more))] == [True]


def test_mail_to_one_address_is_a_letter_or_a_mail_and_not_both() -> None:
    both = letterbox("letter", "post@reply.shop.de", 'senders = "scans.de"\n[connections.mail]\nchannel = "email"')
    (told,) = problems(f'{both}\naccounts = ["post@reply.shop.de"]\n')
    assert 'connections.mail.accounts has "post@reply.shop.de", which connections.box already has' in told
