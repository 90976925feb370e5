from __future__ import annotations

import json
import multiprocessing
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest
from openplatform.errors import ConfigurationError, GrantError, UnreachableError
from openplatform.testing import HeldClock
from openplatform.tokens import FileTokenStore, Token, TokenKeeper

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


@dataclass
class Rotating:
    """A platform whose refresh tokens serve once.

    Attributes:
        valid: The one refresh token that still serves.
        issued: How many tokens were given.
    """

    clock: HeldClock
    valid: str = "seed-0"
    issued: int = 0
    used: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, previous: Token | None) -> Token:
        with self.lock:
            offered = previous.refresh if previous else "seed-0"
            self.used.append(offered)
            if offered != self.valid:
                raise GrantError(f"{offered} was used before")
            self.issued += 1
            self.valid = f"refresh-{self.issued}"
            return Token(f"access-{self.issued}", self.clock.now() + HOUR, self.valid)


@pytest.fixture
def clock():
    return HeldClock(NOW)


def keeper(platform, folder, *, seed="seed-0", learned=None):
    return TokenKeeper(
        "youzan|app|1|",
        seed,
        platform.fetch,
        store=FileTokenStore(folder),
        clock=platform.clock,
        on_token=(learned if learned is not None else []).append,
    )


def test_a_token_lives_until_shortly_before_its_end(clock, tmp_path):
    platform = Rotating(clock)
    one = keeper(platform, tmp_path)
    assert [one.access() for _ in range(3)] == ["access-1"] * 3
    clock.sleep(54 * 60)
    assert one.access() == "access-1"
    clock.sleep(2 * 60)
    assert one.access() == "access-2"
    assert platform.used == ["seed-0", "refresh-1"]


def test_the_next_run_goes_on_with_the_stored_chain(clock, tmp_path):
    platform = Rotating(clock)
    keeper(platform, tmp_path).access()
    assert keeper(platform, tmp_path).access() == "access-1"
    clock.sleep(3600)
    assert keeper(platform, tmp_path).access() == "access-2"
    assert platform.used == ["seed-0", "refresh-1"]


def test_a_refused_token_is_never_given_again(clock, tmp_path):
    platform = Rotating(clock)
    one = keeper(platform, tmp_path)
    first = one.access()
    assert one.access(refused=first) == "access-2"
    assert one.access(refused=first) == "access-2", "it has been replaced already"
    assert platform.issued == 2


def test_every_token_is_learned_before_it_is_used(clock, tmp_path):
    learned = []
    platform = Rotating(clock)
    keeper(platform, tmp_path, learned=learned).access()
    keeper(platform, tmp_path, learned=learned).access()
    assert [token.access for token in learned] == ["access-1", "access-1"]
    assert [token.refresh for token in learned] == ["refresh-1", "refresh-1"]


def test_a_new_credential_in_the_settings_abandons_the_old_chain(clock, tmp_path):
    platform = Rotating(clock)
    keeper(platform, tmp_path).access()
    platform.valid = "seed-0"  # a person authorised anew
    assert keeper(platform, tmp_path, seed="another").access() == "access-2"
    assert platform.used == ["seed-0", "seed-0"]


def test_the_new_refresh_token_is_on_disk_before_the_access_token_is_used(clock, tmp_path):
    platform = Rotating(clock)
    store = FileTokenStore(tmp_path)
    one = keeper(platform, tmp_path)
    one.access()
    stored = store.load("youzan|app|1|")
    assert stored is not None
    assert (stored.access, stored.refresh) == ("access-1", "refresh-1")


def test_a_crash_between_answer_and_save_is_told_and_keeps_the_old_file(
    clock, tmp_path, monkeypatch
):
    platform = Rotating(clock)
    keeper(platform, tmp_path).access()
    clock.sleep(3600)

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(FileTokenStore, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        keeper(platform, tmp_path).access()
    monkeypatch.undo()
    # The old refresh token stands. Platforms with a grace period take it; others say it is used.
    stored = FileTokenStore(tmp_path).load("youzan|app|1|")
    assert stored is not None
    assert stored.refresh == "refresh-1"
    platform.valid = "refresh-1"
    assert keeper(platform, tmp_path).access() == "access-3"


def test_a_crash_while_writing_leaves_the_old_file_whole(clock, tmp_path, monkeypatch):
    platform = Rotating(clock)
    keeper(platform, tmp_path).access()
    clock.sleep(3600)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConfigurationError, match=r"No space left.*token_store"):
        keeper(platform, tmp_path).access()
    monkeypatch.undo()
    stored = FileTokenStore(tmp_path).load("youzan|app|1|")
    assert stored is not None
    assert stored.refresh == "refresh-1"


