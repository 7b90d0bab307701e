"""What happens to a deficit after the account is closed: fund, vault, socialised loss, in the
venue's order; each dollar lands on exactly one payer (law L4).
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.fills import pay
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.wakeup import wake_units
from seawall.margin.table.assess import assess
from seawall.waterfall.insurance import absorb
from seawall.waterfall.socialise import haircut

# A share of a socialised loss below this is rounding.
DUST = 1e-12


def cover_deficits(
    setup: Setup, state: State, step: int, path: Ints, unit: Ints, tape: TapeWriter
) -> None:
    """Cover negative cash of closed units (n,) by the layers of their venue, and write it down."""
    table = setup.table
    settle = table.feed_asset[table.units.settle[unit]]
    deficit = -state.holdings.cash[path, unit] * state.market[path, settle]
    short = deficit > 0
    path, unit, deficit = path[short], unit[short], deficit[short]
    venue = table.units.venue[unit]
    for v in np.unique(venue):
        mine = venue == v
        _cover_venue(setup, state, step, int(v), path[mine], unit[mine], deficit[mine], tape)


def _cover_venue(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    path: Ints,
    unit: Ints,
    deficit: Floats,
    tape: TapeWriter,
) -> None:
    paid = {layer: np.zeros(deficit.size) for layer in ("fund", "backstop", "socialised")}
    left = deficit.copy()
    rules = setup.rulebooks[v].waterfall
    for layer in rules.layers:
        if layer == "fund":
            part = absorb(left, path, state.accounts.assets["fund"][:, v, setup.quote])
        elif layer == "backstop":
            capital = np.zeros(state.depth.size)
            distinct = np.unique(path)
            capital[distinct] = vault_equity(setup, state, distinct, v)
            part = absorb(left, path, capital)
        else:
            continue
        pay(setup, state, path, unit, part, layer)
        paid[layer] += part
        left = left - part
    rest = left > 0
    if rest.any():
        # The vault is the counterparty of last resort where the rulebook socialises nothing.
        if "backstop" in rules.layers and "socialised" not in rules.layers:
            pay(setup, state, path[rest], unit[rest], left[rest], "backstop")
            paid["backstop"][rest] += left[rest]
        else:
            pay(setup, state, path[rest], unit[rest], left[rest], "outside")
            paid["socialised"][rest] += left[rest]
            if setup.rulebooks[v].liquidation.style != "keeper":
                _socialise(setup, state, step, v, path[rest], left[rest], tape)
    tape.write(step, EventKind.COVER, path, unit, **paid)


def _socialise(
    setup: Setup, state: State, step: int, v: int, path: Ints, loss: Floats, tape: TapeWriter
) -> None:
    """Take a socialised loss from the equity of the venue's accounts, path by path.

    The outside world advanced it; what the accounts cannot bear stays there. Equity, because a
    unit's cash holds the cost of its positions: a short's is large and a long's negative.
    """
    table = setup.table
    members = np.flatnonzero(table.units.venue == v)
    for p in np.unique(path):
        total = float(np.sum(loss[path == p]))
        at = np.full(members.size, p)
        equity, _, _ = assess(table, state.holdings, state.quotes, at, members)
        taken = haircut(total, equity)
        # Cents of cents that rounding left on closed accounts are not anybody's share.
        hit = taken > DUST * total
        units, where = members[hit], np.full(int(hit.sum()), p)
        pay(setup, state, where, units, -taken[hit], "outside")
        wake_units(setup.wake, state.wake, where, units)
        desk = setup.is_desk[units]
        tape.write(step, EventKind.SOCIALISED, where[desk], units[desk], notional=taken[hit][desk])
