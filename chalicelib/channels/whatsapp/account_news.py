"""WhatsApp: what Meta tells of the business account, its numbers and its templates; what its owner has to know of that.

https://developers.facebook.com/docs/whatsapp/business-management-api/webhooks/components
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.channels.told import words
from chalicelib.channels.whatsapp import failures
from chalicelib.model import Trouble, TroubleKind

Reader = Callable[[str, Mapping[str, Any], datetime, Mapping[str, Any]], Trouble | None]
SILENT = frozenset(
    (
        *("account_settings_update", "business_capability_update", "business_status_update"),
        *("business_username_update", "flows", "history", "phone_number_name_update", "smb_app_state_sync"),
        *("message_template_components_update", "message_template_quality_update", "template_category_update"),
        *("group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update"),
        *("payment_configuration_update", "tracking_events", "user_preferences", "automatic_events"),
    )
)
ACCOUNT = {
    "DISABLED_UPDATE": TroubleKind.POLICY,
    "ACCOUNT_RESTRICTION": TroubleKind.POLICY,
    "ACCOUNT_VIOLATION": TroubleKind.POLICY,
    "ACCOUNT_DELETED": TroubleKind.REVOKED,
    "PARTNER_REMOVED": TroubleKind.REVOKED,
    "PARTNER_APP_UNINSTALLED": TroubleKind.REVOKED,
}  # every other event is good news, or none
LOWERED = ("FLAGGED", "DOWNGRADE")
STOPPED = ("REJECTED", "PAUSED", "DISABLED", "FLAGGED")


def of_error(account: str, code: Any, at: datetime, raw: Mapping[str, Any]) -> Trouble | None:
    """An error that is about nothing we sent, where the owner can mend it."""
    if not failures.is_about_the_account(code):
        return None
    kind = TroubleKind.POLICY if failures.word(code) == "restricted" else TroubleKind.REVOKED
    return _trouble(account, kind, at, str(code), raw)


def _update(account: str, value: Mapping[str, Any], at: datetime, raw: Mapping[str, Any]) -> Trouble | None:
    event = words(value.get("event"))
    ban, violation = value.get("ban_info") or {}, value.get("violation_info") or {}
    restrictions = [words(each.get("restriction_type")) for each in value.get("restriction_info") or ()]
    told = [words(ban.get("waba_ban_state")), words(violation.get("violation_type")), *restrictions]
    if event not in ACCOUNT or "REINSTATE" in told:
        return None
    return _trouble(account, ACCOUNT[event], at, " ".join(filter(None, (event, *told))), raw)


def _quality(account: str, value: Mapping[str, Any], at: datetime, raw: Mapping[str, Any]) -> Trouble | None:
    event = words(value.get("event"))
    told = f"{event} {words(value.get('current_limit'))}".rstrip()
    return _trouble(account, TroubleKind.POLICY, at, told, raw) if event in LOWERED else None


def _review(account: str, value: Mapping[str, Any], at: datetime, raw: Mapping[str, Any]) -> Trouble | None:
    decision = words(value.get("decision"))
    return _trouble(account, TroubleKind.POLICY, at, decision, raw) if decision == "REJECTED" else None


def _template(account: str, value: Mapping[str, Any], at: datetime, raw: Mapping[str, Any]) -> Trouble | None:
    event, name = words(value.get("event")), words(value.get("message_template_name"))
    return _trouble(account, TroubleKind.POLICY, at, f"{event} {name}".rstrip(), raw) if event in STOPPED else None


def _trouble(account: str, kind: TroubleKind, at: datetime, detail: str, raw: Mapping[str, Any]) -> Trouble:
    return Trouble("whatsapp", account, f"{kind}:{detail}:{at:%Y-%m-%d}"[:300], kind, at, detail[:300], raw)


FIELDS: Mapping[Any, Reader] = {
    "account_update": _update,
    "account_review_update": _review,
    "phone_number_quality_update": _quality,
    "message_template_status_update": _template,
}
