"""What every simulated platform has, and how the platforms are found."""

from __future__ import annotations

import abc
import functools
import importlib
import pkgutil
import threading
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from typing_extensions import override

import sandbox.platforms
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.lines import Operator
from sandbox.pushes import Announcer, Kind
from sandbox.tokens import Token, TokenBook

if t.TYPE_CHECKING:
    from sandbox.world import World

T = t.TypeVar("T")


@dataclass(frozen=True, slots=True)
class TruthRow:
    """What a perfect copy of one row would hold.

    Attributes:
        key: The row's key as text; parts of a composite key are joined by `:`.
        update_time: When it changed last; None where the platform does not say.
        version: 1 for the generated row, one more with each change.
        record: The content as the platform shows it.
    """

    key: str
    update_time: datetime | None
    version: int
    record: Record


def moment(ms: int) -> datetime:
    """Return epoch milliseconds as a datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, tz=timezone.utc)


class Platform(abc.ABC):
    """One simulated platform: its accounts, its data and its doors.

    Attributes:
        slug: First part of its addresses.
        title: Its name for people.
        entities: The kinds of rows it holds.
        announcer: How it pushes messages; None when it does not.
        operator: How it sends them over connections that apps open; None when it does not.
        volatile: Parameters that differ when one and the same call is made again.
    """

    slug: t.ClassVar[str]
    title: t.ClassVar[str]
    entities: t.ClassVar[tuple[type[Entity], ...]]
    announcer: t.ClassVar[Announcer | None] = None
    operator: t.ClassVar[Operator | None] = None
    volatile: t.ClassVar[frozenset[str]] = frozenset({"access_token", "timestamp", "sign"})

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = TokenBook(self.slug, world.settings.seed)
        self._entities = {kind.name: kind() for kind in self.entities}
        self._datasets: dict[tuple[str, str], Dataset] = {}
        self._derived: dict[tuple[str, str], tuple[tuple[int, ...], t.Any]] = {}
        self.accounts = [self.account_name(n) for n in range(1, world.settings.accounts + 1)]

    @abc.abstractmethod
    def account_name(self, number: int) -> str:
        """Return the name of the n-th account, counted from 1."""

    @abc.abstractmethod
    def handle(self, call: Call) -> Reply:
        """Answer a call."""

    @abc.abstractmethod
    def throttled(self, call: Call) -> Reply | None:
        """Return this platform's refusal by rate; None when it has none for this call."""

    @abc.abstractmethod
    def demo(self, base_url: str) -> dict[str, t.Any]:
        """Return settings with which a tap can read this platform at once."""

    def identity(self, call: Call) -> t.Hashable:
        """Return what makes a call the same as an earlier one: its path and steady parameters."""
        form = call.form() if call.content_type == "application/x-www-form-urlencoded" else {}
        steady = {n: v for n, v in {**call.query, **form}.items() if n not in self.volatile}
        return (call.path, tuple(sorted(steady.items())), b"" if form else call.body)

    def grants(self, call: Call) -> bool:
        """Tell whether a call exchanges grants, so that losing its answer would lose a grant."""
        return call.path == ""

    def subjects(self, account: str) -> list[str]:
        """Return the token subjects that belong to an account."""
        return [account]

    def expire_tokens(self, now: float, account: str | None = None) -> int:
        """Let access tokens run out now, of one account or of all; return how many."""
        if account is None:
            return self.tokens.expire(now)
        return sum(self.tokens.expire(now, subject) for subject in self.subjects(account))

    def dataset(self, account: str, entity: str, call: Call | None = None) -> Dataset:
        """Return the data set of an account, made when first asked for.

        Raises:
            KeyError: There is no such account or entity.
        """
        place = (account, entity)
        data = self._datasets.get(place)
        if data is None:
            data = self._datasets[place] = Dataset(
                self._entities[entity],
                account=account,
                number=self.accounts.index(account) + 1
                if account in self.accounts
                else self._miss(account),
                settings=self.world.settings,
                end_ms=self.world.history_end_ms,
                peer=lambda name: self.dataset(account, name),
            )
            if self.announcer is not None or self.operator is not None:
                data.told = functools.partial(self._tell, data)
        if call is not None:
            call.touched = data
        return data

    def _tell(self, data: Dataset, kind: Kind, row: Row) -> None:
        if self.announcer is not None:
            self.world.pushes.announce(self.slug, self.announcer, data, kind, row)
        if self.operator is not None:
            self.world.lines.announce(self.slug, self.operator, data, kind, row)

    def remembered(self, name: str, sources: list[Dataset], make: t.Callable[[], T]) -> T:
        """Return what `make` derives from data sets, made anew only when one of them changed."""
        place = (name, sources[0].account)
        stamp = tuple(source.revision for source in sources)
        known = self._derived.get(place)
        if known is None or known[0] != stamp:
            known = self._derived[place] = (stamp, make())
        return t.cast("T", known[1])

    def _miss(self, account: str) -> t.NoReturn:
        msg = f"{self.slug} has no account {account}; it has {', '.join(self.accounts)}"
        raise KeyError(msg)

    def streams(self) -> list[str]:
        """Return the names under which truth can be asked."""
        names = []
        for entity in self._entities.values():
            names += [entity.name, *entity.views]
        return names

    def _entity_of(self, stream: str) -> Entity:
        for entity in self._entities.values():
            if stream == entity.name or stream in entity.views:
                return entity
        msg = f"{self.slug} has no stream {stream}; it has {', '.join(self.streams())}"
        raise KeyError(msg)

    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        """Yield what a perfect copy of a stream would hold at this instant."""
        entity = self._entity_of(stream)
        data = self.dataset(account, entity.name)
        for row in data.rows():
            yield self.truth_row(data, row, stream)

    def truth_row(self, data: Dataset, row: Row, stream: str) -> TruthRow:
        """Return the truth about one row."""
        updated = moment(row.updated) if data.entity.dated else None
        return TruthRow(data.key(row), updated, row.version, data.render(row, stream))

    def deleted_keys(self, account: str, stream: str) -> list[str]:
        """Return the keys of the rows that vanished."""
        data = self.dataset(account, self._entity_of(stream).name)
        return [data.key(row) for row in data.deleted()]


