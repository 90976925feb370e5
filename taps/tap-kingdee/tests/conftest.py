"""Two companies in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import ssl
import threading

import pytest
from conformance.trial import resting_tap
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tap_kingdee.tap import TapKingdee

from .test_conformance import FACTS


@pytest.fixture
def companies(trial_of):
    return trial_of(TapKingdee, size=60, accounts=2, history_days=9)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapKingdee, FACTS.settings, tmp_path)


class Answering(http.server.BaseHTTPRequestHandler):
    """One department, whatever is asked, in the manner of the product that asks."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = [[1, "D1", "财务部"]]
        if "/kapi/" in self.path:
            data = {"access_token": "t", "expires_in": "7200000", "totalCount": 1, "lastPage": True}
            data["rows"] = [{"id": "1", "name": "财务部"}]
            answer = {"data": data, "errorCode": "0", "status": True}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def own_server(tmp_path):
    """A server of a company whose certificate nobody else knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1))
    certificate = builder.not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    file = tmp_path / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
