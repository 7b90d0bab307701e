"""An event as a Case: its market at the start, its venues by their type's rules, its book.

What the event publishes (prices, volume, open interest, debt, accounts) comes from its file; how
crowds, keepers and makers behave comes from its venue type, the same for all events of the type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from seawall.book import AccountKind, Book
from seawall.book.book import Floats
from seawall.case import Case
from seawall.crowd import CrowdSpec
from seawall.crowd.spec import LeverageMix
from seawall.foundation.elementary import exponential, inverse_normal
from seawall.instruments import Perpetual
from seawall.market import AssetState, Market, Scenario
from seawall.market.state import InstrumentState
from seawall.scenario.events import Event
from seawall.scenario.events.event import Loans, Traders
from seawall.venues import Rulebook
from seawall.venues.preset import require_rules, rulebook_from

# Seed of an event's crowds, the same in every run; another draw of them is so far on.
CROWD_SEED, NEXT_CROWD = 5, 1_000
INFINITE = float("inf")


def event_case(event: Event, crowd: int = 0) -> Case:
    """The Case of an event at its start, with the ``crowd``-th draw of its crowds.

    Raises InputError or MissingRule for an event whose tables do not fit together.
    """
    assets = {event.quote: AssetState(1.0, 1.0, 1.0, 0.0, INFINITE, INFINITE)}
    makers = event.venue_type.makers
    for name, asset in event.assets.items():
        price = event.knots[name].prices[0]
        depth = asset.depth or makers.depth_of_volume * asset.daily_volume
        assets[name] = AssetState(price, price, price, asset.volatility, depth, asset.daily_volume)
    rulebooks = {name: _rulebook(event, name) for name in event.venues}
    return Case(
        name=event.name,
        as_of=event.start,
        quote=event.quote,
        step_seconds=event.step_seconds,
        book=_book(event, tuple(assets), rulebooks),
        market=_market(event, assets),
        rulebooks=rulebooks,
        limits=(),
        crowds=_crowds(event, CROWD_SEED + NEXT_CROWD * crowd),
        digest=hashlib.sha256(repr(event).encode()).hexdigest(),
    )


def _rulebook(event: Event, name: str) -> Rulebook:
    raw = merged(event.venue_type.rulebook, event.venues[name])
    file = f"{event.name}, venue {name}"
    rulebook = rulebook_from({**raw, "name": name}, file=file)
    require_rules(rulebook, raw, file=file)
    return rulebook


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """``over`` on top of ``base``: tables key by key, everything else whole."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        out[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return out


def _market(event: Event, assets: Mapping[str, AssetState]) -> Market:
    makers = event.venue_type.makers
    names = list(event.assets)
    return Market(
        as_of=event.start,
        assets=assets,
        instruments={
            name: InstrumentState(open_interest=c.open_interest / assets[c.underlying].spot or None)
            for name, c in event.contracts.items()
        },
        scenario=Scenario(
            recovery_seconds=makers.recovery_seconds, permanent_share=makers.permanent_share
        ),
        correlation={(a, b): makers.common for n, a in enumerate(names) for b in names[n + 1 :]},
        mechanisms={
            **event.mechanisms,
            **({"failures": event.failures} if event.failures else {}),
        },
    )


def _crowds(event: Event, seed: int) -> tuple[CrowdSpec, ...]:
    """One crowd for each venue's contracts, one for each lender's loans."""
    kind = event.venue_type.crowd
    specs = []
    for number, venue in enumerate(event.venues):
        shares = {
            name: c.long_share
            for name, c in event.contracts.items()
            if c.venue == venue and c.open_interest > 0
        }
        lent = event.lent.get(venue)
        if not shares and lent is None:
            continue
        mix = LeverageMix(kind.leverage_median, kind.leverage_log_sd)
        specs.append(
            CrowdSpec(
                venue=venue,
                accounts=kind.accounts,
                seed=seed + number,
                leverage={"base": mix},
                kind="loans" if lent else "perpetuals",
                long_share=shares or None,
                size_log_sd=kind.size_log_sd,
                positions_mean=kind.positions_mean,
                collateral_mix=lent.collateral if lent else None,
                debt_mix=lent.debt if lent else None,
                total_debt=lent.total_debt if lent else 0.0,
            )
        )
    return tuple(specs)


