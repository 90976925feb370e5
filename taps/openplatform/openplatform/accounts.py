"""One authorised shop, company or tenant of a platform."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """An entry of the setting `accounts`.

    Attributes:
        id: The platform's name of the account; stands in `_account` of every record.
        settings: The entry as it was configured.
    """

    id: str
    settings: Mapping[str, t.Any] = field(default_factory=dict, hash=False, compare=False)
