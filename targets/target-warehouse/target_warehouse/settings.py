"""Settings: what the user may say, checked once, and resolved per stream."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from target_warehouse.config_schema import RECONNECT_SECONDS
from target_warehouse.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the database is.

    Attributes:
        engine: `duckdb` or `postgres`.
        schema: The database schema; None for the engine's default.
        path: DuckDB's file.
        conninfo: PostgreSQL's connection string, with the password.
        shown: The same for people, without it.
        patience: For how many seconds a lost connection is made again.
        secrets: Texts that must not appear in any message.
        read_only: Only to look: nothing is created, and others may look at the same time.
    """

    engine: str
    schema: str | None = None
    path: str = ""
    conninfo: str = field(default="", repr=False)
    shown: str = ""
    patience: float = RECONNECT_SECONDS
    secrets: tuple[str, ...] = field(default=(), repr=False)
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """The settings of one stream."""

    load_mode: str
    table: str
    schema_contract: str
    max_delete_share: float
    snapshot_keep: int | None
    force_delete: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    connection: Connection
    config: t.Mapping[str, t.Any]

    @classmethod
    def read(cls, config: t.Mapping[str, t.Any]) -> Settings:
        """Read a configuration that fits the JSON schema.

        Raises:
            SettingsError: When it names no database, or two.
        """
        patience = float(config.get("reconnect_seconds", RECONNECT_SECONDS))
        return cls(replace(_connection(config), patience=patience), config)

    @property
    def quarantine_threshold(self) -> int:
        """How many bad records a run may have."""
        return int(self.config.get("quarantine_threshold", 100))

    @property
    def metrics_file(self) -> str:
        """The Prometheus textfile to write; empty for none."""
        return self.config.get("metrics_file") or ""

    @property
    def max_batch_age_seconds(self) -> float:
        """How long a row may wait for its transaction, in seconds."""
        return float(self.config.get("max_batch_age_seconds", 60))

    def batch_limit(self, unit: str, default: int) -> int:
        """Return the limit of a batch; `unit` is `rows` or `bytes`."""
        return int(self.config.get(f"batch_{unit}") or default)

    def stream(self, name: str) -> StreamSettings:
        """Return the settings of a stream, its overrides applied."""
        merged = {
            word: self.config.get(word)
            for word in ("load_mode", "schema_contract", "max_delete_share", "snapshot_keep")
        }
        overrides: dict[str, dict[str, t.Any]] = self.config.get("streams") or {}
        matching = [glob for glob in overrides if glob == name or fnmatchcase(name, glob)]
        for glob in sorted(matching, key=lambda glob: (glob == name, len(glob))):
            merged.update({word: v for word, v in overrides[glob].items() if v is not None})
        share = merged["max_delete_share"]
        return StreamSettings(
            load_mode=merged["load_mode"] or "upsert",
            table=merged.get("table") or name,
            schema_contract=merged["schema_contract"] or "evolve",
            max_delete_share=0.5 if share is None else float(share),
            snapshot_keep=merged["snapshot_keep"],
            force_delete=bool(self.config.get("force_delete")),
        )


def _connection(config: t.Mapping[str, t.Any]) -> Connection:
    schema = config.get("schema") or config.get("default_target_schema")
    given = [word for word in ("url", "path", "host") if config.get(word)]
    if len(given) != 1:
        found = "none of them is" if not given else f"{' and '.join(given)} are"
        raise SettingsError(
            "The database must be named by exactly one of the settings `url`, `path` (DuckDB) and "
            f"`host` (PostgreSQL); {found} set."
        )
    if given == ["url"]:
        return _from_url(str(config["url"]), schema)
    if given == ["path"]:
        return _duckdb(str(config["path"]), schema)
    words = ("host", "port", "user", "password", "dbname", *_TLS)
    return _postgres({word: config[word] for word in words if config.get(word)}, schema)


def _from_url(url: str, schema: str | None) -> Connection:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(
            "The setting `url` cannot be read: its host or port is malformed. " + _URL_FORMS
        ) from None
    if parts.scheme == "duckdb":
        path = unquote(parts.path[1:])
        if parts.netloc or not path:
            raise SettingsError(f"The setting `url` names no DuckDB file. {_URL_FORMS}")
        return _duckdb(path, schema)
    if parts.scheme in {"postgresql", "postgres"}:
        if parts.fragment or "@" in parts.path or ("@" in parts.query and not parts.username):
            raise SettingsError(
                "The setting `url` cannot be read: write `#`, `/`, `?` and `@` within a user name "
                "or password as %23, %2F, %3F and %40. " + _URL_FORMS
            )
        words: dict[str, t.Any] = dict(parse_qsl(parts.query))
        named = {"host": parts.hostname, "port": port, "dbname": unquote(parts.path.strip("/"))}
        named |= {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        words |= {word: value for word, value in named.items() if value}
        return _postgres(words, schema, parts.password or "")
    raise SettingsError(
        f"The setting `url` begins with {parts.scheme + '://' if parts.scheme else 'no scheme'!r}, "
        f"for which there is no engine. {_URL_FORMS}"
    )


_URL_FORMS = (
    "Write duckdb:///relative/file.duckdb, duckdb:////absolute/file.duckdb or "
    "postgresql://user:password@host:port/database."
)


_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


def _duckdb(path: str, schema: str | None) -> Connection:
    if path.startswith(":memory:"):
        raise SettingsError(
            "The DuckDB file must be a file: what is loaded into memory is gone after the run."
        )
    return Connection("duckdb", schema, path=path)


def _postgres(words: dict[str, t.Any], schema: str | None, written: str = "") -> Connection:
    """Return how PostgreSQL is reached; `written` is the password as the URL has it."""
    # Not for DuckDB: the driver takes a tenth of a second to load.
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    password = str(words.get("password") or "")
    secrets = {password, written, quote(password, safe=""), str(words.get("sslpassword") or "")}
    shown = f"{words.get('host', 'the default host')}:{words.get('port', 5432)}"
    try:
        conninfo = make_conninfo(**{"connect_timeout": 15, **words})
    except ProgrammingError as error:
        raise SettingsError(
            f"The settings of PostgreSQL at {shown} cannot be used: {error}."
        ) from None
    return Connection(
        "postgres",
        schema,
        conninfo=conninfo,
        shown=f"{shown}/{words['dbname']}" if words.get("dbname") else shown,
        secrets=tuple(sorted(secrets - {""}, key=len, reverse=True)),
    )
