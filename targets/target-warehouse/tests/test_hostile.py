"""Hostile names and values: nothing escapes, which the catalog of tables and a canary tell."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from target_warehouse.errors import SettingsError
from target_warehouse.names import shorten
from target_warehouse.settings import Settings

TEXT = {"type": ["string", "null"]}
ATTACKS = [
    *("x'; DROP TABLE canary; --", 'x"; DROP TABLE canary; --', 'x"); DROP TABLE canary; --'),
    *("'; DELETE FROM canary; --", '" AS t; DELETE FROM canary; --', "*/ DELETE FROM canary; /*"),
    *("$1", "$$; DELETE FROM canary; $$", "%s", "%(x)s", "%", "%%", ":x", "?", "{new}", "{old}"),
    *(
        "{new.__class__.__mro__}",
        "{0}",
        "{}",
        "{{",
        "\\",
        "\\.",
        "\\N",
        "\\'; DROP TABLE canary; --",
    ),
    *(
        '"',
        "'",
        '""',
        "''",
        "`",
        ";",
        "--",
        "/*",
        "a\n\\.\nDROP TABLE canary;\n",
        "\t\\.\t",
        "\r\n\\.\r\n",
    ),
    *(
        'U&"\\0061"',
        "E'\\x27'",
        "canary",
        "main.canary",
        '"canary"',
        "temp.__staged",
        "pg_temp.staged_1",
    ),
]
MODES = ["upsert", "append", "soft_delete", "history", "snapshot", "overwrite"]


def catalog(warehouse) -> set[tuple[str, str]]:
    """Return all tables and views of the database, but for those of other tests' schemas."""
    system = "('information_schema', 'pg_catalog', 'pg_toast')"
    found = warehouse.rows(
        f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN {system}"
    )
    own = warehouse.config.get("schema", "main")
    return {(s, n) for s, n in found if s == own or not s.startswith("t_")}


