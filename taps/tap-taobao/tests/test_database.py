"""The push tables of 聚石塔, in a real MariaDB or MySQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote, urlsplit

import pymysql
import pytest
from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark
from openplatform.testing import differences, run_process
from openplatform.windows import Window
from tap_taobao.tap import TapTaobao

pytestmark = pytest.mark.mysql

STREAMS = ("pushed_orders", "pushed_refunds", "pushed_items")
# Columns and indexes as public code tells them.
TABLES = {
    "jdp_tb_trade": """tid bigint primary key, status varchar(64), type varchar(64),
        seller_nick varchar(32), buyer_nick varchar(256), created datetime, modified datetime,
        jdp_hashcode varchar(128), jdp_response mediumtext, jdp_created datetime,
        jdp_modified datetime, key (seller_nick, jdp_modified), key (jdp_modified)""",
    "jdp_tb_refund": """refund_id bigint primary key, seller_nick varchar(32),
        buyer_nick varchar(256), status varchar(64), created datetime, tid bigint, oid bigint,
        modified datetime, jdp_hashcode varchar(128), jdp_response mediumtext,
        jdp_created datetime, jdp_modified datetime, key (seller_nick, jdp_modified)""",
    "jdp_tb_item": """num_iid bigint primary key, nick varchar(32), approve_status varchar(64),
        has_showcase varchar(8), created datetime, modified datetime, cid bigint,
        jdp_hashcode varchar(128), jdp_response mediumtext, jdp_delete int,
        jdp_created datetime, jdp_modified datetime, key (nick, jdp_modified)""",
}
# By entity of the simulator: the table, its key, the shop's column, and the answer that it holds.
HOLDS = {
    "orders": ("jdp_tb_trade", "tid", "seller_nick", "trade_fullinfo_get_response", "trade"),
    "refunds": ("jdp_tb_refund", "refund_id", "seller_nick", "refund_get_response", "refund"),
    "items": ("jdp_tb_item", "num_iid", "nick", "item_seller_get_response", "item"),
}
VIEWS = {"orders": "order_details", "refunds": "refund_details", "items": "item_details"}
LATER = timedelta(seconds=3)
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Row:
    """A row of a table, as the platform pushed it."""

    key: str
    record: dict


class Pushed:
    """The simulated platform's data, pushed into a database."""

    def __init__(self, shops, url, connection):
        self.shops, self.connection = shops, connection
        self.shops.config["push_database"] = url
        self.nicks = {one["id"]: one["nick"] for one in shops.config["accounts"]}
        for table, columns in TABLES.items():
            self.query(f"drop table if exists {table}")
            self.query(f"create table {table} ({columns}) default charset utf8mb4")

    def query(self, statement, values=()):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def push(self, entity, *, at=None, only=None):
        """Push the rows of an entity, of all accounts; some time after their change, or at one time."""
        table, key, owner, root, inner = HOLDS[entity]
        for account in self.shops.names:
            data = self.shops.simulated.dataset(account, entity)
            for row in data.rows():
                if only is not None and data.key(row) not in only:
                    continue
                entity_record = data.render(row, VIEWS[entity])
                moment = datetime.fromtimestamp(row.updated / 1000, tz=BEIJING) + LATER
                moment = (at or moment).replace(tzinfo=None)
                values = {
                    key: int(data.key(row)),
                    owner: self.nicks[account],
                    "modified": entity_record["modified"],
                    "jdp_hashcode": str(row.version),
                    "jdp_response": json.dumps({root: {inner: entity_record}}, ensure_ascii=False),
                    "jdp_created": moment,
                    "jdp_modified": moment,
                }
                if entity == "items":
                    values["jdp_delete"] = row.serial % 2
                names = ", ".join(values)
                marks = ", ".join(["%s"] * len(values))
                self.query(f"replace into {table} ({names}) values ({marks})", [*values.values()])

    def push_all(self):
        for entity in HOLDS:
            self.push(entity)

    def truth(self, stream, account):
        table, key, owner, *_ = HOLDS[stream.removeprefix("pushed_")]
        with self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(f"select * from {table} where {owner} = %s", [self.nicks[account]])
            return [
                Row(
                    str(row[key]),
                    {n: str(v) if isinstance(v, datetime) else v for n, v in row.items()},
                )
                for row in cursor.fetchall()
            ]

    def wrong(self, messages):
        tap = TapTaobao(config=self.shops.config)
        return [
            line
            for stream in STREAMS
            for account in self.shops.names
            for line in differences(
                tap, stream, self.truth(stream, account), messages.latest(stream, account)
            )
        ]


@pytest.fixture
def pushed(shops, mysql_url):
    address = TapTaobao(config={**shops.config, "push_database": mysql_url})
    connection = address.client._tables._connection()
    yield Pushed(shops, mysql_url, connection)
    connection.close()


def test_the_tables_are_read_row_by_row(pushed):
    pushed.push_all()
    messages = pushed.shops.run(*STREAMS)
    assert pushed.wrong(messages) == []
    for stream in STREAMS:
        assert messages.records(stream)
    order = messages.records("pushed_orders")[0]
    assert order["orders"][0]["oid"]
    assert order["_bookmark"] == f"{order['jdp_modified']}@{order['tid']}"
    assert {item["jdp_delete"] for item in messages.records("pushed_items")} == {True, False}


