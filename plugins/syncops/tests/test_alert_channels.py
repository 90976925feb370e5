"""Channels against servers that check what the robots' platforms check, and a real SMTP server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from syncops.alerts.channels import (
    ChannelError,
    DingTalk,
    Email,
    Feishu,
    Message,
    Webhook,
    WeCom,
)

# What our trial server says about servers that take a password in the clear.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

SECRET = "SECsandbox-robot"
KEY = "robot-key-0123456789"
HELLO = Message(
    "[syncops] shop: 1 new", ("🔴 订单 is late",), "... {} more", {"alerts": [{"n": 1}]}
)


class Robots(BaseHTTPRequestHandler):
    """Group robots: they check the key, and the signature where the platform asks for one."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.got.append((parts.path, query, body, self.headers))
        status, answer = self.server.answer or getattr(self, parts.path.split("/")[1])(
            query, json.loads(body), body
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def wecom(self, query, sent, body):
        if query.get("key") != KEY:
            return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
        if len(sent["text"]["content"].encode()) > 2048:
            return 200, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        return 200, {"errcode": 0, "errmsg": "ok"}

    def dingtalk(self, query, sent, body):
        text = f"{query.get('timestamp')}\n{SECRET}".encode()
        right = base64.b64encode(hmac.digest(SECRET.encode(), text, "sha256")).decode()
        late = abs(time.time() * 1000 - int(query.get("timestamp", 0))) > 3_600_000
        if query.get("access_token") != KEY:
            return 200, {"errcode": 300001, "errmsg": f"token is not exist {query}"}
        if query.get("sign") != right or late:
            return 200, {"errcode": 310000, "errmsg": "sign not match"}
        return 200, {"errcode": 0, "errmsg": "ok"}

    def feishu(self, query, sent, body):
        key = f"{sent.get('timestamp')}\n{SECRET}".encode()
        right = base64.b64encode(hmac.digest(key, b"", "sha256")).decode()
        late = abs(time.time() - int(sent.get("timestamp", 0))) > 3600
        if sent.get("sign") != right or late:
            return 200, {
                "code": 19021,
                "msg": "sign match fail or timestamp is not within one hour",
            }
        return 200, {"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"}

    def hook(self, query, sent, body):
        told = f"{self.headers['X-Syncops-Timestamp']}.".encode() + body
        right = hmac.new(SECRET.encode(), told, hashlib.sha256).hexdigest()
        return (204 if self.headers["X-Syncops-Signature"] == f"sha256={right}" else 401), b""

    def log_message(self, *_):
        pass


@pytest.fixture
def robots():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Robots)
    server.got, server.answer = [], None
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def wecom(robots, **more):
    return WeCom(url=f"{robots.url}/wecom/send?key={KEY}", **more)


def dingtalk(robots, secret=SECRET):
    return DingTalk(url=f"{robots.url}/dingtalk/send?access_token={KEY}", secret=secret)


def feishu(robots, secret=SECRET):
    return Feishu(url=f"{robots.url}/feishu/hook/{KEY}", secret=secret)


def test_the_signatures_are_those_that_openssl_makes():
    ours = DingTalk(url="https://robot.invalid/", secret=SECRET).signature(1_700_000_000_000)
    assert ours == "vXKAI36c2cmccnY6gijLqLSifiFmFhJH4kBi29t5WAM%3D"
    ours = Feishu(url="https://robot.invalid/", secret=SECRET).signature(1_700_000_000)
    assert ours == "VJqYPpd15SczuMC4Qkh4cjRBnC2MIiirJETjO+rz+j8="


@pytest.mark.parametrize("make", [wecom, dingtalk, feishu])
def test_a_robot_takes_a_message(robots, make):
    make(robots).send(HELLO)
    [(_, _, body, headers)] = robots.got
    sent = json.loads(body)
    text = sent["content"]["text"] if "content" in sent else sent["text"]["content"]
    assert text == "[syncops] shop: 1 new\n🔴 订单 is late"
    assert headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(("make", "code"), [(dingtalk, 310000), (feishu, 19021)])
@pytest.mark.parametrize("secret", [None, "another-secret"])
def test_a_wrong_signature_is_refused(robots, make, code, secret):
    with pytest.raises(ChannelError, match=str(code)):
        make(robots, secret=secret).send(HELLO)


def test_a_refusal_shows_neither_key_nor_secret(robots):
    robots.answer = (200, {"errcode": 40001, "errmsg": f"bad {KEY} with {SECRET}"})
    with pytest.raises(ChannelError) as caught:
        dingtalk(robots).send(HELLO)
    assert str(caught.value) == "refused with code 40001: bad *** with ***"


@pytest.mark.parametrize("answer", [(502, b"<html>bad gateway"), (200, b"[]"), (200, {"ok": True})])
def test_an_answer_that_is_no_success_is_a_failure(robots, answer):
    robots.answer = answer
    for channel in (wecom(robots), dingtalk(robots), feishu(robots)):
        with pytest.raises(ChannelError):
            channel.send(HELLO)