class Gateway(Platform):
    """A platform all of whose calls pass one gate; a subclass brings its envelopes and its checks."""

    def name_of(self, call: Call) -> str:
        """Return the name of the method that is called."""
        return call.path.strip("/")

    @abc.abstractmethod
    def granted(self, call: Call) -> t.Any:
        """Answer a call that exchanges grants for tokens.

        Raises:
            Rejected: The platform refuses.
        """

    @abc.abstractmethod
    def answer(self, call: Call) -> t.Any:
        """Check signature, token and limits of a call, and answer it; a `Reply` leaves as it is.

        Raises:
            Rejected: The platform refuses.
        """

    @abc.abstractmethod
    def success(self, call: Call, content: t.Any) -> t.Any:
        """Return the envelope of an answer."""

    @abc.abstractmethod
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        """Return the envelope of a refusal."""

    @abc.abstractmethod
    def too_often(self, call: Call) -> Rejected:
        """Return the refusal of a call that exceeds its rate."""

    @override
    def throttled(self, call: Call) -> Reply | None:
        return None if self.grants(call) else self.refusal(call, self.too_often(call))

    @override
    def handle(self, call: Call) -> Reply:
        call.api = self.name_of(call)
        try:
            if self.grants(call):
                return json_reply(self.granted(call))
            content = self.answer(call)
        except Rejected as refused:
            return self.refusal(call, refused)
        return content if isinstance(content, Reply) else json_reply(self.success(call, content))

    def living(self, value: str, now: float, *, unknown: Rejected, expired: Rejected) -> Token:
        """Return the token that a call brought.

        Raises:
            Rejected: It was never issued here, or it has run out.
        """
        token = self.tokens.get(value)
        if token is None:
            raise unknown
        if token.expires <= now:
            raise expired
        return token

    def admit(
        self,
        call: Call,
        name: str,
        subject: str,
        *,
        allowed: float,
        seconds: float = 1.0,
        penalty: float = 0.0,
    ) -> None:
        """Count a call against a limit of this platform, such as `user/list`; see `Limits.admit`.

        Raises:
            Rejected: It is beyond the limit.
        """
        if not self.world.limits.admit(
            f"{self.slug}.{name}",
            subject,
            call.now,
            allowed=allowed,
            seconds=seconds,
            penalty=penalty,
        ):
            raise self.too_often(call)


class Platforms(Mapping[str, Platform]):
    """The platforms of a world: every module or package in `sandbox.platforms`, named by its slug.

    A platform is imported and made when it is first asked for.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        found = (module.name for module in pkgutil.iter_modules(sandbox.platforms.__path__))
        self._made: dict[str, Platform | None] = dict.fromkeys(sorted(found))
        # Not the world's: that one is held while a receiver of push messages is tried.
        self._making = threading.RLock()

    @override
    def __getitem__(self, slug: str) -> Platform:
        with self._making:
            platform = self._made[slug]
            if platform is None:
                kind = importlib.import_module(f"sandbox.platforms.{slug}").PLATFORM
                platform = self._made[slug] = t.cast("Platform", kind(self._world))
            return platform

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    @override
    def __len__(self) -> int:
        return len(self._made)
