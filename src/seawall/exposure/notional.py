"""Gross notional at the start: of each row of the margin table, of each option, by asset."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.setup import Setup
from seawall.foundation.arrays import segment_sums
from seawall.margin.table.margin_table import RowKind


def row_notional(setup: Setup) -> Floats:
    """Notional of each row (r,), quote >= 0; an inverse contract's size is quote."""
    rows = setup.table.rows
    price = np.where(rows.kind == RowKind.INVERSE, 1.0, setup.spot[rows.asset])
    notional: Floats = np.abs(rows.size * price)
    return notional


def option_notional(setup: Setup) -> Floats:
    """Notional of each option (o,) by its underlying, quote >= 0."""
    options = setup.table.options
    notional: Floats = np.abs(options.size * setup.spot[options.asset])
    return notional


def gross_notional(setup: Setup, rows: Bools, options: Bools) -> dict[str, float]:
    """Gross notional of chosen rows (r,) and options (o,), {asset: quote}.

    Added one by one, rows before options: the model interval's weights rest on these sums. Assets
    stand in the order in which they come first; those of none of the chosen are left out.
    """
    table = setup.table
    asset = np.concatenate([table.rows.asset[rows], table.options.asset[options]])
    value = np.concatenate([row_notional(setup)[rows], option_notional(setup)[options]])
    total = segment_sums(value, asset, len(table.assets))
    return {table.assets[k]: float(total[k]) for k in dict.fromkeys(asset.tolist())}
