"""A Case: book, market, venue rulebooks and limits; everything `seawall check` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from seawall.book import Book
from seawall.case.impairment_kinds import KINDS, ImpairmentKind
from seawall.crowd import CrowdSpec
from seawall.foundation.errors import InputError
from seawall.market import Market
from seawall.venues import Rulebook


@dataclass(frozen=True)
class Limit:
    """A bound on a reported number.

    measure     one of LIMIT_MEASURES, or NUMBER: then ``number`` is the path of any number
                (`case.number_path`); ``scope`` a scope of the results, "" for a number;
                ``horizon_seconds`` for what has one
    maximum     in the number's own unit; of ``maximum`` and ``minimum`` exactly one is given
    end         "low" or "high": that end of the number's simulation interval is held to the bound
    hysteresis  share of the bound by which a value has to come back before an alert is cleared
    after       reports in a row that have to breach before an alert is raised
    """

    name: str
    measure: str
    scope: str
    maximum: float | None = None
    horizon_seconds: float | None = None
    number: str | None = None
    minimum: float | None = None
    end: str | None = None
    hysteresis: float = 0.1
    after: int = 1

    @property
    def bound(self) -> float:
        """The maximum, or the minimum."""
        bound = self.maximum if self.minimum is None else self.minimum
        if bound is None or (self.maximum is not None and self.minimum is not None):
            raise InputError(
                f"limit {self.name!r} needs a maximum or a minimum", expected="one of them"
            )
        return bound


NUMBER = "number"
# Measures that have a simulation interval, an end of which can be limited.
WITH_INTERVAL = ("dre", "fund_ruin", "var_95", "var_975", "var_99", "es_95", "es_975", "es_99")


LIMIT_MEASURES = {
    "dre": "probability of first impairment within the horizon",
    "model_high": "upper end of the model interval of DRE",
    "expected_loss": "mean loss given impairment, quote",
    "expected_shortfall": "mean of the worst losses given impairment, quote",
    "open_interest_share": "largest share of an instrument's open interest held by one owner",
    "days_to_exit": "longest time to close an owner's net position in an asset, days",
    "fund_ruin": "probability that bad debt exceeds what the insurance layer holds",
    "bad_debt": "mean bad debt, quote",
    "var_95": "value at risk of a desk at 95%, on the paths, quote",
    "var_975": "the same at 97.5%",
    "var_99": "the same at 99%",
    "es_95": "expected shortfall of a desk at 95%, on the paths, quote",
    "es_975": "the same at 97.5%",
    "es_99": "the same at 99%",
}


@dataclass(frozen=True)
class Case:
    """The whole question. ``book`` holds the accounts given; ``crowds`` are generated beside them.

    step_seconds     length of one step of the paths
    max_age_seconds  oldest market age, relative to as_of, on which a verdict is given
    loss_fraction    theta: a desk is impaired when it loses more than this share of its equity
    impairments      kinds that count as impairment of a desk
    digest           SHA-256 of all input files, in hexadecimal
    files            {name inside the case folder: SHA-256 of its bytes}; empty if none was read
    """

    name: str
    as_of: datetime
    quote: str
    step_seconds: float
    book: Book
    market: Market
    rulebooks: Mapping[str, Rulebook]
    limits: tuple[Limit, ...]
    crowds: tuple[CrowdSpec, ...]
    digest: str
    max_age_seconds: float = 86_400.0
    loss_fraction: float = 0.5
    impairments: tuple[ImpairmentKind, ...] = KINDS
    files: Mapping[str, str] = field(default_factory=dict)
