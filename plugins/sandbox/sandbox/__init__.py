"""A simulator of the open platforms over real HTTP, written from the platforms' fact sheets.

It shares no code with the taps on purpose: it is an independent second reading of the sheets.
"""

from __future__ import annotations

from sandbox.clock import Clock, ManualClock, SystemClock
from sandbox.settings import Faults, SandboxSettings
from sandbox.testing import Sandbox

__all__ = ["Clock", "Faults", "ManualClock", "Sandbox", "SandboxSettings", "SystemClock"]
