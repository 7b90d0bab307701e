"""The study `seawall mechanism attack`: the best attack on each price of a Case, what closes it."""

from __future__ import annotations

import math
from typing import Any

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.mechanism.attack.cost import move_and_hold, sold_at_once, sold_slowly
from seawall.mechanism.attack.search import (
    BORROW,
    LIQUIDATE,
    OPEN_INTEREST_SHARE,
    Best,
    Target,
    best,
    break_even_depth,
    closers,
    targets,
)

SCHEMA = "seawall/attack/1"
# Decay times over which the loop's attacker sells where the study lets it sell slowly.
SLOW_EXIT = 50.0


def attack(
    case: Case, *, share: float = OPEN_INTEREST_SHARE, capital: float = math.inf
) -> dict[str, Any]:
    """Rows by net, largest first: cost, gain and net of the best plan against each price, quote.

    ``share`` of an instrument's open interest that one owner gets quietly; ``capital``, quote, that
    the attacker can lay out. Raises InputError for a share outside 0 to 1 or no capital.
    """
    if not 0.0 < share <= 1.0 or not capital > 0.0:
        raise InputError(
            f"a share of {share:g} and a capital of {capital:g}",
            expected="a share above 0, at most 1, and a capital above 0",
        )
    setup = prepare(case)
    rows = [_row(setup, target) for target in targets(setup, share, capital)]
    return {
        "schema": SCHEMA,
        "case": case.name,
        "quote": case.quote,
        "open_interest_share": share,
        "capital": None if math.isinf(capital) else capital,
        "pays": sum(row["net"] > 0.0 for row in rows),
        "rows": sorted(rows, key=lambda row: -row["net"]),
    }


def _row(setup: Setup, target: Target) -> dict[str, Any]:
    plan = best(target, target.sight, target.prize, target.market.depth)
    pays = plan.net > 0.0
    return {
        "venue": setup.table.venues[target.venue],
        "asset": setup.table.assets[target.asset],
        "scheme": target.scheme,
        "direction": "up" if plan.factor > 1.0 else "down",
        "move": plan.factor - 1.0,
        "seen": plan.seen - 1.0,
        "hold_seconds": plan.hold_seconds,
        "size": plan.size,
        "capital": plan.capital,
        "cost": plan.cost,
        "gain": plan.gain,
        "net": plan.net,
        "pays": pays,
        "depth": target.market.depth,
        "break_even_depth": break_even_depth(target),
        "sources": target.sight.sources,
        "closed_by": closers(target) if pays else None,
        "plan": played(setup, target, plan) if pays and target.scheme != LIQUIDATE else None,
    }


def played(setup: Setup, target: Target, plan: Best) -> dict[str, Any]:
    """The plan as the market's slot ``attacker`` plays it in the loop, from the first step on."""
    market, step = target.market, setup.step_seconds
    moved = move_and_hold(market, plan.factor, plan.hold_seconds)
    slow = moved is not None and sold_slowly(market, moved) > sold_at_once(market, moved)
    out: dict[str, Any] = {
        "asset": setup.table.assets[target.asset],
        "venue": setup.table.venues[target.venue],
        "scheme": target.scheme,
        "move": plan.factor - 1.0,
        "at_seconds": step,
        "hold_seconds": plan.hold_seconds,
        "exit_seconds": SLOW_EXIT * market.recovery_seconds if slow else 0.0,
        "size": plan.size,
        "available": target.prize.available,
        "fee": market.fee,
    }
    if target.scheme == BORROW:
        out["borrow"] = setup.case.quote
    return out
