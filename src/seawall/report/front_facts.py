"""The four facts under the verdict of the page: what it costs, who pays, what adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seawall.report import findings, loss_words, numbers
from seawall.report.findings import Result
from seawall.report.pagetables import payers, share_text, slowest
from seawall.report.parts_rows import largest_channel

PLAIN_PAYERS = {
    "account": "own equity",
    "fund": "fund",
    "backstop": "backstop vault",
    "adl": "ADL’d winners",
    "socialised": "socialised",
    "keeper": "keepers",
}


@dataclass(frozen=True)
class Fact:
    """One of the four facts under the verdict: heading, number, its term, marks, a line of text."""

    heading: str
    big: str
    term: str
    text: str
    marks: tuple[str, ...] = ()


def facts(result: Result) -> list[Fact]:
    """Up to four facts, those first that the verdict needs."""
    found = [
        _loss_fact(result),
        _pays_fact(result),
        _beyond_fact(result),
        _exit_fact(result),
        _ruin_fact(result),
        _liquidations_fact(result),
        _size_fact(result),
    ]
    return [fact for fact in found if fact][:4]


def _loss_fact(result: Result) -> Fact | None:
    head, quote = findings.headline(result), result["case"]["quote"]
    if not numbers.known(head.expected_loss):
        return None
    entry = result["dre"]["scopes"][head.scope]
    ends = loss_words.interval(entry, head.index)
    text = f"mean, {quote}" + (f", 95% {ends}" if ends else "")
    if numbers.known(head.expected_shortfall) and numbers.known(head.shortfall_level):
        tail = f"{(1 - head.shortfall_level) * 100:.3g}%"  # type: ignore[operator]
        text += f"; {numbers.money(head.expected_shortfall)} in the worst {tail}"
    else:
        text += f"; {findings.shortfall(entry, head.index, False)}, too few for a tail"
    equity = _equity(result)
    text += f". Equity {numbers.money(equity)}." if numbers.known(equity) else "."
    if loss_words.is_gain(head.expected_loss):
        text += f" {loss_words.WHY_GAIN}"
    heading = "Gain if it happens" if loss_words.is_gain(head.expected_loss) else ""
    big = numbers.money(abs(head.expected_loss or 0.0))
    return Fact(heading or "Loss if it happens", big, "loss", text, ("A1",))


def _equity(result: Result) -> float | None:
    for desk in result["case"].get("desks") or []:
        if result["headline"] == f"desk:{desk['owner']}":
            return desk.get("equity")  # type: ignore[no-any-return]
    return None


def _pays_fact(result: Result) -> Fact | None:
    rows, loss = payers(result), result.get("who_pays_loss")
    if not rows or not numbers.known(loss) or not loss:
        return None
    top = max(rows, key=lambda row: row[2])
    paid = sum(amount for _, _, amount in rows if amount > 0)
    if paid <= 0:
        return None
    others = [row for row in rows if row[0] != top[0] and row[2]]
    said = [
        f"{PLAIN_PAYERS[key]} {_earns(key) if amount < 0 else ''}{numbers.money(abs(amount))}"
        for key, _, amount in sorted(others, key=lambda row: -row[2])
    ]
    text = ", ".join(said) or f"nobody else pays or gains of {numbers.money(paid)}"
    name = findings.own_name(result) if top[0] == "account" else PLAIN_PAYERS[top[0]]
    big = f"{share_text(top[2] / paid)} {'' if top[0] == 'socialised' else 'the '}{name}"
    return Fact("Who pays", big, "pays", text[:1].upper() + text[1:] + ".", ("A9",))


def _earns(key: str) -> str:
    return "earn " if key in ("adl", "keeper") else "earns "


def _beyond_fact(result: Result) -> Fact | None:
    found = findings.parts_row(result)
    if not found or not {"price", "total"} <= set(found[1]):
        return None
    shares = found[1]
    gap = numbers.points(shares["total"] - shares["price"], signed=True)
    ends = shares.get("beyond_price") or {}
    known = numbers.known(ends.get("low")) and numbers.known(ends.get("high"))
    between = (
        f"95% {numbers.points(ends['low'])} to {numbers.points(ends['high'])}. " if known else ""
    )
    text = (
        f"{between}Price alone {numbers.percent(shares['price'])}, with all channels "
        f"{numbers.percent(shares['total'])}."
    )
    if most := largest_channel(shares):
        text = f"{text[:-1]}; most of it {most}."
    grid = _amplification(result)
    if grid:
        asset, shock = grid
        becomes = numbers.percent(abs(shock["shock"]) * shock["ratio"], 1)
        what = "fall" if shock["shock"] < 0 else "rise"
        text += (
            f" A {numbers.signed_shock(abs(shock['shock'])).lstrip('+')} {what} of {asset} becomes "
            f"{becomes} ({numbers.ratio(shock['ratio'])})."
        )
    return Fact("Beyond price alone", f"{gap} points", "parts", text, ("A4", "A7"))


def _amplification(result: Result) -> tuple[str, Mapping[str, Any]] | None:
    """The asset that breaks first if it has a grid, else the first; its shock nearest to -10%.

    A leg that breaks as its price rises has the rise nearest to 10% where the liquidation map ran
    one.
    """
    grids = (result.get("system") or {}).get("amplification") or {}
    row = next(iter(result.get("first_to_break") or []), None) or {}
    if (rise := _rise(result, row)) is not None:
        return row["underlying"], rise
    wanted = row.get("underlying")
    asset = wanted if wanted in grids else next(iter(grids), None)
    steps = [g for g in grids.get(asset) or [] if numbers.known(g.get("ratio")) and g["shock"] < 0]
    if asset is None or not steps:
        return None
    return asset, min(steps, key=lambda g: abs(g["shock"] + 0.1))


def _rise(result: Result, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The rise nearest to 10% of the asset whose rise breaks this leg; None where none was run."""
    distance = (row.get("distance") or {}).get("fraction")
    if distance is None or not distance > 0:
        return None
    one = ((result.get("liquidation_map") or {}).get("assets") or {}).get(row.get("underlying"))
    shocks = (one or {}).get("shocks") or []
    steps = [s for s in shocks if numbers.known(s.get("ratio")) and s["shock"] > 0]
    return min(steps, key=lambda s: abs(s["shock"] - 0.1)) if steps else None


