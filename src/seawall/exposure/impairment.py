"""When, how and where a desk or a venue is first impaired on each path of a tape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from seawall.book import AccountKind
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.cascade.tape import NEVER, EventKind, Tape
from seawall.case.impairment_kinds import KINDS, ImpairmentKind
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.liquidation.keeper_race import Keepers

# Relative: a vault that pays exactly what it holds is not ruined.
ROUNDING = 1e-9

# Events of an account by which each kind is told.
EVENTS = {
    ImpairmentKind.LIQUIDATION: (
        EventKind.LIQUIDATION,
        EventKind.BACKSTOP,
        EventKind.ADL_BANKRUPT,
    ),
    ImpairmentKind.ADL: (EventKind.ADL_WINNER, EventKind.POOL_CUT),
    ImpairmentKind.SOCIALISED: (EventKind.SOCIALISED,),
    ImpairmentKind.CLAIMS_LOST: (EventKind.CLAIMS_LOST,),
}


@dataclass(frozen=True)
class Impairment:
    """First impairment of one scope on each of p paths.

    step (p,) first step, NEVER if none; kind (p,) index into KINDS; unit, leg (p,) where it was,
    -1 unknown; by_kind {kind: (p,) first step of that kind}
    loss (p, h) what the scope has lost by each of the steps ``at`` (h,), rising, quote, loss > 0;
    ``at`` None: by every step, the start included
    """

    step: Ints
    kind: Ints
    unit: Ints
    leg: Ints
    by_kind: dict[ImpairmentKind, Ints]
    loss: Floats
    at: Ints | None = None

    def loss_by(self, step: int) -> Floats:
        """What the scope has lost by a step (p,); InputError where that was not kept."""
        if self.at is None:
            return self.loss[:, step]
        return self.loss[:, place_of(step, self.at, "loss")]

    def kept_by(self, steps: Ints) -> Impairment:
        """The same with the losses by these steps alone, in memory of their own."""
        losses = [self.loss_by(step) for step in steps.tolist()]
        return replace(self, loss=np.stack(losses, axis=1), at=steps)


def place_of(step: int, kept: Ints, what: str) -> int:
    """Where a step stands among the steps kept (h,), rising; InputError where it was not kept."""
    n = int(np.searchsorted(kept, step))
    if n == kept.size or kept[n] != step:
        raise InputError(
            f"the {what} by step {step} was not kept",
            expected=f"one of {', '.join(str(one) for one in kept)}",
        )
    return n


def desks(setup: Setup) -> tuple[str, ...]:
    """Owners of desk accounts, in book order."""
    book = setup.book
    owners = [
        owner
        for owner, kind in zip(book.account_owner, book.account_kind, strict=True)
        if kind is AccountKind.DESK
    ]
    return tuple(dict.fromkeys(owners))


def desk_columns(setup: Setup, owner: str) -> Ints:
    """Which columns of ``Tape.desk_equity`` belong to this owner."""
    owners = [setup.book.account_owner[setup.table.units.account[u]] for u in setup.desk_units]
    return np.flatnonzero(np.array([name == owner for name in owners], dtype=bool))


def desk_impairment(
    setup: Setup,
    tape: Tape,
    owner: str,
    *,
    loss_only: bool = False,
    equity: float | None = None,
) -> Impairment:
    """First impairment of a desk: any of its accounts, or its loss above theta of its equity.

    Of the kinds only those that the Case counts can be the first; ``by_kind`` has all of them.
    ``loss_only`` counts the loss alone, whatever the Case counts (scope desk:OWNER/loss). What the
    owner paid in counts as lost unless equity still has it; what the owner took out is not lost.
    ``equity``: what theta is taken of, quote; by default the desk's own at the start.
    """
    return _impaired(setup, tape, desk_columns(setup, owner), loss_only, equity)


def account_impairment(setup: Setup, tape: Tape, account: int) -> Impairment:
    """First impairment of one account of a desk (index in the book), as if it had no other."""
    owned = setup.table.units.account[setup.desk_units]
    return _impaired(setup, tape, np.flatnonzero(owned == account), False, None)


def desk_accounts(setup: Setup) -> Ints:
    """Indices in the book of the desks' accounts that hold anything, in book order."""
    return np.unique(setup.table.units.account[setup.desk_units])


