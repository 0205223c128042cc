"""A helpdesk to look at on one machine: takes every mail by SMTP, shows it, and answers the way a mail program does.

    python -m infra.mailbox --mails-dir build/mails --smtp-port 1025 --port 8025 \\
        --inbound-smtp 127.0.0.1:1026 --agent "Anna Agent <anna@shop.example>" --owner owner@shop.example

For people: `/` (tickets, and the own mailboxes of the owner and the team), `/tickets/<id>`. For scripts and tests:

- `GET /mails` (`?ticket=`, `?kind=` narrow it): [{id, file, subject, from, to, ticket, kind, at, headers}], oldest first;
  `kind` is what X-Bridgehead-Kind says, else "answer" (to a customer), "ticket" or "owner"; `to` the envelope's recipients,
  `headers` those that begin with X-Bridgehead-.
- `GET /mails/<id>.eml`: the mail as it came, below one Return-Path and its Delivered-To lines.
- `POST /reply` {"ticket" | "mail": id, "text", "html"?, "agent"?, "language"?, "dmarc_fail"?, "stranger"?} -> {"message_id"}.
  `html` is the answer's HTML, or false for a mail in plain text. 400 what is wrong with it, 404 no such mail, 502 not taken.

Mails are kept as files, so a restart shows them again; what agents sent is in `sent/`.
"""

from infra.mailbox.server import Mailbox, main, serve

__all__ = ["Mailbox", "main", "serve"]
