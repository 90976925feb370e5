"""The page for people: what the sandbox holds and what it was asked."""

from __future__ import annotations

import typing as t

PAGE: t.Final = b"<!doctype html><title>sandbox</title><p>See <a href='/_sandbox/status.json'>status</a>."
