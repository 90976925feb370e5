"""Amounts: kept in fen, shown as the platforms show them."""

from __future__ import annotations


def yuan(fen: int) -> str:
    """Return an amount in fen as text in yuan with two decimals."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
