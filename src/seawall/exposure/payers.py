"""Who pays: the loss on impaired paths by payer, in parts that add up.

account = what the desk itself loses by the horizon (for a protocol: what the accounts that were
closed by force lose over the run); backstop, fund, adl and socialised = what each bore of those
accounts' deficits, the fund less the liquidation fees that it earned on them; keeper = minus what
keepers earned on them. The sum is what the market took, and the venue by its taker fees.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.exposure.impairment import Impairment, fund_fees
from seawall.foundation.arrays import segment_sums

PAYERS = ("account", "keeper", "backstop", "fund", "adl", "socialised")


def borne_by(setup: Setup, tape: Tape, units: Bools, step: int) -> Floats:
    """What each payer but the account itself bore by a step (p, 5), quote, loss > 0.

    units (u,) bool: whose deficits count
    """
    mine = units[tape.unit] & (tape.step <= step)
    amounts = []
    for payer in PAYERS[1:]:
        column = getattr(tape, payer)
        if payer == "fund":
            column = column - fund_fees(setup, tape)
        amounts.append(segment_sums(column[mine], tape.path[mine], tape.paths))
    return np.stack(amounts, axis=1)


def who_pays(
    borne: Floats, impairment: Impairment, step: int, own_loss: Floats
) -> tuple[dict[str, float], dict[str, float]]:
    """Mean amounts per impaired path and per path, quote, loss > 0, by payer.

    borne (p, 5) quote: as `borne_by` of the same step; own_loss (p,) quote: what those accounts
    lost.
    """
    paths = own_loss.size
    amounts = dict(zip(PAYERS, (own_loss, *np.ascontiguousarray(borne.T)), strict=True))
    impaired = impairment.step <= step
    count = int(np.count_nonzero(impaired))
    given = {
        payer: float(amount[impaired].sum()) / count if count else 0.0
        for payer, amount in amounts.items()
    }
    return given, {payer: float(amount.sum()) / paths for payer, amount in amounts.items()}
