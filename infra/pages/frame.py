"""The frame around every page: the reader's language, our templates and style, and who may ask at all."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from infra.pages.texts import LANGUAGES, NAMES, text

HERE = Path(__file__).parent
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def new_app(name: str) -> Flask:
    """An application with the shared frame; its pages use `t("key")` for a text in the reader's language."""
    app = Flask(name, template_folder=str(HERE / "templates"), static_folder=str(HERE / "static"), static_url_path="/s")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's provider has it, its base class does not
    app.before_request(refuse_strangers)
    app.after_request(finish)
    app.context_processor(lambda: {"t": translate, "lang": language(), "languages": NAMES})
    return app


def language() -> str:
    """As asked for by ?lang=, else as chosen before, else the browser's, else English."""
    asked = request.args.get("lang") or request.cookies.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or "en"


def translate(key: str, **values: object) -> str:
    """A text of the pages in the reader's language."""
    return text(key, language()).format(**values)


def refuse_strangers() -> None:
    """A page elsewhere on the web may not use these servers through the reader's browser (rebound names, foreign forms)."""
    if urlsplit(f"//{request.host}").hostname not in LOCAL_NAMES:
        abort(403)
    origin = request.headers.get("Origin")
    if request.method not in ("GET", "HEAD") and origin and urlsplit(origin).netloc != request.host:
        abort(403)


def finish(response: Response) -> Response:
    """Remembers the language asked for, and lets the page load nothing that is not ours."""
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("lang", request.args["lang"], samesite="Lax")
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
