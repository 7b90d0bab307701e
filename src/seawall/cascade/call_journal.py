"""A keeper's call in the journal: both legs of the loan, interest, and the keeper's own trade."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.journal import Journal
from seawall.cascade.setup import Setup


def note_calls(
    setup: Setup,
    journal: Journal,
    v: int,
    path: Ints,
    c: Ints,
    d: Ints,
    seized: Floats,
    repaid: Floats,
    interest: Floats,
    gain: Floats,
) -> None:
    """Calls (n,) on collateral rows ``c`` and debt rows ``d`` of venue ``v``.

    seized, repaid: units; interest and gain: quote, paid by the keeper and earned by it.
    """
    rows, cells = setup.table.rows, journal.cells
    quote = np.full(path.size, setup.quote)
    kc, kd = rows.asset[c], rows.asset[d]
    journal.move(path, cells.row(c), cells.contract("book", rows.contract[c]), seized)
    journal.move(path, cells.contract("book", rows.contract[d]), cells.row(d), repaid)
    journal.move(path, cells.system("pool", v, kc), cells.system("outside", v, kc), seized)
    journal.move(path, cells.system("outside", v, kd), cells.system("pool", v, kd), repaid)
    keeper = cells.system("keeper", v, quote)
    journal.move(path, keeper, cells.system("pool", v, quote), interest)
    journal.move(path, cells.system("outside", v, quote), keeper, gain)
