"""Access and refresh tokens: life, rotation, early death. Every token is visibly a fake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.mixing import digest


@dataclass(frozen=True, slots=True)
class Token:
    """A token in use.

    Attributes:
        value: What the client sends.
        subject: What it stands for, such as an account or an app.
        expires: Epoch seconds of its natural death.
        scope: What it may do; platforms give it their own meaning.
    """

    value: str
    subject: str
    expires: float
    scope: str = ""


class TokenBook:
    """Access tokens of one platform."""

    def __init__(self, platform: str, seed: int) -> None:
        self._platform = platform
        self._seed = seed
        self._issued = 0
        self._tokens: dict[str, Token] = {}

    def issue(self, subject: str, now: float, life: float, scope: str = "") -> Token:
        """Issue a new token; older ones of the subject live on until `revoke` or their end."""
        self._issued += 1
        text = digest(self._seed, self._platform, subject, self._issued, int(now))
        token = Token(f"sandbox-access-{text[:24]}", subject, now + life, scope)
        self._tokens[token.value] = token
        return token

    def valid(self, subject: str, now: float, scope: str = "") -> Token | None:
        """Return the youngest living token of a subject, if there is one."""
        for token in reversed(self._tokens.values()):
            if (token.subject, token.scope) == (subject, scope) and token.expires > now:
                return token
        return None

    def get(self, value: str) -> Token | None:
        """Return a token by its value, dead or alive; None when it was never issued here."""
        return self._tokens.get(value)

    def revoke(self, subject: str, keep: Token | None = None) -> None:
        """Forget all tokens of a subject, as if never issued."""
        gone = [v for v, k in self._tokens.items() if k.subject == subject and k is not keep]
        for value in gone:
            del self._tokens[value]

    def expire(self, now: float, subject: str | None = None) -> int:
        """Let the living tokens (of one subject) run out now; return how many."""
        count = 0
        for value, token in self._tokens.items():
            if token.expires > now and subject in {None, token.subject}:
                count += 1
                self._tokens[value] = Token(value, token.subject, now, token.scope)
        return count


class RefreshChain:
    """Rotating refresh tokens of one subject: using one gives the next and kills it.

    The tokens are numbered, and a number ahead of ours is accepted: then the client's token comes
    from an earlier life of the sandbox, which must not look like a dead grant.
    """

    def __init__(self, subject: str, first_issued: float, life: float, grace: float) -> None:
        self.subject = subject
        self.expires = first_issued + life
        self._grace = grace
        self._current = 1
        self._used_at: dict[int, float] = {}

    def _text(self, number: int) -> str:
        return f"sandbox-refresh-{self.subject}-{number}"

    @property
    def current(self) -> str:
        """The refresh token that is valid now."""
        return self._text(self._current)

    def owns(self, value: str) -> bool:
        """Tell whether a text has the form of this chain's tokens."""
        return (
            re.fullmatch(re.escape(f"sandbox-refresh-{self.subject}-") + r"\d{1,9}", value)
            is not None
        )

    def use(self, value: str, now: float) -> str | None:
        """Exchange a refresh token for the next one; None when it or the grant has ended."""
        if now >= self.expires:
            return None
        number = int(value.rpartition("-")[2])
        if number < self._current and now >= self._used_at.get(number, 0.0) + self._grace:
            return None
        self._used_at.setdefault(number, now)
        self._current = max(self._current, number) + 1
        return self.current


class Grants:
    """What the platform's accounts have granted: codes that work once, refresh tokens that rotate.

    The codes of an account are `sandbox-code-<account>` and, for more of them,
    `sandbox-code-<account>-2` and so on.

    Args:
        accounts: The platform's accounts.
        life: Seconds from its first use until an account's grant is over.
        grace: Seconds for which a used refresh token still answers.
        first_issued: Epoch seconds of all grants' beginning; None for the moment of first use.
    """

    def __init__(
        self,
        accounts: Sequence[str],
        *,
        life: float,
        grace: float,
        first_issued: float | None = None,
    ) -> None:
        self._accounts = accounts
        self._life, self._grace, self._first_issued = life, grace, first_issued
        self._used_codes: set[str] = set()
        self._chains: dict[str, RefreshChain] = {}

    def chain(self, account: str, now: float) -> RefreshChain:
        """Return the refresh tokens of an account."""
        if account not in self._chains:
            begin = now if self._first_issued is None else self._first_issued
            self._chains[account] = RefreshChain(account, begin, self._life, self._grace)
        return self._chains[account]

    def by_code(self, code: str) -> str | None:
        """Use a code up and return its account; None when it is used up or none of ours."""
        beginnings = {f"sandbox-code-{account}": account for account in self._accounts}
        account = next(
            (beginnings[b] for b in (code, code.rpartition("-")[0]) if b in beginnings), None
        )
        if account is None or code in self._used_codes:
            return None
        self._used_codes.add(code)
        return account

    def owner(self, value: str, now: float) -> RefreshChain | None:
        """Return the chain that a refresh token belongs to; None when it is none of ours."""
        chains = (self.chain(account, now) for account in self._accounts)
        return next((chain for chain in chains if chain.owns(value)), None)