def test_many_threads_refresh_once(clock, tmp_path):
    platform = Rotating(clock)
    keepers = [keeper(platform, tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda n: keepers[n % 8].access(), range(64)))
    assert set(got) == {"access-1"}
    clock.sleep(3600)
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda n: keepers[n % 8].access(refused="access-1"), range(64)))
    assert set(got) == {"access-2"}
    assert platform.issued == 2


def test_what_fails_for_one_thread_fails_at_once_for_all_that_waited(clock, tmp_path):
    looked, show = threading.Semaphore(0), clock.now
    asked = []

    def now():
        looked.release()
        return show()

    def fetch(previous):
        if previous is None:
            return Token("access-1", show() + HOUR, "refresh-1")
        asked.append(previous.refresh)
        for _ in range(4 + 2):  # each thread has looked, and the one that asks twice more
            assert looked.acquire(timeout=30)
        raise UnreachableError("no connection")

    platform = Rotating(clock)
    platform.fetch = fetch
    one = keeper(platform, tmp_path)
    one.access()
    clock.sleep(3600)
    clock.now = now
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(one.access) for _ in range(4)]
        errors = [thread.exception(timeout=30) for thread in asking]
    assert [str(error) for error in errors] == ["no connection"] * 4
    assert asked == ["refresh-1"]


def _refresh_in_a_process(folder, platform_file, results):
    """Refresh as another run would: the platform is a file that counts."""

    def fetch(previous):
        state = json.loads(platform_file.read_text())
        offered = previous.refresh if previous else "seed-0"
        if offered != state["valid"]:
            raise GrantError(offered)
        state = {"valid": f"refresh-{state['issued'] + 1}", "issued": state["issued"] + 1}
        platform_file.write_text(json.dumps(state))
        return Token(f"access-{state['issued']}", NOW + HOUR, state["valid"])

    one = TokenKeeper(
        "k",
        "seed-0",
        fetch,
        store=FileTokenStore(folder),
        clock=HeldClock(NOW),
        on_token=lambda _: None,
    )
    results.put(one.access())


@pytest.mark.timeout(120)
def test_processes_refresh_once(tmp_path):
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    platform_file = tmp_path / "platform.json"
    platform_file.write_text('{"valid": "seed-0", "issued": 0}')
    results = context.Queue()
    processes = [
        context.Process(
            target=_refresh_in_a_process, args=(tmp_path / "tokens", platform_file, results)
        )
        for _ in range(6)
    ]
    for process in processes:
        process.start()
    got = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert set(got) == {"access-1"}


def test_the_file_is_for_its_owner_alone(clock, tmp_path):
    folder = tmp_path / "tokens"
    keeper(Rotating(clock), folder).access()
    (file,) = folder.glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "youzan" not in file.name
    assert not list(folder.glob(".token-*"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        '{"refresh": "x"}',
        '{"access": "a", "what": 1}',
        '{"access": "a", "expires": "soon"}',
    ],
)
def test_a_damaged_file_is_told_with_the_way_out(clock, tmp_path, content):
    platform = Rotating(clock)
    keeper(platform, tmp_path).access()
    (file,) = tmp_path.glob("*.json")
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"damaged.*Delete it.*refresh token"):
        keeper(platform, tmp_path).access()
    assert platform.issued == 1, "the platform must not be asked with a lost chain"


def test_a_folder_that_cannot_be_used_is_told(clock, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ConfigurationError, match="token_store"):
        keeper(Rotating(clock), blocked / "tokens").access()


@pytest.mark.parametrize(
    ("life", "age", "fresh"),
    [(7200, 0, True), (7200, 6899, True), (7200, 6901, False), (60, 53, True), (60, 55, False)],
)
def test_short_lives_are_used_to_nine_tenths(life, age, fresh):
    token = Token("a", NOW + timedelta(seconds=life), obtained=NOW)
    assert token.fresh_at(NOW + timedelta(seconds=age)) is fresh


def test_a_token_without_an_end_is_always_fresh():
    assert Token("a").fresh_at(NOW + timedelta(days=10_000))