def spec(stream: str, names: t.Iterable[str], key: t.Sequence[str]) -> dict[str, t.Any]:
    schema = {"properties": {"id": {"type": "string"}, **dict.fromkeys(names, TEXT)}}
    return {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": list(key)}


def row(stream: str, **values: t.Any) -> dict[str, t.Any]:
    return {"type": "RECORD", "stream": stream, "record": values, "version": 1}


def with_canary(warehouse) -> None:
    warehouse.load(spec("canary", ["v"], ["id"]), row("canary", id="1", v="alive"))


def is_alive(warehouse) -> bool:
    return warehouse.rows("SELECT id, v FROM canary") == [("1", "alive")]


@pytest.mark.parametrize("mode", MODES)
def test_values(warehouse, mode):
    """As values, as keys and as the scope of an activation."""
    with_canary(warehouse)
    rows = [row("t", id=attack, v=attack, o=json.dumps(attack)) for attack in ATTACKS]
    for _ in range(2):
        warehouse.load(spec("t", ["v", "o"], ["id"]), *rows, load_mode=mode)
    messages: list[t.Any] = [spec("t", ["v", "o"], ["id"])]
    for read, attack in enumerate(ATTACKS, 2):
        again = {**row("t", id=attack, v=attack, o=json.dumps(attack)), "version": read}
        scope = {"type": "ACTIVATE_VERSION", "stream": "t", "version": read, "scope": {"v": attack}}
        messages += [again, scope]
    warehouse.load(*messages, load_mode=mode)
    assert set(warehouse.rows("SELECT id, v, o FROM t")) == {
        (attack, attack, json.dumps(attack)) for attack in ATTACKS
    }
    assert is_alive(warehouse)
    own = warehouse.config.get("schema", "main")
    views = {(own, "t_latest")} if mode == "snapshot" else set()
    assert catalog(warehouse) == {(own, "canary"), (own, "t"), *views}


@pytest.mark.parametrize("mode", MODES)
def test_names(warehouse, mode):
    """As properties, which are the key as well, and as properties that a later schema leaves out."""
    with_canary(warehouse)
    values = dict.fromkeys(ATTACKS, "x")
    key = ["id", *ATTACKS[:6]]
    activation = {
        "type": "ACTIVATE_VERSION",
        "stream": "t",
        "version": 1,
        "scope": {ATTACKS[0]: "x"},
    }
    for _ in range(2):
        messages = [spec("t", ATTACKS, key), row("t", id="1", **values), activation]
        warehouse.load(*messages, load_mode=mode)
    warehouse.load(spec("t", ATTACKS[:6], key), row("t", id="1", **values), load_mode=mode)
    assert is_alive(warehouse)
    assert set(map(shorten, ATTACKS)) <= set(warehouse.columns("t"))
    assert {name for _, name in catalog(warehouse)} <= {
        *("canary", "t", "t_latest", "t__staging_1")
    }


@pytest.mark.parametrize("mode", ["upsert", "snapshot", "overwrite"])
def test_streams_and_tables(warehouse, mode):
    with_canary(warehouse)
    attacks = [attack for attack in ATTACKS if attack != "canary"]
    for turn in range(2):
        messages: list[t.Any] = []
        for attack in attacks:
            activation = {"type": "ACTIVATE_VERSION", "stream": attack, "version": 1 + turn}
            record = {**row(attack, id="1", v=attack), "version": 1 + turn}
            messages += [spec(attack, ["v"], ["id"]), record, activation]
        warehouse.load(*messages, load_mode=mode, streams={"nobody": {"table": attacks[0]}})
    assert is_alive(warehouse)
    names = {name for _, name in catalog(warehouse)}
    assert {"canary", *map(shorten, attacks)} <= names
    views = {name + "_latest" for name in attacks} if mode == "snapshot" else set()
    assert names <= {"canary", *map(shorten, attacks), *map(shorten, views)}


def test_the_setting_table(warehouse):
    with_canary(warehouse)
    attacks = [attack for attack in ATTACKS if attack != "canary"]
    tables = {f"t{n}": {"table": attack} for n, attack in enumerate(attacks)}
    for _ in range(2):
        messages = [m for name in tables for m in (spec(name, ["v"], ["id"]), row(name, id="1"))]
        warehouse.load(*messages, streams=tables)
    assert is_alive(warehouse)
    assert {n for _, n in catalog(warehouse)} == {"canary", *map(shorten, attacks)}


@pytest.mark.parametrize(
    "attack",
    ["x'; DROP SCHEMA public; --", 'x"; CREATE TABLE gone (a int); --', "{x}", "%s", "$1", "\\"],
)
def test_the_setting_schema(warehouse, attack):
    for _ in range(2):
        warehouse.load(spec("t", ["v"], ["id"]), row("t", id="1", v="x"), schema=attack)
    quoted = attack.replace('"', '""')
    assert warehouse.rows(f'SELECT v FROM "{quoted}"."t"') == [("x",)]
    assert warehouse.tables() <= {"t"}
    assert "gone" not in {name for _, name in catalog(warehouse)}


@pytest.mark.parametrize(
    "name",
    [
        "a'b.duckdb",
        "a''; SELECT 1; --.duckdb",
        'a"b.duckdb',
        "a b;c.duckdb",
        "数据.duckdb",
        "{x}%s$1.duckdb",
        "sqlite:x.duckdb",
    ],
)
def test_the_path_of_a_duckdb_file(make_warehouse, tmp_path, name):
    warehouse = make_warehouse("duckdb")
    path = tmp_path / name
    for _ in range(2):
        warehouse.load(spec("t", ["v"], ["id"]), row("t", id="1", v="x"), path=str(path))
    assert path.exists()
    with duckdb.connect() as connection:
        connection.execute("ATTACH '" + str(path).replace("'", "''") + "' AS it (READ_ONLY)")
        assert connection.execute("SELECT v FROM it.main.t").fetchall() == [("x",)]


def test_a_database_in_memory_is_refused(make_warehouse):
    """What is loaded there is gone after the run, and the STATE would say that it is in."""
    for config in ({"path": ":memory:"}, {"path": None, "url": "duckdb:///:memory:"}):
        with pytest.raises(SettingsError, match="must be a file"):
            make_warehouse("duckdb").load(spec("t", [], ["id"]), **config)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    parts=st.lists(
        st.text(st.sampled_from("'\";-\\.$1%s{}()/* \n\r\tab"), min_size=1, max_size=12),
        min_size=3,
        max_size=6,
        unique=True,
    )
)
def test_any_mixture_of_special_characters(make_warehouse, engine, parts):
    warehouse = make_warehouse(engine)
    with_canary(warehouse)
    stream, *names = parts
    values = {name: name for name in names}
    for _ in range(2):
        warehouse.load(spec(stream, names, ["id"]), row(stream, id=stream, **values))
    quoted = shorten(stream).replace('"', '""')
    own = warehouse.config.get("schema", "main")
    found = warehouse.rows(f'SELECT * FROM "{own}"."{quoted}"')
    assert set(found[0]) == {stream, None, *names}
    assert len(found) == 1
    assert is_alive(warehouse)


