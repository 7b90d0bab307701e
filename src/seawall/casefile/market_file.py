"""The Market from market.toml: prices, depth, volatility, correlation, scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from seawall.book import Book
from seawall.cascade.table import MARKET_SLOTS, read_mechanisms
from seawall.casefile.shares_file import check_shares, read_shares
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import (
    ANNUAL_RATE,
    FRACTION,
    POSITIVE_AMOUNT,
    POSITIVE_SECONDS,
    POSITIVE_VOLATILITY,
    PRICE,
    RELATIVE_ERROR,
    VOLATILITY,
    Quantity,
    choices,
)
from seawall.foundation.section import Section
from seawall.instruments import Future, Held, Option, Perpetual, Traded
from seawall.market import AssetState, InstrumentState, Market, Scenario
from seawall.scenario.models import MODELS, WITH_PARAMETERS, read_parameters

TOP_KEYS = (
    "as_of",
    "assets",
    "instruments",
    "scenario",
    "correlation",
    "jump_beta",
    "block_seconds",
    "shares",
    "mechanisms",
    "history",
)
CORRELATION = Quantity("a correlation from -1 to 1", -1.0, 1.0)
SLOPE = Quantity("a slope from -20 to 20 (-1: a fall of 1% adds 0.01 to volatility)", -20.0, 20.0)
OPEN_INTEREST = Quantity("an amount above 0 in base units, one side counted", 0.0, 1e24, True)
JUMP_BETA = Quantity("a loading from -10 to 10 on the common jump", -10.0, 10.0)
BRANCHING = Quantity("a branching ratio from 0 to below 1", 0.0, 1.0, open_high=True)
JUMP_MEAN = Quantity("a log-jump from -2 to 2 (-0.05 is about -5%)", -2.0, 2.0)
COUNT = Quantity("a number from 0 to 10000 a year", 0.0, 10_000.0)
THINNING = Quantity("a factor from 0 to 100", 0.0, 100.0)
PREFACTOR = Quantity("a factor above 0, to 100", 0.0, 100.0, True)
# A forward or a mark this far from spot is another thing in the wrong place: a premium, a rate.
FARTHEST_MARK = 10.0
# Rounded correlations give eigenvalues a little below zero; paths clip them, larger ones are wrong.
SMALLEST_EIGENVALUE = -1e-6


def read_assets(top: Section) -> dict[str, AssetState]:
    """The assets of market.toml, by name, in the file's order."""
    top.only(*TOP_KEYS)
    section = top.section("assets")
    if not section.values:
        raise top.refuse("assets", "is missing", "a table [assets.NAME] for each asset")
    return {name: _asset(section.section(name)) for name in section.values}


def _asset(entry: Section) -> AssetState:
    entry.only(*(field.name for field in fields(AssetState)))
    spot = entry.number("spot", PRICE)
    return AssetState(
        spot=spot,
        index=entry.number("index", PRICE, spot),
        oracle=entry.number("oracle", PRICE, spot),
        volatility=entry.number("volatility", VOLATILITY),
        depth=entry.number("depth", POSITIVE_AMOUNT),
        daily_volume=entry.number("daily_volume", POSITIVE_AMOUNT),
        volatility_error=entry.number("volatility_error", RELATIVE_ERROR, 0.0),
        borrow_rate=entry.number("borrow_rate", ANNUAL_RATE, 0.0),
        implied_slope=entry.number("implied_slope", SLOPE, 0.0),
        implied_half_spread=entry.number("implied_half_spread", FRACTION, 0.0),
        confidence=entry.number("confidence", FRACTION, 1.0),
        spread=entry.optional_number("spread", FRACTION),
        spread_sd=entry.number("spread_sd", FRACTION, 0.0),
    )