def test_a_second_with_thousands_of_rows_is_gone_through_by_key(trial_of, mysql_url):
    shops = trial_of(TapTaobao, size=1201, accounts=1)
    connection = TapTaobao(
        config={**shops.config, "push_database": mysql_url}
    ).client._tables._connection()
    pushed = Pushed(shops, mysql_url, connection)
    second = datetime(2026, 11, 20, 8, tzinfo=BEIJING)
    pushed.push("orders", at=second)
    messages = shops.run("pushed_orders", start_date="2026-11-19")
    keys = [record["tid"] for record in messages.records("pushed_orders")]
    assert len(keys) == len(set(keys)) == 1201
    # A record's value, pasted into the state, is gone on from right after that record.
    middle = sorted(map(int, keys))[700]
    mark = str(Bookmark(second.astimezone(timezone.utc), str(middle)))
    partition = {
        "context": {"_account": shops.names[0]},
        "replication_key": "_bookmark",
        "replication_key_value": mark,
    }
    state = {"bookmarks": {"pushed_orders": {"partitions": [partition]}}}
    rest = shops.run("pushed_orders", state=state, lookback=0).records("pushed_orders")
    assert sorted(int(record["tid"]) for record in rest) == [
        k for k in sorted(map(int, keys)) if k > middle
    ]
    connection.close()


def test_a_run_that_is_cut_off_goes_on_from_any_of_its_states(pushed):
    pushed.push_all()
    first = pushed.shops.run(*STREAMS, lookback=0, window_records=20)
    wanted = pushed.shops.keys(first)
    states = [n for n, message in enumerate(first.all) if message["type"] == "STATE"]
    assert len(states) > 4
    for number in states[:-1]:
        before = type(first)(first.all[: number + 1])
        after = pushed.shops.run(*STREAMS, lookback=0, state=first.all[number]["value"])
        assert pushed.shops.keys(before, after) == wanted, number


def test_what_is_pushed_late_is_never_missed(pushed):
    orders = pushed.shops.simulated.dataset(pushed.shops.names[0], "orders")
    late = {orders.key(row) for row in list(orders.rows())[:5]}
    everything = {
        row.key for row in pushed.shops.box.truth("taobao", pushed.shops.names[0], "orders")
    }
    pushed.push("orders", only=everything - late)
    first = pushed.shops.run("pushed_orders", lookback=0)
    assert not late & set(first.latest("pushed_orders", pushed.shops.names[0]))
    now = pushed.shops.clock.now().astimezone(BEIJING)
    pushed.push("orders", only=late, at=now)
    pushed.shops.clock.sleep(3600)
    second = pushed.shops.run("pushed_orders", state=first.state, lookback=0)
    assert set(second.latest("pushed_orders", pushed.shops.names[0])) == late


def test_rows_are_counted_as_they_are_read(pushed):
    pushed.push_all()
    shops = pushed.shops
    tap = TapTaobao(config=shops.config)
    end = datetime(2026, 11, 20, tzinfo=timezone.utc)
    window = Window(end - timedelta(days=4), end)
    for name in STREAMS:
        entry = shops.config["accounts"][0]
        counted = tap.counter.count(tap.platform_streams[name], Account(entry["id"], entry), window)
        bounds = {"start_date": window.start.isoformat(), "end_date": window.end.isoformat()}
        came = shops.run(name, accounts=[entry], **bounds).records(name)
        assert counted == len(came) > 0


def test_a_connection_that_breaks_is_made_again(pushed):
    pushed.push_all()
    tap = TapTaobao(config={**pushed.shops.config, "retry_wait": 0.001})
    entry = pushed.shops.config["accounts"][0]
    account = Account(entry["id"], entry)
    span = {"start": "2026-11-01 00:00:00", "end": "2026-12-01 00:00:00", "limit": 3}
    first = tap.client.call(account, "jdp_tb_trade", span)
    own = pushed.query("select connection_id()")[0]
    for process in pushed.query("show processlist"):
        if process["Id"] not in own.values() and process["User"] != "system user":
            pushed.query(f"kill {process['Id']}")
    again = tap.client.call(account, "jdp_tb_trade", span)
    assert again == first
    assert len(first["rows"]) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": "wrong-password"}, "check push_database and its rights"),
        ({"path": "/no_such_database"}, "check push_database and its rights"),
        ({"port": 1}, "the database does not answer"),
        ({"scheme": "postgresql"}, "Write it as mysql://"),
        ({"path": ""}, "Write it as mysql://"),
    ],
)
def test_settings_that_lead_nowhere_are_told_without_the_password(pushed, changes, told, caplog):
    url = urlsplit(pushed.shops.config["push_database"])
    port = changes.get("port", url.port)
    password = changes.get("password", url.password)
    login = url.username + (f":{password}" if password else "")
    address = f"{changes.get('scheme', url.scheme)}://{login}@{url.hostname}:{port}"
    address += changes.get("path", url.path)
    messages = pushed.shops.run(
        "pushed_orders", push_database=address, retry_wait=0.001, fails=True
    )
    written = str(messages.error) + caplog.text
    assert told in written
    for secret in ("wrong-password", url.password, unquote(url.password or "")):
        assert not secret or secret not in written


def test_a_shop_without_its_nick_is_told(pushed):
    accounts = [{"id": pushed.shops.names[0], "refresh_token": "sandbox-refresh"}]
    messages = pushed.shops.run("pushed_orders", accounts=accounts, fails=True)
    assert "has no nick" in str(messages.error)


def test_as_a_process_it_needs_no_access_to_the_platform(pushed):
    pushed.push_all()
    settings = {**pushed.shops.config, "base_url": "http://127.0.0.1:1"}
    done = run_process(TapTaobao, settings, select=["pushed_orders"])
    assert done.code == 0, done.log
    assert done.messages.records("pushed_orders")
