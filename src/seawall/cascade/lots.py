"""Batch auctions of loans' collateral inside the loop: who bids, what each lot brings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.breach import Breach
from seawall.cascade.fills import own_impact
from seawall.cascade.keepers import Race, free_capital, pay_gas, try_draws, use_capital
from seawall.cascade.loan_calls import NOTHING, Calls, Loans, Taken
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.waiting import waited_seconds
from seawall.foundation.random import Stream
from seawall.liquidation.batch_auction import NEAR_ZERO, BatchAuction, clear


@dataclass(frozen=True)
class _Lots:
    """Lots (n,): pair, rows, units for sale and owed, prices at the market and the oracle, interest
    per unit of debt; value of a unit to a bidder before profit and gas.
    """

    pair: Ints
    c: Ints
    d: Ints
    units: Floats
    owed: Floats
    c_market: Floats
    d_market: Floats
    c_oracle: Floats
    interest: Floats
    worth: Floats


def sell_lots(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    rule: BatchAuction,
    breach: Breach,
    loans: Loans,
    race: Race,
    open_pairs: Ints,
    tape: TapeWriter,
) -> Taken:
    """Clear the auctions of open pairs whose window is over; what no bidder wants waits.

    A lot is a loan's largest collateral, sold as far as its debt needs; the next window begins
    where it is not enough.
    """
    if loans.ranked.shape[0] == 0 or open_pairs.size == 0:
        return NOTHING
    waited = waited_seconds(setup, state, step, breach.path, breach.unit)[open_pairs]
    over = waited * (1.0 + 1e-9) >= rule.window_seconds
    pair = open_pairs[over & (loans.ranked[0, open_pairs] >= 0)]
    # Deposits that back a loan may just have been written down to nothing for another's debt.
    pair = pair[state.holdings.size[breach.path[pair], loans.ranked[0, pair]] > 0]
    lots = _lots(setup, state, breach, loans, pair)
    made: list[tuple[int, float, float, float, bool]] = []
    for n in range(pair.size):
        sold = _sell_lot(setup, state, v, rule, race, lots, n, tape)
        if sold is not None:
            made.append((n, *sold))
    if not made:
        return NOTHING
    which, paid, seized, gas, rivals = (np.array(column) for column in zip(*made, strict=True))
    repaid = np.minimum(paid / (lots.d_market[which] + lots.interest[which]), lots.owed[which])
    calls = Calls(
        lots.pair[which],
        lots.c[which],
        lots.d[which],
        repaid,
        seized,
        lots.c_oracle[which],
        lots.interest[which],
    )
    path, unit = breach.path[calls.pair], breach.unit[calls.pair]
    _start_again(state, step, path, unit)
    empty = paid < NEAR_ZERO * seized * lots.c_market[which]
    value = seized * calls.c_price
    tape.write(step, EventKind.ZERO_BID, path[empty], unit[empty], notional=value[empty])
    return Taken(calls, gas, rivals)


def _lots(setup: Setup, state: State, breach: Breach, loans: Loans, pair: Ints) -> _Lots:
    rows = setup.table.rows
    path, c, d = breach.path[pair], loans.ranked[0, pair], loans.debt_row[pair]
    units = state.holdings.size[path, c]
    c_market = state.market[path, rows.asset[c]]
    feed = state.quotes
    interest = -rows.rate[d] * rows.multiplier[d] * feed.integral[path, rows.feed[d]]
    sale = -units * c_market
    return _Lots(
        pair=pair,
        c=c,
        d=d,
        units=units,
        owed=-state.holdings.size[path, d],
        c_market=c_market,
        d_market=state.market[path, rows.asset[d]],
        c_oracle=feed.price[path, rows.feed[c]] * rows.multiplier[c],
        interest=interest,
        worth=c_market * own_impact(setup, state, path, rows.asset[c], sale),
    )


def _sell_lot(
    setup: Setup,
    state: State,
    v: int,
    rule: BatchAuction,
    race: Race,
    lots: _Lots,
    n: int,
    tape: TapeWriter,
) -> tuple[float, float, float, bool] | None:
    """Quote paid, units sold, gas of all bids, rivals; None where nobody wins anything."""
    pair = lots.pair[n : n + 1]
    path, unit, who = race.path[pair], race.unit[pair], race.capital.who
    count, gas, lot = who.latency.size, float(race.gas[pair[0]]), float(lots.units[n])
    element = unit[0] * count + np.arange(count)
    draw = state.draws.at(Stream.BID, np.repeat(path, count), race.step, element)
    value = lots.worth[n] * (1.0 - who.profit) * (1.0 - rule.disagreement * draw) - gas / lot
    tries = race.there[pair[0]] & (value > 0)
    fails = tries & (try_draws(state, race, pair)[0, count:] < who.failure)
    if fails.any():
        lost = np.array([gas * float(fails.sum())])
        pay_gas(setup, state, v, path, lost)
        tape.write(race.step, EventKind.KEEPER_FAILED, path, unit, keeper=lost)
    bids = tries & ~fails
    capital = np.where(bids, free_capital(race, path)[0], 0.0)
    floor = rule.floor * float(lots.c_market[n])
    cleared = clear(lot, np.where(bids, value, 0.0), capital, floor)
    sold = float(cleared.won.sum())
    if sold <= 0:
        return None
    owed = float(lots.owed[n] * (lots.d_market[n] + lots.interest[n]))
    # Not more than the debt needs: the rest of the collateral stays with its owner.
    part = 1.0 if cleared.price * sold <= owed else owed / (cleared.price * sold)
    for j in np.flatnonzero(cleared.won):
        paid = part * float(cleared.won[j]) * cleared.price
        use_capital(setup, race, int(path[0]), int(j), paid)
    return part * sold * cleared.price, part * sold, gas * float(bids.sum()), bool(bids.sum() > 1)


def _start_again(state: State, step: int, path: Ints, unit: Ints) -> None:
    """The next window of a loan that is still in breach begins now."""
    memory = state.closing.waiting
    assert memory is not None
    memory.open[path, unit] = step
