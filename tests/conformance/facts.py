"""What a tap declares about its platform; the tests of `Conformance` need nothing else."""

from __future__ import annotations

import importlib
import inspect
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from openplatform.declarations import FullTable, Incremental
from openplatform.http import PlatformClient, Request
from openplatform.judging import Outcome
from openplatform.streams import PlatformStream
from openplatform.tap import PlatformTap

Record = Mapping[str, t.Any]


@dataclass(frozen=True)
class Sample:
    """A recorded answer, and the stream that it belongs to.

    Attributes:
        stream: The stream; its records are kept in `golden/<stream>.json`.
        file: Name of the file in `samples/`, without `.json`; the stream's own name if not given.
        carried: Fields that come from the call's parameters.
        repaired: Puts in what the recording lacks, such as a key that was cut off.
        golden: Name of the file in `golden/`, where one stream has several samples.
    """

    stream: str
    file: str = ""
    carried: Mapping[str, t.Any] = field(default_factory=dict)
    repaired: Callable[[t.Any], t.Any] | None = None
    golden: str = ""


@dataclass(frozen=True)
class Refusal:
    """An answer that is a refusal: a row of the sheet's error table, or a recorded one.

    Attributes:
        outcome: What it asks of us.
        body: The decoded answer, or the name of a file in `samples/`.
        status: HTTP status.
        advice: A part of what the operator is told to do.
        wait: Seconds that throttling rests, where the sheet says so.
        known: False for what the platform's documents do not tell: fatal, and said to be unknown.
    """

    outcome: Outcome
    body: t.Any
    status: int = 200
    advice: str = ""
    wait: float | None = None
    known: bool = True


@dataclass(frozen=True)
class Built:
    """A worked example of the sheet: how one call must look, with its signature.

    Attributes:
        api: The API.
        params: The business parameters.
        token: The access token.
        moment: When the call is made.
        request: What must leave; its headers may be fewer than those that do.
        settings: Settings of the tap that differ from `Facts.settings`.
        account: Settings of the account that differ.
    """

    api: str
    params: Mapping[str, t.Any]
    token: str
    moment: datetime
    request: Request
    settings: Mapping[str, t.Any] = field(default_factory=dict)
    account: Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """A platform as its tests see it.

    Attributes:
        tap: The tap. Its simulator is the folder `sandbox/platforms/<slug>`, with the tap's name.
        settings: Settings of a tap that is never called, with the credentials of the sheet's
            examples and one account.
        samples: The recorded answers and their streams.
        refusals: The sheet's error table, row by row, and the recorded refusals.
        answers: Bodies that are no failure, beside the samples.
        calls: The worked examples of calls and signatures.
        wrong: A setting with a value that the platform refuses, and what the log must say then.
        keys: For streams whose rows the simulator names otherwise: the simulator's key of a record.
        apart: Streams that cannot be compared with the truth as they are, each with the reason; a
            test of the tap's own must do it.
        elsewhere: Streams that need another world than these tests have, such as a database, each
            with the reason; tests of the tap's own must do all of it.
        reading: Settings for every run against the simulator.
        open_fields: Fields whose objects may have any names, so that nothing in them is unknown.
        ignored: Fields by stream that may differ from the truth, such as addresses that expire.
        platform: The simulator's name, where that is not the tap's (a tap of several products).
        world: Settings of the simulator (`SandboxSettings`), for platforms whose windows are so short
            that days of data would take thousands of calls.
        spare: Files in `samples/` that are neither a stream's nor a refusal, each with the reason.
    """

    tap: type[PlatformTap]
    settings: Mapping[str, t.Any]
    samples: Sequence[Sample] = ()
    refusals: Sequence[Refusal] = ()
    answers: Sequence[t.Any] = ()
    calls: Sequence[Built] = ()
    wrong: tuple[Mapping[str, t.Any], str] | None = None
    keys: Mapping[str, Callable[[Record], str]] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, t.Any] = field(default_factory=dict)
    open_fields: frozenset[str] = frozenset()
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spare: Mapping[str, str] = field(default_factory=dict)
    world: Mapping[str, t.Any] = field(default_factory=dict)
    platform: str = ""

    @property
    def slug(self) -> str:
        """The platform's name in the sandbox."""
        return self.platform or self.tap.name.removeprefix("tap-").replace("-", "_")

    @property
    def kinds(self) -> list[type[PlatformStream]]:
        """The streams of the tap that these tests read."""
        streams = self.tap.chosen({**self.settings, **self.reading})[1]
        return [kind for kind in streams if kind.name not in self.elsewhere]

    @property
    def streams(self) -> list[str]:
        """Their names."""
        return [kind.name for kind in self.kinds]

    @property
    def grants(self) -> bool:
        """Whether the platform hands out tokens, rather than knowing an app by its key alone."""
        client = self.tap.chosen({**self.settings, **self.reading})[0]
        return client.fetch_token is not PlatformClient.fetch_token

    @property
    def kept(self) -> dict[str, timedelta]:
        """The streams whose platform answers only so far back, and how far."""
        return {
            kind.name: kind.reads.time.retention
            for kind in self.kinds
            if isinstance(kind.reads, Incremental) and kind.reads.time.retention
        }

    @property
    def followed(self) -> list[str]:
        """The streams that are followed by a bookmark and read when nobody chooses."""
        return [
            kind.name
            for kind in self.kinds
            if isinstance(kind.reads, Incremental) and kind.selected_by_default
        ]

    @property
    def vanishing(self) -> list[str]:
        """The full-table streams whose rows can vanish, on the platform and in the simulator."""
        platform = importlib.import_module(f"sandbox.platforms.{self.slug}").PLATFORM
        gone = {entity.name for entity in platform.entities if entity.vanishes}
        return [
            kind.name
            for kind in self.kinds
            if kind.name in gone and isinstance(kind.reads, FullTable) and kind.reads.activates
        ]

    @property
    def capped(self) -> list[type[PlatformStream]]:
        """The streams that are read in windows, since paging does not reach far enough."""
        return [
            kind
            for kind in self.kinds
            if getattr(kind.reads, "time", None)
            and getattr(getattr(kind.reads, "paging", None), "reach", None)
        ]


