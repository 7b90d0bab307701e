"""The tail of a result in words and rows, once for the terminal and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.report import numbers
from seawall.report.columns import clean
from seawall.report.findings import Result, level_text

METHODS = {
    "monte_carlo": "Monte Carlo",
    "historical": "historical",
    "filtered_historical": "filtered historical",
    "extreme_value": "extreme value",
    "normal": "normal, a comparison",
}
# (short title, key of the row), in the order of the table.
COLUMNS = (("VaR", "value_at_risk"), ("ES", "expected_shortfall"))

DEFINITIONS = (
    "Protocol value at risk: 95th percentile over paths of the insolvent amount, the bad debt "
    "that accounts leave. Liquidations at risk: the same of the amount closed by force. Both "
    "count today's positions: when collateral factors rise the same loans are further from "
    "liquidation, so both can fall; what is borrowed later is not in them."
)


@dataclass(frozen=True)
class Cell:
    """A number and its interval as text; either may be empty."""

    value: str
    interval: str


def tail_desks(result: Result) -> Sequence[Mapping[str, Any]]:
    """The desks of the block, the headline's first; none in results without the block."""
    desks = (result.get("tail") or {}).get("desks") or []
    return sorted(desks, key=lambda desk: f"desk:{desk['owner']}" != result["headline"])


def scale_of(desk: Mapping[str, Any]) -> tuple[float, str]:
    """The common scale of a desk's table: divisor and letter."""
    amounts = [
        value
        for row in desk["rows"]
        for _, key in COLUMNS
        for value in row[key]
        if numbers.known(value)
    ]
    return numbers.money_scale(amounts)


def cell(row: Mapping[str, Any], key: str, index: int, scale: float) -> Cell:
    """VaR or ES of a row at one level; "4 paths" where too few lie beyond for a shortfall."""
    value = row[key][index]
    if not numbers.known(value):
        beyond = (row["beyond"] or [None] * (index + 1))[index]
        if beyond is None:
            return Cell(numbers.UNKNOWN, "")
        what = "path" if row["method"] == "monte_carlo" else "window"
        return Cell(f"{beyond:.3g} {what}{'' if beyond == 1 else 's'}", "")
    low, high = row[f"{key}_low"][index], row[f"{key}_high"][index]
    if low is None and high is None:
        return Cell(numbers.scaled(value, scale), "")
    ends = [numbers.scaled(end, scale) if numbers.known(end) else "?" for end in (low, high)]
    return Cell(numbers.scaled(value, scale), f"{ends[0]} to {ends[1]}")


def method_words(row: Mapping[str, Any]) -> str:
    """The method's name."""
    return METHODS.get(row["method"], str(row["method"]).replace("_", " "))


def firm_level(desk: Mapping[str, Any]) -> int:
    """Index of the highest level beyond which enough paths lie for a shortfall; 0 without one."""
    shortfall = desk["rows"][0]["expected_shortfall"]
    return max((i for i, value in enumerate(shortfall) if numbers.known(value)), default=0)


