"""From the simulated platforms into the log: every change arrives, once, whatever happens to the gate."""

from __future__ import annotations

import signal

from sandbox import Sandbox, SandboxSettings

STAFF = ("users", "departments", "approvals", "external_contacts")


def subjects(gate, platform):
    """What the log tells of a platform, and that it tells each thing in order."""
    found, version, more = [], 0, True
    while more:
        page = gate.events(f"?version={version}&platform={platform}&limit=100")
        found += page["events"]
        version, more = page["version"], page["more"]
    assert [one["version"] for one in found] == sorted({one["version"] for one in found})
    return [(one["account"], one["stream"], one["id"]) for one in found]


def change_all(box, platform, entities, kinds=("update", "insert")):
    """Change some rows of everything; return what the log must tell."""
    return [
        (account, entity, key)
        for account in box.accounts(platform)
        for entity in entities
        for kind in kinds
        for key in box.mutate(platform, account, entity, kind, count=3)
    ]


def test_every_change_of_every_platform_arrives_once(database, make_gate):
    with Sandbox(SandboxSettings(size=200)) as box:
        gate = make_gate({"database": database, "platforms": box.world.gates()})
        expected = {}
        for platform, entities in (
            ("youzan", ("orders", "refunds", "items", "customers")),
            ("kuaishou_shop", ("orders", "refunds", "items")),
            ("douyin_shop", ("orders", "refunds", "items")),
            ("dewu", ("orders", "biddings")),
            ("qiyu", ("sessions",)),
            ("ekuaibao", ("documents",)),
            ("wecom", STAFF),
            ("feishu", STAFF[:3]),
            ("dingtalk", STAFF[:3]),
            ("kingdee_cosmic", ("sales_orders", "materials")),
        ):
            box.push(platform, f"http://127.0.0.1:{gate.port}/push", repeat=0.5)
            expected[platform] = change_all(box, platform, entities)
        counts = box.pushed(30)
        assert counts["taken"] > counts["told"] == sum(map(len, expected.values()))
        assert counts["refused"] == 0
        for platform in ("youzan", "kuaishou_shop", "douyin_shop", "dewu", "qiyu", "feishu"):
            assert sorted(subjects(gate, platform)) == sorted(expected[platform])
        # Two equal changes in one second are one event there: nothing in the messages differs.
        assert set(subjects(gate, "wecom")) == set(expected["wecom"])
        assert sorted(subjects(gate, "kingdee")) == sorted(expected["kingdee_cosmic"])
        # Its trial of each address is a message as well, about nothing.
        documents = {one for _, _, one in expected["ekuaibao"]}
        assert {one for *_, one in subjects(gate, "ekuaibao")} == documents | {""}
        told = {("user_details" if s == "users" else s, i) for _, s, i in expected["dingtalk"]}
        assert {(stream, one) for _, stream, one in subjects(gate, "dingtalk")} == told
    assert gate.stop() == -signal.SIGTERM  # its own end, after what was under way


def test_a_gate_that_is_killed_again_and_again_loses_nothing(database, make_gate):
    with Sandbox(SandboxSettings(size=200)) as box:
        gate = make_gate({"database": database, "platforms": box.world.gates()})
        box.push("youzan", f"http://127.0.0.1:{gate.port}/push", hurry=100)
        wanted = []
        for _ in range(2):
            wanted += change_all(box, "youzan", ("orders", "items"))
            gate.stop(signal.SIGKILL)
            wanted += change_all(box, "youzan", ("refunds",))
            gate.start()
        counts = box.pushed(60)
        assert counts["refused"] > 0
        assert counts["given_up"] == 0
        assert sorted(subjects(gate, "youzan")) == sorted(wanted)
