"""TLS: libpq's settings reach the connection, in a URL and as settings; tried with certificates of our own.

The server of the tests knows no TLS, so a proxy speaks it for it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
import typing as t
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from target_warehouse.errors import DatabaseError

from .singer import record, schema

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def _write_certificate(directory, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(tz=dt.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / f"{name}.crt").write_bytes(certificate.public_bytes(pem))
    form, locked = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / f"{name}.key").write_bytes(key.private_bytes(pem, form, locked))
    (directory / f"{name}.key").chmod(0o600)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class TlsProxy:
    """Ends TLS before a server that listens on a Unix socket, and tells who came."""

    def __init__(self, target: str, directory, *, wants_client: bool = False) -> None:
        self.clients: list[str] = []
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(directory / "server.crt", directory / "server.key")
        if wants_client:
            self._context.load_verify_locations(directory / "client.crt")
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with suppress(OSError):
                    self._handle(client)

    def _handle(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            if client.recv(8) != _SSL_REQUEST:
                self.clients.append("plain")
                return
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True) as secure:
                named = secure.getpeercert() or {}
                self.clients.append(str(named.get("subject", "no certificate")))
                server.connect(self._target)
                back = threading.Thread(target=_copy, args=(server, secure), daemon=True)
                back.start()
                _copy(secure, server)
                back.join()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def proxy(make_warehouse, tmp_path):
    """Makes proxies, and gives the warehouse behind them."""
    warehouse = make_warehouse("postgres")
    for name in ("server", "client", "stranger"):
        _write_certificate(tmp_path, name)
    parts = urlsplit(warehouse.uri)
    target = parse_qs(parts.query)["host"][0] + "/.s.PGSQL.5432"
    opened: list[TlsProxy] = []

    def make(**options: t.Any) -> TlsProxy:
        opened.append(TlsProxy(target, tmp_path, **options))
        return opened[-1]

    yield warehouse, make
    for one in opened:
        one.close()


MESSAGES = [schema("t"), record("t", "1", "x")]


def through(warehouse, port: int, query: str) -> None:
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres?{query}"
    warehouse.load(*MESSAGES, url=url, reconnect_seconds=0)


def test_the_servers_certificate_is_checked(proxy, tmp_path):
    warehouse, make = proxy
    tls = make()
    through(warehouse, tls.port, f"sslmode=verify-full&sslrootcert={tmp_path}/server.crt")
    assert warehouse.rows("SELECT name FROM t") == [("x",)]
    assert "plain" not in tls.clients
    with pytest.raises(DatabaseError, match="certificate verify failed"):
        through(warehouse, tls.port, f"sslmode=verify-full&sslrootcert={tmp_path}/stranger.crt")


def test_the_settings_say_the_same_as_the_url(proxy, tmp_path):
    warehouse, make = proxy
    tls = make(wants_client=True)
    place = {"url": None, "host": "127.0.0.1", "port": tls.port, "user": "postgres"}
    files = {
        "sslrootcert": str(tmp_path / "server.crt"),
        "sslcert": str(tmp_path / "client.crt"),
        "sslkey": str(tmp_path / "client.key"),
    }
    warehouse.load(*MESSAGES, **place, **files, dbname="postgres", sslmode="verify-ca")
    assert warehouse.rows("SELECT name FROM t") == [("x",)]
    assert "client" in tls.clients[0]


def test_a_client_that_the_server_does_not_know(proxy, tmp_path):
    warehouse, make = proxy
    tls = make(wants_client=True)
    files = f"sslcert={tmp_path}/stranger.crt&sslkey={tmp_path}/stranger.key"
    with pytest.raises(DatabaseError, match="cannot be reached"):
        through(warehouse, tls.port, f"sslmode=require&{files}")


def test_a_server_without_tls_is_refused_where_it_is_required(proxy):
    """The proxy hangs up on whoever does not ask for TLS, so `disable` is seen to be obeyed as well."""
    warehouse, make = proxy
    tls = make()
    with pytest.raises(DatabaseError, match="cannot be reached"):
        through(warehouse, tls.port, "sslmode=disable")
    assert tls.clients == ["plain"]
    socket_url = warehouse.uri + "&sslmode=verify-full"
    warehouse.load(*MESSAGES, url=socket_url)  # libpq: a Unix socket needs no TLS
