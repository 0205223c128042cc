"""Phone numbers of connections: texts and calls are told by the number as the network writes it, and Twilio by its account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.channels import PHONE, SMS
from infra.settings.problems import Problems

TWILIO_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
# short codes can be texted to as well
_NUMBERS = {SMS.name: re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}"), PHONE.name: re.compile(r"\+[1-9][0-9]{6,14}")}


def check(tables: Mapping[str, Any], problems: Problems) -> None:
    """What would let texts or calls arrive nowhere."""
    for name, connection in tables["connections"].items():
        if connection.get("channel") in _NUMBERS:
            _numbers(name, connection, tables["phone"].get("number"), problems)
            _account(name, connection.get("options", {}), problems)


def _numbers(name: str, connection: Mapping[str, Any], owners: str | None, problems: Problems) -> None:
    for account in connection.get("accounts", ()):
        if not _NUMBERS[connection["channel"]].fullmatch(account):
            told = f'connections.{name}.accounts has "{account}", write numbers as "+" and digits, with the country\'s code'
            problems.add(("connections", name, "accounts"), told)
        elif account == owners and connection["channel"] == SMS.name:
            told = f"connections.{name}.accounts has the number of [phone], which brings only the owner's texts: take another"
            problems.add(("connections", name, "accounts"), told)


def _account(name: str, options: Mapping[str, Any], problems: Problems) -> None:
    if options.get("provider") != "aws" and not TWILIO_ACCOUNT.fullmatch(str(options.get("account_sid", ""))):
        told = f'connections.{name}.account_sid is needed for Twilio, it is "AC" and 32 characters'
        problems.add(("connections", name, "account_sid"), told)
