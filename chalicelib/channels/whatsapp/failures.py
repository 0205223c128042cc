"""WhatsApp: what its error codes mean, in the answer to a call and in a status that comes later.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.base import Outcome
from chalicelib.channels.meta import Errors

_THROTTLED = (Outcome.PASSING, "throttled")
_TEMPORARY = (Outcome.PASSING, "temporary")  # WhatsApp says itself that nothing was sent
_WINDOW = (Outcome.REFUSED, "window")
_BLOCKED = (Outcome.REFUSED, "blocked")
_REJECTED = (Outcome.REFUSED, "rejected")
_TEMPLATE = (Outcome.REFUSED, "template")
_TOKEN = (Outcome.REFUSED, "token")
_PERMISSION = (Outcome.REFUSED, "permission")
_RESTRICTED = (Outcome.REFUSED, "restricted")
_POLICY = (Outcome.REFUSED, "policy")

ERRORS: Errors = {
    **{(code, None): _THROTTLED for code in (4, 80007, 130429, 131048, 131056, 133016)},
    **{(code, None): _TEMPORARY for code in (131000, 131016, 131053, 131057, 135000)},
    (131047, None): _WINDOW,
    (131026, None): _BLOCKED,  # no WhatsApp there, or one too old, or it does not take messages of ours
    (131050, None): _BLOCKED,  # asked not to get marketing any more
    (131030, None): _PERMISSION,  # a test number writes to those on its list only
    **{(code, None): _REJECTED for code in (131008, 131009, 131021, 131051, 131062)},
    **{(code, None): _TEMPLATE for code in (132000, 132001, 132005, 132012, 132015, 132016, 132068, 132069)},
    (132007, None): _POLICY,
    (0, None): _TOKEN,
    (190, None): _TOKEN,
    **{(code, None): _PERMISSION for code in (3, 10, 131005)},
    **{(code, None): _RESTRICTED for code in (368, 130497, 131031, 131037, 131042, 131064)},
    **{(code, None): _POLICY for code in (130472, 131049, 131063)},  # Meta shows people only so much marketing
}


def word(code: Any) -> str:
    """Why something was not delivered, as `locales` has it: a try that will not be repeated is just not taken."""
    _, found = ERRORS.get((code, None), _REJECTED)
    return "rejected" if found == "temporary" else found


def is_about_the_account(code: Any) -> bool:
    """Whether the owner has to act before anything is sent again."""
    return ERRORS.get((code, None)) in (_TOKEN, _PERMISSION, _RESTRICTED)
