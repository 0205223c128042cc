"""django-helpdesk with its default English templates, on SQLite. https://django-helpdesk.readthedocs.io/"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.stack import processes
from tests.e2e.helpdesks import AGENT, Ticket
from tests.e2e.helpdesks.browser import Browser
from tests.e2e.helpdesks.installing import emptied, installed, run

PACKAGES = ("django-helpdesk==2.6.1", "django==5.2.19")
USER, PASSWORD = "anna", "only on this machine"
RESOLVED, CLOSED = "3", "4"
URLS = 'from django.urls import include, path\nurlpatterns = [path("", include("helpdesk.urls"))]\n'
CONTRIB = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "humanize")
MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
CONTEXTS = ("debug", "request")


@dataclass
class DjangoHelpdesk:
    """A site of its own for each run."""

    address: str
    smtp: str  # host:port
    kind: str = "django-helpdesk"
    _browser: Browser = field(default_factory=Browser)
    _programs: Path = field(init=False)
    _site: Path = field(init=False)
    _url: str = field(init=False)

    def start(self) -> None:
        self._programs = installed(self.kind, *PACKAGES)
        self._site = emptied(self.kind)
        port = processes.free_port(8028)
        self._url = f"http://127.0.0.1:{port}/"
        (self._site / "inbox").mkdir()
        (self._site / "site_urls.py").write_text(URLS)
        (self._site / "site_settings.py").write_text(_assignments(self._settings()))
        (self._site / "site.json").write_text(json.dumps(self._records(port)))
        self._admin("migrate", "--verbosity", "0")
        self._admin("loaddata", "--verbosity", "0", "emailtemplate.json", str(self._site / "site.json"))
        self._admin("createsuperuser", "--no-input", "--username", USER, "--email", AGENT)
        self._serve(port)

    def take(self, mail: bytes) -> None:
        (self._site / "inbox" / f"{uuid4()}.eml").write_bytes(mail)
        said = self._admin("get_email", "--debug_to_stdout")
        assert not list((self._site / "inbox").iterdir()), said

    def tickets(self) -> list[Ticket]:
        return [
            Ticket(
                str(each["id"]),
                each["title"],
                tuple(said["comment"] for said in each["followup_set"]),
                is_open=str(each["status"]) not in (RESOLVED, CLOSED),
            )
            for each in self._browser.json(f"{self._url}api/tickets/")["results"]
        ]

    def answer(self, ticket: Ticket, text: str) -> None:
        self._update(ticket, comment=text, public="1")

    def resolve(self, ticket: Ticket, text: str = "") -> None:
        self._update(ticket, comment=text, new_status=RESOLVED, public="1")

    def close(self, ticket: Ticket, text: str = "") -> None:
        self._update(ticket, comment=text, new_status=CLOSED, public="1")

    def provocation(self, mail: EmailMessage) -> EmailMessage:
        """It acknowledges every mail."""
        return mail

    def _settings(self) -> dict[str, Any]:
        host, _, port = self.smtp.partition(":")
        processors = [f"django.template.context_processors.{name}" for name in CONTEXTS]
        processors += [f"django.contrib.{app}.context_processors.{app}" for app in ("auth", "messages")]
        template = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        return {
            "SECRET_KEY": str(uuid4()),
            "ALLOWED_HOSTS": ["127.0.0.1"],
            "SITE_ID": 1,
            "INSTALLED_APPS": [*(f"django.contrib.{app}" for app in CONTRIB), "rest_framework", "helpdesk"],
            "MIDDLEWARE": list(MIDDLEWARE),
            "ROOT_URLCONF": "site_urls",
            "TEMPLATES": [{**template, "OPTIONS": {"context_processors": processors}}],
            "DATABASES": {
                "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self._site / "site.sqlite3")}
            },
            "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
            "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
            "STATIC_URL": "/static/",
            "MEDIA_ROOT": str(self._site / "media"),
            "LOGIN_URL": "/login/",
            "LOGIN_REDIRECT_URL": "/tickets/",
            "USE_TZ": True,
            "TIME_ZONE": "UTC",
            "EMAIL_HOST": host,
            "EMAIL_PORT": int(port),
            "DEFAULT_FROM_EMAIL": self.address,
            "HELPDESK_TEAMS_MODE_ENABLED": False,
        }

    def _records(self, port: int) -> list[dict[str, Any]]:
        queue = {
            "title": "Support",
            "slug": "support",
            "email_address": self.address,
            "allow_email_submission": True,
            "email_box_type": "local",
            "email_box_local_dir": str(self._site / "inbox"),
            "email_box_interval": 0,
            "enable_notifications_on_email_events": True,
        }
        return [
            {"model": "sites.site", "pk": 1, "fields": {"domain": f"127.0.0.1:{port}", "name": "Support"}},
            {"model": "helpdesk.queue", "pk": 1, "fields": queue},
        ]

    def _serve(self, port: int) -> None:
        running = processes.current()
        assert running, "the local stack runs beside it"
        command = [str(self._programs / "django-admin"), "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
        served = processes.run_beside(running, self.kind, command, self._environment)
        processes.wait_for(f"{self._url}login/", served.process_ids[self.kind])
        self._browser.send(f"{self._url}login/", "form:has([name=password])", username=USER, password=PASSWORD)

    def _update(self, ticket: Ticket, **typed: str) -> None:
        form = f"form[action$='/tickets/{ticket.number}/update/']"
        page = self._browser.send(f"{self._url}tickets/{ticket.number}/", form, **typed)
        refused = page.css_first(".errorlist")
        assert refused is None, refused.text()

    def _admin(self, *arguments: str) -> str:
        return run([str(self._programs / "django-admin"), *arguments], environment=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "PYTHONPATH": str(self._site),
        }


def _assignments(settings: dict[str, Any]) -> str:
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items())
