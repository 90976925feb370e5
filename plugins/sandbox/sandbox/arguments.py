"""The parameters of one call, read as strictly as a platform reads them."""

from __future__ import annotations

import abc
import typing as t

from sandbox.http import Rejected


class Arguments(abc.ABC):
    """Typed access to the parameters; a subclass says in which words its platform refuses.

    Args:
        values: The parameters by name.
    """

    digits = False
    """Whether digits in a text count as an integer, as in a query string."""

    def __init__(self, values: t.Mapping[str, t.Any]) -> None:
        self._values = values

    @abc.abstractmethod
    def refusal(self, name: str, wanted: str) -> Rejected:
        """Return the platform's refusal of a parameter that is not what it wants."""

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) not in (None, "")

    def get(self, name: str) -> t.Any:
        """Return a parameter as it came; None when it is absent."""
        return self._values.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text, which must not be empty unless there is a default."""
        value = self._values.get(name, default)
        if not isinstance(value, str) or (not value and default is None):
            raise self.refusal(name, "a text")
        return value

    def number(
        self,
        name: str,
        default: int | None = None,
        *,
        low: int | None = None,
        high: int | None = None,
    ) -> int:
        """Return an integer within its bounds, both of which are allowed."""
        value = self._values.get(name)
        value = default if value is None else value
        if self.digits and isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refusal(name, "an integer")
        if (low is not None and value < low) or (high is not None and value > high):
            raise self.refusal(name, f"{low} to {high}")
        return value

    def ids(self, name: str, most: int) -> list[str]:
        """Return a list of at least one id and at most `most` of them, as texts."""
        value = self._values.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise self.refusal(name, f"a list of 1 to {most}")
        return [str(one) for one in value]
