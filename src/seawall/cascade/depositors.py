"""Depositors at every step: who asks for its money, what can be paid, what is then missing.

A pool's cash is what was not lent at the start plus what the system account ``pool`` has received
since: repayments come in, collateral that keepers seize and withdrawals go out.
"""

from __future__ import annotations

import math

import numpy as np

from seawall.agents.run import PoolRun, VaultRun, added_rate, pool_hazard, vault_hazard
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.account_memory import Depositors, lent_and_held
from seawall.cascade.breach import Breach
from seawall.cascade.breakers import withdrawals_stopped
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import NEVER, EventKind, TapeWriter
from seawall.cascade.transfers import between, to_balance
from seawall.cascade.wakeup import wake_units
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import Worth
from seawall.margin.table.margin_table import RowKind

# What a dry pool adds to debts is charged to them this often: the engine accrues the rest itself.
CHARGED_SECONDS = 3_600.0
NOBODY = np.zeros(0, dtype=np.int64)


def act_depositors(setup: Setup, state: State, step: int, tape: TapeWriter) -> Ints:
    """Let depositors ask and be paid; nobody's market moves."""
    for v, memory in state.behaviour.depositors.items():
        _read_losses(setup, memory, v, tape)
        if isinstance(memory.rule, PoolRun):
            _pool(setup, state, step, v, memory, memory.rule, tape)
        else:
            _vault(setup, state, step, v, memory, memory.rule, tape)
    return NOBODY


def _read_losses(setup: Setup, memory: Depositors, v: int, tape: TapeWriter) -> None:
    """Bad debt of the venue that lenders have borne so far, from the tape."""
    for chunk in tape.chunks[memory.read :]:
        if "socialised" in chunk:
            here = setup.table.units.venue[chunk["unit"]] == v
            np.add.at(memory.loss, chunk["path"][here], chunk["socialised"][here])
    memory.read = len(tape.chunks)


def _ask(memory: Depositors, hazard: Floats, step: int, seconds: float) -> None:
    """Add a step to the hazard; who has reached its own level has asked."""
    memory.hazard += hazard * seconds
    memory.asked[:, step] = (memory.levels <= memory.hazard[:, None]).sum(axis=1)
    late = memory.first.level > memory.hazard
    memory.first.asked = np.where(late, NEVER, np.minimum(memory.first.asked, step))


def _pay_first(memory: Depositors, by: int, price: Floats, owed: Floats, paid: Floats) -> None:
    """The first depositor's part of what was ``paid`` of what all were ``owed`` (p, k).

    by: it is served if it had asked by this step; price (p, k) of a unit paid, quote.
    """
    first = memory.first
    claim = memory.claim if isinstance(memory.rule, PoolRun) else np.ones_like(first.paid)
    own = claim / memory.rule.depositors * (first.asked <= by)[:, None] - first.paid
    share = np.divide(np.maximum(own, 0.0), owed, out=np.zeros_like(owed), where=owed > 0)
    got = np.minimum(share, 1.0) * paid
    first.paid += got
    first.value = first.value + _value(price, got)


def _fall(setup: Setup, state: State, memory: Depositors) -> Floats:
    """How far (p,) prices are below the start, by the weights of what the venue holds."""
    kept = np.zeros(state.depth.size)
    for k in np.flatnonzero(memory.weight):
        kept = kept + memory.weight[k] * (1.0 - state.market[:, k] / setup.spot[k])
    return np.maximum(kept, 0.0)


def pool_cash(state: State, v: int, memory: Depositors) -> Floats:
    """Units (p, k) of each asset that a lending pool can hand out now."""
    cash: Floats = memory.idle + state.accounts.assets["pool"][:, v]
    return cash


def _pool(
    setup: Setup, state: State, step: int, v: int, memory: Depositors, rule: PoolRun,
    tape: TapeWriter,
) -> None:  # fmt: skip
    debts, _ = lent_and_held(setup, v, state.holdings)
    lent = memory.claim.any(axis=0)
    cash = np.maximum(pool_cash(state, v, memory), 0.0)
    total = debts + cash
    used = np.divide(debts, total, out=np.zeros_like(debts), where=(total > 0) & lent)
    value = _value(np.where(lent, state.market, 0.0), total)
    owed_value = _value(np.where(lent, state.market, 0.0), debts)
    mean = np.divide(owed_value, value, out=np.zeros_like(value), where=value > 0)
    at_start = _value(np.where(lent, setup.spot, 0.0), memory.claim)
    loss = np.divide(memory.loss, at_start, out=np.zeros_like(value), where=at_start > 0)
    before = memory.asked[:, step - 1] / rule.depositors
    hazard = pool_hazard(rule, loss, mean, _fall(setup, state, memory), before)
    _ask(memory, hazard, step, setup.step_seconds)
    asked = memory.asked[:, step] / rule.depositors
    owed = memory.claim * asked[:, None] - memory.paid
    stopped = withdrawals_stopped(setup, state, step, v)
    paid = np.where(stopped[:, None], 0.0, np.clip(np.minimum(owed, cash), 0.0, None))
    _hand_out(setup, state, step, v, paid, "pool", tape)
    _pay_first(memory, step, state.market, owed, paid)
    memory.paid += paid
    memory.owing += added_rate(rule, used) * (setup.step_seconds / SECONDS_PER_YEAR)
    if step % max(1, math.ceil(CHARGED_SECONDS / setup.step_seconds - 1e-9)) == 0:
        _charge(setup, state, v, memory)


