"""The mailbox's web side: what people look at, and the same as JSON for scripts."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from io import BytesIO
from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from infra.mailbox.answer import STRANGER, UNFOLDED, Answer, mail_for
from infra.mailbox.mails import PERSONAL, Box, Mail, Mails, Ticket
from infra.mailbox.parts import MAIL_POLICY, attachments_of, html_of, shown_html, text_of
from infra.pages import new_app
from infra.pages.frame import language, translate
from infra.pages.texts import LANGUAGES

HEADERS_SHOWN = (
    "From", "Reply-To", "To", "Date", "Subject", "Message-ID", "In-Reply-To", "References", "Return-Path",
    "Delivered-To", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
)  # fmt: skip
SMTP_SECONDS = 10


class Unsent(Exception):
    """The reply did not go out; `status` is what HTTP calls it, the text says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Desk:
    """What the pages work with; `inbound_smtp` and `smtp` are host:port."""

    mails: Mails
    agents: tuple[str, ...]
    inbound_smtp: str
    smtp: str


def mailbox_app(desk: Desk) -> Flask:
    """The pages and the JSON of one mailbox."""
    app = new_app(__name__)
    add_pages(app, desk)
    add_mails(app, desk.mails)
    add_replies(app, desk)
    return app


def add_pages(app: Flask, desk: Desk) -> None:
    @app.get("/")
    def home() -> str:
        return show(desk)

    @app.get("/tickets/<ticket_id>")
    def ticket(ticket_id: str) -> str:
        return show(desk, find_ticket(desk.mails, ticket_id))


def add_mails(app: Flask, mails: Mails) -> None:
    @app.get("/mails")
    def listed() -> Response:
        rows = [as_json(mail) for mail in mails.all() if mail.kind != "sent"]
        wanted = {key: request.args[key] for key in ("ticket", "kind") if key in request.args}
        return jsonify([row for row in rows if all(row[key] == value for key, value in wanted.items())])

    @app.get("/mails/<mail_id>.eml")
    def source(mail_id: str) -> Response:
        return download(find_mail(mails, mail_id).file.read_bytes(), "message/rfc822", f"{mail_id}.eml")

    @app.get("/mails/<mail_id>/html")
    def rich(mail_id: str) -> Response:
        body = shown_html(find_mail(mails, mail_id).message)
        return Response(body, headers={"Content-Security-Policy": MAIL_POLICY})

    @app.get("/mails/<mail_id>/parts/<int:number>")
    def part(mail_id: str, number: int) -> Response:
        found = attachments_of(find_mail(mails, mail_id).message)[number:][:1] or abort(404)
        return download(found[0].content, found[0].content_type, found[0].name, inline=found[0].is_picture)


def add_replies(app: Flask, desk: Desk) -> None:
    @app.post("/reply")
    def reply() -> ResponseReturnValue:
        return reply_to_script(desk) if request.is_json else reply_to_person(desk)


def reply_to_script(desk: Desk) -> ResponseReturnValue:
    try:
        return jsonify({"message_id": send(desk, request.get_json()).header("Message-ID")})
    except Unsent as unsent:
        return jsonify({"error": str(unsent)}), unsent.status


def reply_to_person(desk: Desk) -> ResponseReturnValue:
    given = {"language": language(), **request.form}
    try:
        sent = send(desk, given)
    except Unsent as unsent:
        ticket = next((each for each in desk.mails.tickets() if each.id == given.get("ticket")), None)
        return show(desk, ticket, problem=str(unsent), draft=given), unsent.status
    page = url_for("ticket", ticket_id=sent.ticket) if "ticket" in given else url_for("home")
    return redirect(f"{page}#m{sent.id}", 303)


def send(desk: Desk, given: Mapping[str, Any]) -> Mail:
    """Writes the reply, hands it in and keeps it. Raises Unsent."""
    original = answered_mail(desk.mails, given)
    answer = answer_from(given, original, desk)
    mail = mail_for(answer, original, datetime.now(UTC))
    raw = mail.as_bytes(policy=UNFOLDED)
    hand_in(desk.inbound_smtp, parseaddr(str(mail["From"]))[1], parseaddr(str(mail["To"]))[1], raw)
    return desk.mails.keep_sent(raw, original.ticket)


