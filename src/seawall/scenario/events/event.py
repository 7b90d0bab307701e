"""What is known of a real event, and what a kind of venue is like: facts as data, no computing.

An event says where prices went (knots), how much depth there was and when, who could not act, how
large the book was, and what was published of the outcome. A venue type says how crowds, keepers and
makers of that kind of venue behave; it is one set of numbers for all of its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    AMOUNT,
    FRACTION,
    POSITIVE_AMOUNT,
    POSITIVE_SECONDS,
    PRICE,
    SECONDS,
    SIGNED,
    VOLATILITY,
    Quantity,
)
from seawall.foundation.record import number, whole

# Events at which the numbers of a venue type were chosen, and events that they were then tried on.
FROZEN, SCORED = "frozen", "scored"
HEALTH = Quantity("a health factor from 1 to 100", 1.0, 100.0)
SPREAD = Quantity("a standard deviation of log-sizes, 0 to 5", 0.0, 5.0)
MULTIPLE = Quantity("a multiple above 0, to 1000", 0.0, 1_000.0, True)
LEVERAGE = Quantity("a median above 0, to 1000", 0.0, 1_000.0, True)
MOST_ACCOUNTS = 20_000


@dataclass(frozen=True)
class Source:
    """Where something was read, and what it says."""

    name: str
    says: str


@dataclass(frozen=True)
class Knots:
    """Prices of one asset that the market itself was seen at.

    seconds since the event's start, rising from 0; prices in quote
    basis    where they come from; ``assumed`` those that nobody published
    """

    seconds: tuple[float, ...] = number(SECONDS)
    prices: tuple[float, ...] = number(PRICE)
    basis: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.seconds[:-1], self.seconds[1:], strict=True))
        if len(self.seconds) != len(self.prices) or not self.seconds or not rising:
            raise InputError(
                f"knots at {len(self.seconds)} times have {len(self.prices)} prices",
                expected="as many prices as times, and times that rise",
            )
        if self.seconds[0] != 0.0:
            raise InputError(f"the first knot is at {self.seconds[0]:g} s", expected="one at 0")


@dataclass(frozen=True)
class Asset:
    """daily_volume, quote; volatility, annual, of the bridge between knots; depth, quote per unit
    of log-price (None: the venue type's multiple of the daily volume).
    """

    daily_volume: float = number(POSITIVE_AMOUNT)
    volatility: float = number(VOLATILITY)
    depth: float | None = number(POSITIVE_AMOUNT, None)


@dataclass(frozen=True)
class Contract:
    """A linear perpetual of a venue: its underlying, open interest (quote, one side counted; 0: no
    crowd trades it) and the share of the crowd's notional that is long.
    """

    venue: str
    underlying: str
    open_interest: float = number(AMOUNT)
    long_share: float = number(FRACTION, 0.5)


@dataclass(frozen=True)
class Lent:
    """A crowd of borrowers: debt in all, quote; shares of collateral and debt assets."""

    total_debt: float = number(POSITIVE_AMOUNT)
    collateral: Mapping[str, float] = number(FRACTION)
    debt: Mapping[str, float] = number(FRACTION)


@dataclass(frozen=True)
class Loans:
    """Borrowers of one kind, as published: health factors spread evenly from low to high.

    size_log_sd  spread of their debts, by quantiles of a lognormal law; total_debt in quote
    """

    venue: str
    collateral: str
    debt: str
    count: int = whole(1, MOST_ACCOUNTS)
    total_debt: float = number(POSITIVE_AMOUNT)
    health_low: float = number(HEALTH)
    health_high: float = number(HEALTH)
    size_log_sd: float = number(SPREAD, 0.0)


@dataclass(frozen=True)
class Traders:
    """Accounts of one kind, as published: sizes (base units, long > 0) and margin in all, quote."""

    venue: str
    contract: str
    count: int = whole(1, MOST_ACCOUNTS)
    size: float = number(SIGNED)
    entry: float = number(PRICE)
    margin: float = number(AMOUNT)


@dataclass(frozen=True)
class Outcome:
    """One published outcome as a range, and what was predicted of the simulation before it ran.

    measure    one of `seawall.mechanism.outcomes.MEASURES`; of ``asset`` or ``venue`` where it
               needs one
    published  (low, high) in ``unit``; ``rounded`` where one number was published and the range is
               the events page's rule around it
    predicted  (low, high) committed before the event was first run; None at frozen events
    """

    measure: str
    unit: str
    published: tuple[float, ...] = number(SIGNED)
    source: str = ""
    asset: str = ""
    venue: str = ""
    rounded: bool = False
    predicted: tuple[float, ...] | None = number(SIGNED, None)

    def __post_init__(self) -> None:
        for low_high in (self.published, self.predicted):
            if low_high is not None and (len(low_high) != 2 or low_high[0] > low_high[1]):
                raise InputError(
                    f"{self.measure} has the range {list(low_high)}", expected="[low, high]"
                )


@dataclass(frozen=True)
class Crowd:
    """How a venue type's generated accounts are: see `seawall.crowd.spec.CrowdSpec`."""

    accounts: int = whole(1, MOST_ACCOUNTS)
    leverage_median: float = number(LEVERAGE)
    leverage_log_sd: float = number(SPREAD)
    size_log_sd: float = number(SPREAD)
    positions_mean: float = number(MULTIPLE, 1.0)


@dataclass(frozen=True)
class Makers:
    """How a venue type's market takes orders.

    depth_of_volume   depth, quote per unit of log-price, over daily volume
    recovery_seconds  with which temporary impact decays; permanent_share of it that stays
    common            correlation of the noise between knots
    """

    depth_of_volume: float = number(MULTIPLE)
    recovery_seconds: float = number(POSITIVE_SECONDS)
    permanent_share: float = number(FRACTION)
    common: float = number(FRACTION)


@dataclass(frozen=True)
class VenueType:
    """One set of numbers for all events of a kind; ``rulebook`` as a rulebook file has it."""

    name: str
    title: str
    crowd: Crowd
    makers: Makers
    rulebook: Mapping[str, object]


@dataclass(frozen=True)
class Event:
    """One event.

    name, title, what  its file's name, a headline, two or three sentences
    start              UTC; steps of ``step_seconds`` over ``duration_seconds``
    venues             {name: what its rulebook has otherwise than the type's}
    mechanisms         slots of the market but failures; ``failures`` tables of that slot
    assumptions        what nobody published, in sentences
    """

    name: str
    title: str
    what: str
    start: datetime
    venue_type: VenueType
    role: str
    quote: str
    step_seconds: float
    duration_seconds: float
    sources: tuple[Source, ...]
    assumptions: tuple[str, ...]
    assets: Mapping[str, Asset]
    knots: Mapping[str, Knots]
    contracts: Mapping[str, Contract]
    lent: Mapping[str, Lent]
    loans: tuple[Loans, ...]
    traders: tuple[Traders, ...]
    venues: Mapping[str, Mapping[str, object]]
    outcomes: tuple[Outcome, ...]
    mechanisms: Mapping[str, object] = field(default_factory=dict)
    failures: Mapping[str, object] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Whole steps of the event."""
        return round(self.duration_seconds / self.step_seconds)
