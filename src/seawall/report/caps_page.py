"""The terminal page of `seawall caps`: caps by asset, what keepers earn, and all caps together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, lead

Result = Mapping[str, Any]
MEASURES = {"fund_ruin": "fund ruin", "dre": "DRE", "bad_debt": "mean bad debt"}
# A cap beyond this many times what there is binds nobody.
FAR = 100.0


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall caps`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_limits, _caps, _together, _keepers, _notes):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def _verdict(result: Result, width: int) -> list[Line]:
    venue = clean(result["venue"])
    broken = [limit for limit in result["limits"] if not limit["kept"]]
    capped = [cap for cap in result["caps"] if cap["cap"] is not None]
    quote = clean(result["case"]["quote"])
    if broken:
        one, over = broken[0], broken[0]["now"] > broken[0]["maximum"]
        text = f"{venue}: {limit_words(one)} is not kept as it stands now"
        if not over:
            text = (
                f"{venue}: {limit_words(one)} is not shown to be kept as it stands now: "
                f"{_number(one, one['now'])}, interval up to {_number(one, one['now_high'])}"
            )
        lines = lead(Span("▲ OVER" if over else "▲ OPEN", "bad"), text, width)
    elif not capped:
        most = result["factors"][-1]
        text = f"{venue}: no exposure alone breaks a limit, up to {most:g} times what there is"
        lines = lead(Span("■ NO CAP", "good"), text, width)
    else:
        first = min(capped, key=lambda cap: float(cap["factor"]))
        text = (
            f"{venue}: the tightest is {clean(first['name'])} at {numbers.money(first['cap'])} "
            f"{quote}, {first['factor']:.2f} times today's"
        )
        lines = lead(Span("■ CAPS", "good"), text, width)
    case = result["case"]
    hours = result["horizon_seconds"] / 3600
    words = (
        f"{clean(case['name'])}, {clean(numbers.moment(result['as_of']))}, {result['paths']:,} "
        f"paths of {hours:g} h, amounts in {quote}"
    )
    return lines + lead(Span("  Case"), words, width)


def limit_words(limit: Mapping[str, Any]) -> str:
    """As "fund ruin of venue:x at most 1.00%"."""
    name = MEASURES[limit["measure"]]
    return f"{name} of {clean(limit['scope'])} at most {_number(limit, limit['maximum'])}"


def _number(limit: Mapping[str, Any], value: float) -> str:
    if limit["measure"] == "bad_debt":
        return numbers.money(value)
    return numbers.percent(value)


def _limits(result: Result, width: int) -> list[Line]:
    rows = result["limits"]
    columns = [
        column("limit", rows, limit_words, "l", wraps=True),
        column("now", rows, lambda r: _number(r, r["now"])),
        column("upper end, 99%", rows, lambda r: _number(r, r["now_high"])),
        column("", rows, _state, "l"),
    ]
    title = "Limits to keep" + (" (assumed, A16)" if result["limits_assumed"] else "")
    return [rule(title, width), *table(columns, width)]


def _state(limit: Mapping[str, Any]) -> str:
    if limit["kept"]:
        return "kept"
    return "▲ not kept" if limit["now"] > limit["maximum"] else "▲ not shown"


def _caps(result: Result, width: int) -> list[Line]:
    rows, limits = result["caps"], result["limits"]
    columns = [
        column("exposure", rows, lambda r: clean(r["name"]), "l", wraps=True),
        column("now", rows, lambda r: numbers.money(r["now"])),
        column("cap alone", rows, lambda r: _cap(r, result)),
        column("of others x", rows, lambda r: _factor(r, result)),
        column("broken at x", rows, lambda r: _above(r)),
        column("all together", rows, lambda r: _money(r["cap_together"])),
        column("by keepers alone", rows, lambda r: _by_keepers(r, result), drop=1),
        column("limit that binds", rows, lambda r: _binds(r, limits), "l", wraps=True, drop=2),
    ]
    return [rule("Caps", width), *table(columns, width)]


def _money(value: float | None) -> str:
    return "-" if value is None else numbers.money(value)


def _cap(row: Mapping[str, Any], result: Result) -> str:
    if row["cap"] is not None:
        return numbers.money(row["cap"])
    if row["factor"] is None:
        least = row["now"] - row["of_others"] * (1.0 - result["factors"][0])
        return f"< {numbers.money(least)}"
    return f"> {numbers.money(row['now'] + row['of_others'] * (row['factor'] - 1.0))}"


def _factor(row: Mapping[str, Any], result: Result) -> str:
    if row["factor"] is None:
        return f"< {result['factors'][0]:g}"
    return f"{row['factor']:.2f}" if row["cap"] is not None else f"> {row['factor']:g}"


def _above(row: Mapping[str, Any]) -> str:
    return "-" if row["factor_above"] is None else f"{row['factor_above']:.2f}"


def _by_keepers(row: Mapping[str, Any], result: Result) -> str:
    """The cap by the impact law alone."""
    mine = [k for k in result["keepers"] if k["asset"] == row["asset"] and k["kind"] == row["kind"]]
    if not mine or mine[0]["cap_quote"] is None:
        return "-"
    cap = mine[0]["cap_quote"]
    return f"> {FAR:g}x now" if cap > FAR * row["now"] else numbers.money(cap)


def _binds(row: Mapping[str, Any], limits: Any) -> str:
    if row["binding"] is None:
        return "none"
    limit = limits[row["binding"]]
    return f"{MEASURES[limit['measure']]}, {clean(limit['scope'])}"


def _together(result: Result, width: int) -> list[Line]:
    found = result["together"]
    if not found["tried"]:
        return []
    if found["share"] is None:
        text = "All caps used at once break a limit even at a tenth of each."
    elif found["keeps"]:
        text = "All caps used at once keep every limit."
    else:
        text = (
            "All caps used at once break a limit; scaled back together to "
            f"{found['share']:.0%} of each they keep all."
        )
    return [(Span(row),) for row in wrap(text, width)]


def _keepers(result: Result, width: int) -> list[Line]:
    rows = result["keepers"]
    if not rows:
        return []
    calls = [(k, k["biggest"]) for k in rows]
    lender = rows[0]["kind"] == "supply"
    columns = [
        column("asset", rows, lambda k: clean(k["asset"]), "l"),
        column("bonus" if lender else "margin left", rows, lambda k: f"{k['bonus'] * 100:.2f}%"),
        column("callable at 3σ", rows, lambda k: numbers.money(k["callable"])),
        column("accounts", rows, lambda k: f"{k['accounts']:,}", drop=2),
        column("largest call", calls, lambda c: _part(c[1], "repaid")),
        column("bonus", calls, lambda c: _part(c[1], "bonus"), drop=3),
        column("slippage", calls, lambda c: _part(c[1], "slippage"), drop=3),
        column("earns" if lender else "left", calls, lambda c: _part(c[1], "earned")),
        column("largest that pays", rows, lambda k: _pays(k["largest_paying"])),
        column("in every block", rows, lambda k: _pays(k["per_block"]), drop=1),
    ]
    title = "What keepers earn" if lender else "What margin leaves for forced sales"
    return [rule(title, width), *table(columns, width)]


def _part(call: Mapping[str, float] | None, key: str) -> str:
    return "-" if call is None else numbers.money(call[key])


def _pays(value: float | None) -> str:
    return "any" if value is None else numbers.money(value)


def _notes(result: Result, width: int) -> list[Line]:
    lender = bool(result["keepers"]) and result["keepers"][0]["kind"] == "supply"
    said = [
        "A cap is what the exposure may grow to, by more accounts like those of others there now; "
        "at the factor beside it the limit is no longer kept, interval included. Depth stays."
    ]
    odd = [clean(cap["name"]) for cap in result["caps"] if not cap["monotone"]]
    if odd:
        said.append(
            f"Not monotone: a larger {', '.join(odd)} helps somewhere in the scan (in the JSON)."
        )
    if lender:
        said.append(
            "Caps assume keepers: by the bonus less slippage, gas and a block's wait the largest "
            "call that pays is shown; the cap by keepers alone lets all that three daily sigmas "
            "make callable be sold at once."
        )
    return [(Span(row, "muted"),) for text in said for row in wrap(text, width)]
