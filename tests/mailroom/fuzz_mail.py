"""Throws broken mail at everything in the mailroom that reads mail before it is known whose it is.

    python tests/mailroom/fuzz_mail.py 120                 two minutes of mails grown by hypothesis
    python tests/mailroom/fuzz_mail.py 120 --atheris       the same, guided by coverage, if atheris is installed

`swallow` is the target; a finding is any exception other than Malformed. test_mime.py runs it briefly.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

sys.path.insert(0, str(Path(__file__).parents[2]))

from chalicelib.helpdesks import HELPDESKS
from chalicelib.mailroom import addresses, authority, guards
from chalicelib.mailroom.mime import Mail, Malformed, to_mail
from chalicelib.mailroom.structure import parts_of

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))]
RECEIPT = authority.Receipt("m", (), "a@shop.example", "b", "k", "PASS", "PASS", "PASS", "PASS", "")
ALLOWED = authority.AllowList.of(["anna@shop.example"], ["shop.example"])


def swallow(raw: bytes) -> None:
    """What the mailroom does with a mail before it knows whose it is; `read` would hide what we look for."""
    try:
        mail = to_mail(parts_of(raw))
    except Malformed:
        return
    verdict = authority.judge(RECEIPT, mail, ALLOWED, "reply.shop.example")
    for helpdesk in HELPDESKS.values():
        guards.inspect(
            guards.Incoming(mail, "a@shop.example", "k" * 16, "reply.shop.example", helpdesk, known_texts=[""])
        )
    promised(mail, verdict.sender)


def promised(mail: Mail, sender: str) -> None:
    lines = [mail.subject, *(file.name for file in mail.attachments), *(v for vs in mail.headers.values() for v in vs)]
    assert len(mail.subject) <= 200
    assert all(ord(letter) >= 32 and not 0xD800 <= ord(letter) < 0xE000 for line in lines for letter in line)
    assert all(letter in "\n\t" or ord(letter) >= 32 for letter in mail.text + mail.html)
    assert sender == (addresses.only_mailbox(mail.from_values) or "")
    assert sender.isascii()
    assert sender.count("@") == bool(sender)


# Pieces that mean something to a reader of mail; between them, anything.
MEANING = """\
From: |To: |Subject: |Date: |Message-ID: |References: |In-Reply-To: |DKIM-Signature: v=1; d=shop.example; h=from|\
Content-Type: |multipart/mixed|multipart/alternative|multipart/report|message/rfc822|text/plain|text/html|text/calendar|\
; boundary=b|; boundary="b|; charset=|utf-8|utf-7|iso-2022-jp|gb18030|euc-kr|iso-2022-kr|rot13|punycode|big5|; format=flowed|\
; delsp=yes|Content-Transfer-Encoding: |base64|quoted-printable|x-uuencode|Content-Disposition: attachment|; filename=|\
; filename*0*=|; filename*1=|utf-8''%41%0d|--b|--b--|anna@shop.example|<anna@shop.example>|"Anna" |<|>|(|)|,|;|:|\\|"|@|\
=?utf-8?b?4oKs?=|=?gb2312?q?=C4=E3?=|=?utf-7?q?+ADw-?=|=?utf-8?b?DQo=?=|=?|?=|=0D=0A|begin 644 x|-----BEGIN PGP MESSAGE-----|\
Auto-Submitted: auto-replied|Precedence: bulk|List-Id: x|X-Bridgehead: 1|Received: x|Resent-From: |>|> |From |\x00|\x1b$B|\u202e|\ud55c|😀\
"""
PIECES = [piece.encode() for piece in MEANING.rstrip("\n").split("|")]


def mails() -> SearchStrategy[bytes]:
    piece = (
        st.sampled_from(PIECES)
        | st.sampled_from([b"\r\n", b"\n", b"\r\n\r\n", b"\r", b" ", b"\t"])
        | st.binary(max_size=8)
    )
    grown = st.lists(piece, max_size=60).map(b"".join)
    headed = grown.map(lambda rest: b"From: Anna <anna@shop.example>\r\n" + rest)
    return (
        grown
        | headed
        | st.builds(mutated, st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), piece), max_size=8))
    )


def mutated(mail: bytes, edits: list[tuple[float, bytes]]) -> bytes:
    for place, piece in edits:
        at = int(place * len(mail))
        mail = mail[:at] + piece + mail[at + (len(piece) if place > 0.5 else 0) :]
    return mail


def with_hypothesis(seconds: float) -> int:
    tried, ends_at = 0, time.monotonic() + seconds
    options = settings(
        max_examples=1000,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    while time.monotonic() < ends_at:
        seed(time.time_ns())(options(given(mails())(swallow)))()
        tried += 1000
    return tried


def with_atheris(seconds: float) -> None:
    atheris = import_module("atheris")  # only for developers who have it
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", "-max_len=65536", "-timeout=5"], swallow)
    atheris.Fuzz()


if __name__ == "__main__":
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    if "--atheris" in sys.argv:
        with_atheris(limit)
    else:
        print(f"{with_hypothesis(limit)} mails, nothing found")
