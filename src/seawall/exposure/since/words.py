"""What changed, in words: the name of a driver, what it was and is, and the sentence of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.exposure.since.drivers import Driver
from seawall.exposure.since.two import Two, holdings, underlying
from seawall.instruments import Future, Perpetual

NAMES = {
    "time": "time that passed",
    "rates": "funding and interest",
    "accounts": "accounts that came or went",
    "cash": "cash",
    "crowd": "crowd",
    "rules": "rulebooks",
    "mechanisms": "mechanisms",
    "failures": "failures",
    "model": "numbers of the model",
    "counts": "what counts as impairment",
}
OF_ASSETS = {"spot": "price", "volatility": "vol", "depth": "depth", "positions": "position"}
# Parts smaller than this share of the largest are not in the sentence.
SMALL = 0.05
MOST_NAMED = 5


def name_of(driver: Driver) -> str:
    """As a trader says it: "SOL price", "depth of 3 other assets"."""
    if driver.kind not in OF_ASSETS:
        return NAMES[driver.kind]
    word = OF_ASSETS[driver.kind]
    if len(driver.assets) == 1:
        return f"{driver.assets[0]} {word}"
    return f"{word} of {len(driver.assets)} other assets"


def was_and_now(two: Two, driver: Driver) -> dict[str, Any]:
    """Name of a driver and, where one number says it, what it was and is; else None.

    Spot in quote, volatility an annual fraction, depth quote per unit of log-price, positions the
    desks' net size in the asset's units (contracts count by their size; None where inverse ones,
    whose size is in quote, stand beside others). Both None where that number is the same: another
    field of the group moved, such as a mark, an implied volatility or one of two offsetting legs.
    """
    was = now = None
    if len(driver.assets) == 1:
        asset = driver.assets[0]
        states = two.before.market.assets.get(asset), two.after.market.assets.get(asset)
        if driver.kind == "positions":
            was, now = (_net(two, case.book, asset) for case in (two.before, two.after))
        elif states[0] is not None and states[1] is not None:
            was, now = (float(getattr(state, driver.kind)) for state in states)
    if was == now or None in (was, now):
        was = now = None
    return {"name": name_of(driver), "was": was, "now": now}


def _net(two: Two, book: Any, asset: str) -> float | None:
    in_quote = {
        item.name: isinstance(item, Perpetual | Future) and item.inverse for item in two.instruments
    }
    sizes: dict[bool, list[float]] = {}
    for held in holdings(book, two.mixed).values():
        for row in held.positions:
            if underlying(two, row.instrument) == asset and row.size:
                sizes.setdefault(in_quote[row.instrument], []).append(row.size)
        coins = 0.0 if asset in two.cash else held.balances.get(asset, 0.0)
        if coins:
            sizes.setdefault(False, []).append(coins)
    if len(sizes) > 1:
        return None
    return sum((size for some in sizes.values() for size in some), 0.0)


def sentence(block: Mapping[str, Any]) -> str:
    """DRE from what to what, and the drivers that matter, in points."""
    if not block["drivers"]:
        both, steps = "both Cases", block["step_seconds"]
        if block["step_seconds_before"] != steps:
            both += f", in steps of {steps:,.10g} s,"
        return f"Nothing that moves DRE has changed: {both} give the same answer on every path."
    was, now = (100.0 * block[key]["probability"] for key in ("dre_before", "dre_after"))
    rows = block["drivers"]
    least = SMALL * max(abs(row["part"]) for row in rows)
    named = [row for row in rows if abs(row["part"]) > least][:MOST_NAMED]
    text = f"DRE {was:.2f} to {now:.2f}%"
    if not named:
        many = f"{len(rows)} changes, none of which moves"
        said = "1 change, which does not move" if len(rows) == 1 else many
        return f"{text}: {said} a path across impairment; {_tail(block)}."
    text += ": " + ", ".join(f"{row['name']} {100.0 * row['part']:+.2f}" for row in named)
    rest = 100.0 * sum(row["part"] for row in rows if row not in named)
    others = sum(row["part"] != 0.0 for row in rows if row not in named)
    if others:
        text += f", {others} {'other' if others == 1 else 'others'} {rest:+.2f}"
    return f"{text}; {_tail(block)}."


def _tail(block: Mapping[str, Any]) -> str:
    """The worst losses before and after, and the interval of what lies between."""
    was, now = block["tail_before"], block["tail_after"]
    low, high = (block["change"][key] for key in ("tail_low", "tail_high"))
    text = f"mean of the worst 2.5% of losses {was:,.0f} to {now:,.0f}"
    return f"{text} (95% of the change {low:+,.0f} to {high:+,.0f})"
