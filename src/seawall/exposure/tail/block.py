"""`tail` of the result: each desk's VaR and ES by method, over its horizon and its time to exit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.setup import Setup
from seawall.exposure.curve import last_step
from seawall.exposure.impairment import Impairment, desks
from seawall.exposure.tail.leaving import leaving, option_spreads
from seawall.exposure.tail.liquidity_horizon import cascade, exit_seconds, levels_of
from seawall.exposure.tail.past import Moves, as_they_were, in_todays_size, past_bars
from seawall.exposure.tail.rows import (
    JUDGED_PERIODS,
    LEVELS,
    OF_HISTORY,
    Row,
    normal_row,
    pareto_row,
    sample_row,
    unknown_row,
)
from seawall.exposure.tail.sample import expected_shortfall, value_at_risk
from seawall.exposure.tail.static_book import StaticBook, static_book
from seawall.foundation.errors import InputError
from seawall.market import Market, PriceHistory
from seawall.scenario.bootstrap import Bars

# Exposures below this share of a desk's largest are rounding of a hedge.
SMALL = 1e-9
NO_HISTORY = (
    "the case has no price history: a table in its folder with a column time and one of prices for "
    'each asset, named in market.toml as history = "FILE"'
)


def tail_block(
    setup: Setup,
    found: Mapping[str, tuple[str, Impairment]],
    final: Floats,
    seconds: list[float],
    seed: int,
) -> dict[str, Any]:
    """The block; ``found``: impairments of the base world by scope, ``final`` (p, k) last prices of
    the same paths, ``seconds``: the grid of horizons, the run's last.
    """
    name = history_name(setup.case.market)
    history = setup.case.market.histories.get(name) if name is not None else None
    known = None
    if history is not None and history.time.size:
        known = {
            "file": name,
            "bar_seconds": history.bar_seconds,
            "first": _moment(int(history.time[0])),
            "last": _moment(int(history.time[-1])),
        }
    return {
        "levels": list(LEVELS),
        "horizon_seconds": seconds[-1],
        "judged_periods": JUDGED_PERIODS,
        "history": known,
        "desks": [
            _desk(setup, owner, found[f"desk:{owner}"][1], final, seconds, history, seed)
            for owner in desks(setup)
        ],
    }


def history_name(market: Market) -> str | None:
    """The history that market.toml names for this, or else the bootstrap's; None without one."""
    return market.history if market.history is not None else next(iter(market.histories), None)


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _desk(
    setup: Setup,
    owner: str,
    found: Impairment,
    final: Floats,
    seconds: list[float],
    history: PriceHistory | None,
    seed: int,
) -> dict[str, Any]:
    book = static_book(setup, owner)
    exposure = book.exposure()
    now = found.loss_by(last_step(seconds[-1], setup.step_seconds))
    first = sample_row("monte_carlo", now, now.size)
    past, windows = _past(book, history, seconds[-1], seed)
    return {
        "owner": owner,
        "windows": windows,
        "rows": [first, *past, normal_row(setup, exposure, seconds[-1], now)],
        "by_horizon": [_at(found, horizon, setup.step_seconds) for horizon in seconds],
        "exit": _exit(book, exposure, final, seconds[-1], first),
    }


def _at(found: Impairment, horizon: float, step_seconds: float) -> dict[str, Any]:
    """The Monte Carlo row at one horizon of the grid."""
    loss = found.loss_by(last_step(horizon, step_seconds))
    row = sample_row("monte_carlo", loss, loss.size)
    return {"horizon_seconds": horizon} | {
        key: row[key] for key in row if key.startswith(("value_at_risk", "expected_shortfall"))
    }


def moving_assets(setup: Setup, book: StaticBook) -> tuple[str, ...]:
    """Assets that the desk's accounts hold, owe, trade or settle in, and whose price can move."""
    table = setup.table
    rows = table.rows.asset[np.isin(table.rows.unit, book.units)]
    options = table.options.asset[np.isin(table.options.unit, book.units)]
    settled = table.feed_asset[table.units.settle[book.units]]
    market = setup.case.market
    names = [table.assets[k] for k in np.unique(np.concatenate([rows, options, settled]))]
    return tuple(
        name
        for name in names
        if market.assets[name].volatility > 0 or market.jump_beta.get(name, 0.0) != 0
    )


def _past(
    book: StaticBook, history: PriceHistory | None, seconds: float, seed: int
) -> tuple[list[Row], dict[str, Any] | None]:
    """The rows that rest on the history, and what windows they rest on."""
    if history is None:
        return [unknown_row(method, NO_HISTORY) for method in OF_HISTORY], None
    names = moving_assets(book.setup, book)
    if not names:
        note = "nothing that the desk holds has a price that moves"
        return [unknown_row(method, note) for method in OF_HISTORY], None
    try:
        bars = past_bars(history, names)
        raw = as_they_were(bars, history.bar_seconds, seconds)
    except InputError as error:
        return [unknown_row(method, _said(error)) for method in OF_HISTORY], None
    rows = [sample_row("historical", _losses(book, names, raw, seconds), raw.independent)]
    windows = {
        "seconds": raw.overlap * history.bar_seconds,
        "count": raw.value.shape[0],
        "independent": raw.independent,
        "stretch": raw.stretch,
    }
    return rows + _filtered(book, names, bars, history.bar_seconds, seconds, seed), windows