def read_market(
    top: Section, assets: Mapping[str, AssetState], book: Book, venues: Sequence[str]
) -> Market:
    """The Market at its own as_of, checked against the instruments and venues of the Case."""
    traded = {item.name: item for item in book.instruments if not isinstance(item, Held)}
    states = _instruments(top.section("instruments"), traded, assets)
    _check_open_interest(top.section("instruments"), book, states)
    market = Market(
        as_of=top.time("as_of"),
        assets=assets,
        instruments=states,
        scenario=_scenario(top.section("scenario")),
        correlation=_correlation(top, list(assets)),
        jump_beta=_by_name(top.section("jump_beta"), list(assets), JUMP_BETA),
        block_seconds=_by_name(top.section("block_seconds"), venues, POSITIVE_SECONDS),
        shares=read_shares(top.section("shares"), book.instruments, assets),
        mechanisms=top.section("mechanisms").values,
        history=top.name("history") if top.has("history") else None,
    )
    read_mechanisms(top.section("mechanisms"), MARKET_SLOTS)
    check_shares(top, market, book.instruments)
    return market


def _instruments(
    section: Section, traded: Mapping[str, Traded], assets: Mapping[str, AssetState]
) -> dict[str, InstrumentState]:
    for name in section.values:
        if name not in traded:
            raise section.refuse(name, "is not in the instruments table", choices(name, traded))
    states: dict[str, InstrumentState] = {}
    for name, instrument in traded.items():
        entry = section.section(name)
        entry.only(*(field.name for field in fields(InstrumentState)))
        implied = entry.optional_number("implied_volatility", POSITIVE_VOLATILITY)
        if isinstance(instrument, Option) and implied is None:
            raise entry.refuse(
                "implied_volatility", "is missing for an option", POSITIVE_VOLATILITY.words
            )
        if not isinstance(instrument, Option) and implied is not None:
            raise entry.refuse("implied_volatility", "is given, but it is no option", "no such key")
        _check_settlement(instrument, assets)
        mark = entry.optional_number("mark", PRICE)
        spot = assets[instrument.underlying].spot
        if mark is not None and not spot / FARTHEST_MARK <= mark <= spot * FARTHEST_MARK:
            what = "the forward of the expiry" if isinstance(instrument, Option) else "its price"
            raise entry.refuse(
                "mark",
                f"is {mark:g} where the spot of {instrument.underlying} is {spot:g}",
                f"{what}, in quote per base unit",
            )
        states[name] = InstrumentState(
            mark=mark,
            funding_rate=entry.number("funding_rate", ANNUAL_RATE, 0.0),
            open_interest=entry.optional_number("open_interest", OPEN_INTEREST),
            implied_volatility=implied,
            rate=entry.number("rate", ANNUAL_RATE, 0.0),
            mark_confidence=entry.number("mark_confidence", FRACTION, 1.0),
            volatility_confidence=entry.number("volatility_confidence", FRACTION, 1.0),
            rate_confidence=entry.number("rate_confidence", FRACTION, 1.0),
            implied_slope=_slope(entry, instrument),
        )
    return states


def _slope(entry: Section, instrument: Traded) -> float | None:
    slope = entry.optional_number("implied_slope", SLOPE)
    if slope is not None and not isinstance(instrument, Option):
        raise entry.refuse("implied_slope", "is given, but it is no option", "no such key")
    return slope


def _check_settlement(instrument: Traded, assets: Mapping[str, AssetState]) -> None:
    """A contract that pays in a third coin must say how much: read as linear it would pay dollars.

    A settlement asset within ten times the quote currency is taken for a dollar of some kind.
    """
    price = assets[instrument.settle].spot
    quanto = isinstance(instrument, Perpetual | Future) and instrument.quanto
    straight = 1.0 / FARTHEST_MARK <= price <= FARTHEST_MARK
    if not (instrument.inverse or quanto or straight):
        raise InputError(
            f"{instrument.name!r} settles in {instrument.settle}, which is worth {price:g}: it is "
            "neither linear (a dollar) nor inverse (the underlying)",
            file="instruments.csv",
            column="settle",
            expected="another settle, or the multiplier of a quanto perpetual or future",
        )


