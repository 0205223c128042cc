"""The owner's file: names, addresses, domains and phones: who may answer, and that no mail of ours comes back."""

from __future__ import annotations

import pytest

from tests.infra.settings_at_hand import Refused, changed, problems, stored, told_otherwise

REFUSED: Refused = {
    "the helpdesk in the reply domain": (('"support@shop.de" -> "support@Reply.Shop.de"',), 7, "come back here (loop)"),
    "the owner in the reply domain": (('"chef@shop.de" -> "chef@reply.shop.de"',), 10, "come back here (loop)"),
    "the lead in the reply domain": (('-> [lead]\naddress = "x@reply.shop.de"',), 27, "come back here (loop)"),
    "another Bridgehead": (
        ('"support@shop.de" -> "c-abcdefghijklmnop-abcdefghijklmnopqrstuvwxyza@reply.other.de"',),
        7,
        "two would mail each other",
    ),
    "anybody may answer": (('"lena@shop.de" -> "*"',), 12, "no wildcards: name each one"),
    "anybody of a domain": (('"lena@shop.de" -> "*@shop.de"',), 12, "no wildcards: name each one"),
    "a domain without a word": (
        ('kind = "zendesk" -> agent_domains = ["shop.de"]',),
        8,
        "or say allow_whole_domains = true",
    ),
    "any domain": (
        ('kind = "zendesk" -> agent_domains = ["*"]\nallow_whole_domains = true',),
        8,
        'helpdesk.agent_domains is "*"',
    ),
    "any sub-domain": (
        ('kind = "zendesk" -> agent_domains = ["*.shop.de"]\nallow_whole_domains = true',),
        8,
        "no wildcards",
    ),
    "the agents' own domain": (
        ('"reply.shop.de" -> "shop.at"', '"lena@shop.de" -> "lena@shop.at"'),
        5,
        "say reply_domain_is_dedicated = true",
    ),
    "freemail": (('"reply.shop.de" -> "gmail.com"',), 5, "which is not yours alone"),
    "an address with its name": (
        ('"support@shop.de" -> "Support <support@shop.de>"',),
        7,
        "only the address, without the name",
    ),
    "two addresses in one": (('"support@shop.de" -> "a@shop.de, b@shop.de"',), 7, "only one"),
    "an address of another script": (('"support@shop.de" -> "支持@shop.de"',), 7, 'helpdesk.address is "支持@shop.de"'),
    "an address for a domain": (('"reply.shop.de" -> "help@reply.shop.de"',), 5, "without @"),
    "a number for a domain": (('"reply.shop.de" -> "10.0.0.1"',), 5, "allowed: a domain such as"),
    "two lines in a name": (('"Bäckerei 喫茶店" -> "Shop\\nBcc: all@shop.de"',), 3, 'is "Shop\\nBcc: all@shop.de"'),
    "a terminal's commands in a name": (('"Bäckerei 喫茶店" -> "\\u009b31mrot\\u202e"',), 3, "\\u009b31mrot\\u202e"),
    "a language we do not have": (('kind = "zendesk" -> language = "fr"',), 8, "allowed: en, de, ja, vi, zh"),
    "a phone number without its country": (
        ('"chef@shop.de" -> "chef@shop.de"\nphone = "0660 1234567"',),
        11,
        "begin with + and the country's code",
    ),
    "a Twilio number without its account": (
        ('-> [phone]\nprovider = "twilio"\nnumber = "+15005550006"',),
        26,
        "phone.account is needed for twilio",
    ),
    "a phone that texts itself": (
        (
            '"chef@shop.de" -> "chef@shop.de"\nphone = "+4366012345"',
            '-> [phone]\nprovider = "aws"\nnumber = "+4366012345"',
        ),
        29,
        "phone.number is owner.phone too",
    ),
}


def test_people_and_addresses_that_cannot_work_are_refused_with_their_line() -> None:
    assert told_otherwise(REFUSED) == {}


@pytest.mark.parametrize(
    "domain", ["gmail.com", "gmx.at", "yahoo.co.jp", "qq.com", "web.de", "zendesk.com", "co.uk", "hotmail.com.vn"]
)
def test_a_domain_of_strangers_is_refused_whatever_is_allowed(domain: str) -> None:
    change = f'kind = "zendesk" -> agent_domains = ["{domain}"]\nallow_whole_domains = true'
    assert "where anybody can have mail" in problems(changed(change))[0]


def test_a_whole_domain_is_taken_on_purpose() -> None:
    found = stored('kind = "zendesk" -> agent_domains = ["Shop.de"]\nallow_whole_domains = true')
    assert found["agent_domains"] == ["shop.de"]


def test_the_reply_domain_may_be_the_agents_on_purpose() -> None:
    found = stored('"reply.shop.de" -> "shop.at"\nreply_domain_is_dedicated = true', '"lena@shop.de" -> "lena@shop.at"')
    assert found["reply_domain"] == "shop.at"


def test_a_helpdesks_own_address_is_enough_to_answer() -> None:
    found = stored(
        '[[agents]]\naddress = "lena@shop.de" ->', 'kind = "zendesk" -> sends_from = ["support@shop.zendesk.com"]'
    )
    assert found["agents"] == []
    assert found["helpdesk"]["sends_from"] == ["support@shop.zendesk.com"]


def test_addresses_and_domains_are_kept_as_mail_compares_them() -> None:
    found = stored('"support@shop.de" -> " Support@SHOP.de"', '"reply.shop.de" -> "Antwort.Bäckerei-Groß.de."')
    assert found["helpdesk"]["address"] == "support@shop.de"
    assert found["reply_domain"] == "antwort.xn--bckerei-gross-bfb.de"


def test_names_of_every_script_are_taken() -> None:
    for name in (
        "Zahnärzte Grüß Gott",
        "花屋さくら",
        "Tiệm phở Hà Nội",
        "面包店",
        "مطعم الشرق",
        "פלאפל",
        "👩‍🍳 Bakery",
        "क्‍ष दुकान",
    ):
        assert stored(f'"Bäckerei 喫茶店" -> "{name}"')["business"] == name
