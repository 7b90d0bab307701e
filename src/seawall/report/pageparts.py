"""The head of the page: verdict sentence and lead; and the section on survival."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import charts, findings, loss_words, numbers, remedy_words
from seawall.report.findings import Result, at
from seawall.report.pagetables import kind_words
from seawall.report.parts_rows import largest_channel, part_rows, paths_behind, waterfall
from seawall.report.verdict import side
from seawall.report.verdict import verdict as verdict_of

ROWS = 12


def points(result: Result) -> list[charts.Point]:
    """The headline scope's curve, with its DRE limits at their horizons."""
    scope, dre = result["headline"], result["dre"]
    entry = dre["scopes"].get(scope, {})
    bounds = {_seconds(row, result): row for row in _own_limits(result)}
    return [
        charts.Point(
            seconds=float(seconds),
            probability=at(entry, "probability", i),
            low=at(entry, "low", i),
            high=at(entry, "high", i),
            model_low=at(entry, "model_low", i),
            model_high=at(entry, "model_high", i),
            seen=at(entry, "impaired_paths", i),
            limit=bounds[seconds]["limit"] if seconds in bounds else None,
            breached=seconds in bounds and bool(bounds[seconds]["breached"]),
        )
        for i, seconds in enumerate(dre["horizons_seconds"])
    ]


def _own_limits(result: Result) -> list[Mapping[str, Any]]:
    """The limits on DRE of the headline scope."""
    return [
        row
        for row in result["limits"]
        if row["measure"] == "dre"
        and row["scope"] == result["headline"]
        and numbers.known(row["limit"])
    ]


def _seconds(limit: Mapping[str, Any], result: Result) -> float:
    return float(limit.get("horizon_seconds") or result["horizon_seconds"])


def _kept(result: Result) -> str:
    """What the curve says of its limits; "" where it has none that lies on it."""
    seconds = result["dre"]["horizons_seconds"]
    own = [row for row in _own_limits(result) if _seconds(row, result) in seconds]
    over = sorted({_seconds(row, result) for row in own if row["breached"]})
    verdict = verdict_of(result)
    if over:
        return f"The limit is breached at {' and '.join(map(numbers.horizon, over))}"
    if not own:
        return ""
    if verdict.word == "NOT PROVEN":
        return "Within its limits by the estimate, not proven"
    if verdict.reach:
        return f"Within its limits by the estimate; the model interval reaches {verdict.way} one"
    # A minimum is nothing to stay under.
    kept = "keeps" if any(side(row) == "below" for row in own) else "stays under"
    if verdict.breached:
        return f"DRE {kept} its own limits; another limit is breached"
    return f"DRE {kept} its limits"


def subject(result: Result) -> str:
    """Who the verdict is about: "the desk", "venue meridian", "the protocol"."""
    kind, _, name = str(result["headline"]).partition(":")
    if kind == "desk":
        return "the desk" if len(result["case"].get("desks") or []) < 2 else f"desk {name}"
    return f"{kind} {name}" if name else "the protocol"


def _round(value: float) -> str:
    # As everywhere else on the page, but "3.1%" for 3.10%: a sentence reads better so.
    text = numbers.percent(value)
    return text[:-2] + "%" if value >= 0.00995 and text.endswith("0%") else text


def title(result: Result) -> str:
    """The verdict sentence: chance, subject, horizon, and the limit."""
    head, verdict = findings.headline(result), verdict_of(result)
    within = f"within {numbers.long_horizon(result['horizon_seconds'])}"
    said = f"{subject(result)} is impaired"
    if head.probability is None:
        text = f"The chance that {said} {within} is not known."
    elif head.impaired == 0 or head.probability == 0:
        high = numbers.below(head.high).lstrip("<")
        text = f"Less than {_article(high).lower()} {high} chance that {said} {within}."
    else:
        chance = _round(head.probability)
        text = f"{_article(chance)} {chance} chance that {said} {within}."
    own = next((x for x in result["limits"] if findings.is_headline_limit(x, result)), None)
    if own and numbers.known(own["limit"]):
        text += f" Its limit is {_round(own['limit'])}."
    if verdict.breached and not (own and own["breached"]):
        name = findings.measure_name(verdict.breached[0])
        text += f" {name[:1].upper()}{name[1:]} is {findings.beyond(verdict.breached[0])}."
    if verdict.reach:
        text += f" But {verdict.reach}."
    return text


def _article(number: str) -> str:
    digits = number.split(".")[0].rstrip("%")
    return "An" if digits.startswith("8") or digits in ("11", "18") else "A"


