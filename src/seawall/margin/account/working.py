"""How a margin was derived: a tree of named amounts, each with the rule that gave it.

Frameworks return it beside the `Requirement`; ``seawall margin --explain`` prints it, the JSON
holds it, and tests read single lines of it. Nothing is computed from a working: it only tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from seawall.book.book import Floats
from seawall.margin.account.requirement import Requirement


@dataclass(frozen=True)
class Line:
    """One amount of a derivation.

    name   what it is, unique among its siblings: "worst shock", "basis contingency"
    value  the amount; an int where the venue counts in whole units, a text where it is a choice
    unit   "USDC", "BTC", "fraction", "" for a count or a text
    rule   how it came about, with the numbers put in: "|-10| x 60,000 x 0.05"
    parts  the lines it was made of, in the order in which the rule states them
    """

    name: str
    value: float | int | str | None
    unit: str = ""
    rule: str = ""
    parts: tuple[Line, ...] = ()

    def find(self, *names: str) -> Line:
        """The line reached by ``names``, each a name below the last, at any depth.

        Raises KeyError with the names on the way when there is none.
        """
        line = self
        for name in names:
            found = next((below for below in line.walk() if below.name == name), None)
            if found is None:
                raise KeyError(f"no line {name!r} below {line.name!r}")
            line = found
        return line

    def walk(self) -> Iterator[Line]:
        """All lines below this one, parents before their parts."""
        for part in self.parts:
            yield part
            yield from part.walk()


@dataclass(frozen=True)
class AccountMargin:
    """Requirement of one margin account (0-d arrays, quote) and its derivation."""

    requirement: Requirement
    working: Line

    @property
    def net_initial(self) -> float:
        """Equity - initial margin, quote: below 0 the account may not add risk."""
        return float(self.requirement.equity - self.requirement.initial)

    @property
    def net_maintenance(self) -> float:
        """Equity - maintenance margin, quote: below 0 the account may be liquidated."""
        return float(self.requirement.equity - self.requirement.maintenance)


def account_margin(
    equity: float, initial: float, maintenance: float, working: Line
) -> AccountMargin:
    """An AccountMargin from plain numbers, all in quote; requirements are what must be held."""
    requirement = Requirement(np.asarray(equity), np.asarray(initial), np.asarray(maintenance))
    return AccountMargin(requirement, working)


# A line that is made when it is asked for: where an account is asked in many markets nobody looks.
Told = Callable[[], Line]


@dataclass(frozen=True)
class MarketMargins:
    """Equity, initial and maintenance margin of one account in each of m markets, (m,) each.

    told  the derivation in the first of them, made when it is asked for
    """

    equity: Floats
    initial: Floats
    maintenance: Floats
    told: Told

    def first(self) -> AccountMargin:
        """Requirement and derivation in the first market."""
        return account_margin(
            float(self.equity[0]), float(self.initial[0]), float(self.maintenance[0]), self.told()
        )
