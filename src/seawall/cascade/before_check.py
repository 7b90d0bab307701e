"""What acts in every step between the oracle's price and the check: bands, the vault's sales."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.setup import Setup
from seawall.cascade.soft import trade_bands
from seawall.cascade.state import State
from seawall.cascade.tape import TapeWriter
from seawall.cascade.vault import unwind


def act_before_check(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let arbitrageurs trade with bands and vaults sell; paths whose market moved."""
    if not _concerned(setup, state):
        return np.zeros(0, dtype=np.int64)
    return np.union1d(trade_bands(setup, state, step, tape), unwind(setup, state))


def _concerned(setup: Setup, state: State) -> bool:
    return bool(state.closing.soft) or any("backstop" in m for m in setup.mechanisms)
