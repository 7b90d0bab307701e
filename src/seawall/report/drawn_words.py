"""What the map, the grid and the fan say in words: findings, and why a curve turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.findings import Result

WHY = {
    "deleveraged": "more accounts are bankrupt at once and closed against winners (ADL) instead of "
    "in the market",
    "backstop": "the backstop vault takes over more of them instead of the market",
    "exhausted": "less is left to be closed for each point of the shock",
    "impact": "the market moves less than in proportion to what it takes",
}
# Below so many paths beyond a quantile a sentence says on how few it rests.
FEW = 10


def signed(move: float) -> str:
    """-0.175 as "-17.5%"."""
    return numbers.signed_shock(move)


def _size(move: float) -> str:
    return signed(abs(move)).lstrip("+")


def own_move(result: Result, asset: str) -> float | None:
    """How far the likeliest leg to break in an asset is from its liquidation price, a fraction."""
    for row in result.get("first_to_break") or []:
        distance = (row.get("distance") or {}).get("fraction")
        if row.get("underlying") == asset and distance is not None:
            return float(distance)
    return None


def up_to(moves: Sequence[float], one: Mapping[str, Any], move: float) -> tuple[float, float]:
    """Notional that a move alone closes, of all and of it desks', counted by whole price steps."""
    total = own = 0.0
    for n, (crowd, desk) in enumerate(zip(one["crowd"], one["desk"], strict=True)):
        low, high = moves[n], moves[n + 1]
        if (move < 0.0 and high <= 0.0 and low >= move - 1e-9) or (
            move > 0.0 and low >= 0.0 and high <= move + 1e-9
        ):
            total += crowd + desk
            own += desk
    return total, own


def told_move(result: Result, asset: str, moves: Sequence[float]) -> float:
    """The move that the finding tells of: the whole price steps that reach the desk's own
    liquidation price where the map does, else the fall of 10%.
    """
    own = own_move(result, asset)
    if own is None or own == 0.0 or not moves[0] <= own <= moves[-1]:
        return -0.1
    if own < 0.0:
        return max(move for move in moves if move <= own + 1e-9)
    return min(move for move in moves if move >= own - 1e-9)


def map_finding(result: Result, asset: str) -> str:
    """What one asset's map says, as a title."""
    block = result["liquidation_map"]
    one, moves = block["assets"][asset], block["moves"]
    move = told_move(result, asset, moves)
    total, own = up_to(moves, one, move)
    what = "fall" if move < 0.0 else "rise"
    who = "longs" if move < 0.0 else "shorts"
    if total <= 0.0:
        return f"No account is liquidated by a {_size(move)} {what} of {asset} alone"
    among = ", the desk’s own among them" if own > 0.0 else ""
    return f"A {_size(move)} {what} of {asset} liquidates {numbers.money(total)} of {who}{among}"


def feedback_words(one: Mapping[str, Any]) -> str:
    """What the cascade closes at the shock of -10% (or the first of others) beside the map."""
    shocks = [s for s in one["shocks"] if s["shock"] < 0.0] or one["shocks"]
    if not shocks:
        return "Orders leave no trace in prices that hold it already: there is no amplification."
    shock = max(shocks, key=lambda s: s["ratio"])
    becomes = _size(shock["shock"] * shock["ratio"])
    what = "fall" if shock["shock"] < 0.0 else "rise"
    text = f"A {_size(shock['shock'])} {what} becomes {becomes}"
    if "below_margin" not in shock:  # a published result does not say how much
        return f"{text}."
    closed = shock["into_market"] + shock["backstop"] + shock["deleveraged"]
    if closed > shock["below_margin"]:
        more = numbers.money(closed - shock["below_margin"])
        return (
            f"{text}: {numbers.money(closed)} is closed, {more} more than the "
            f"{numbers.money(shock['below_margin'])} that the shock alone puts below margin."
        )
    return f"{text}: {numbers.money(closed)} is closed."


def turning_words(one: Mapping[str, Any]) -> list[str]:
    """Why amplification falls though a shock deepens, a sentence a side."""
    ratios = {s["shock"]: s for s in one["shocks"]}
    said = []
    for turn in one["turning"].values():
        first, then = ratios[turn["from"]], ratios[turn["to"]]
        said.append(
            f"From {signed(turn['from'])} to {signed(turn['to'])} amplification falls from "
            f"{numbers.ratio(first['ratio'])} to {numbers.ratio(then['ratio'])}: "
            f"{WHY[turn['why']]}."
        )
    return said