def epoch(text: str) -> int:
    """Return a time of our records as epoch seconds, as simulators write it."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Declared:
    """A part of the tests; what is named in `parameters` runs once for each of the facts named."""

    facts: t.ClassVar[Facts]
    folder: t.ClassVar[Path]
    """Where the tap's tests lie, with `samples` and `golden`."""

    def __init_subclass__(cls) -> None:
        """Leave out the tests of what this platform does not have."""
        if "facts" not in cls.__dict__:
            return
        cls.folder = Path(inspect.getfile(cls)).parent
        for test, wanted in {
            "test_a_recorded_answer_becomes_the_records_on_file": cls.facts.samples,
            "test_a_recorded_answer_is_no_failure": cls.facts.samples,
            "test_a_call_is_built_as_in_the_worked_example": cls.facts.calls,
            "test_a_start_before_what_the_platform_keeps_is_clamped_with_one_warning": (
                cls.facts.kept
            ),
            "test_windows_split_where_paging_ends": cls.facts.capped,
            "test_a_state_that_is_none_is_told_with_stream_and_account": cls.facts.followed,
            "test_an_account_where_nothing_happens_moves_its_bookmarks": cls.facts.followed,
            "test_what_vanished_is_told_after_whole_reads_without_it": cls.facts.vanishing,
            "test_tokens_that_expire_in_mid_run_are_renewed": cls.facts.grants,
            "test_a_process_that_is_killed_while_its_token_rotates_is_followed_by_a_whole_one": (
                cls.facts.grants
            ),
        }.items():
            if not wanted:
                setattr(cls, test, None)

    def pytest_generate_tests(self, metafunc: t.Any) -> None:
        facts = metafunc.cls.facts
        for name, values in {
            "stream": facts.streams,
            "sample": facts.samples,
            "refusal": facts.refusals,
            "built": facts.calls,
        }.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(
                    name, values, ids=[_identify(n, v) for n, v in enumerate(values, 1)]
                )


def _identify(number: int, value: t.Any) -> str:
    if isinstance(value, Sample):
        return value.golden or value.stream
    if isinstance(value, Refusal):
        return value.body if isinstance(value.body, str) else f"{number}-{value.outcome.value}"
    return f"{number}-{value.api}" if isinstance(value, Built) else str(value)