def known_rows(desk: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rows that could say something."""
    return [row for row in desk["rows"] if row["note"] is None]


def not_known(desk: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason why methods could say nothing."""
    by_note: dict[str, list[str]] = {}
    for row in desk["rows"]:
        if row["note"] is not None:
            by_note.setdefault(clean(row["note"]), []).append(METHODS[row["method"]])
    # A published result does not say why (report.public).
    return [
        f"{', '.join(names)}: " + (note if note == "not known" else f"not known, {note}")
        for note, names in by_note.items()
    ]


def rests_on(result: Result, desk: Mapping[str, Any]) -> str:
    """Which history the historical rows rest on; empty without one."""
    history, windows = result["tail"]["history"], desk["windows"]
    if not history or not windows:
        return ""
    source = clean(history.get("file", "prices"))  # a published result names no files
    text = (
        f"history: {source}, {history['first'][:10]} to {history['last'][:10]}, "
        f"{windows['count']:,} windows of {numbers.horizon(windows['seconds'])}"
    )
    if windows["independent"] < windows["count"]:
        text += f", of which {windows['independent']:,} would not overlap"
    if abs(windows["stretch"] - 1.0) > 1e-9:
        text += f", stretched {numbers.ratio(windows['stretch'])} by the square root of time"
    pareto = next((r for r in known_rows(desk) if r["method"] == "extreme_value"), None)
    if pareto is not None:
        text += (
            f"; Pareto law beyond a loss of {numbers.money(pareto['threshold'])} "
            f"({pareto['excesses']} losses), shape {pareto['shape']:.2f} "
            f"({pareto['shape_low']:.2f} to {pareto['shape_high']:.2f})"
        )
    return text


def power_words(result: Result, desk: Mapping[str, Any]) -> str:
    """How likely a backtest would find the normal row wrong, if the paths are right."""
    row = next((r for r in known_rows(desk) if r["method"] == "normal"), None)
    if row is None:
        return ""
    levels = result["tail"]["levels"]
    seen = numbers.percent(row["exceeded"][-1], 1)
    power = f"{row['power'][-1]:.0%}"
    return (
        f"normal: {seen} of paths lose more than its VaR {level_text(levels[-1])}; if they are "
        f"right, a count over {result['tail']['judged_periods']} periods finds it wrong in "
        f"{power} of samples (its power)"
    )


def slowly(result: Result, desk: Mapping[str, Any]) -> str:
    """What leaving slowly adds."""
    leave, levels = desk["exit"], result["tail"]["levels"]
    if not leave["assets"]:
        return ""
    last = max(leave["assets"], key=lambda a: max(a["volume_seconds"], a["refill_seconds"]))
    seconds = max(last["volume_seconds"], last["refill_seconds"])
    text = f"out slowly: {clean(last['asset'])} takes longest, {numbers.days(seconds / 86400)} days"
    if leave["liquidity_horizon_seconds"] <= result["tail"]["horizon_seconds"]:
        return text + ", within the horizon: nothing is added"
    index = firm_level(desk)
    parts = [
        f"{name} {level_text(levels[index])} {numbers.money(leave[key][index])}"
        for name, key in (("VaR", "liquidity_horizon_var"), ("ES", "liquidity_horizon_es"))
        if numbers.known(leave[key][index])
    ]
    return f"{text}; over that long {', '.join(parts)}"


def at_once(result: Result, desk: Mapping[str, Any]) -> str:
    """What leaving at once adds."""
    leave, levels = desk["exit"], result["tail"]["levels"]
    if not numbers.known(leave["exit_cost"]):
        return ""
    text = f"out at once: costs {numbers.money(leave['exit_cost'])}"
    if numbers.known(leave["exit_cost_stressed"]):
        text += f", stressed {numbers.money(leave['exit_cost_stressed'])}"
    index = firm_level(desk)
    value, stressed = (
        leave[key][index] for key in ("liquidity_adjusted_var", "liquidity_adjusted_var_stressed")
    )
    if numbers.known(value):
        text += f"; liquidity-adjusted VaR {level_text(levels[index])} {numbers.money(value)}"
    return text + (f", stressed {numbers.money(stressed)}" if numbers.known(stressed) else "")


def by_spread(desk: Mapping[str, Any]) -> str:
    """The spread alone."""
    leave = desk["exit"]
    unknown = ", ".join(clean(name) for name in leave["spread_unknown"])
    if leave["spread_cost"] is None:
        return f"by the spread alone: not known, market.toml states no spread of {unknown}"
    text = f"by the spread alone: half a bad day's costs {numbers.money(leave['spread_cost'])}"
    return text + (f", that of {unknown} not known" if unknown else "")


def at_risk_rows(result: Result) -> list[tuple[str, str, str]]:
    """(scope, value at risk, liquidations at risk) of the protocol and its venues, with intervals;
    none in results that state no interval.
    """
    system = result.get("system") or {}
    if "value_at_risk_low" not in system:
        return []
    venues = system.get("venues") or {}
    scopes = [("protocol", system), *((f"venue:{name}", row) for name, row in venues.items())]
    return [
        (clean(name), _with_ends(row, "value_at_risk"), _with_ends(row, "liquidations_at_risk"))
        for name, row in scopes
    ]


def _with_ends(row: Mapping[str, Any], key: str) -> str:
    low, high = row[f"{key}_low"], row[f"{key}_high"]
    if row[key] == 0 and not high:
        return "0"
    return f"{numbers.money(row[key])} ({numbers.money_interval(low, high)})"
