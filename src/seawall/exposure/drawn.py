"""The three blocks that the page draws: liquidation map, grid of P&L, fan of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.cascade.setup import Setup
from seawall.cascade.watch import Watch
from seawall.exposure.fan import fan_block
from seawall.exposure.impairment import desks
from seawall.exposure.liquidation_map import liquidation_map
from seawall.exposure.pnl_grid import pnl_grid
from seawall.exposure.shocked import Shocked
from seawall.exposure.summary import Summary


def focus_of(assets: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """The asset that breaks first where it is among ``assets``, else the first of them; "" of none.

    rows: `first_to_break`.
    """
    first = [str(row["underlying"]) for row in rows[:1] if row["underlying"] in assets]
    return [*first, *assets, ""][0]


def drawn_blocks(
    setup: Setup,
    kept: Summary,
    watch: Watch | None,
    result: Mapping[str, Any],
    assets: tuple[str, ...],
    shocked: Shocked | None,
) -> dict[str, Any]:
    """`liquidation_map`, `pnl_grid` and `fan` of the result; None where there is nothing to draw.

    kept: of the base world; result: with ``first_to_break`` and ``headline``; assets: those that
    are shocked, and ``shocked`` what the shocks did.
    """
    rows = result["first_to_break"]
    mine = str(result["headline"]).removeprefix("desk:")
    owners = sorted(desks(setup), key=lambda owner: owner != mine)
    breaks = [str(row["underlying"]) for row in rows[:1] if row["underlying"]]
    return {
        "liquidation_map": liquidation_map(setup, assets, shocked, focus_of(assets, rows))
        if assets
        else None,
        "pnl_grid": pnl_grid(setup, owners),
        "fan": None
        if watch is None
        else fan_block(setup, kept, watch, rows, [*breaks, focus_of(assets, rows)][0]),
    }
