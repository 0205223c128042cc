"""An agent's browser: opens a page, fills in a form on it, sends it as the page would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import requests
from selectolax.lexbor import LexborHTMLParser, LexborNode

SECONDS = 30
UNSENT = ("submit", "button", "file", "image", "reset")


class Browser:
    """Keeps its cookies, as one window does."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def send(self, url: str, form: str, **typed: str) -> LexborHTMLParser:
        """The page that comes after the form, found by its CSS selector, was sent; what was not typed stays as it was."""
        page = self.session.get(url, timeout=SECONDS)
        page.raise_for_status()
        found = LexborHTMLParser(page.text).css_first(form)
        assert found is not None, f"{url} has no {form}"
        target = urljoin(page.url, found.attributes.get("action") or page.url)
        files = [(name, (None, value)) for name, value in (dict(_fields(found)) | typed).items()]
        answer = self.session.post(target, files=files, headers={"Referer": page.url}, timeout=SECONDS)
        answer.raise_for_status()
        return LexborHTMLParser(answer.text)

    def json(self, url: str) -> Any:
        """What the product's own API says to who is logged in here."""
        answer = self.session.get(url, headers={"X-Requested-With": "XMLHttpRequest"}, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()


def _fields(form: LexborNode) -> Iterator[tuple[str, str]]:
    for field in form.css("input, textarea, select"):
        name, kind = field.attributes.get("name"), (field.attributes.get("type") or "").lower()
        is_off = kind in ("checkbox", "radio") and "checked" not in field.attributes
        if name and not is_off and kind not in UNSENT:
            yield name, _value(field)


def _value(field: LexborNode) -> str:
    if field.tag == "textarea":
        return field.text().removeprefix("\n")
    if field.tag == "select":
        chosen = field.css_first("option[selected]") or field.css_first("option")
        return (chosen.attributes.get("value") or "") if chosen else ""
    return field.attributes.get("value") or ""