def _filtered(
    book: StaticBook,
    names: tuple[str, ...],
    bars: Bars,
    bar_seconds: float,
    seconds: float,
    seed: int,
) -> list[Row]:
    """The rows of moves in today's size."""
    try:
        today = in_todays_size(bars, bar_seconds, seconds)
    except InputError as error:
        return [unknown_row(method, _said(error)) for method in OF_HISTORY[1:]]
    losses = _losses(book, names, today, seconds)
    rows = [sample_row("filtered_historical", losses, today.independent)]
    try:
        return [*rows, pareto_row(losses, today, seed)]
    except InputError as error:
        return [*rows, unknown_row("extreme_value", _said(error))]


def _said(error: InputError) -> str:
    return str(error).rstrip(".")


def _losses(book: StaticBook, names: tuple[str, ...], moves: Moves, seconds: float) -> Floats:
    """Losses (w,) of the book on moves of these assets; all others stand still."""
    assets = book.setup.table.assets
    whole = np.zeros((moves.value.shape[0], len(assets)))
    whole[:, [assets.index(name) for name in names]] = moves.value
    return book.losses(whole, seconds)


def _exit(
    book: StaticBook, exposure: Floats, final: Floats, seconds: float, first: Row
) -> dict[str, Any]:
    """How the desk could get out: slowly, over its liquidity horizon, or at once, at a cost."""
    setup = book.setup
    floor = SMALL * float(np.abs(exposure).max(initial=0.0))
    held = np.flatnonzero(np.abs(exposure) > floor)
    assets = [_asset(setup, int(k), float(exposure[k]), seconds) for k in held]
    longest = [asset["horizon_seconds"] for asset in assets]
    options = option_spreads(book)
    at_risk = first["value_at_risk"]
    out: dict[str, Any] = {"assets": assets, "liquidity_horizon_seconds": max([seconds, *longest])}
    out |= _slowly(book, held, longest, final, seconds, first)
    for key, column in (("exit_cost", "exit_cost"), ("exit_cost_stressed", "exit_cost_stressed")):
        cost = _sum([asset[column] for asset in assets])
        out[key] = cost
        out[key.replace("exit_cost", "liquidity_adjusted_var")] = [
            None if cost is None or value is None else value + cost for value in at_risk
        ]
    stated = [a["spread_cost"] for a in assets if a["spread_cost"] is not None]
    known = bool(stated) or options > 0.0
    out["spread_cost"] = sum(stated) + options if known else None
    out["spread_unknown"] = [a["asset"] for a in assets if a["spread_cost"] is None]
    return out


def _asset(setup: Setup, k: int, exposure: float, seconds: float) -> dict[str, Any]:
    name = setup.table.assets[k]
    state, scenario = setup.case.market.assets[name], setup.case.market.scenario
    by_volume, by_refill = exit_seconds(
        exposure, state.daily_volume, state.depth, scenario.recovery_seconds
    )
    cost = leaving(setup, name, exposure)
    return {
        "asset": name,
        "exposure": exposure,
        "volume_seconds": by_volume,
        "refill_seconds": by_refill,
        "horizon_seconds": max(seconds, by_volume, by_refill),
        "exit_cost": cost.calm,
        "exit_cost_stressed": cost.stressed,
        "spread_cost": cost.spread,
    }


def _slowly(
    book: StaticBook,
    held: Ints,
    longest: list[float],
    final: Floats,
    seconds: float,
    first: Row,
) -> dict[str, Any]:
    """VaR and ES over the liquidity horizon, by the cascade."""
    levels = levels_of(seconds, longest)
    tails = []
    for level in levels[1:]:
        moved = held[[i for i, own in enumerate(longest) if own >= level]]
        tails.append(np.sort(book.losses_of(final, moved, seconds)))
    out: dict[str, Any] = {}
    for key, of_sample in (
        ("value_at_risk", value_at_risk),
        ("expected_shortfall", expected_shortfall),
    ):
        out[f"liquidity_horizon_{'var' if key == 'value_at_risk' else 'es'}"] = [
            None
            if start is None
            else cascade([start, *(of_sample(ranked, level) for ranked in tails)], levels)
            for start, level in zip(first[key], LEVELS, strict=True)
        ]
    return out


def _sum(costs: list[float | None]) -> float | None:
    """The sum, None where one of them is not known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