def hand_in(inbound_smtp: str, sender: str, recipient: str, raw: bytes) -> None:
    """Raises Unsent."""
    host, _, port = inbound_smtp.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), local_hostname="localhost", timeout=SMTP_SECONDS) as smtp:
            smtp.sendmail(sender, [recipient], raw)
    except OSError as error:
        raise Unsent(502, translate("not_sent", reason=error)) from error


def answered_mail(mails: Mails, given: Mapping[str, Any]) -> Mail:
    """The mail named, or the newest one that came in for the ticket named. Raises Unsent."""
    found = [mail for mail in mails.all() if mail.kind != "sent"]
    if given.get("mail"):
        found = [mail for mail in found if mail.id == given["mail"]]
    else:
        found = [mail for mail in found if mail.kind not in PERSONAL and mail.ticket == given.get("ticket")]
    if not found:
        raise Unsent(404, "no such mail")
    return found[-1]


def answer_from(given: Mapping[str, Any], original: Mail, desk: Desk) -> Answer:
    """Raises Unsent on what cannot be sent as it is."""
    if not str(given.get("text") or "").strip():
        raise Unsent(400, translate("nothing_written"))
    tongue = given.get("language", "en")
    if tongue not in LANGUAGES:
        raise Unsent(400, f"language: one of {', '.join(LANGUAGES)}")
    agent = STRANGER if given.get("stranger") else writer(given.get("agent", ""), original, desk)
    return Answer(str(given["text"]), agent, given.get("html"), tongue, bool(given.get("dmarc_fail")))


def writer(asked: str, original: Mail, desk: Desk) -> str:
    """Who answers: the agent asked for by address, else whose own mailbox it is in, else the first agent. Raises Unsent."""
    if not asked:
        return original.recipients[0] if original.kind in PERSONAL and original.recipients else desk.agents[0]
    for agent in desk.agents:
        if parseaddr(asked)[1].lower() == parseaddr(agent)[1].lower():
            return agent
    raise Unsent(400, f"agent: one of {', '.join(desk.agents)}")


def show(desk: Desk, ticket: Ticket | None = None, **more: Any) -> str:
    tickets, boxes = desk.mails.tickets(), [(name_of(box, desk), box) for box in desk.mails.boxes()]
    parts = {"text_of": text_of, "html_of": html_of, "attachments_of": attachments_of, "headers_of": headers_of}
    return render_template("mailbox.html", desk=desk, tickets=tickets, boxes=boxes, ticket=ticket, **parts, **more)


def name_of(box: Box, desk: Desk) -> str:
    """Whose it is, as people call them; "" where only the address is known."""
    if box.address in desk.mails.owners:
        return translate("owner")
    return next((name for name, address in map(parseaddr, desk.agents) if address.lower() == box.address), "")


def headers_of(mail: Mail) -> list[tuple[str, str]]:
    """Those that matter to somebody who wonders what happened."""
    names = [name for name in HEADERS_SHOWN if name in mail.message]
    local = [name for name in mail.message if name.lower().startswith("x-local-")]
    return [*((name, mail.header(name)) for name in [*names, *local]), *mail.marks.items()]


def as_json(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "file": str(mail.file),
        "subject": mail.header("Subject"),
        "from": mail.header("From"),
        "to": list(mail.recipients),
        "ticket": mail.ticket,
        "kind": mail.kind,
        "at": mail.at.isoformat(),
        "headers": mail.marks,
    }


def download(content: bytes, content_type: str, name: str, inline: bool = False) -> Response:
    found = send_file(BytesIO(content), content_type, as_attachment=not inline, download_name=name)
    # whatever it says it is: it may not run
    found.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return found


def find_mail(mails: Mails, mail_id: str) -> Mail:
    return mails.get(mail_id) or abort(404)


def find_ticket(mails: Mails, ticket_id: str) -> Ticket:
    return next((ticket for ticket in mails.tickets() if ticket.id == ticket_id), None) or abort(404)