def _check_open_interest(
    section: Section, book: Book, states: Mapping[str, InstrumentState]
) -> None:
    """All longs (or all shorts) of the book cannot exceed the open interest of one side."""
    for side in (1.0, -1.0):
        held = np.zeros(len(book.instruments))
        np.add.at(held, book.position_instrument, np.maximum(side * book.size, 0.0))
        for place, instrument in enumerate(book.instruments):
            state = states.get(instrument.name)
            interest = state.open_interest if state is not None else None
            if interest is not None and held[place] > interest * (1.0 + 1e-9):
                raise section.section(instrument.name).refuse(
                    "open_interest",
                    f"is {interest:g}, less than the {held[place]:g} that the positions hold",
                    "the venue's open interest in base units, one side counted",
                )


def _scenario(section: Section) -> Scenario:
    plain = [field.name for field in fields(Scenario) if field.name != "parameters"]
    section.only(*plain, *WITH_PARAMETERS)
    model = section.word("model", (*MODELS, *WITH_PARAMETERS), "diffusion")
    tables = [name for name in WITH_PARAMETERS if section.has(name) or name == model]
    for name in tables:
        read_parameters(section.section(name), name)
    return Scenario(
        model=model,
        label=section.word("label", ("exogenous", "total"), "exogenous"),
        branching_ratio=section.number("branching_ratio", BRANCHING, 0.0),
        branching_error=section.number("branching_error", FRACTION, 0.0),
        jumps_per_year=section.number("jumps_per_year", COUNT, 0.0),
        jump_mean=section.number("jump_mean", JUMP_MEAN, 0.0),
        jump_volatility=section.number("jump_volatility", FRACTION, 0.0),
        depth_error=section.number("depth_error", RELATIVE_ERROR, 0.0),
        thinning=section.number("thinning", THINNING, 0.0),
        recovery_seconds=section.number("recovery_seconds", POSITIVE_SECONDS, 3600.0),
        permanent_share=section.number("permanent_share", FRACTION, 0.0),
        impact=section.word("impact", ("linear", "square_root"), "linear"),
        impact_prefactor=section.number("impact_prefactor", PREFACTOR, 1.0),
        parameters={name: dict(section.section(name).values) for name in tables},
    )


def _by_name(section: Section, known: Sequence[str], quantity: Quantity) -> dict[str, float]:
    section.only(*known)
    return section.numbers(quantity)


def _pairs(top: Section) -> list[tuple[str, str, object]]:
    """Correlations as written: ``[correlation]`` BTC.ETH = 0.8, or a list of [BTC, ETH, 0.8]."""
    value = top.values.get("correlation", {})
    triples: list[tuple[str, str, object]] = []
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, list) or len(item) != 3:
                raise top.refuse("correlation", f"holds {item!r:.60}", "[asset, asset, number]")
            first, second, number = item
            if not isinstance(first, str) or not isinstance(second, str):
                raise top.refuse("correlation", f"holds {item!r:.60}", "[asset, asset, number]")
            triples.append((first, second, number))
        return triples
    section = top.section("correlation")
    for first in section.values:
        entry = section.section(first)
        triples += [(first, second, number) for second, number in entry.values.items()]
    return triples


def _correlation(top: Section, assets: Sequence[str]) -> dict[tuple[str, str], float]:
    """Correlations keyed (earlier asset, later asset); refused when no prices could have them."""
    place = {name: index for index, name in enumerate(assets)}
    matrix = np.eye(len(assets))
    table: dict[tuple[str, str], float] = {}
    for first, second, number in _pairs(top):
        for name in (first, second):
            if name not in place:
                raise top.refuse("correlation", f"names {name!r}", choices(name, place))
        pair = f"correlation.{first}.{second}"
        value = top.as_number(pair, number, CORRELATION)
        if first == second:
            if value != 1.0:
                raise top.refuse("correlation", f"gives {first!r} with itself {value:g}", "1")
            continue
        i, j = sorted((place[first], place[second]))
        if (assets[i], assets[j]) in table:
            raise top.refuse("correlation", f"gives {first} and {second} twice", "each pair once")
        table[assets[i], assets[j]] = matrix[i, j] = matrix[j, i] = value
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < SMALLEST_EIGENVALUE:
        raise top.refuse(
            "correlation",
            f"is not a possible set of correlations (smallest eigenvalue {smallest:.4f})",
            "a positive semidefinite matrix; pairs that are left out count as 0",
        )
    return table
