"""The load modes: one module each, behind the class in `base`."""

from __future__ import annotations

from target_warehouse.modes.append import Append
from target_warehouse.modes.base import Mode
from target_warehouse.modes.history import History
from target_warehouse.modes.overwrite import Overwrite
from target_warehouse.modes.snapshot import Snapshot
from target_warehouse.modes.soft_delete import SoftDelete
from target_warehouse.modes.upsert import Upsert

_MODES: dict[str, type[Mode]] = {
    "upsert": Upsert,
    "append": Append,
    "soft_delete": SoftDelete,
    "snapshot": Snapshot,
    "overwrite": Overwrite,
    "history": History,
}


def choose(load_mode: str, *, has_key: bool, full_table: bool) -> type[Mode]:
    """Return the mode that a stream is loaded in.

    Args:
        load_mode: What the settings say.
        has_key: Whether the stream has a key; without one, rows can only be added or replaced
            together.
        full_table: Whether its records belong to full reads, which end in an activation. Records
            that do not would stay in the staging table or snapshot for ever.
    """
    mode = _MODES[load_mode]
    if mode.needs_full_reads and not full_table:
        mode = Upsert
    return mode if has_key or not mode.needs_key else Append
