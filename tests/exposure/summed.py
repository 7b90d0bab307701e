"""Summaries of a tape that a test has already."""

from __future__ import annotations

import numpy as np

from seawall.cascade.engine import Runs
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.cascade.watch import Watch
from seawall.exposure.summary import Summaries, Summary


def summed(setup: Setup, tape: Tape, step: int, watch: Watch | None = None) -> Summary:
    """The summary of a tape of the base world by a step."""
    runs = Runs(np.arange(tape.paths), np.zeros(tape.paths, dtype=np.int64))
    return Summaries(np.array([step]), watch, accounts=True).of(setup, runs, tape)
