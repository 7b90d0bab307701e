"""DRE of every account of a Case, crowd included; in columns.

An account counts as impaired on a path on which the venue closed it by force, in part or in full:
the one kind that leaves an event for each account. Deleveraging of winners, socialised losses,
claims lost, equity below zero and the loss of theta are written down for desks alone, and are
counted in the scopes account:NAME of their accounts. Intervals are Wilson's, over paths.
Wrong, in that it is too low, for winners where a venue deleverages and where losses are socialised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.case.impairment_kinds import ImpairmentKind
from seawall.exposure.proportion import Z95
from seawall.exposure.summary import Summary
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError

# Accounts that the result names: those with the largest DRE times equity.
SHOWN = 20
TENTHS = np.arange(11) / 10.0
# Paths whose bits are unpacked at once.
PATHS_AT_ONCE = 64


@dataclass(frozen=True)
class AccountTable:
    """One row per account that holds anything, in book order: (a,) each.

    names, venues, owners, owner_kinds: who each is; equity at the start, quote, over its units
    hits     paths on which it is impaired within the horizon; probability, low, high: hits / paths
    paths    of the run
    """

    names: tuple[str, ...]
    venues: tuple[str, ...]
    owners: tuple[str, ...]
    owner_kinds: tuple[str, ...]
    equity: Floats
    hits: Ints
    probability: Floats
    low: Floats
    high: Floats
    paths: int


Receive = Callable[[AccountTable], None]


def account_table(setup: Setup, kept: Summary) -> AccountTable:
    """Chance of a forced liquidation of each account by the last step kept.

    Raises InputError where the Case does not count liquidations.
    """
    if ImpairmentKind.LIQUIDATION not in setup.case.impairments:
        raise InputError(
            "liquidation does not count, and no other kind is known of every account",
            file="--accounts",
            expected="liquidation among the kinds that count",
        )
    units = setup.table.units
    accounts = np.unique(units.account)
    number = np.searchsorted(accounts, units.account)
    # Each account once per path, however often it was closed.
    hits = np.zeros(accounts.size, dtype=np.int64)
    for first in range(0, kept.paths, PATHS_AT_ONCE):
        some = kept.accounts_closed[first : first + PATHS_AT_ONCE]
        hits += np.unpackbits(some, axis=1, count=accounts.size).sum(axis=0, dtype=np.int64)
    probability, low, high = wilson_columns(hits, kept.paths)
    book, who = setup.book, accounts.tolist()
    return AccountTable(
        names=tuple(book.account_names[n] for n in who),
        venues=tuple(book.account_venue[n] for n in who),
        owners=tuple(book.account_owner[n] for n in who),
        owner_kinds=tuple(str(book.account_kind[n].value) for n in who),
        equity=segment_sums(setup.start_equity[0], number, accounts.size),
        hits=hits,
        probability=probability,
        low=low,
        high=high,
        paths=kept.paths,
    )


def wilson_columns(hits: Ints, paths: int) -> tuple[Floats, Floats, Floats]:
    """Share of paths (a,) and Wilson's interval of each, as `proportion.wilson` one by one."""
    share = hits / paths
    scale = 1.0 + Z95 * Z95 / paths
    centre = (share + Z95 * Z95 / (2.0 * paths)) / scale
    spread = share * (1.0 - share) / paths + Z95 * Z95 / (4.0 * paths * paths)
    half = Z95 * np.sqrt(spread) / scale
    low = np.where(hits == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(hits == paths, 1.0, np.minimum(centre + half, 1.0))
    return share, low, high


def accounts_block(
    setup: Setup, kept: Summary, step: int, receive: Receive | None
) -> dict[str, dict[str, Any]]:
    """`by_account` of the result where it was asked for; ``receive`` is given the whole table."""
    if receive is None:
        return {}
    table = account_table(setup, kept)
    receive(table)
    at_stake = table.probability * np.maximum(table.equity, 0.0)
    order = np.argsort(-at_stake, kind="stable")[:SHOWN]
    return {
        "by_account": {
            "horizon_seconds": step * setup.step_seconds,
            "count": table.hits.size,
            "ever": int(np.count_nonzero(table.hits)),
            "paths": table.paths,
            "mean": float(table.probability.mean()),
            "deciles": np.quantile(table.probability, TENTHS).tolist(),
            "equity_at_stake": float(at_stake.sum()),
            "top": [
                {
                    "account": table.names[n],
                    "venue": table.venues[n],
                    "owner": table.owners[n],
                    "kind": table.owner_kinds[n],
                    "equity": float(table.equity[n]),
                    "probability": float(table.probability[n]),
                    "low": float(table.low[n]),
                    "high": float(table.high[n]),
                    "equity_at_stake": float(at_stake[n]),
                }
                for n in order.tolist()
                if table.hits[n]
            ],
        }
    }
