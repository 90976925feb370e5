"""The gate as a process of its own: what it takes, what it refuses, and what it does when it cannot store."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import resource
import signal
import sqlite3
import threading
import time

import psycopg
import pytest
from eventgate.log import open_log

SHOP = {"app_key": "client", "app_secret": "secret-of-the-app"}
DONE = b'{"code":0,"msg":"success"}'


def trade(number, **changes):
    """A signed message of 有赞, as (body, headers)."""
    content = {"kdt_id": 1, "type": "trade_TradePaid", "id": f"E{number}", "msg_id": f"m{number}"}
    body = json.dumps(content | changes).encode()
    text = SHOP["app_key"].encode() + body + SHOP["app_secret"].encode()
    return body, {"Event-Sign": hashlib.md5(text).hexdigest()}


def send(gate, number, **changes):
    body, headers = trade(number, **changes)
    return gate.ask("/push/youzan", body, headers=headers)


@pytest.fixture
def gate(database, make_gate):
    return make_gate({"database": database, "platforms": {"youzan": SHOP}})


def test_what_is_taken_is_offered(gate):
    assert send(gate, 1) == (200, DONE)
    assert send(gate, 2) == (200, DONE)
    assert send(gate, 1, sendCount=1) == (200, DONE)
    told = gate.events()
    assert (told["version"], told["more"]) == (told["events"][-1]["version"], False)
    first = told["events"][0]
    assert first.pop("received_at") == first.pop("at")  # this message tells no time of its own
    assert first == {
        "version": 1,
        "platform": "youzan",
        "account": "1",
        "stream": "orders",
        "id": "E1",
        "kind": "trade_TradePaid",
    }
    assert [one["id"] for one in told["events"]] == ["E1", "E2"]
    following = gate.events(f"?version={told['version']}")
    assert following == {"events": [], "version": told["version"], "more": False}


def test_health_tells_what_came(gate):
    send(gate, 1)
    send(gate, 1)
    gate.ask("/push/youzan", b"{}", headers={"Event-Sign": "no"})
    status, body = gate.ask("/health")
    told = {"ok": True, "stored": 1, "repeated": 1, "refused": 1, "waiting": 0}
    assert (status, json.loads(body)) == (200, told)


def test_what_is_wrong_is_refused_and_leaves_nothing(tmp_path, make_gate):
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": {"youzan": SHOP}})
    for path, body, status in (
        ("/push/youzan", b"{}", 403),
        ("/push/youzan", None, 405),
        ("/push/wecom", b"{}", 404),
        ("/push/", b"{}", 404),
        ("/push/youzan/other", b"{}", 404),
        ("/push/youzan", b"x" * (1024 * 1024 + 1), 413),
        ("/elsewhere", None, 404),
        ("/events", b"{}", 405),
        ("/events?version=x", None, 400),
        ("/events?version=9", None, 409),
    ):
        answer = gate.ask(path, body, headers={"Event-Sign": "0" * 32})
        assert answer[0] == status, path
        assert b"success" not in answer[1]
    assert gate.events()["events"] == []


def test_pages_and_readers_over_http(gate):
    for number in range(5):
        send(gate, number)
    page = gate.events("?limit=2&platform=youzan&reader=hourly")
    assert ([one["id"] for one in page["events"]], page["more"]) == (["E0", "E1"], True)
    rest = gate.events(f"?version={page['version']}&limit=3&platform=youzan&reader=hourly")
    assert ([one["id"] for one in rest["events"]], rest["more"]) == (["E2", "E3", "E4"], False)
    assert gate.events("?platform=wecom")["events"] == []


def test_readers_show_the_token_and_platforms_need_none(tmp_path, make_gate):
    gate = make_gate(
        {
            "database": str(tmp_path / "e.db"),
            "token": "readers-token",
            "platforms": {"youzan": SHOP},
        }
    )
    assert send(gate, 1) == (200, DONE)
    for given in ({}, {"Authorization": "Bearer other"}, {"Authorization": "readers-token"}):
        assert gate.ask("/events", headers=given)[0] == 401
    assert len(gate.events(Authorization="Bearer readers-token")["events"]) == 1
    assert gate.ask("/health")[0] == 200


def test_several_apps_of_one_platform_have_their_own_addresses(tmp_path, make_gate):
    other = {"app_key": "client", "app_secret": "another-secret"}
    gates = {"youzan/a": SHOP, "youzan/b": other}
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": gates})
    body, headers = trade(1)
    assert gate.ask("/push/youzan/a", body, headers=headers)[0] == 200
    assert gate.ask("/push/youzan/b", body, headers=headers)[0] == 403
    assert [one["platform"] for one in gate.events()["events"]] == ["youzan"]


def test_a_full_disk_gets_no_success_word_and_afterwards_all_is_well(tmp_path, make_gate):
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": {"youzan": SHOP}})
    assert send(gate, 0) == (200, DONE)
    hard = resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (256 * 1024, hard))
    answers = {number: send(gate, number, msg={"long": "x" * 9000}) for number in range(1, 80)}
    taken = {number for number, answer in answers.items() if answer == (200, DONE)}
    refused = set(answers) - taken
    assert taken
    assert refused
    assert all(answers[number][0] == 503 for number in refused)
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    for number in refused:
        assert send(gate, number, msg={"long": "x" * 9000}) == (200, DONE)
    told = [one["id"] for one in gate.events()["events"]]
    assert sorted(told) == sorted(f"E{number}" for number in range(80))
    gate.stop()
    assert gate.messages.count("messages are refused, the platforms will repeat them") >= 1
    assert gate.messages.count("messages are stored again") >= 1
    assert "Traceback" not in gate.messages


def test_a_locked_file_gets_an_error_in_time_and_nothing_is_lost(tmp_path, make_gate):
    file = tmp_path / "e.db"
    gate = make_gate({"database": str(file), "platforms": {"youzan": SHOP}})
    send(gate, 0)
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("begin immediate")
    began = time.monotonic()
    assert send(gate, 1)[0] == 503
    assert time.monotonic() - began < 3
    blocker.execute("rollback")
    blocker.close()
    assert send(gate, 1) == (200, DONE)
    assert [one["id"] for one in gate.events()["events"]] == ["E0", "E1"]


def test_a_server_that_drops_its_connections_is_found_again(postgres_database, make_gate):
    gate = make_gate({"database": postgres_database, "platforms": {"youzan": SHOP}})
    send(gate, 0)
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    for number in range(1, 4):
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            connection.execute(kill)
        status, _ = send(gate, number)
        if status == 503:  # what it stood on is gone; the platform sends it again
            assert send(gate, number) == (200, DONE)
    ask = [gate.ask("/events")[0] for _ in range(2)]
    assert ask[-1] == 200
    assert [one["id"] for one in gate.events()["events"]] == ["E0", "E1", "E2", "E3"]


def test_a_lock_on_the_table_gets_an_error_in_time(postgres_database, make_gate):
    gate = make_gate({"database": postgres_database, "platforms": {"youzan": SHOP}})
    send(gate, 0)
    with psycopg.connect(postgres_database) as connection:
        connection.execute("lock table eventgate_events")
        began = time.monotonic()
        assert send(gate, 1)[0] == 503
        assert time.monotonic() - began < 3
        connection.rollback()
    assert send(gate, 1) == (200, DONE)
    assert len(gate.events()["events"]) == 2


def test_two_gates_on_one_log(database, make_gate):
    both = [make_gate({"database": database, "platforms": {"youzan": SHOP}}) for _ in range(2)]
    refused = []

    def feed(gate, numbers):
        refused.extend(n for n in numbers if send(gate, n) != (200, DONE))

    threads = [
        threading.Thread(target=feed, args=(gate, range(start, 100, 2)))
        for start, gate in enumerate(both)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    told = [one["id"] for one in both[0].events()["events"]]
    assert sorted(told) == sorted(f"E{n}" for n in range(100))
    assert send(both[0], 99) == (200, DONE)
    assert len(both[1].events()["events"]) == 100


def test_what_was_under_way_is_stored_before_the_end(tmp_path, make_gate):
    file = tmp_path / "e.db"
    gate = make_gate({"database": str(file), "platforms": {"youzan": SHOP}})
    send(gate, 0)
    blocker = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    blocker.execute("begin immediate")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(send(gate, 1)))
    thread.start()
    while json.loads(gate.ask("/health")[1])["waiting"] == 0:
        assert answers == []
    gate.process.send_signal(signal.SIGTERM)
    blocker.execute("rollback")
    blocker.close()
    thread.join()
    assert answers == [(200, DONE)]
    gate.process.communicate(timeout=20)
    with contextlib.closing(open_log(str(file))) as log:
        assert log.count() == 2


def test_wecom_checks_the_address_before_anything_was_ever_sent(tmp_path, make_gate):
    own = {
        "corp_id": "wwabcdef0123456789",
        "token": "tapToken2026",
        "aes_key": "KEdh2UBN57Q3WunY2a4tfHPdP4WWNk28ajcjeWygekc",
    }
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": {"wecom": own}})
    query = (
        "?msg_signature=4d71020b70651fa9b81f77009e5485f3a8c6046f&timestamp=1767225601&nonce=263014780"
        "&echostr=fei%2Fzn4aKtUjldPut8OnS8oASsF0pzPbSMy1lUxBJQdH4%2BKtOuF9EXie0Ca8%2FY7CGfBBtam1"
        "%2FoXgHcixInqglA%3D%3D"
    )
    assert gate.ask(f"/push/wecom{query}") == (200, b"1616140317555161061")
    assert gate.ask(f"/push/wecom{query.replace('263014780', '263014781')}")[0] == 403


def test_kuaishou_shops_heartbeat_is_answered_and_not_kept(tmp_path, make_gate):
    own = {"app_key": "ks1", "message_key": base64.b64encode(b"0123456789abcdef").decode()}
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": {"kuaishou_shop": own}})
    # {"test":true}, encrypted with openssl
    assert gate.ask("/push/kuaishou_shop", b"watm3Pt/wCJGbPJJXW0XpA==") == (200, b'{"result":1}')
    assert gate.events()["events"] == []


def test_calls_of_jushuitan_are_answered_as_configured_at_an_address_of_their_own(
    tmp_path, make_gate
):
    own = {"account": "co1", "reply": '{"code":0}'}
    platforms = {"jushuitan/8f1c2d": own}
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": platforms})
    # The sign of an empty parameter counts it.
    sign = hashlib.md5(b"cancel.ordererpts1547048796noteerp").hexdigest()
    query = f"?method=cancel.order&partnerid=erp&ts=1547048796&note=&sign={sign}"
    assert gate.ask(f"/push/jushuitan/8f1c2d{query}") == (200, b'{"code":0}')
    assert gate.ask(f"/push/jushuitan/8f1c2d{query}&more=1")[0] == 403
    assert gate.ask(f"/push/jushuitan{query}")[0] == 404
    (event,) = gate.events()["events"]
    assert (event["account"], event["kind"]) == ("co1", "cancel.order")
