"""Who pays: the loss on impaired paths by payer, in parts that add up.

account = what the desk itself loses by the horizon (for a protocol: what the accounts that were
closed by force lose over the run); backstop, fund, adl and socialised = what each bore of those
accounts' deficits, the fund less the liquidation fees that it earned on them; keeper = minus what
keepers earned on them. The sum is what the market took, and the venue by its taker fees. Each mean
has its interval over paths (`mean_interval.py`), and so has their sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.exposure.impairment import Impairment, fund_fees
from seawall.exposure.mean_interval import mean_interval
from seawall.foundation.arrays import segment_sums

PAYERS = ("account", "keeper", "backstop", "fund", "adl", "socialised")
# Payers who are never paid; the others may gain.
NEVER_GAIN = ("adl", "socialised")


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


def who_pays(borne: Floats, impairment: Impairment, step: int, own_loss: Floats) -> dict[str, Any]:
    """The keys of `who_pays` of the result but its scope: mean amounts per impaired path and per
    path, quote, loss > 0, by payer, with their 95% intervals; and the sum of the former.

    borne (p, 5) quote: as `borne_by` of the same step; own_loss (p,) quote: what those accounts
    lost.
    """
    amounts = dict(zip(PAYERS, (own_loss, *np.ascontiguousarray(borne.T)), strict=True))
    impaired = impairment.step <= step
    given = {payer: amount[impaired] for payer, amount in amounts.items()}
    count = int(np.count_nonzero(impaired))
    means = {payer: float(mine.sum()) / max(count, 1) for payer, mine in given.items()}
    together = np.stack(list(given.values())).sum(axis=0)
    low, high = mean_interval(together)
    return {
        "who_pays": means,
        **_ends("who_pays", given),
        "who_pays_unconditional": {k: float(x.sum()) / own_loss.size for k, x in amounts.items()},
        **_ends("who_pays_unconditional", amounts),
        "who_pays_loss": sum(means[payer] for payer in PAYERS),
        "who_pays_loss_low": low,
        "who_pays_loss_high": high,
    }


def _ends(key: str, amounts: dict[str, Floats]) -> dict[str, dict[str, float | None]]:
    """The ends of each payer's mean, under keys of their own: a payer's amount stays a number."""
    found = {
        payer: mean_interval(mine, 0.0 if payer in NEVER_GAIN and mine.size else None)
        for payer, mine in amounts.items()
    }
    return {
        f"{key}_low": {payer: ends[0] for payer, ends in found.items()},
        f"{key}_high": {payer: ends[1] for payer, ends in found.items()},
    }
