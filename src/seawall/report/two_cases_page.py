"""The answer of `seawall pnl` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report.columns import clean

LEGS = 12
WORDS = {
    "time": "time",
    "spot": "spot",
    "basis": "basis",
    "rate": "discount rates",
    "level": "smile: level",
    "skew": "smile: skew",
    "curvature": "smile: curvature",
    "own": "smile: the leg's own",
    "delta": "delta",
    "gamma": "gamma",
    "vega": "vega",
    "vanna": "vanna",
    "volga": "volga",
    "theta": "theta",
    "higher_order": "higher order",
    "trade": "trades",
    "liquidation": "liquidation",
    "adl": "auto-deleveraging",
    "socialised": "socialised loss",
    "expiry": "expiry",
    "fee": "fees",
    "funding": "funding",
    "interest": "interest",
    "deposit": "deposits",
    "withdrawal": "withdrawals",
    "unexplained_trade": "unexplained trades",
    "unexplained_cash": "unexplained cash",
}


def render(result: Mapping[str, Any], *, width: int, colour: bool) -> str:
    """The page; ``width`` and ``colour`` as for the other pages, neither changes it."""
    before, after, quote = result["before"], result["after"], clean(result["quote"])
    lines = [
        f"P&L explain in {quote}, {result['seconds'] / 3600:,.1f} h: "
        f"{clean(before['name'])} of {before['as_of'][:16]} UTC",
        f"to {clean(after['name'])} of {after['as_of'][:16]} UTC",
        _fills(result),
    ]
    if result["carried"]:
        names = ", ".join(clean(name) for name in result["carried"])
        lines.append(f"Not in the later market, carried from the earlier one: {names}.")
    for row in result["desks"]:
        lines += ["", *_desk(row, result["stated_rates"][row["desk"]], quote)]
    return "\n".join(lines)


def _fills(result: Mapping[str, Any]) -> str:
    if result["fills"] is None:
        return "No fills: a change of size counts at the later price, as an unexplained trade."
    others = result["fills_of_others"]
    names = ", ".join(clean(name) for name in result["other_accounts"])
    more = f"; {others:,} of other accounts left out ({names})" if others else ""
    return f"{result['fills']:,} rows of fills{more}."


def _desk(row: Mapping[str, Any], stated: Mapping[str, float], quote: str) -> list[str]:
    found = row["unexplained"]
    lines = [
        f"Desk {clean(row['desk'])}: equity {row['equity_before']:,.2f} to "
        f"{row['equity_after']:,.2f}, change {row['change']:+,.2f}",
        f"  P&L {row['pnl']:+,.2f}; paid in or out {row['transfers']:+,.2f}",
        f"  unexplained {found['ratio']:.2%} of gross leg P&L {found['leg_pnl_gross']:,.0f}, "
        f"net {found['net']:+,.2f}",
        f"  by Taylor {found['taylor_ratio']:.2%}, higher orders counted as unexplained",
        "",
        f"    {'full revaluation':22}{quote:>16}    {'Taylor':16}{quote:>16}",
    ]
    left, right = list(row["revalued"].items()), list(row["taylor"].items())
    for (a, x), (b, y) in zip(left, right, strict=True):
        lines.append(f"    {WORDS[a]:22}{x:16,.2f}    {WORDS[b]:16}{y:16,.2f}")
    lines.append("    -- both --")
    nothing = {key: found[key] for key in ("unexplained_trade", "unexplained_cash")}
    flows = {**row["flows"], **nothing}
    lines += [
        f"    {WORDS[name]:22}{value:16,.2f}"
        for name, value in flows.items()
        if value != 0.0 or name.startswith("unexplained")
    ]
    lines.append(f"    {'change of equity':22}{row['change']:16,.2f}")
    lines += _unexplained(row, stated)
    return [*lines, *_legs(row)]


def _unexplained(row: Mapping[str, Any], stated: Mapping[str, float]) -> list[str]:
    lines = [
        f"    no fill says why {clean(one['account'])} changed {clean(one['instrument'])} by "
        f"{one['size']:+,.6g}; counted at {one['price']:,.6g}"
        for one in row["trades_without_price"][:LEGS]
    ]
    lines += [
        f"    no row says why {clean(one['account'])} has {one['amount']:+,.6g} "
        f"{clean(one['asset'])} of cash ({one['value']:+,.2f})"
        for one in row["cash"][:LEGS]
    ]
    for kind in ("funding", "interest"):
        if row["flows"][kind] == 0.0 and abs(stated[kind]) >= 1.0:
            lines.append(
                f"    the stated rates would have made {kind} {stated[kind]:+,.2f}; no row says so"
            )
    return ["", *lines] if lines else []


def _legs(row: Mapping[str, Any]) -> list[str]:
    head = f"    {'account':18}{'leg':20}{'P&L':>15}{'unexplained':>13}  largest part"
    lines = ["", head]
    for leg in row["legs"][:LEGS]:
        parts = sorted(leg["parts"].items(), key=lambda pair: -abs(pair[1]))[:1]
        words = "".join(f"{WORDS[name]} {value:,.0f}" for name, value in parts)
        lines.append(
            f"    {_cut(leg['account'], 17):18}{_cut(leg['leg'], 19):20}{leg['pnl']:15,.2f}"
            f"{leg['unexplained']:13,.2f}  {words}".rstrip()
        )
    more = len(row["legs"]) - LEGS
    return [*lines, f"    and {more} more legs in the JSON"] if more > 0 else lines


def _cut(name: str, width: int) -> str:
    text = clean(name)
    return text if len(text) <= width else text[: width - 1] + "~"
