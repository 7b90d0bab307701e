"""Hedgers and makers of a market, compiled from its slots, and what they remember on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.agents.hedgers import (
    Gammas,
    HedgeMemory,
    HedgeRule,
    OpenInterest,
    Pocket,
    Profile,
    Strike,
    Strikes,
    Trading,
    begin_hedgers,
)
from seawall.agents.makers import MakerMemory, MakerRule, Makers, begin_makers, compile_makers
from seawall.book.book import Floats
from seawall.cascade.table import Chosen, chosen, refuse_both
from seawall.case import Case
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.units import SECONDS_PER_DAY, SECONDS_PER_YEAR
from seawall.instruments import Option
from seawall.margin.table.margin_table import MarginTable

PERCENT = 100.0


@dataclass(frozen=True)
class CaseStrike(Strike):
    """A strike of the Case's own, with its forward over spot."""

    forward: float = 1.0


@dataclass(frozen=True)
class MarketAgents:
    """What hedgers and makers do; None where their slot is left out."""

    hedgers: HedgeRule | None
    makers: MakerRule | None


@dataclass
class MarketAgentMemory:
    """What they remember; None where their slot is left out."""

    hedgers: HedgeMemory | None
    makers: MakerMemory | None


def compile_market_agents(
    case: Case, slots: Chosen, table: MarginTable, step_seconds: float
) -> MarketAgents:
    """Compile the slots ``hedgers`` and ``makers``.

    Raises InputError for names that the Case does not know, a venue without an order book, and
    makers beside another rule for depth.
    """
    makers = chosen(slots, "makers", Makers)
    if makers is not None:
        if "depth" in slots:
            raise refuse_both("makers", "[mechanisms.depth]", "market")
        if case.market.scenario.thinning > 0:
            raise refuse_both("makers", "scenario.thinning", "market")
    hedgers = slots.get("hedgers")
    return MarketAgents(
        hedgers=compile_hedgers(case, hedgers, table, step_seconds)
        if isinstance(hedgers, Trading)
        else None,
        makers=None if makers is None else compile_makers(makers, step_seconds),
    )


def begin_market_agents(rules: MarketAgents, market: Floats) -> MarketAgentMemory:
    """Hedgers are hedged and makers quote in full at market prices (p, k)."""
    hedgers, makers = rules.hedgers, rules.makers
    return MarketAgentMemory(
        None if hedgers is None else begin_hedgers(hedgers, market[:, hedgers.asset]),
        None if makers is None else begin_makers(makers, *market.shape),
    )


def compile_hedgers(
    case: Case, rule: Trading, table: MarginTable, step_seconds: float
) -> HedgeRule:
    """Columns of hedged assets and of their options or pockets."""
    if isinstance(rule, Profile):
        names = [pocket.asset for pocket in rule.pockets]
    else:
        strikes = rule.strikes if isinstance(rule, Strikes) else case_options(case, rule)
        names = [strike.asset for strike in strikes]
    assets = tuple(dict.fromkeys(names))
    if not assets:
        raise InputError(
            "[mechanisms.hedgers] has no gamma", file="market", expected="at least one entry"
        )
    for name in assets:
        if name not in table.assets or name == case.quote:
            known = [known for known in table.assets if known != case.quote]
            raise InputError(
                f"[mechanisms.hedgers] names the asset {name!r}",
                file="market",
                expected=choices(name, known),
            )
    column = np.array([assets.index(name) for name in names], dtype=np.int64)
    volume = np.array([case.market.assets[name].daily_volume for name in assets])
    share = np.inf if rule.participation is None else rule.participation
    return HedgeRule(
        asset=np.array([table.assets.index(name) for name in assets], dtype=np.int64),
        cap=share * volume * step_seconds / SECONDS_PER_DAY,
        venue=_venue(case, rule.venue, table),
        lag=int(np.ceil(rule.latency_seconds / step_seconds - 1e-9)),
        band=rule.band,
        cost=rule.cost,
        aversion=0.0 if rule.risk_aversion is None else rule.risk_aversion,
        gammas=_pockets(case, rule.pockets, column)
        if isinstance(rule, Profile)
        else _options(case, strikes, column),
    )


def _venue(case: Case, name: str, table: MarginTable) -> int:
    books = [venue for venue in table.venues if case.rulebooks[venue].liquidation.style != "keeper"]
    if name not in books:
        raise InputError(
            f"[mechanisms.hedgers] trades at {name!r}",
            file="market",
            expected=choices(name, books) + ", a venue with an order book",
        )
    return table.venues.index(name)


def _pockets(case: Case, pockets: Sequence[Pocket], column: np.ndarray) -> Gammas:
    centre = np.array([p.centre or case.market.assets[p.asset].spot for p in pockets])
    width = np.array([np.inf if p.width is None else p.width for p in pockets])
    nothing = np.zeros(0)
    return Gammas(
        column=column,
        gamma=np.array([p.gamma_per_percent * PERCENT for p in pockets]),
        low=centre * np.maximum(1.0 - width, 0.0),
        high=centre * (1.0 + width),
        size=nothing,
        strike=nothing,
        forward=nothing,
        years=nothing,
        volatility=nothing,
    )


def _options(case: Case, strikes: Sequence[CaseStrike | Strike], column: np.ndarray) -> Gammas:
    nothing = np.zeros(0)
    return Gammas(
        column=column,
        gamma=nothing,
        low=nothing,
        high=nothing,
        size=np.array([s.size for s in strikes]),
        strike=np.array([s.strike for s in strikes]),
        forward=np.array([s.forward if isinstance(s, CaseStrike) else 1.0 for s in strikes]),
        years=np.array([s.days for s in strikes]) * SECONDS_PER_DAY / SECONDS_PER_YEAR,
        volatility=np.array([s.volatility for s in strikes]),
    )


def case_options(case: Case, rule: Trading) -> list[CaseStrike]:
    """The dealers' part of the open interest of the Case's options.

    Raises InputError where no option of the Case has an open interest.
    """
    if not isinstance(rule, OpenInterest):
        return []
    found: list[CaseStrike] = []
    for item in case.book.instruments:
        state = case.market.instruments.get(item.name)
        if not isinstance(item, Option) or state is None or state.open_interest is None:
            continue
        spot = case.market.assets[item.underlying].spot
        found.append(
            CaseStrike(
                asset=item.underlying,
                strike=item.strike,
                size=state.open_interest * (rule.calls if item.call else rule.puts),
                days=max((item.expiry - case.as_of).total_seconds(), 1.0) / SECONDS_PER_DAY,
                volatility=state.implied_volatility or 0.0,
                forward=1.0 if state.mark is None else state.mark / spot,
            )
        )
    if not found:
        raise InputError(
            "[mechanisms.hedgers] asks for the open interest of options, and no option of the "
            "case has one",
            file="market",
            expected="open_interest under [instruments.NAME] of options, or rule = 'strikes'",
        )
    return found
