"""What acts in every step between the oracle's price and the check: bands, the vault's sales."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.soft import in_reach, trade_bands
from seawall.cascade.state import State
from seawall.cascade.tape import TapeWriter
from seawall.cascade.vault import unwind


def act_before_check(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let arbitrageurs trade with bands and vaults sell; paths whose market moved."""
    if not _concerned(setup, state):
        return np.zeros(0, dtype=np.int64)
    return np.union1d(trade_bands(setup, state, step, tape), unwind(setup, state))


def busy_before_check(setup: Setup, state: State) -> Bools:
    """Paths (p,) on which :func:`act_before_check` can have something to do at these prices."""
    out = np.zeros(state.depth.size, dtype=bool)
    if _concerned(setup, state):
        for loans in state.closing.soft.values():
            out[in_reach(setup, state, loans)[0]] = True
        for v, mechanisms in enumerate(setup.mechanisms):
            if "backstop" in mechanisms:
                own = state.accounts.vault_contracts[:, setup.contract_venue == v]
                out |= np.any(own != 0, axis=1)
    return out


def _concerned(setup: Setup, state: State) -> bool:
    return bool(state.closing.soft) or any("backstop" in m for m in setup.mechanisms)