def _impaired(
    setup: Setup, tape: Tape, columns: Ints, loss_only: bool, equity: float | None
) -> Impairment:
    units = setup.desk_units[columns]
    by_unit = tape.desk_equity[:, :, columns]
    total = np.zeros(by_unit.shape[:2])
    for n in range(columns.size):  # in this order, however many paths are looked at together
        total += by_unit[:, :, n]
    loss = total[:, :1] - total
    own = np.isin(tape.unit, units) & np.isin(
        tape.kind, (EventKind.TOP_UP, EventKind.OWN_WITHDRAWAL)
    )
    if own.any():
        loss = loss + _paid_in(tape, own)
    steps = {kind: np.full(tape.paths, NEVER) for kind in KINDS}
    where = {kind: np.full((tape.paths, 2), -1) for kind in KINDS}
    theta = setup.case.loss_fraction
    over = loss > theta * np.maximum(total[:, :1] if equity is None else equity, 0.0)
    over[:, 0] = False
    hit = over.any(axis=1)
    first = np.where(hit, over.argmax(axis=1), NEVER)
    steps[ImpairmentKind.LOSS_FRACTION] = first
    at = np.where(hit, first, 0)
    change = by_unit[np.arange(tape.paths), at] - by_unit[:, 0]
    where[ImpairmentKind.LOSS_FRACTION][:, 0] = units[change.argmin(axis=1)] if units.size else -1
    if not loss_only:
        _from_events(tape, units, steps, where)
        negative = tape.first_negative[:, columns]
        steps[ImpairmentKind.NEGATIVE_EQUITY] = negative.min(axis=1, initial=NEVER)
        if units.size:
            where[ImpairmentKind.NEGATIVE_EQUITY][:, 0] = units[negative.argmin(axis=1)]
    counted = (ImpairmentKind.LOSS_FRACTION,) if loss_only else setup.case.impairments
    never = np.full(tape.paths, NEVER)
    table = np.stack([steps[kind] if kind in counted else never for kind in KINDS])
    kind = table.argmin(axis=0)
    chosen = np.stack([where[name] for name in KINDS])[kind, np.arange(tape.paths)]
    return Impairment(table.min(axis=0), kind, chosen[:, 0], chosen[:, 1], steps, loss)


def _paid_in(tape: Tape, own: Bools) -> Floats:
    """What owners paid in so far, less what they took out (p, s + 1), quote, by chosen events."""
    paid = np.zeros(tape.desk_equity.shape[:2])
    signed = np.where(tape.kind[own] == EventKind.TOP_UP, 1.0, -1.0) * tape.notional[own]
    np.add.at(paid, (tape.path[own], tape.step[own]), signed)
    return np.cumsum(paid, axis=1)


def _from_events(
    tape: Tape,
    units: Ints,
    steps: dict[ImpairmentKind, Ints],
    where: dict[ImpairmentKind, Ints],
) -> None:
    mine = np.isin(tape.unit, units)
    for kind, codes in EVENTS.items():
        index = np.flatnonzero(mine & np.isin(tape.kind, codes))[::-1]
        # Written backwards, so that the earliest event of each path is written last.
        steps[kind][tape.path[index]] = tape.step[index]
        where[kind][tape.path[index]] = np.stack([tape.unit[index], tape.leg[index]], axis=1)


def venue_impairment(setup: Setup, tape: Tape, venue: int | None) -> Impairment:
    """First time that bad debt exceeds what a venue's insurance layer holds (None: any venue).

    That is the first ADL or socialised loss; a deficit that the vault, as payer of last resort,
    covers beyond its capital; or debt beyond collateral that is open at the end and larger than
    what fund and vault then hold (these two are of kind SOCIALISED); or the first claims on it that
    were lost. Loss is the venue's bad debt and its accounts' lost claims so far.
    """
    last = tape.desk_equity.shape[1] - 1
    of = setup.table.units.venue[tape.unit]
    mine = np.ones(of.size, dtype=bool) if venue is None else of == venue
    beyond = mine & ((tape.adl > 0) | (tape.socialised > 0))
    steps = {kind: np.full(tape.paths, NEVER) for kind in KINDS}
    for kind, amount in (
        (ImpairmentKind.ADL, tape.adl),
        (ImpairmentKind.SOCIALISED, tape.socialised),
    ):
        index = np.flatnonzero(beyond & (amount > 0))[::-1]
        steps[kind][tape.path[index]] = tape.step[index]
    claims = np.where(tape.kind == EventKind.CLAIMS_LOST, tape.notional, 0.0)
    index = np.flatnonzero(mine & (claims > 0))[::-1]
    steps[ImpairmentKind.CLAIMS_LOST][tape.path[index]] = tape.step[index]
    open_debt = tape.open_deficit.sum(axis=1) if venue is None else tape.open_deficit[:, venue]
    for v in range(len(setup.rulebooks)) if venue is None else (venue,):
        beneath = np.minimum(_vault_ruin(setup, tape, v), _open_ruin(setup, tape, v, last))
        earlier = np.minimum(steps[ImpairmentKind.SOCIALISED], beneath)
        steps[ImpairmentKind.SOCIALISED] = earlier
    table = np.stack([steps[kind] for kind in KINDS])
    none = np.full(tape.paths, -1)
    loss = np.zeros((tape.paths, last + 1))
    np.add.at(loss, (tape.path[mine], tape.step[mine]), (bad_debt(tape) + claims)[mine])
    loss = np.cumsum(loss, axis=1)
    loss[:, -1] += open_debt
    return Impairment(table.min(axis=0), table.argmin(axis=0), none, none, steps, loss)


