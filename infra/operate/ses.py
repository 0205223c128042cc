"""What the doctor asks SES: may we send, and does mail to the reply domain come to us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.settings import Settings
from infra.operate.findings import Finding, Patient, missing, ok, warning
from infra.stack.domain import active_rule_set
from infra.stack.target import LOCAL


def domain(patient: Patient) -> Iterator[Finding]:
    """May we send, and to whom."""
    if patient.settings is None:
        return
    if patient.target.stage == LOCAL:
        yield ok("SES", "not looked at: the local stack plays it")
        return
    ses: Any = patient.session.client("sesv2")
    yield _identity(ses, patient.settings.reply_domain)
    yield from _sandbox(ses, patient.settings)


def receipt_rule(patient: Patient) -> Iterator[Finding]:
    """Does mail to the reply domain come to us."""
    if patient.target.stage == LOCAL or patient.settings is None:
        return
    ses: Any = patient.session.client("ses")
    active, name, domain = active_rule_set(ses), patient.target.outputs.stack, patient.settings.reply_domain
    rules = ses.describe_receipt_rule_set(RuleSetName=active)["Rules"] if active else []
    rule = next((each for each in rules if each["Name"] == name), None)
    do = f"run: bridgehead deploy --stage {patient.target.stage}"
    if rule is None:
        yield missing("receipt rule", f"{name} is not in the active rule set ({active or 'none'})", do)
    elif not rule.get("Enabled") or domain not in rule.get("Recipients", ()):
        yield missing("receipt rule", f"{name} is switched off or is not for {domain}", do)
    else:
        yield ok("receipt rule", f"active, for {domain}")


def _identity(ses: Any, domain: str) -> Finding:
    do = f"publish the DNS records that `bridgehead deploy` shows for {domain}; SES looks for them for three days"
    try:
        identity = ses.get_email_identity(EmailIdentity=domain)
    except ses.exceptions.NotFoundException:
        return missing("SES identity", f"{domain} is none", "run: bridgehead deploy")
    if identity.get("VerifiedForSendingStatus"):
        return ok("SES identity", f"{domain} is verified")
    return missing("SES identity", f"{domain} is not verified", do)


def _sandbox(ses: Any, known: Settings) -> Iterator[Finding]:
    account = ses.get_account()
    if not account.get("SendingEnabled", True):
        yield missing("SES sending", "is paused for this account", "see the SES console: AWS says there why")
    if account.get("ProductionAccessEnabled"):
        yield ok("SES sandbox", "the account is out of it")
        return
    for address in dict.fromkeys((known.helpdesk.address, known.owner.address)):
        do = f"verify {address} in the SES console, or ask AWS for production access"
        verified = _is_verified(ses, address)
        told = "200 mails a day, one a second: ask AWS for production access before you go live"
        yield (
            warning("SES sandbox", f"{address} is verified", told)
            if verified
            else missing("SES sandbox", f"{address} is not verified, mail to it is refused", do)
        )


def _is_verified(ses: Any, address: str) -> bool:
    for identity in (address, address.rpartition("@")[2]):
        try:
            if ses.get_email_identity(EmailIdentity=identity).get("VerifiedForSendingStatus"):
                return True
        except ses.exceptions.NotFoundException:
            continue
    return False
