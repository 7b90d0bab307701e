"""What a run keeps of its paths: their whole tape, or what somebody makes of it piece by piece.

Events are most of a tape, and few questions need them once a path has been judged. A keeper is
given the whole tape of a piece as soon as it has been run, in the worker that ran it; what it makes
of that is kept, and the events are let go. So what is held at once is bounded by the piece, and a
run has room for as many paths as what is kept of each allows.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from seawall.cascade.engine import Runs
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape, join

Kept = TypeVar("Kept")


class Keeper(Protocol[Kept]):
    """What is kept of a piece, and of pieces together; no path may depend on its neighbours."""

    def of(self, setup: Setup, runs: Runs, tape: Tape) -> Kept:
        """What is kept of the paths ``runs`` (p,), whose tape this is."""

    def joined(self, parts: list[Kept]) -> Kept:
        """That of several pieces, in their order, on memory of its own."""


class WholeTapes:
    """Keeps everything: one tape of all paths."""

    def of(self, setup: Setup, runs: Runs, tape: Tape) -> Tape:
        """The tape itself."""
        return tape

    def joined(self, parts: list[Tape]) -> Tape:
        """One tape, path numbers running on."""
        return join(parts)


WHOLE = WholeTapes()
