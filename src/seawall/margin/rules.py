"""A rulebook whose margin rule has been read once: what is asked of it again and again.

`net_margin` answers for many shifted markets at once: over all of them in columns where the
framework has such a form in `seawall.margin.many_markets.along`, else one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from seawall.book.book import Floats
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.shifts import Evaluate, NetMargin, Shifts, moved
from seawall.margin.account.working import AccountMargin
from seawall.margin.frameworks import Framework, framework_of, margin_table
from seawall.margin.tiered.tiered_margin import TieredMargin, jump_factors
from seawall.venues import Rulebook


@dataclass(frozen=True)
class Rules:
    """A rulebook, its framework and that framework's parameters."""

    rulebook: Rulebook
    framework: Framework
    parameters: Any

    def assess(self, account: MarginAccount) -> AccountMargin:
        """Requirement and working of one margin account."""
        return self.framework.assess(self.parameters, account)


def rules_of(rulebook: Rulebook) -> Rules:
    """The rules read once; raises InputError or MissingRule as the framework's reader does."""
    return _read(_Same(rulebook))


@dataclass(frozen=True, eq=False)
class _Same:
    """A rulebook as a key: the same object, not an equal one (its tables cannot be hashed)."""

    rulebook: Rulebook

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.rulebook is other.rulebook

    def __hash__(self) -> int:
        return id(self.rulebook)


# Rulebooks are frozen, so reading one again finds the same; a desk's venues, not a session's.
@lru_cache(maxsize=32)
def _read(key: _Same) -> Rules:
    rulebook, framework = key.rulebook, framework_of(key.rulebook)
    return Rules(rulebook, framework, framework.read(rulebook, margin_table(rulebook)))


def net_margin(rules: Rules, account: MarginAccount) -> Evaluate:
    """A function of `Shifts`: equity, maintenance and initial margin in each of their markets."""
    from seawall.margin.many_markets.along import ALONG

    prepare = ALONG.get(rules.rulebook.framework)
    evaluate = None if prepare is None else prepare(rules.parameters, account)
    return evaluate if evaluate is not None else one_by_one(rules, account)


def turning_points(rules: Rules, account: MarginAccount, asset: str) -> Floats:
    """Factors (j,) on one asset's price to look at in a search, as margin jumps beside them."""
    if isinstance(rules.parameters, TieredMargin):
        return jump_factors(rules.parameters, account, asset)
    return np.zeros(0)


def one_by_one(rules: Rules, account: MarginAccount) -> Evaluate:
    """The same, market by market through the framework itself: slow and obvious."""

    def evaluate(shifts: Shifts) -> NetMargin:
        out = np.empty((3, shifts.count))
        for n in range(shifts.count):
            spot = dict.fromkeys(shifts.assets, float(shifts.spot[n]))
            volatility = dict.fromkeys(shifts.assets, float(shifts.volatility[n]))
            found = rules.assess(moved(account, spot, volatility)).requirement
            out[:, n] = float(found.equity), float(found.maintenance), float(found.initial)
        return NetMargin(out[0], out[1], out[2])

    return evaluate