def lead(result: Result) -> dict[str, Any]:
    """The paragraph under the verdict: first to break, and the remedy."""
    rows = result["first_to_break"]
    row = rows[0] if rows else None
    distance = (row or {}).get("distance") or {}
    fraction = distance.get("fraction")
    return {
        "row": row,
        "likeliest": None if row else findings.likeliest_scope(result),
        "breaks": bool(row and row["probability"] != 0),
        "leg": findings.leg(row) if row else "",
        "kind": kind_words(row["kind"]) if row else "",
        "price": numbers.price(row["liquidation_price"])
        if row and numbers.known(row.get("liquidation_price"))
        else "",
        "away": numbers.percent(abs(fraction or 0.0), 1) if numbers.known(fraction) else "",
        "sigmas": numbers.sigmas(distance.get("daily_sigmas"))
        if numbers.known(distance.get("daily_sigmas"))
        else "",
    }


def remedy(result: Result) -> dict[str, str] | None:
    """The cheapest remedy in the paragraph under the verdict."""
    rows = remedy_words.rows_of(result)
    if not rows:
        return None
    first = rows[0]
    return {
        "action": remedy_words.action(first),
        "after": remedy_words.after(first),
        "doubt": remedy_words.doubt(first),
    }


def survive(result: Result) -> dict[str, Any]:
    """The DRE table, the other scopes and the other crowds."""
    head, dre = findings.headline(result), result["dre"]
    curve = points(result)
    entry = dre["scopes"].get(head.scope, {})
    finding = _kept(result)
    if not finding:
        last, when = curve[-1], numbers.horizon(curve[-1].seconds)
        finding = f"DRE reaches {last.text} at {when}"
        if not last.probability:
            finding = f"DRE stays below {last.text.lstrip('<')} up to {when}"
    levels = findings.shortfall_levels(entry)
    scopes = [(name, row) for name, row in dre["scopes"].items() if name != head.scope]
    return {
        "finding": finding,
        "rows": [
            {
                "horizon": numbers.horizon(p.seconds),
                "dre": p.text,
                "model": numbers.model_interval(p.model_low, p.model_high, p.high),
                "simulation": numbers.interval(p.low, p.high),
                "loss": loss_words.loss(at(entry, "expected_loss", i)),
                "loss_ends": loss_words.interval(entry, i),
                "shortfall": findings.shortfall(entry, i, len(levels) > 1),
                "strong": i == head.index,
            }
            for i, p in enumerate(curve)
        ],
        "shortfall_title": "Expected shortfall"
        + (f" {findings.level_text(levels[0])}" if len(levels) == 1 else " (level)"),
        "horizons": [numbers.horizon(s) for s in dre["horizons_seconds"]],
        "scopes": [_scope(name, row, len(curve)) for name, row in scopes[:ROWS]],
        "more_scopes": max(0, len(scopes) - ROWS),
        "none_seen": numbers.below(numbers.none_seen(result["paths"])),
        "crowd": _crowd(result),
        "why_gain": loss_words.why(entry),
    }


def _scope(name: str, row: Mapping[str, Any], count: int) -> dict[str, Any]:
    cells = [
        numbers.probability(
            at(row, "probability", i), at(row, "impaired_paths", i), at(row, "high", i)
        )
        for i in range(count)
    ]
    return {"name": name, "sentence": row.get("sentence") or "", "cells": cells}


def parts(result: Result) -> dict[str, Any] | None:
    """The parts of the headline's DRE as rows with their bars; None where the result has none."""
    found = part_rows(result)
    if not found:
        return None
    horizon, rows = found
    limit = points(result)[findings.headline(result).index].limit
    drawn = waterfall(rows, limit)
    cells = [
        {
            "name": row.name,
            "text": row.text,
            "interval": row.interval,
            "bar": bar,
            "total": row.key == "total",
        }
        for row, bar in zip(rows, drawn, strict=True)
    ]
    bound = "" if limit is None else numbers.percent(limit)
    return {"horizon": horizon, "rows": cells, "paths": paths_behind(result), "limit": bound}


def parts_finding(result: Result) -> str:
    """What the parts say: price alone against the limit, and what adds most."""
    found = findings.parts_row(result)
    shares = found[1] if found else {}
    if not {"price", "total"} <= set(shares):
        return "What it is made of"
    most = largest_channel(shares)
    text = f"Price alone makes {numbers.percent(shares['price'])}"
    name, _, amount = most.partition(", ")
    return f"{text}; {name} adds {amount.lstrip('+')}" if most else f"{text}; nothing adds to it"


def _crowd(result: Result) -> list[dict[str, str]]:
    rows = []
    for name, crowd in (result.get("crowd_leverage") or {}).items():
        middle = crowd.get("median_leverage")
        tail = f", median {numbers.ratio(middle, 1)}" if numbers.known(middle) else ""
        value = numbers.probability(crowd["probability"], None, crowd.get("high"))
        ends = numbers.interval(crowd.get("low"), crowd.get("high"))
        rows.append({"name": name + tail, "value": value, "interval": ends})
    return rows
