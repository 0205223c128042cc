"""Which addresses may be asked, and that the one asked is the one that was checked."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib import http
from chalicelib.http import Lost, NotSent
from chalicelib.public_web import check


def resolving(*addresses: str) -> Any:
    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


PUBLIC = resolving("93.184.216.34")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/replies",
        "http://shop.example/",
        "https://shop.example:8443/a?b=c#d",
        "https://SHOP.example./x",
        "https://xn--lampen-cva.example/",
        "https://3com.example",
        "https://93.184.216.34/",
    ],
)
def test_what_is_public_may_be_asked_at_the_address_found(url: str) -> None:
    assert check(url, resolve=PUBLIC) == "93.184.216.34"


REFUSED_LITERALS = [
    "169.254.169.254",
    "169.254.170.2",
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "[::1]",
    "[::]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[2002:7f00:1::1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[2001:0:a9fe:a9fe::1]",
]
DISGUISED = [
    "2852039166",
    "0xa9fea9fe",
    "0XA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "127.1",
    "127.0.0.1.",
    "0",
    "0x7f.1",
    "1.2.3.4.5",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
]
TRICKS = [
    "http://good@169.254.169.254/",
    "http://good:secret@shop.example/",
    "http://good\\@169.254.169.254/",
    "http://shop.example\\@169.254.169.254/",
    "//shop.example/",
    "shop.example",
    "http:///x",
    "http://",
    "",
    "http://shop.example\t/",
    "http://sh\top.example/",
    "http://shop.example/\r\nHost: x",
    "http://shop.example/ x",
    " http://shop.example/",
    "file:///etc/passwd",
    "ftp://shop.example/",
    "data:text/plain,x",
    "gopher://shop.example/",
    "javascript:alert(1)",
    "http://shop.example:22/",
    "http://shop.example:25/",
    "http://shop.example:0/",
    "http://shop.example:65536/",
    "http://shop.example:x/",
    "http://[::1",
    "http://[::1%25eth0]/",
    "http://lämpchen.example/",
    "https://shop.example/" + "a" * 5000,
]


def test_an_address_inside_is_refused_however_it_is_written() -> None:
    urls = [url for host in REFUSED_LITERALS + DISGUISED for url in (f"http://{host}/", f"https://{host}:8080/x")]
    assert [url for url in urls if check(url, resolve=PUBLIC) is not None] == []


def test_what_is_no_plain_address_of_the_web_is_refused() -> None:
    assert [url for url in TRICKS if check(url, resolve=PUBLIC) is not None] == []


def test_a_name_that_means_an_address_inside_is_refused() -> None:
    for host in [each.strip("[]") for each in REFUSED_LITERALS]:
        for found in [(host,), ("93.184.216.34", host)]:
            assert (found, check("https://shop.example/", resolve=resolving(*found))) == (found, None)


def test_this_machine_is_never_meant_by_its_name() -> None:
    assert check("http://localhost:8000/") is None
    assert check("http://localhost:8000/", loopback=True) is None


def test_this_machine_may_be_asked_by_number_on_the_local_stage_only() -> None:
    assert check("http://127.0.0.1:8123/x", loopback=True) == "127.0.0.1"
    assert check("http://[::1]:8123/x", loopback=True) == "::1"
    assert check("http://127.0.0.1:8123/x") is None
    assert check("http://169.254.169.254/", loopback=True) is None
    assert check("http://2130706433/", loopback=True, resolve=PUBLIC) is None
    assert check("http://shop.example/", loopback=True, resolve=resolving("127.0.0.1")) is None


def test_an_ipv6_address_is_taken_where_there_is_no_other() -> None:
    assert check("https://shop.example/", resolve=resolving("2606:2800:220:1::1")) == "2606:2800:220:1::1"
    assert check("https://shop.example/", resolve=resolving("2606:2800:220:1::1", "93.184.216.34")) == "93.184.216.34"
    assert check("https://shop.example/", resolve=resolving("64:ff9b::5db8:d822")) == "64:ff9b::5db8:d822"


def test_a_name_that_is_not_resolved_now_was_certainly_not_asked() -> None:
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    with pytest.raises(NotSent):
        check("https://shop.example/", resolve=resolve)
    assert check("https://shop.example/", resolve=resolving()) is None


class Shop(BaseHTTPRequestHandler):
    """Says which host it was asked for, and once where else to go."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("location", "http://169.254.169.254/")
        self.end_headers()
        self.wfile.write(f"{self.headers['host']} {self.path}".encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop() -> Any:
    server = HTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_address_that_was_checked_is_asked_under_the_name_that_was_meant(shop: HTTPServer) -> None:
    url = f"http://shop.example:{shop.server_port}/replies?a=b"
    answer = http.request("GET", url, address="127.0.0.1")
    assert (answer.status, answer.body.decode()) == (200, f"shop.example:{shop.server_port} /replies?a=b")


def test_a_redirect_is_reported_and_not_followed(shop: HTTPServer) -> None:
    url = f"http://shop.example:{shop.server_port}/away"
    assert http.request("GET", url, address="127.0.0.1").status == 302


def test_over_tls_the_certificate_is_asked_for_by_name(tmp_path: Path) -> None:
    context, names = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(self_signed(tmp_path))
    context.set_servername_callback(lambda _socket, name, _context: names.append(name))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet, args=(listener, context))
        thread.start()
        with pytest.raises((Lost, NotSent)):  # nobody vouches for this certificate
            http.request("GET", f"https://shop.example:{listener.getsockname()[1]}/", address="127.0.0.1")
        thread.join()
    assert names == ["shop.example"]


def greet(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()


def self_signed(folder: Path) -> Path:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "both.pem"
    file.write_bytes(secret + certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file
