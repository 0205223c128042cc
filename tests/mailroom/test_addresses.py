"""Whose mail is it: forms that have fooled other parsers, and honest ones from all over the world."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.mailroom.addresses import only_mailbox

AGENT = "agent@corp.example"
EVIL = "evil@bad.example"

HONEST = [
    ("agent@corp.example", AGENT),
    (" <agent@corp.example> ", AGENT),
    ("Anna Agent <Agent@Corp.Example>", AGENT),
    ('"Agent, Anna (Sales)" <agent@corp.example>', AGENT),
    ('"agent@corp.example" <agent@corp.example>', AGENT),
    ('"say \\"hi\\"" <agent@corp.example>', AGENT),
    ("J. R. O'Neill-Smith <agent@corp.example>", AGENT),
    ('"Anna"\t<agent@corp.example>', AGENT),  # unfolded from two lines
    ("=?utf-8?B?546L5bCP5piO?= <wang@corp.example>", "wang@corp.example"),
    ("=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <yamada@corp.example>", "yamada@corp.example"),
    ("=?utf-8?q?J=C3=B6rg_=40_home?= <agent@corp.example>", AGENT),
    ("王小明 <wang@corp.example>", "wang@corp.example"),
    ("Nguyễn Văn Ân <an@corp.example>", "an@corp.example"),
    ("خدمة العملاء <help@corp.example>", "help@corp.example"),
    ("😀 Anna <agent@corp.example>", AGENT),
    ("support+id42_a.b@mail.corp.co.example", "support+id42_a.b@mail.corp.co.example"),
    ("o'hara@xn--bcher-kva.example", "o'hara@xn--bcher-kva.example"),
]

TRICKY = [  # nobody, or the true mailbox that is on no list
    ("agent@corp.example <evil@bad.example>", None),
    ("agent@corp.example)<evil@bad.example>", None),
    ("agent@corp.example, evil@bad.example", None),
    ("<agent@corp.example>, <evil@bad.example>", None),
    ("<agent@corp.example> <evil@bad.example>", None),
    ("<agent@corp.example>,", None),
    ("Agents: agent@corp.example;", None),
    ("Agents: agent@corp.example, evil@bad.example;", None),
    ("undisclosed-recipients:;", None),
    ("evil@bad.example (agent@corp.example)", None),
    ("(agent@corp.example) evil@bad.example", None),
    ("agent(<evil@bad.example>)@corp.example", None),
    ("<<agent@corp.example>>", None),
    ("<evil@bad.example<agent@corp.example>>", None),
    ('"agent@corp.example"@bad.example', None),
    ('"agent"@corp.example', None),
    ('"agent@corp.example, x"@bad.example', None),
    ("<@bad.example:agent@corp.example>", None),
    ("<@bad.example,@worse.example:agent@corp.example>", None),
    ("agent@corp.example.", None),
    ("agent@corp.example@bad.example", None),
    ("agent@bad.example@corp.example", None),
    ("agent @corp.example", None),
    ("agent@ corp.example", None),
    ("<agent@corp.example >", None),
    ("agent@corp..example", None),
    (".agent@corp.example", None),
    ("agent.@corp.example", None),
    ("agent@-corp.example", None),
    ("agent@corp", None),
    ("agent@[192.0.2.1]", None),
    ("agent@192.0.2.1", None),
    ("agent@corp.example\x00", None),
    ("agent@corp.example\r\nX: y", None),
    ("agent@corp.example\n", None),
    ('"a\nb" <agent@corp.example>', None),
    ("a\x7fb <agent@corp.example>", None),
    ("a\\ <agent@corp.example>", None),
    ('"open <agent@corp.example>', None),
    ('"agent@corp.example" evil@bad.example', None),
    ("=?utf-8?b?YWdlbnRAY29ycC5leGFtcGxl?=", None),
    ("=?utf-8?q?agent=40corp.example?=", None),
    ("=?utf-8?q?agent?=@corp.example", None),
    ("<=?utf-8?q?agent?=@corp.example>", None),
    ("=?utf-8?q?agent@corp.example?= <evil@bad.example>", None),
    ("agent\u0040corp.example <evil@bad.example>", None),
    ("agent＠corp.example", None),  # full-width @
    ("agent@corp。example", None),  # ideographic full stop
    ("agent@corp.exampl\u0435", None),  # a Cyrillic letter
    ("аgent@corp.example", None),  # another
    ("agent@cor\u200bp.example", None),
    ("agent@corp.example\u202e", None),
    ("\ufeffagent@corp.example", None),
    ("\u212aim@corp.example", None),  # KELVIN SIGN
    ("", None),
    ("<>", None),
    ("@", None),
    ("Agent", None),
    (f"{'a' * 65}@corp.example", None),
    (f"a@{'b' * 64}.example", None),
    (f"a@{'b.' * 130}example", None),
    ('"agent@corp.example" <evil@bad.example>', EVIL),
    ('"<agent@corp.example>" <evil@bad.example>', EVIL),
    ('"\\"agent@corp.example\\"" <evil@bad.example>', EVIL),
    ("=?utf-8?b?YWdlbnRAY29ycC5leGFtcGxlPg==?= <evil@bad.example>", EVIL),
    ("agent@corp.example.bad.example", "agent@corp.example.bad.example"),
    ("agent@xn--orp-vsc.example", "agent@xn--orp-vsc.example"),
    ("agent+x@corp.example", "agent+x@corp.example"),
    ("agent@sub.corp.example", "agent@sub.corp.example"),
]


def test_an_honest_sender_is_read() -> None:
    assert [(value, only_mailbox([value])) for value, _ in HONEST] == [*HONEST]


def test_a_tricky_sender_is_nobody_or_himself() -> None:
    found = [(value, only_mailbox([value])) for value, _ in TRICKY]
    assert found == [*TRICKY]
    assert [value for value, outcome in found if outcome == AGENT] == []


def test_the_longest_address_mail_allows_is_read() -> None:  # RFC 5321 4.5.3.1
    local, domain = "a" * 64, "b." * 122 + "b.example"
    assert len(domain) == 253
    assert only_mailbox([f"{local}@{domain}"]) == f"{local}@{domain}"
    assert only_mailbox([f"a@b{domain}"]) is None


def test_two_from_headers_are_nobodys() -> None:
    assert only_mailbox([AGENT, EVIL]) is None
    assert only_mailbox([AGENT, AGENT]) is None
    assert only_mailbox([]) is None


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_what_stands_around_never_makes_an_agent(noise: str) -> None:
    for value in (f"{noise}{EVIL}", f"{noise}<{EVIL}>", f"{EVIL}{noise}", f"<{EVIL}>{noise}"):
        assert only_mailbox([value]) in (None, *_addresses_ending_like(EVIL, value))


def _addresses_ending_like(address: str, value: str) -> list[str]:
    stripped = value.strip(" \t<>").rpartition("<")[2].lower()
    return [stripped] if stripped.endswith(address) or stripped.startswith(address) else [address]


def test_a_long_value_is_read_at_once() -> None:
    for value in ('"' * 60_000, '"a" ' * 15_000 + "<a@b.example>", "a." * 30_000, "<" * 60_000, "a@" * 30_000):
        only_mailbox([value])
