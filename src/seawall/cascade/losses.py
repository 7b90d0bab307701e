"""What happens to a deficit after the account is closed: fund, vault, socialised loss, in the
venue's order; each dollar lands on exactly one payer (law L4).
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.breakers import count_losses, shut
from seawall.cascade.fills import pay
from seawall.cascade.fund import from_fund, note_empty
from seawall.cascade.setup import Setup
from seawall.cascade.socialising import socialise
from seawall.cascade.state import State, vault_equity
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.waterfall.insurance import absorb


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
    closed = shut(setup, state, step, v, path)
    for layer in rules.layers:
        asked = np.where(closed, 0.0, left)
        if layer == "fund":
            part = from_fund(setup, state, step, v, path, asked, tape)
        elif layer == "backstop":
            capital = np.zeros(state.depth.size)
            distinct = np.unique(path)
            capital[distinct] = vault_equity(setup, state, distinct, v)
            part = absorb(asked, path, capital)
        else:
            continue
        pay(setup, state, path, unit, part, layer)
        if layer == "fund":
            note_empty(setup, state, step, v, path, unit, part, tape)
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
                # Elsewhere the outside world keeps what it has advanced.
                rest &= state.switches.mutual[path]
                socialise(setup, state, step, v, path[rest], unit[rest], left[rest], tape)
    tape.write(step, EventKind.COVER, path, unit, **paid)
    outflow = paid["fund"] + paid["backstop"]
    count_losses(setup, state, step, v, path, unit, outflow, paid["socialised"], tape)
