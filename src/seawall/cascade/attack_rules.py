"""The strategic attacker's plan on the indexes of the loop, and what it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.agents.attacker import BORROW, WITHDRAW, Attacker
from seawall.book.book import Bools, Floats
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.impact.law import ImpactLaw
from seawall.impact.target_flow import flow_that_moves
from seawall.instruments import Perpetual
from seawall.margin.table.listing import tiers_of
from seawall.margin.table.margin_table import MarginTable, RowKind

SLOT = "attacker"
ACCOUNT = "attacker/plan"
NOBODY = -1


@dataclass(frozen=True)
class AttackRule:
    """The plan and where it acts: indexes of the loop; ``flow`` in depths that makes the move.

    unit   of the attacker's account; row: its position or collateral, debt: its loan, -1 if none
    initial  initial margin rate of its position
    """

    rule: Attacker
    venue: int
    asset: int
    unit: int
    row: int
    debt: int
    initial: float
    flow: float


@dataclass
class AttackMemory:
    """cash (p,) quote the attacker has received, less what it paid; units (p,) of the asset.

    acts (p,): nobody attacks on safe paths, nor where no order moves a price.
    """

    asset: int
    acts: Bools
    cash: Floats
    units: Floats


def traded_perpetual(case: Case, asset: str) -> Perpetual | None:
    """The instrument of an attacker's position: the first linear perpetual on an asset."""
    for item in case.book.instruments:
        if isinstance(item, Perpetual) and item.underlying == asset and item.settle == case.quote:
            return item
    return None


def compile_attack(
    case: Case,
    slot: object,
    table: MarginTable,
    names: Sequence[str],
    law: ImpactLaw,
    strength: Floats,
) -> AttackRule | None:
    """The plan of a Case, None without the slot; ``names`` of the book's accounts.

    Raises InputError for an unknown venue or asset, a venue that cannot pay what the scheme takes,
    and a move that no flow makes.
    """
    if not isinstance(slot, Attacker):
        return None
    k = _index(table.assets, slot.asset, "asset")
    v = _index(table.venues, slot.venue, "venue")
    flow = flow_that_moves(law, float(strength[k]), 1.0 + slot.move)
    if flow is None:
        raise _refuse(f"no flow moves {slot.asset} by {slot.move:g}", "a smaller move")
    unit = int(np.flatnonzero(table.units.account == names.index(ACCOUNT))[0])
    rulebook = case.rulebooks[slot.venue]
    lends = rulebook.liquidation.style == "keeper"
    row = debt = NOBODY
    initial = 0.0
    if slot.scheme == WITHDRAW:
        item = traded_perpetual(case, slot.asset)
        if lends or item is None:
            raise _refuse(
                f"{slot.venue} has no linear perpetual on {slot.asset} to take a position in",
                "an order-book venue and an instrument of the Case",
            )
        row = int(np.flatnonzero((table.rows.unit == unit) & (table.rows.position >= 0))[0])
        tiers = [tier for tier in tiers_of(rulebook, item) if tier.lower_bound <= slot.size]
        initial = 1.0 / tiers[-1].max_leverage
    if slot.scheme == BORROW:
        if not lends:
            raise _refuse(f"{slot.venue} lends nothing", "a lending venue")
        _index(table.assets, slot.borrow or "", "asset")
        row, debt = (_balance(table, unit, name) for name in (slot.asset, slot.borrow or ""))
        if row == debt or table.rows.shortfall[row] >= 1.0:
            raise _refuse(f"{slot.venue} takes no {slot.asset} as collateral", "one that it takes")
        if table.rows.initial_shortfall[row] >= 1.0:
            raise _refuse(f"{slot.venue} lends nothing on {slot.asset}", "a loan_to_value above 0")
    return AttackRule(slot, v, k, unit, row, debt, initial, flow)


def begin_attack(rule: AttackRule | None, depth: Floats, safe: Bools | None) -> AttackMemory | None:
    """Nothing owned, nothing paid; ``depth`` (p,) factor of each path's world."""
    if rule is None:
        return None
    acts = np.isfinite(depth) if safe is None else np.isfinite(depth) & ~safe
    return AttackMemory(rule.asset, acts, np.zeros(depth.size), np.zeros(depth.size))


def _balance(table: MarginTable, unit: int, asset: str) -> int:
    rows = table.rows
    mine = (rows.unit == unit) & (rows.kind == RowKind.BALANCE)
    return int(np.flatnonzero(mine & (rows.asset == table.assets.index(asset)))[0])


def _index(known: Sequence[str], name: str, what: str) -> int:
    if name not in known:
        raise _refuse(f"the {what} {name!r} is not in the Case", choices(name, known))
    return known.index(name)


def _refuse(problem: str, expected: str) -> InputError:
    return InputError(f"[mechanisms.{SLOT}]: {problem}", file="market", expected=expected)