def test_a_server_that_is_not_there_is_told_without_the_key(robots):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ChannelError) as caught:
        WeCom(url=f"http://127.0.0.1:{port}/wecom/send?key={KEY}").send(HELLO)
    assert str(caught.value) == "127.0.0.1 did not answer (Connection refused)"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("make", [wecom, dingtalk, feishu])
def test_a_name_can_mention_nobody(robots, make):
    line = 'orders of <@all> <at user_id="all">everyone</at>'
    make(robots).send(Message("<@all>", (line,), "{}", {}))
    assert b"<" not in robots.got[0][2]


@pytest.mark.parametrize("lines", [30, 500])
def test_a_long_message_is_cut_at_a_line_and_says_so(robots, lines):
    many = tuple(f"🔴 第 {n} 条 <{'很' * 20}>" for n in range(lines))
    wecom(robots, mention=("@all",)).send(Message("[syncops] 店铺", many, "……另有 {} 条", {}))
    sent = json.loads(robots.got[0][2])["text"]
    kept = sent["content"].split("\n")
    assert kept[0] == "[syncops] 店铺"
    assert kept[-1] == f"……另有 {lines - len(kept) + 2} 条"
    assert len(kept) > 15
    assert sent["mentioned_list"] == ["@all"]


def test_a_webhook_gets_signed_json(robots):
    hook = Webhook(url=f"{robots.url}/hook", secret=SECRET, headers={"X-Team": "data"})
    hook.send(HELLO)
    [(_, _, body, headers)] = robots.got
    assert json.loads(body) == {
        "title": HELLO.title,
        "text": HELLO.text(10_000),
        "alerts": [{"n": 1}],
    }
    assert headers["X-Team"] == "data"
    with pytest.raises(ChannelError, match="HTTP 401"):
        Webhook(url=f"{robots.url}/hook", secret="another").send(HELLO)


def test_a_redirection_is_not_followed(robots):
    robots.answer = (302, b"")
    with pytest.raises(ChannelError, match="HTTP 302"):
        Webhook(url=f"{robots.url}/hook").send(HELLO)


# -- e-mail -----------------------------------------------------------------------------------------


class Inbox:
    """What the SMTP server took."""

    def __init__(self):
        self.mails = []
        self.refuse = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address == self.refuse:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, mail, encrypted))
        return "250 OK"


def authenticated(server, session, envelope, mechanism, login):
    return AuthResult(success=login.password == b"sandbox-password", handled=False)


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def smtp(inbox, tmp_path, monkeypatch):
    """Start SMTP servers; their certificate is trusted through SSL_CERT_FILE, as OpenSSL does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(pem))
    both = tmp_path / "server.pem"
    both.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, *private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    servers = []

    def start(security):
        def protocol():
            return SMTP(
                inbox, hostname="localhost", authenticator=authenticated, auth_required=True,
                auth_require_tls=security == "starttls", loop=loop,
                tls_context=context if security == "starttls" else None,
            )  # fmt: skip

        secured = context if security == "ssl" else None
        servers.append(run(loop.create_server(protocol, "127.0.0.1", 0, ssl=secured)))
        return servers[-1].sockets[0].getsockname()[1]

    async def stop():
        for server in servers:
            server.close()

    yield start
    run(stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def mailer(port, security, **more):
    fields = {
        "host": "localhost", "port": port, "security": security, "username": "sync@example.com",
        "password": "sandbox-password", "sender": "sync@example.com",
        "to": ("data@example.com", "ops@example.com"), **more,
    }  # fmt: skip
    return Email(**fields)


@pytest.mark.parametrize("security", ["none", "starttls", "ssl"])
def test_a_mail_arrives(smtp, inbox, security):
    mailer(smtp(security), security).send(HELLO)
    [(sender, to, mail, encrypted)] = inbox.mails
    assert (sender, to) == ("sync@example.com", ["data@example.com", "ops@example.com"])
    assert mail["Subject"] == HELLO.title
    assert "🔴 订单 is late" in mail.get_content()
    assert mail["Date"]
    assert encrypted == (security != "none")


def test_a_title_cannot_add_headers(smtp, inbox):
    odd = Message("one\nBcc: thief@example.com", ("x",), "{}", {})
    mailer(smtp("none"), "none").send(odd)
    mail = inbox.mails[0][2]
    assert (mail["Subject"], mail["Bcc"]) == ("one Bcc: thief@example.com", None)


def test_a_wrong_password_is_told_without_it(smtp, inbox):
    with pytest.raises(ChannelError, match="535") as caught:
        mailer(smtp("starttls"), "starttls", password="wrong-password").send(HELLO)
    assert "wrong-password" not in str(caught.value)
    assert inbox.mails == []


def test_an_unknown_certificate_is_refused(smtp, inbox, monkeypatch):
    port = smtp("ssl")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ChannelError, match="CERTIFICATE_VERIFY_FAILED"):
        mailer(port, "ssl").send(HELLO)


def test_an_address_that_is_refused_is_told(smtp, inbox):
    inbox.refuse = "ops@example.com"
    with pytest.raises(ChannelError, match=r"refused ops@example\.com"):
        mailer(smtp("none"), "none").send(HELLO)
    assert len(inbox.mails) == 1, "the others got it"
