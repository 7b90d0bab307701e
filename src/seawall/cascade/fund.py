"""Insurance funds in the loop: refill by fees, targets and caps of the slot ``fund``.

A fund's income is the same in every step, so it is booked when the fund is looked at, which is when
an account of the venue is closed, and at the end of the run: quiet steps cost nothing. The money
comes from the outside world, whose trades pay the fees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.fund_rules import SLOT
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.waterfall.insurance import InsuranceFund, absorb, capped, room

if TYPE_CHECKING:
    from seawall.cascade.state import State


@dataclass
class FundMemory:
    """The step (p, v) up to which income has been booked."""

    booked: Ints


def fund_rule(setup: Setup, v: int) -> InsuranceFund | None:
    """What fills the slot ``fund`` of a venue."""
    return chosen(setup.mechanisms[v], SLOT, InsuranceFund)


def begin_funds(setup: Setup, paths: int) -> FundMemory | None:
    """Memory at step 0; None where no venue has the slot."""
    if setup.funds is None:
        return None
    return FundMemory(np.zeros((paths, len(setup.funds.rules)), dtype=np.int64))


def refill(setup: Setup, state: State, step: int, v: int, path: Ints, tape: TapeWriter) -> None:
    """Book the income of a venue's fund on distinct paths (n,), up to and with this step.

    On the tape it stands under the venue's first margin account.
    """
    rules, memory = setup.funds, state.funds
    rule = None if rules is None else rules.rules[v]
    if rules is None or rule is None or memory is None or path.size == 0:
        return
    due = (step - memory.booked[path, v]) * rules.income[v]
    memory.booked[path, v] = step
    fund = state.accounts.assets["fund"]
    balance = fund[path, v, setup.quote]
    inflow = np.minimum(due, room(rule, balance))
    fund[path, v, setup.quote] = balance + inflow
    state.accounts.assets["outside"][path, v, setup.quote] -= inflow
    if state.journal is not None:
        quote = np.full(path.size, setup.quote)
        state.journal.move(
            path,
            state.journal.cells.system("outside", v, quote),
            state.journal.cells.system("fund", v, quote),
            inflow,
        )
    got = np.flatnonzero(inflow > 0)
    unit = np.repeat(rules.first[v], got.size)
    tape.write(step, EventKind.FUND_FLOW, path[got], unit, notional=inflow[got])


def refill_all(setup: Setup, state: State, step: int, tape: TapeWriter) -> None:
    """The same for every path and venue: the end of a run."""
    if setup.funds is not None:
        everyone = np.arange(state.depth.size)
        for v, first in enumerate(setup.funds.first):
            if first.size:
                refill(setup, state, step, v, everyone, tape)


def untouched_inflows(setup: Setup, steps: int) -> tuple[Ints, Floats]:
    """What `refill_all` books at the end of a path whose funds nobody has asked: the margin
    accounts (n,) under which it stands, and the income of each venue, quote.
    """
    unit, inflow, rules = [], [], setup.funds
    for v, rule in enumerate(() if rules is None else rules.rules):
        if rules is None or rule is None or rules.first[v].size == 0:
            continue
        space = room(rule, np.full(1, setup.rulebooks[v].waterfall.fund))
        amount = float(np.minimum(steps * rules.income[v], space)[0])
        if amount > 0:
            unit.append(int(rules.first[v][0]))
            inflow.append(amount)
    return np.array(unit, dtype=np.int64), np.array(inflow, dtype=np.float64)


def into_fund(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    unit: Ints,
    fee: Floats,
    tape: TapeWriter,
) -> Floats:
    """The part of liquidation fees (n,) of units that the fund still takes, in the order given."""
    rule = fund_rule(setup, v)
    if rule is None or rule.target is None:
        return fee
    taken = absorb(fee, path, room(rule, state.accounts.assets["fund"][:, v, setup.quote]))
    over = taken < fee
    tape.write(step, EventKind.FUND_FLOW, path[over], unit[over], notional=(taken - fee)[over])
    return taken


def beyond_fund(setup: Setup, state: State, v: int, path: Ints, owed: Floats) -> Bools:
    """True (n,) where deficits of ``owed`` (n,) >= 0 together, or one alone, are above the fund."""
    total = np.bincount(path, owed, minlength=state.depth.size)
    fund = np.maximum(state.accounts.assets["fund"][:, v, setup.quote], 0.0)
    above: Bools = (total > fund)[path] | (owed > capped(fund_rule(setup, v), owed))
    return above


def from_fund(
    setup: Setup, state: State, step: int, v: int, path: Ints, left: Floats, tape: TapeWriter
) -> Floats:
    """What the fund pays of deficits (n,) > 0, quote; nothing is moved yet."""
    refill(setup, state, step, v, np.unique(path), tape)
    asked = capped(fund_rule(setup, v), left)
    return absorb(asked, path, state.accounts.assets["fund"][:, v, setup.quote])


def note_empty(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    unit: Ints,
    paid: Floats,
    tape: TapeWriter,
) -> None:
    """Write down which funds, of venues with the slot, the payments (n,) just made have emptied.

    The unit on the tape is the last that was paid.
    """
    if fund_rule(setup, v) is None:
        return
    empty = (paid > 0) & (state.accounts.assets["fund"][path, v, setup.quote] <= 0)
    last: dict[int, int] = dict(zip(path[empty].tolist(), unit[empty].tolist(), strict=True))
    where = np.array(list(last), dtype=np.int64)
    drained = np.bincount(path, paid, minlength=state.depth.size)[where]
    who = np.array(list(last.values()), dtype=np.int64)
    tape.write(step, EventKind.FUND_EMPTY, where, who, notional=drained)