def _value(price: Floats, units: Floats) -> Floats:
    """Sum (p,) over assets of units (p, k) at prices, left to right."""
    worth = np.zeros(units.shape[0])
    for k in range(units.shape[1]):
        worth = worth + price[..., k] * units[:, k]
    return worth


def _hand_out(
    setup: Setup, state: State, step: int, v: int, paid: Floats, source: str, tape: TapeWriter
) -> None:
    """Move units (p, k) to the outside world; on the tape under the venue's first account."""
    where, asset = np.nonzero(paid)
    if where.size == 0:
        return
    between(state, v, where, asset, source, "outside", paid[where, asset])
    got = np.unique(where)
    unit = np.repeat(np.flatnonzero(setup.table.units.venue == v)[:1], got.size)
    notional = _value(state.market[got], paid[got])
    tape.write(step, EventKind.WITHDRAWN, got, unit, notional=notional)


def _charge(setup: Setup, state: State, v: int, memory: Depositors) -> None:
    """Debts grow by what the pool's rates have added since they were last charged."""
    paths = np.flatnonzero(memory.owing.any(axis=1))
    if paths.size == 0:
        return
    rows = setup.table.rows
    mine = np.flatnonzero(
        (setup.table.units.venue[rows.unit] == v) & (rows.kind == RowKind.BALANCE)
    )
    size = state.holdings.size[paths[:, None], mine]
    grown = np.minimum(size, 0.0) * memory.owing[paths][:, rows.asset[mine]]
    where, column = np.nonzero(grown)
    path, row = paths[where], mine[column]
    # Bands and soft liquidation know debts by their size alone: nothing else has to be told.
    to_balance(setup, state, path, row, grown[where, column])
    wake_units(setup.wake, state.wake, path, rows.unit[row])
    memory.owing[paths] = 0.0


def _vault(
    setup: Setup, state: State, step: int, v: int, memory: Depositors, rule: VaultRun,
    tape: TapeWriter,
) -> None:  # fmt: skip
    everyone = np.arange(state.depth.size)
    equity = vault_equity(setup, state, everyone, v)
    shares = np.maximum(1.0 - memory.paid[:, 0], 0.0)
    each = np.divide(equity, shares, out=np.zeros_like(equity), where=shares > 0)
    loss = np.zeros_like(each)
    np.divide(memory.at_start - each, memory.at_start, out=loss, where=memory.at_start > 0)
    before = memory.asked[:, step - 1] / rule.depositors
    fall = _fall(setup, state, memory)
    hazard = vault_hazard(rule, np.clip(loss, 0.0, 1.0), fall, before)
    _ask(memory, hazard, step, setup.step_seconds)
    wait = math.ceil(rule.lock_seconds / setup.step_seconds - 1e-9)
    if step < wait:
        return
    due = memory.asked[:, step - wait] / rule.depositors - memory.paid[:, 0]
    free = equity - rule.margin * _taken_over(setup, state, v)
    paid = np.minimum(np.maximum(due, 0.0) * np.maximum(each, 0.0), np.maximum(free, 0.0))
    paid[withdrawals_stopped(setup, state, step, v)] = 0.0
    gone = np.divide(paid, each, out=np.zeros_like(paid), where=each > 0)
    _pay_first(memory, step - wait, each[:, None], due[:, None], gone[:, None])
    memory.paid[:, 0] += gone
    units = np.zeros_like(state.market)
    units[:, setup.quote] = paid
    _hand_out(setup, state, step, v, units, "backstop", tape)


def _taken_over(setup: Setup, state: State, v: int) -> Floats:
    """Notional (p,) of the contracts in a vault's hands, quote."""
    out = np.zeros(state.depth.size)
    held = state.accounts.vault_contracts
    for c in np.flatnonzero(setup.contract_venue == v):
        price = state.quotes.price[:, setup.contract_feed[c]] * setup.contract_factor[c]
        price = price * state.quotes.price[:, setup.contract_settle[c]]
        out = out + np.abs(held[:, c]) * (1.0 if setup.contract_inverse[c] else price)
    return out


def can_be_seized(setup: Setup, state: State, v: int, breach: Breach, worth: Worth) -> Bools:
    """True (n,) where the pool can hand the whole collateral of breached loans to keepers.

    Loans of a path are served in their order, each counted with all it holds, so a pool never hands
    out what it does not have. ``worth.pair`` counts from 0. Without a run on the pool all are True.
    """
    free = np.ones(breach.path.size, dtype=bool)
    memory = state.behaviour.depositors.get(v)
    if memory is None or not isinstance(memory.rule, PoolRun):
        return free
    held = np.flatnonzero(worth.worth > 0)
    pair, row = worth.pair[held], worth.row[held]
    path, asset = breach.path[pair], setup.table.rows.asset[row]
    size = state.holdings.size[path, row]
    assets = len(setup.table.assets)
    order = np.lexsort((pair, asset, path))
    cell = (path * assets + asset)[order]
    rank = np.arange(cell.size) - np.searchsorted(cell, cell, side="left")
    asked = np.zeros((state.depth.size, assets))
    # A pool that lends nothing of an asset holds all of it, to the last bit of a sum.
    cash = pool_cash(state, v, memory) * (1.0 + 1e-9)
    for n in range(int(rank.max(initial=-1)) + 1):
        now = order[rank == n]
        asked[path[now], asset[now]] += size[now]
        dry = asked[path[now], asset[now]] > cash[path[now], asset[now]]
        free[pair[now[dry]]] = False
    return free