def fan_finding(fan: Mapping[str, Any], asset: str) -> str:
    """Where the asset ends, held against the liquidation price where there is one."""
    one = fan["assets"][asset]
    last = [row[-1] for row in one["quantiles"]]
    when = numbers.long_horizon(fan["times_seconds"][-1])
    price = (one["liquidation"] or {}).get("price")
    if price is None:
        low, high = numbers.price(last[2]), numbers.price(last[4])
        return f"Half of the paths have {asset} between {low} and {high} after {when}"
    below = price <= one["start"]
    order = range(len(last)) if below else range(len(last) - 1, -1, -1)
    beyond = [n for n in order if (last[n] <= price if below else last[n] >= price)]
    word = "below" if below else "above"
    if beyond:
        share = _between(fan["levels"], beyond[-1], below)
        return f"In {share} of paths {asset} is {word} the liquidation price after {when}"
    edge = last[0] if below else last[-1]
    side = "lowest" if below else "highest"
    return (
        f"The {side} 1% of {asset} begins at {numbers.price(edge)}, short of the liquidation "
        f"price {numbers.price(price)}"
    )


def _between(levels: Sequence[float], last: int, below: bool) -> str:
    """The share of paths beyond a price: quantile ``last`` is beyond it, the next one is not."""
    shares = [level if below else 1.0 - level for level in levels]
    further = last + 1 if below else last - 1
    if not 0 <= further < len(levels):
        return f"{shares[last] * 100:.3g}% or more"
    return f"{shares[last] * 100:.3g} to {shares[further] * 100:.3g}%"


def fan_notes(fan: Mapping[str, Any], asset: str) -> list[str]:
    """What the dashed line is, and on how few paths the edge rests."""
    one, said = fan["assets"][asset], []
    edge = one["quantiles"][0][-1]
    if one["without_orders"]:
        alone = numbers.price(one["without_orders"][-1])
        said.append(
            "Nobody’s orders change where the lowest 1% ends."
            if alone == numbers.price(edge)
            else f"With nobody’s orders in the price (no crowd) the lowest 1% ends at {alone} "
            f"instead of {numbers.price(edge)}."
        )
    else:
        said.append(f"The price is that which the feed of {one['venue']} shows.")
    if fan["tail_paths"] < FEW:
        low, high = one["lowest_low"], one["lowest_high"]
        count = fan["tail_paths"]
        rests = f"{count} path{'' if count == 1 else 's'}" if count else "less than one path"
        first = numbers.price(low) if numbers.known(low) else "not known"
        last = numbers.price(high) if numbers.known(high) else "not known"
        said.append(f"The outermost 1% rests on {rests}: 95% interval {first} to {last}.")
    return said


def grid_desk(result: Result) -> Mapping[str, Any] | None:
    """The desk whose grid the page shows: the headline's, else the first."""
    desks: list[Mapping[str, Any]] = (result.get("pnl_grid") or {}).get("desks") or []
    mine = [desk for desk in desks if result["headline"] == f"desk:{desk['owner']}"]
    return (mine or desks)[0] if desks else None


def grid_finding(result: Result, desk: Mapping[str, Any]) -> str:
    """Which way the desk loses, and whether volatility matters."""
    grid = result["pnl_grid"]
    spot, volatility = grid["spot"], grid["volatility"]
    flat = desk["change"][volatility.index(0.0)]
    down, up = flat[spot.index(-0.1)], flat[spot.index(0.1)]
    if down < 0.0 <= up:
        text = f"The desk loses {numbers.money(-down)} when prices fall 10%"
    elif up < 0.0 <= down:
        text = f"The desk loses {numbers.money(-up)} when prices rise 10%"
    elif down < 0.0 and up < 0.0:
        text = f"The desk loses {numbers.money(-max(down, up))} or more when prices move 10%"
    else:
        text = "The desk does not lose when prices move 10%"
    if len(volatility) < 2:
        return text
    column = spot.index(0.0)
    high = desk["change"][-1 if volatility[-1] > volatility[0] else 0][column]
    if abs(high) < 0.1 * max(abs(down), abs(up)):
        return text + ", and little by volatility"
    more = "loses" if high < 0.0 else "gains"
    rise = _size(max(volatility))
    return f"{text}, and {more} {numbers.money(abs(high))} when volatility rises {rise}"


def below_accounts(desk: Mapping[str, Any]) -> list[str]:
    """The accounts that are below their margin in some cell, in the order of the cells."""
    cells = [names for row in desk["below_margin"] for names in row]
    return list(dict.fromkeys(name for names in cells for name in names))
