"""What a scope lost on each path of a tape by a step, and who bore what: columns of money.

The first column is the scope's loss. Of a desk further columns say what each layer bore of its
deficits, as `who_pays` counts it (`account` is the desk itself). Of a venue or the protocol the
columns split the loss: what fund, vault, deleveraged winners and others paid of bad debt, claims
lost, and debt still open at the end.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.setup import Setup
from seawall.cascade.tape import EventKind, Tape
from seawall.exposure.impairment import (
    Impairment,
    desk_columns,
    desk_impairment,
    fund_fees,
    venue_impairment,
)
from seawall.exposure.payers import PAYERS
from seawall.foundation.arrays import segment_sums

OF_DESK = PAYERS
OF_VENUE = ("fund", "backstop", "adl", "socialised", "claims_lost", "open_deficit")


def owner_of(scope: str) -> str | None:
    """The desk of a scope; None of a venue or the protocol."""
    kind, _, rest = scope.partition(":")
    return rest.removesuffix("/loss") if kind == "desk" else None


def payers_of(scope: str) -> tuple[str, ...]:
    """Names of the columns after the loss."""
    return OF_VENUE if owner_of(scope) is None else OF_DESK


def impairment_of(setup: Setup, tape: Tape, scope: str) -> Impairment:
    """First impairment of one scope of the results."""
    owner = owner_of(scope)
    if owner is not None:
        return desk_impairment(setup, tape, owner, loss_only=scope.endswith("/loss"))
    name = scope.partition(":")[2]
    return venue_impairment(setup, tape, setup.table.venues.index(name) if name else None)


def losses(setup: Setup, tape: Tape, scope: str, step: int) -> Floats:
    """Columns (p, 1 + payers) of money, quote, loss > 0, by a step."""
    loss = impairment_of(setup, tape, scope).loss_by(step)
    owner = owner_of(scope)
    if owner is not None:
        units = np.zeros(setup.is_desk.size, dtype=bool)
        units[setup.desk_units[desk_columns(setup, owner)]] = True
        return np.stack(
            [loss, loss, *_borne(setup, tape, units[tape.unit] & (tape.step <= step))], 1
        )
    name = scope.partition(":")[2]
    mine = tape.step <= step
    open_debt = tape.open_deficit.sum(axis=1)
    if name:
        v = setup.table.venues.index(name)
        mine &= setup.table.units.venue[tape.unit] == v
        open_debt = tape.open_deficit[:, v]
    if step < tape.desk_equity.shape[1] - 1:
        open_debt = np.zeros(tape.paths)
    owed = mine & (tape.kind != EventKind.STOLEN)
    borne = [tape.fund, np.maximum(tape.backstop, 0.0), tape.adl, tape.socialised]
    columns = [_sum(tape, column, owed) for column in borne]
    columns.append(_sum(tape, tape.notional, mine & (tape.kind == EventKind.CLAIMS_LOST)))
    return np.stack([loss, *columns, open_debt], axis=1)


def _borne(setup: Setup, tape: Tape, mine: Bools) -> list[Floats]:
    """What each layer bore of a desk's deficits, as `who_pays` counts it."""
    out = []
    for payer in PAYERS[1:]:
        column = getattr(tape, payer)
        out.append(_sum(tape, column - fund_fees(setup, tape) if payer == "fund" else column, mine))
    return out


def _sum(tape: Tape, column: Floats, mine: Bools) -> Floats:
    return segment_sums(column[mine], tape.path[mine], tape.paths)
