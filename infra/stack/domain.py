"""What SES must know of the reply domain, and the DNS records its owner has to publish.

CloudFormation can make a receipt rule set but not switch it on, and a region has one active set at a time: when
another one is active already, our rule joins it.
https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True)
class DnsRecord:
    """One record the owner publishes at their DNS provider."""

    type: str
    name: str
    value: str
    purpose: str
    required: bool = True


@dataclass(frozen=True)
class Domain:
    """How SES sees the reply domain: may it send yet, and what is still missing."""

    name: str
    verified: bool
    production_access: bool  # False: only verified addresses can be written to, 200 mails a day
    records: tuple[DnsRecord, ...] = ()


def foreign_rule_set(session: boto3.Session, ours: str) -> str:
    """The name of the active receipt rule set when it is not ours, else an empty string."""
    active = active_rule_set(session.client("ses"))
    return "" if active == ours else active


def activate(session: boto3.Session, rule_set: str) -> None:
    ses: Any = session.client("ses")
    if active_rule_set(ses) != rule_set:
        ses.set_active_receipt_rule_set(RuleSetName=rule_set)


def active_rule_set(ses: Any) -> str:
    return str(ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name", ""))


def prepare(session: boto3.Session, domain: str) -> Domain:
    """Makes the domain an SES identity if it is none, and returns the records that prove and serve it."""
    ses: Any = session.client("sesv2")
    identity = identity_of(ses, domain)
    dkim = identity.get("DkimAttributes", {})
    return Domain(
        name=domain,
        verified=bool(identity.get("VerifiedForSendingStatus")),
        production_access=bool(ses.get_account().get("ProductionAccessEnabled")),
        records=tuple(records(domain, session.region_name, dkim)),
    )


def identity_of(ses: Any, domain: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = ses.get_email_identity(EmailIdentity=domain)
    except ses.exceptions.NotFoundException:
        found = ses.create_email_identity(EmailIdentity=domain)
        # until its records are there, SES goes on with a return path of its own
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity=domain, MailFromDomain=f"bounce.{domain}", BehaviorOnMxFailure="USE_DEFAULT_VALUE"
        )
    return found


def records(domain: str, region: str, dkim: dict[str, Any]) -> Iterator[DnsRecord]:
    yield DnsRecord("MX", domain, f"10 inbound-smtp.{region}.amazonaws.com", "agents' answers come to SES")
    zone = dkim.get("SigningHostedZone") or "dkim.amazonses.com"
    for token in dkim.get("Tokens", ()):
        yield DnsRecord("CNAME", f"{token}._domainkey.{domain}", f"{token}.{zone}", "proves the domain, signs tickets")
    yield DnsRecord("TXT", f"_dmarc.{domain}", "v=DMARC1; p=none", "helpdesks see that tickets are aligned")
    bounce = f"bounce.{domain}"
    feedback = f"10 feedback-smtp.{region}.amazonses.com"
    yield DnsRecord("MX", bounce, feedback, "return path in your own domain", required=False)
    yield DnsRecord("TXT", bounce, "v=spf1 include:amazonses.com ~all", "SPF for that return path", required=False)