def _vault_ruin(setup: Setup, tape: Tape, v: int) -> Ints:
    """First step (p,) at which a vault of last resort has paid more than it ever had.

    What it had is its capital at the start, less what depositors took out, and the equity of the
    accounts it took over. What their positions earned or lost since is not counted.
    """
    rules = setup.rulebooks[v].waterfall
    steps = np.full(tape.paths, NEVER)
    if "backstop" not in rules.layers or "socialised" in rules.layers:
        return steps
    index = np.flatnonzero(setup.table.units.venue[tape.unit] == v)
    path, paid = tape.path[index], (tape.backstop + _withdrawn(tape))[index]
    # Events are in order of path, then time. Each path is summed by itself: a running sum over all
    # of them would leave the rounding of other paths in it.
    running = np.empty_like(paid)
    begin = np.searchsorted(path, np.arange(tape.paths + 1))
    for first, past in pairwise(begin.tolist()):
        np.cumsum(paid[first:past], out=running[first:past])
    over = (tape.kind[index] == EventKind.COVER) & (tape.backstop[index] > 0)
    over &= running > rules.backstop + ROUNDING * max(rules.backstop, 1.0)
    found = index[over][::-1]
    steps[tape.path[found]] = tape.step[found]
    return steps


def _open_ruin(setup: Setup, tape: Tape, v: int, last: int) -> Ints:
    """The last step (p,) where debt still open then is more than fund and vault have left."""
    rules = setup.rulebooks[v].waterfall
    mine = setup.table.units.venue[tape.unit] == v
    left = np.zeros(tape.paths)
    refilled = np.where(tape.kind == EventKind.FUND_FLOW, np.maximum(tape.notional, 0.0), 0.0)
    for layer, held, paid in (
        ("fund", rules.fund, tape.fund - fund_fees(setup, tape) - refilled),
        ("backstop", rules.backstop, tape.backstop + _withdrawn(tape)),
    ):
        if layer in rules.layers:
            left += np.maximum(held - segment_sums(paid[mine], tape.path[mine], tape.paths), 0.0)
    return np.where(tape.open_deficit[:, v] > left, last, NEVER)


def _withdrawn(tape: Tape) -> Floats:
    """What depositors took out of the venue's pool or vault with each event (e,), quote."""
    return np.where(tape.kind == EventKind.WITHDRAWN, tape.notional, 0.0)


def fund_fees(setup: Setup, tape: Tape) -> Floats:
    """The part of each event's fee (e,) that went to the insurance fund, quote.

    Below zero for what a full fund did not take of a fee already counted.
    """
    share = np.zeros(len(setup.rulebooks))
    for v, rulebook in enumerate(setup.rulebooks):
        rule, race = rulebook.liquidation, chosen(setup.mechanisms[v], "keepers", Keepers)
        # Where keepers race, the fee of an event is what the winner paid to be first.
        if race is not None:
            share[v] = float(race.priority_to == "fund")
        elif rule.fee > 0 and rule.fee_to == "fund":
            share[v] = rule.fee / (rule.fee + rulebook.taker_fee)
    refused = np.where(tape.kind == EventKind.FUND_FLOW, np.minimum(tape.notional, 0.0), 0.0)
    # What arbitrageurs gain on bands stands in the same column, and is nobody's fee.
    fee = np.where(tape.kind == EventKind.LIQUIDATION, tape.fee, 0.0)
    return fee * share[setup.table.units.venue[tape.unit]] + refused


def bad_debt(tape: Tape) -> Floats:
    """Negative equity after liquidation that each event left to others (e,), quote >= 0.

    What a thief takes out of fund and vault is no debt of anybody's.
    """
    borne = tape.fund + tape.adl + tape.socialised + np.maximum(tape.backstop, 0.0)
    return np.where(tape.kind == EventKind.STOLEN, 0.0, borne)
