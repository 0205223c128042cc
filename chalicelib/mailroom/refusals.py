"""The helpdesk's word that it did not take a mail of ours: a question is in no ticket, and the owner has to know.

It may come from an address that no answers come from; that it is the helpdesk's is proven as for an answer. What it
says is for the operator, in quarantine: it quotes the customer.
"""

from __future__ import annotations

import re
from datetime import datetime

from chalicelib import metrics
from chalicelib.aws import conversations
from chalicelib.aws.conversations import entry, item_key
from chalicelib.aws.table import Put, Refused
from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import authority
from chalicelib.mailroom.addresses import domain_of
from chalicelib.mailroom.authority import AllowList, Receipt
from chalicelib.mailroom.mime import Mail
from chalicelib.model import Bounced
from chalicelib.settings import Settings


def words_in(mail: Mail, receipt: Receipt, settings: Settings) -> str:
    """The product's own words for it, from the subject; "" for any other mail and for one that is not proven."""
    refusal = HELPDESKS[settings.helpdesk.kind].refusal
    found = re.search(refusal.subject, mail.subject, re.IGNORECASE) if refusal else None
    if not refusal or not found:
        return ""
    domains = [domain_of(address) for address in (settings.helpdesk.address, *settings.helpdesk.sends_from)]
    verdict = authority.judge(receipt, mail, AllowList.of((), domains), settings.reply_domain)
    is_theirs = verdict.passed and re.search(refusal.sender, verdict.sender, re.IGNORECASE)
    return found.group() if is_theirs else ""


def note(conversation_id: str, words: str, now: datetime) -> None:
    """Has the owner told, once a day: a helpdesk that refuses one mail of a conversation refuses the next one, too."""
    metrics.count("Bounced")
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    refused = Bounced(now, "refused", words)
    item = entry(conversation_id, item_key(day, "bounced", "refused"), "bounced", refused, now)
    try:
        conversations.write([Put(item, unless_there=True)])
    except Refused:
        return  # told today
