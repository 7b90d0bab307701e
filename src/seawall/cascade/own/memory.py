"""What own mechanisms keep during a run: memories by venue and slot, and who is halted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from seawall.book.book import Bools, Ints


@dataclass
class OwnState:
    """memory: by (venue, slot), made at the first step; halted: by venue, feeds (m,) and mask
    (p, m) of the present step.
    """

    memory: dict[tuple[int, str], Any] = field(default_factory=dict)
    halted: dict[int, tuple[Ints, Bools]] = field(default_factory=dict)