@dataclass
class _Columns:
    """The named accounts of an event while they are written down."""

    venue: list[str] = field(default_factory=list)
    positions: list[tuple[int, int, float, float]] = field(default_factory=list)
    balances: list[tuple[int, int, float]] = field(default_factory=list)


def _book(event: Event, assets: tuple[str, ...], rulebooks: Mapping[str, Rulebook]) -> Book:
    columns, contracts = _Columns(), list(event.contracts)
    for traders in event.traders:
        _add_traders(columns, traders, contracts.index(traders.contract), assets, event.quote)
    for loans in event.loans:
        _add_loans(columns, event, loans, assets, rulebooks[loans.venue])
    number = len(columns.venue)
    position = np.array(columns.positions, dtype=float).reshape(-1, 4)
    balance = np.array(columns.balances, dtype=float).reshape(-1, 3)
    return Book(
        account_names=tuple(f"named-{n:05d}" for n in range(number)),
        account_venue=tuple(columns.venue),
        account_owner=tuple(f"named-{n:05d}" for n in range(number)),
        account_kind=(AccountKind.CROWD,) * number,
        instruments=tuple(
            Perpetual(name, c.underlying, event.quote) for name, c in event.contracts.items()
        ),
        assets=assets,
        position_account=position[:, 0].astype(np.int64),
        position_instrument=position[:, 1].astype(np.int64),
        size=position[:, 2],
        entry=position[:, 3],
        isolated=np.zeros(position.shape[0], dtype=bool),
        isolated_margin=np.zeros(position.shape[0]),
        balance_account=balance[:, 0].astype(np.int64),
        balance_asset=balance[:, 1].astype(np.int64),
        quantity=balance[:, 2],
    )


def _add_traders(
    columns: _Columns, traders: Traders, contract: int, assets: tuple[str, ...], quote: str
) -> None:
    for _ in range(traders.count):
        account = len(columns.venue)
        columns.venue.append(traders.venue)
        columns.positions.append((account, contract, traders.size / traders.count, traders.entry))
        columns.balances.append((account, assets.index(quote), traders.margin / traders.count))


def _add_loans(
    columns: _Columns, event: Event, loans: Loans, assets: tuple[str, ...], rulebook: Rulebook
) -> None:
    """Health factors on an even grid; sizes go round a lognormal law's quantiles, out of step."""
    price = {name: event.knots[name].prices[0] for name in event.assets} | {event.quote: 1.0}
    threshold = rulebook.collateral[loans.collateral].liquidation_threshold
    health = np.linspace(loans.health_low, loans.health_high, loans.count)
    for h, debt in zip(health, loan_sizes(loans), strict=True):
        account = len(columns.venue)
        columns.venue.append(loans.venue)
        worth = float(h * debt / threshold)
        c, d = assets.index(loans.collateral), assets.index(loans.debt)
        columns.balances.append((account, c, worth / price[loans.collateral]))
        columns.balances.append((account, d, -float(debt) / price[loans.debt]))


def loan_sizes(loans: Loans) -> Floats:
    """Debts (n,) quote: quantiles of a lognormal law in the order of multiples of the golden ratio,
    so that size says nothing about health; their sum is the total.
    """
    place = np.mod((np.arange(loans.count) + 0.5) * 0.6180339887498949, 1.0)
    rank = np.argsort(np.argsort(place))
    quantile = (rank + 0.5) / loans.count
    size = exponential(loans.size_log_sd * inverse_normal(quantile))
    return np.asarray(size * (loans.total_debt / size.sum()), dtype=np.float64)
