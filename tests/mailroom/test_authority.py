"""May this sender speak for the business: only what SES's notice says counts, and what is missing has not passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.mailroom.authority import AllowList, Receipt, Refusal, Verdict, judge, read_receipt
from chalicelib.mailroom.mime import Mail, read

REPLY_DOMAIN = "reply.shop.example"
ALLOWED = AllowList.of(["Anna@Shop.Example", "help@desk.example"], ["agents.example"])
PASSING = {"virus": "PASS", "spam": "PASS", "spf": "PASS", "dkim": "PASS", "dmarc": "PASS"}


def notice(**verdicts: str | None) -> dict[str, Any]:
    """SES's notice; a verdict of None is missing."""
    given_verdicts = {**PASSING, **verdicts}
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2026-11-20T09:12:31.000Z",
            "source": "anna@shop.example",
            "messageId": "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1",
            "destination": ["somebody@reply.shop.example"],
            "headersTruncated": True,
            "headers": [{"name": "From", "value": "anna@shop.example"}],
            "commonHeaders": {"from": ["anna@shop.example"]},
        },
        "receipt": {
            "timestamp": "2026-11-20T09:12:31.000Z",
            "processingTimeMillis": 574,
            "recipients": ["c-x@reply.shop.example"],
            **{f"{name}Verdict": {"status": status} for name, status in given_verdicts.items() if status is not None},
            "action": {"type": "S3", "topicArn": "arn:x", "bucketName": "kept", "objectKey": "inbound/o3vr"},
        },
    }


def receipt(**verdicts: str | None) -> Receipt:
    return read_receipt(notice(**verdicts))


def mail(sender: str = "Anna <anna@shop.example>", *headers: str) -> Mail:
    return read("\r\n".join([f"From: {sender}", *headers, "", "Hello"]).encode())


def verdict(found: Receipt, given_mail: Mail) -> Verdict:
    return judge(found, given_mail, ALLOWED, REPLY_DOMAIN)


def test_a_proven_agent_on_the_list_may_answer() -> None:
    decided = verdict(receipt(), mail())
    assert (decided.passed, decided.sender) == (True, "anna@shop.example")


def test_the_helpdesk_and_whole_domains_may_be_on_the_list() -> None:
    assert verdict(receipt(), mail("Help <help@desk.example>")).passed
    assert verdict(receipt(), mail("x@agents.example")).passed
    assert verdict(receipt(), mail("=?utf-8?b?5bGx55Sw?= <HELP@DESK.EXAMPLE>")).passed


@pytest.mark.parametrize(
    ("sender", "refusal"),
    [
        ("evil@bad.example", Refusal.STRANGER),
        ('"anna@shop.example" <evil@bad.example>', Refusal.STRANGER),
        ("anna+x@shop.example", Refusal.STRANGER),
        ("anna@mail.shop.example", Refusal.STRANGER),
        ("x@sub.agents.example", Refusal.STRANGER),
        ("bob@shop.example", Refusal.STRANGER),
        ("x@notagents.example", Refusal.STRANGER),
        ("anna@xn--hop-5cd.example", Refusal.STRANGER),
        ("anna@ѕhop.example", Refusal.UNREADABLE_SENDER),
        ("anna@shop.example.", Refusal.UNREADABLE_SENDER),
        ("anna@shop.example <evil@bad.example>", Refusal.UNREADABLE_SENDER),
        ("anna@shop.example, evil@bad.example", Refusal.UNREADABLE_SENDER),
        ("anna@shop.example\r\nFrom: evil@bad.example", Refusal.UNREADABLE_SENDER),
        ("Agents: anna@shop.example;", Refusal.UNREADABLE_SENDER),
        ("", Refusal.UNREADABLE_SENDER),
        (f"c-x@{REPLY_DOMAIN}", Refusal.OWN_DOMAIN),
    ],
)
def test_nobody_else_may_and_nobody_is_told(sender: str, refusal: Refusal) -> None:
    decided = verdict(receipt(), mail(sender))
    assert (decided.refusal, decided.passed) == (refusal, False)


def test_sender_and_reply_to_give_no_right() -> None:
    stranger = mail("evil@bad.example", "Sender: anna@shop.example", "Reply-To: anna@shop.example")
    assert verdict(receipt(), stranger).refusal is Refusal.STRANGER
    assert verdict(receipt(), mail("anna@shop.example", "Sender: x@y.example", "Reply-To: z@y.example")).passed


def test_our_own_domain_on_the_list_gives_no_right() -> None:
    generous = AllowList.of([f"c-x@{REPLY_DOMAIN}"], [REPLY_DOMAIN])
    assert judge(receipt(), mail(f"c-x@{REPLY_DOMAIN}"), generous, REPLY_DOMAIN.upper()).refusal is Refusal.OWN_DOMAIN


