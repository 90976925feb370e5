"""What the platforms push, read by a receiver of the test's own and by other people's code."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import warnings
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
WORDS = {"youzan": b'{"code":0,"msg":"success"}', "kuaishou_shop": b'{"result":1}', "wecom": b""}


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what comes; answers the success word, or whatever `replies` holds first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.replies = []
        self.echo = None
        self.url = f"http://127.0.0.1:{self.server_port}/push"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        status = self.server.replies.pop(0) if self.server.replies else 200
        self.answer(
            status, WORDS[self.path.split("/")[2].split("?")[0]] if status == 200 else b"no"
        )

    def do_GET(self):
        self.server.got.append((self.path, dict(self.headers), b""))
        self.answer(200, self.server.echo(self.path))

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=100, clock=ManualClock(NOW), history_days=5)) as running:
        yield running


def secrets(box, gate):
    return box.world.gates()[gate]


def test_youzan_signs_the_bytes_that_it_sends(box, receiver):
    box.push("youzan", receiver.url)
    shop = box.accounts("youzan")[0]
    changed = box.mutate("youzan", shop, "orders", count=4)
    fresh = box.mutate("youzan", shop, "orders", "insert")
    assert box.pushed()["taken"] == 5
    own = secrets(box, "youzan")
    kinds = {}
    for path, headers, body in receiver.got:
        assert path == "/push/youzan"
        text = f"{own['app_key']}{body.decode()}{own['app_secret']}"
        assert headers["Event-Sign"] == hashlib.md5(text.encode()).hexdigest()
        message = json.loads(body)
        assert json.loads(unquote(message["msg"]))["tid"] == message["id"]
        assert message["kdt_id"] == int(shop)
        kinds.setdefault(message["id"], []).append(message["type"])
    assert sorted(kinds) == sorted({*changed, *fresh})
    assert kinds[fresh[0]] == ["trade_TradeCreate"]


def test_youzans_new_topics_carry_an_object_and_the_orders_id(box, receiver):
    box.push("youzan", receiver.url)
    shop = box.accounts("youzan")[0]
    (refund,) = box.mutate("youzan", shop, "refunds", "insert")
    box.pushed()
    message = json.loads(receiver.got[0][2])
    assert message["type"] == "youzan_trade_RefundCreated"
    assert message["msg"]["refund_id"] == refund
    assert message["id"] == message["msg"]["tid"]


def test_what_is_not_taken_is_repeated_and_says_so(box, receiver):
    receiver.replies = [500, 403]
    box.push("youzan", receiver.url, hurry=1000)
    box.mutate("youzan", box.accounts("youzan")[0], "orders")
    counts = box.pushed()
    assert (counts["told"], counts["taken"], counts["refused"]) == (1, 1, 2)
    sent = [json.loads(body) for _, _, body in receiver.got]
    assert [message.pop("sendCount") for message in sent] == [0, 1, 2]
    assert sent[0] == sent[1] == sent[2]


def test_who_never_takes_is_given_up(box, receiver):
    receiver.replies = [500] * 100
    box.push("youzan", receiver.url, hurry=1e6)
    box.mutate("youzan", box.accounts("youzan")[0], "items")
    assert box.pushed()["given_up"] == 1
    assert len(receiver.got) == 17


def test_messages_can_be_lost_and_come_twice(box, receiver):
    shop = box.accounts("youzan")[0]
    box.push("youzan", receiver.url, repeat=1.0)
    box.mutate("youzan", shop, "orders", count=3)
    assert box.pushed()["taken"] == 6
    box.push("youzan", receiver.url, lose=1.0)
    box.mutate("youzan", shop, "orders", count=3)
    counts = box.pushed()
    assert (counts["taken"], counts["lost"]) == (6, 3)


def test_kuaishou_shop_encrypts_with_the_message_key(box, receiver):
    box.push("kuaishou_shop", receiver.url)
    seller = box.accounts("kuaishou_shop")[0]
    (order,) = box.mutate("kuaishou_shop", seller, "orders", "insert")
    box.pushed()
    key = base64.b64decode(secrets(box, "kuaishou_shop")["message_key"])
    plain = []
    for _, headers, body in receiver.got:
        assert headers["Content-Type"] == "text/plain;charset=utf-8"
        cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
        text = cipher.update(base64.b64decode(body)) + cipher.finalize()
        plain.append(json.loads(text[: -text[-1]]))
    *heartbeats, message = plain
    assert heartbeats == [{"test": True}] * len(box.accounts("kuaishou_shop"))
    assert (message["event"], message["bizId"]) == ("kwaishop_order_addOrder", int(order))
    assert json.loads(message["info"]) == {"oid": int(order), "sellerId": int(seller)}


def wechat(box, corp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wechatpy.enterprise.crypto import WeChatCrypto

    own = secrets(box, f"wecom/{corp}")
    return WeChatCrypto(own["token"], own["aes_key"], corp)


def test_wecom_is_understood_by_wechatpy(box, receiver):
    corps = box.accounts("wecom")

    def echo(path):
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        crypto = wechat(box, parts.path.rpartition("/")[2])
        return crypto.check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        ).encode()

    receiver.echo = echo
    box.push("wecom", receiver.url)
    (user,) = box.mutate("wecom", corps[1], "users", "delete")
    (form,) = box.mutate("wecom", corps[1], "approvals")
    box.pushed()
    *checks, first, second = receiver.got
    assert [path.partition("?")[0] for path, _, _ in checks] == [f"/push/wecom/{c}" for c in corps]
    read = []
    for path, _, body in (first, second):
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        read.append(
            wechat(box, corps[1]).decrypt_message(
                body.decode(), query["msg_signature"], query["timestamp"], query["nonce"]
            )
        )
    gone, moved = sorted(read, key=lambda text: "sys_approval_change" in text)
    assert f"<UserID><![CDATA[{user}]]>" in gone
    assert "<ChangeType><![CDATA[delete_user]]>" in gone
    assert f"<SpNo><![CDATA[{form}]]>" in moved


def test_an_address_that_fails_the_check_is_not_accepted(box, receiver):
    receiver.echo = lambda _: b"something else"
    with pytest.raises(ValueError, match="does not pass the platform's check"):
        box.push("wecom", receiver.url)
    with pytest.raises(ValueError, match="pushes no messages"):
        box.push("lab", receiver.url)
    box.mutate("wecom", box.accounts("wecom")[0], "users")
    assert box.pushed()["told"] == 0


def test_churn_is_told_as_well(box, receiver):
    box.push("youzan", receiver.url)
    box.set_churn(500)
    box.world.churn.step(box.world.platform("youzan").dataset("42583152", "orders"), NOW * 1000)
    assert box.pushed()["told"] == 5
