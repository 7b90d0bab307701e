"""Lending venues inside the loop: keepers repay, seize and sell; hopeless debt is written off."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.breach import Breach
from seawall.cascade.call_journal import note_calls
from seawall.cascade.crowded_calls import still_paying
from seawall.cascade.depositors import can_be_seized
from seawall.cascade.fills import trade_impact
from seawall.cascade.keepers import Race, begin_race, priority_fee, run_race
from seawall.cascade.loan_calls import (
    NOTHING,
    Loans,
    Priced,
    Taken,
    joined,
    loans_of,
    paying_calls,
)
from seawall.cascade.lots import sell_lots
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.write_off import write_off
from seawall.liquidation.batch_auction import BatchAuction
from seawall.margin.table.assess import Worth

# Collateral below this share of the debt counts as none.
DUST = 1e-9
# A call that does not pay is halved at most so often.
HALVINGS = 10


def liquidate_loans(
    setup: Setup, state: State, step: int, v: int, breach: Breach, worth: Worth, tape: TapeWriter
) -> np.ndarray:
    """Keepers call breached loans of one venue; returns (n,) True where something was done.

    ``worth`` holds the rows of exactly these pairs, ``worth.pair`` counting from 0. The largest
    call is tried on each collateral, largest first, then half of it, and so on until one pays.
    """
    loans = loans_of(setup, worth, breach.path.size)
    hopeless = (loans.collateral <= DUST * loans.debt) & (loans.debt > 0)
    write_off(setup, state, step, v, breach, worth, hopeless, tape)
    acted = hopeless.copy()
    handed = can_be_seized(setup, state, v, breach, worth)
    open_pairs = np.flatnonzero(~hopeless & (loans.debt > 0) & handed)
    race = begin_race(setup, state, step, v, breach.path, breach.unit)
    batch = chosen(setup.mechanisms[v], "auction", BatchAuction)
    if batch is not None and race is not None:
        taken = sell_lots(setup, state, step, v, batch, breach, loans, race, open_pairs, tape)
    else:
        taken = _search(setup, state, step, v, breach, loans, race, open_pairs, tape)
    acted[taken.calls.pair] = True
    _execute(setup, state, step, v, breach, taken, race, tape)
    return acted


def _search(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    loans: Loans,
    race: Race | None,
    open_pairs: Ints,
    tape: TapeWriter,
) -> Taken:
    """The largest call on each open pair that pays, and of these the ones that keepers make."""
    found: list[Priced] = []
    for halving in range(HALVINGS + 1):
        for row in loans.ranked:
            tried = open_pairs[row[open_pairs] >= 0]
            if tried.size == 0:
                continue
            call, pays = paying_calls(
                setup, state, step, v, breach, loans, race, tried, row[tried], 0.5**halving
            )
            found.append(call.only(pays))
            open_pairs = np.setdiff1d(open_pairs, tried[pays], assume_unique=True)
    if not found:
        return NOTHING
    best = joined(found)
    if best.calls.pair.size == 0:
        return NOTHING
    if race is None:
        gas = np.full(best.calls.pair.size, setup.rulebooks[v].liquidation.gas)
        made = still_paying(setup, state, breach, best, gas)
        return Taken(best.calls.only(made), gas[made], np.zeros(int(made.sum()), dtype=bool))
    best = best.only(still_paying(setup, state, breach, best, race.gas[best.calls.pair]))
    won = run_race(setup, state, race, v, best.calls.pair, best.proceeds, best.cost, tape)
    made = won.winner >= 0
    return Taken(best.calls.only(made), won.gas[made], won.rivals[made])


def _execute(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    taken: Taken,
    race: Race | None,
    tape: TapeWriter,
) -> None:
    calls = taken.calls
    if calls.pair.size == 0:
        return
    rows, assets = setup.table.rows, state.accounts.assets
    pairs, c, d, repaid, seized = calls.pair, calls.c, calls.d, calls.repaid, calls.seized
    path, unit = breach.path[pairs], breach.unit[pairs]
    kc, kd = rows.asset[c], rows.asset[d]
    sale = -seized * state.market[path, kc]
    buy = repaid * state.market[path, kd]
    executed, _ = trade_impact(
        setup,
        state,
        np.concatenate([path, path]),
        np.concatenate([kc, kd]),
        np.concatenate([sale, buy]),
    )
    exec_c, exec_d = executed[: pairs.size], executed[pairs.size :]
    venue = np.full(pairs.size, v)
    quote = np.full(pairs.size, setup.quote)
    np.add.at(state.holdings.size, (path, c), -seized)
    np.add.at(state.holdings.size, (path, d), repaid)
    # The keeper pays the lenders the interest accrued on what it repays, in quote.
    interest = repaid * calls.interest
    np.add.at(assets["pool"], (path, venue, quote), interest)
    np.add.at(assets["keeper"], (path, venue, quote), -interest)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[c]), seized)
    np.add.at(state.accounts.book_contracts, (path, rows.contract[d]), -repaid)
    np.add.at(assets["outside"], (path, venue, kc), seized)
    np.add.at(assets["pool"], (path, venue, kc), -seized)
    np.add.at(assets["pool"], (path, venue, kd), repaid)
    np.add.at(assets["outside"], (path, venue, kd), -repaid)
    gain = seized * exec_c - repaid * exec_d - taken.gas
    np.add.at(assets["keeper"], (path, venue, quote), gain)
    np.add.at(assets["outside"], (path, venue, quote), -gain)
    if state.journal is not None:
        note_calls(setup, state.journal, v, path, c, d, seized, repaid, interest, gain)
    fee = np.zeros(pairs.size)
    if race is not None:
        fee = priority_fee(setup, state, race, v, path, unit, gain - interest, taken.rivals, tape)
    tape.write(
        step,
        EventKind.LIQUIDATION,
        path,
        unit,
        leg=breach.leg[pairs],
        notional=seized * calls.c_price,
        keeper=interest - gain + fee,
        fee=fee,
    )