def _exit_fact(result: Result) -> Fact | None:
    row = slowest(result)
    if not row:
        return None
    text = f"{findings.leg(row)}, at a tenth of daily volume"
    if numbers.known(row["exit_cost"]):
        text += f"; a full exit costs {numbers.money(row['exit_cost'])}"
    return Fact(
        "Slowest exit", f"{numbers.days(row['days_to_exit'])} days", "days", text + ".", ("A6",)
    )


def _ruin_fact(result: Result) -> Fact | None:
    system = result.get("system") or {}
    ruin = system.get("fund_ruin_probability")
    if not numbers.known(ruin):
        return None
    big = numbers.probability(ruin, None, numbers.none_seen(result["paths"]))
    text = f"Mean bad debt {numbers.money(system.get('bad_debt_mean'))} over all venues."
    return Fact("Fund ruin", big, "ruin", text, ("A7",))


def _liquidations_fact(result: Result) -> Fact | None:
    amount = (result.get("system") or {}).get("liquidations_at_risk")
    if not numbers.known(amount):
        return None
    text = f"closed by force in the worst twentieth of paths, {result['case']['quote']}."
    return Fact("Liquidations at risk", numbers.money(amount), "liquidations", text, ("A7",))


def _size_fact(result: Result) -> Fact:
    case = result["case"]
    held = f" with {case['positions']:,} positions" if "positions" in case else ""
    venues = len(case["venues"])
    text = f"accounts{held}, on {venues} venue{'' if venues == 1 else 's'}."
    return Fact("What was tested", f"{case['accounts']:,}", "paths", text)