# -- Passwords

PASSWORDS = ["s3cret-word", "p@ss/w:rd#?", "口令%20", "a b'c\\d", "%41%42"]


def encoded(password: str) -> str:
    return "".join(f"%{byte:02X}" for byte in password.encode())


@pytest.mark.parametrize(
    ("password", "way"),
    [*((word, "url") for word in PASSWORDS), (PASSWORDS[1], "query"), (PASSWORDS[3], "settings")],
)
def test_a_password_appears_nowhere(make_warehouse, password, way):
    """Not in errors, nor in what is printed at the level debug, however it was written."""
    warehouse = make_warehouse("duckdb")
    config: dict[str, t.Any] = {"path": None}
    if way == "url":
        config["url"] = f"postgresql://someone:{encoded(password)}@127.0.0.1:1/nothing"
    elif way == "query":
        config["url"] = (
            f"postgresql://127.0.0.1:1/nothing?user=someone&password={encoded(password)}"
        )
    else:
        config |= {"host": "127.0.0.1", "port": 1, "user": "someone", "password": password}
    process = warehouse.run(messages=[spec("t", [], ["id"])], reconnect_seconds=0, **config)
    assert process.returncode == 1
    assert "127.0.0.1" in process.stderr
    for secret in (password, encoded(password), encoded(password).lower()):
        assert secret not in process.stderr + process.stdout
    read = Settings.read({k: v for k, v in config.items() if v is not None}).connection
    assert psycopg.conninfo.conninfo_to_dict(read.conninfo)["password"] == password
    assert password not in repr(read)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "postgresql://u:12#s3cret@h/d",
            "postgresql://u:12/s3cret@h/d",
            "postgresql://u:12?s3cret@h/d",
        ),
        *(
            "postgresql://u:s3cret#x@h/d",
            "postgresql://u:s3cret/x@h/d",
            "postgresql://u:s3cret@h:x/d",
        ),
        *("postgresql://u:s3cret@h/d?nonsense=1", "mysql://u:s3cret@h/d", "u:s3cret@h/d"),
        *("postgresql://[s3cret", "postgresql://u:s3cret@[::1/d"),
    ],
)
def test_a_malformed_url_shows_no_password(url):
    """With a `#`, `/` or `?` that is not encoded, the password would be read as host or database."""
    with pytest.raises(SettingsError) as told:
        Settings.read({"url": url})
    assert "s3cret" not in str(told.value)
    assert "s3cret" not in str(told.value.__cause__ or "")


def test_a_running_target_shows_no_password_in_the_list_of_processes(make_warehouse):
    warehouse = make_warehouse("postgres")
    config = {"url": warehouse.uri.replace("postgres:@", "postgres:s3cret-word@")}
    process = warehouse.start(**config)
    process.stdin.write(json.dumps(spec("t", [], ["id"])).encode() + b"\n")
    process.stdin.write(json.dumps({"type": "STATE", "value": "here"}).encode() + b"\n")
    process.stdin.flush()
    command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert b"s3cret-word" not in command + out + err
