"""What one depositor's money is worth at the start and at the end, in a lending pool or a vault."""

from __future__ import annotations

import numpy as np

from seawall.agents.run import PoolRun
from seawall.book.book import Floats
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import Tape


def deposit_value(setup: Setup, tape: Tape, state: State, v: int) -> tuple[Floats, Floats]:
    """Value (p,) of one depositor's claim at the start, and of what it got and still has.

    A pool's bad debt, and debt beyond collateral that is open at the end, falls on the claims that
    are left, by size; interest is left out, since all who stay earn the same. A vault's share is
    worth its part of the vault's equity.
    """
    memory = state.behaviour.depositors[v]
    rule, first = memory.rule, memory.first
    paths = np.arange(state.depth.size)
    if isinstance(rule, PoolRun):
        claim = memory.claim / rule.depositors
        rest = np.maximum(memory.claim - memory.paid, 0.0)
        left = _sum(rest * state.market)
        lost = memory.loss + tape.open_deficit[:, v]
        share = np.divide(lost, left, out=np.zeros_like(lost), where=left > 0)
        kept = np.maximum(claim - first.paid, 0.0)
        end = first.value + _sum(kept * state.market) * np.maximum(1.0 - share, 0.0)
        return _sum(claim * setup.spot), end
    shares = np.maximum(1.0 - memory.paid[:, 0], 0.0)
    equity = np.maximum(vault_equity(setup, state, paths, v), 0.0)
    each = np.divide(equity, shares, out=np.zeros_like(equity), where=shares > 0)
    kept = np.maximum(1.0 / rule.depositors - first.paid[:, 0], 0.0)
    return memory.at_start / rule.depositors, first.value + kept * each


def _sum(values: Floats) -> Floats:
    """Sums (p,) of values (p, k), left to right."""
    total = np.zeros(values.shape[0])
    for k in range(values.shape[1]):
        total = total + values[:, k]
    return total