@pytest.mark.parametrize(
    ("verdicts", "refusal"),
    [
        ({"virus": "FAIL"}, Refusal.VIRUS),
        ({"virus": "GRAY"}, Refusal.UNSCANNED),
        ({"virus": "PROCESSING_FAILED"}, Refusal.UNSCANNED),
        ({"virus": "DISABLED"}, Refusal.UNSCANNED),
        ({"virus": "pass"}, Refusal.UNSCANNED),
        ({"virus": None}, Refusal.UNSCANNED),
        ({"spam": "FAIL"}, Refusal.SPAM),
        ({"spam": "DISABLED"}, Refusal.UNSCANNED),
        ({"spam": None}, Refusal.UNSCANNED),
        ({"dmarc": "FAIL"}, Refusal.SPOOFED),
        ({"dmarc": "FAIL", "spf": "FAIL", "dkim": "FAIL"}, Refusal.SPOOFED),
        ({"dmarc": "GRAY", "spf": "FAIL", "dkim": "FAIL"}, Refusal.SPOOFED),
        ({"dmarc": "GRAY", "dkim": "GRAY"}, Refusal.UNPROVEN),
        ({"dmarc": "GRAY"}, Refusal.UNPROVEN),
        ({"dmarc": "PROCESSING_FAILED"}, Refusal.UNPROVEN),
        ({"dmarc": None}, Refusal.UNPROVEN),
        ({"dmarc": "pass"}, Refusal.UNPROVEN),
        ({"dmarc": "PASS "}, Refusal.UNPROVEN),
    ],
)
def test_what_ses_does_not_vouch_for_is_refused(verdicts: dict[str, str | None], refusal: Refusal) -> None:
    assert verdict(receipt(**verdicts), mail()).refusal is refusal


@pytest.mark.parametrize("status", ["PASS", "GRAY", "PROCESSING_FAILED"])
def test_only_certain_spam_is_refused(status: str) -> None:
    assert verdict(receipt(spam=status), mail()).passed


def test_dmarc_is_enough_without_a_signature() -> None:
    assert verdict(receipt(spf="PASS", dkim="GRAY"), mail()).passed


SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d={}; s=one;\r\n h=from:to:subject; bh=x; b=y"


def test_a_domain_without_dmarc_is_proven_by_its_own_signature() -> None:
    for status in ("GRAY", "PROCESSING_FAILED", None):
        signed = mail("anna@shop.example", SIGNED.format("Shop.example"))
        assert verdict(receipt(dmarc=status), signed).passed
        assert not verdict(receipt(dmarc=status, dkim="GRAY"), signed).passed
        assert not verdict(receipt(dmarc=status, dkim=None), signed).passed
        assert not verdict(receipt(dmarc="FAIL"), signed).passed


@pytest.mark.parametrize(
    "signatures",
    [
        ["bad.example"],
        ["mail.shop.example"],
        ["shop.example", "bad.example"],  # which of them SES found good is not told
        ["bad.example", "shop.example"],
        ["shop.example; d=bad.example"],
        ["bad.example; d=shop.example"],
        ["bad.example; D=shop.example"],
        ["shop.example; l=0"],  # the body is not covered
        ["shop.example; h=to"],
        ["shop .example"],
        ['"shop.example"'],
        [""],
    ],
)
def test_a_signature_that_may_not_be_the_senders_proves_nothing(signatures: list[str]) -> None:
    signed = mail("anna@shop.example", *(SIGNED.format(domain) for domain in signatures))
    assert verdict(receipt(dmarc="GRAY"), signed).refusal is Refusal.UNPROVEN


def test_a_signature_that_does_not_cover_the_sender_proves_nothing() -> None:
    signed = mail("anna@shop.example", "DKIM-Signature: v=1; d=shop.example; h=to:subject; b=y")
    assert verdict(receipt(dmarc="GRAY"), signed).refusal is Refusal.UNPROVEN


@pytest.mark.parametrize(
    "header",
    [
        "Authentication-Results: amazonses.com; dkim=pass header.i=@shop.example; dmarc=pass header.from=shop.example;",
        "Authentication-Results: mx.shop.example; dmarc=pass",
        "X-SES-Virus-Verdict: PASS",
        "ARC-Authentication-Results: i=1; amazonses.com; dmarc=pass",
        "Received-SPF: pass",
    ],
)
def test_what_the_mail_says_about_itself_is_ignored(header: str) -> None:
    claiming = mail("anna@shop.example", header, header)
    assert verdict(receipt(dmarc="GRAY"), claiming).refusal is Refusal.UNPROVEN
    assert verdict(receipt(dmarc="FAIL"), claiming).refusal is Refusal.SPOOFED


def test_the_receipt_is_read_from_the_notice() -> None:
    assert receipt() == Receipt(
        message_id="o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1",
        recipients=("c-x@reply.shop.example",),
        return_path="anna@shop.example",
        bucket="kept",
        key="inbound/o3vr",
        virus="PASS",
        spam="PASS",
        spf="PASS",
        dkim="PASS",
        dmarc="PASS",
    )


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"receipt": None, "mail": []},
        {"receipt": {"recipients": "c-x@reply.shop.example", "dmarcVerdict": "PASS", "virusVerdict": {"status": True}}},
        {"receipt": {"recipients": [None, 1, {}], "dmarcVerdict": {"status": ["PASS"]}, "action": "S3"}},
    ],
)
def test_a_notice_that_says_less_lets_nobody_in(broken: Mapping[str, Any]) -> None:
    found = read_receipt(broken)
    assert found.recipients == ()
    assert not verdict(found, mail("anna@shop.example", SIGNED.format("shop.example"))).passed


JSON = st.recursive(st.none() | st.booleans() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["receipt", "mail", "recipients", "dmarcVerdict", "virusVerdict", "spamVerdict", "status", "action"]), inner
))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["receipt", "mail"]), JSON))
def test_no_notice_raises(broken: Mapping[str, Any]) -> None:
    assert not verdict(read_receipt(broken), mail()).passed
