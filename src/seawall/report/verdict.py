"""The verdict in a sentence: within, breached, not proven, not known; and its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.report import findings, numbers
from seawall.report.findings import Result
from seawall.report.model_reach import model_reach


@dataclass(frozen=True)
class Verdict:
    """state is "breach", "within", "unknown" or "none" (no limits).

    "unknown": the limit on the headline's DRE has no value, or no limit has one, or a limit's
    horizon lies beyond the run, or the paths are too few to say: the simulation interval reaches
    beyond the limit.

    reach: what its model interval does to a limit that is kept, where it reaches beyond; else ""
    way: to which side of that limit: "over" a maximum, "below" a minimum; else ""
    """

    state: str
    sign: str
    word: str
    sentence: str
    note: str
    exit_code: int
    breached: tuple[Mapping[str, Any], ...]
    reach: str = ""
    way: str = ""


def verdict(result: Result) -> Verdict:
    """The verdict: which scope, over which limit, and the exit code of the command."""
    head, limits = findings.headline(result), result["limits"]
    breached = [limit for limit in limits if limit["breached"]]
    # The headline's own DRE speaks first; then the order of limits.toml.
    breached.sort(key=lambda x: (x["scope"] != head.scope, x["measure"] != "dre"))
    if breached:
        first = breached[0]
        said = f"{findings.measure_name(first)} {findings.measure_value(first, 'value')}"
        bound = findings.measure_value(first, "limit")
        sentence = f"{first['scope']} is {findings.beyond(first)}: {said}, limit {bound}"
        if by := driver(first):
            sentence += f", driven by {by}"
        note = f"{len(breached)} of {_count(limits)}, exit 2"
        return Verdict("breach", "▲", "BREACH", sentence, note, 2, tuple(breached))
    return _without_breach(result, head, limits)


def driver(limit: Mapping[str, Any]) -> str:
    """Who drives a breached limit; "" where that is not known, and of a scope that drives itself:
    it need not be told twice.
    """
    by = limit.get("breacher") if limit["breached"] else None
    return "" if by in (None, str(limit["scope"]).partition(":")[2]) else str(by)


def side(limit: Mapping[str, Any]) -> str:
    """On which side of its bound a limit is broken: "over" a maximum, "below" a minimum."""
    return "below" if limit.get("bound") == "minimum" else "over"


def _count(limits: Sequence[Mapping[str, Any]]) -> str:
    return f"{len(limits)} limit" + ("" if len(limits) == 1 else "s")


def _without_breach(
    result: Result, head: findings.Headline, limits: Sequence[Mapping[str, Any]]
) -> Verdict:
    chance, count = f"DRE {head.horizon} {head.text}", len(limits)
    total = _count(limits)
    missing = [limit for limit in limits if not findings.has_value(limit)]
    if missing and (
        len(missing) == count
        or any(findings.is_headline_limit(x, result) for x in missing)
        or any((x.get("horizon_seconds") or 0.0) > result["horizon_seconds"] for x in missing)
    ):
        sentence = f"{head.scope}: {chance}; {missing[0]['name']} has no value to hold to its limit"
        return Verdict(
            "unknown", "?", "NOT KNOWN", sentence, f"{len(missing)} of {total}, exit 0", 0, ()
        )
    if not limits:
        return Verdict(
            "none", "○", "NO LIMITS", f"{head.scope}: {chance}; no limit is set", "exit 0", 0, ()
        )
    own = next((x for x in limits if findings.is_headline_limit(x, result)), None)
    bound = f", limit {findings.measure_value(own, 'limit')}" if own else ""
    if missing:
        total = f"{count - len(missing)} of {total} held, {len(missing)} without a value"
    loose = [limit for limit in limits if findings.limit_state(limit) == "not resolved"]
    if loose and (own is None or own not in loose):
        first = loose[0]
        end = findings.measure_value(first, "low" if first.get("bound") == "minimum" else "high")
        sentence = (
            f"{head.scope} is within its limits, not proven: {chance}{bound}; {first['name']} is "
            f"{findings.measure_value(first, 'value')}, its simulation interval reaches {end}"
        )
        rest = f", {len(missing)} without a value" if missing else ""
        note = f"{len(loose)} of {_count(limits)} not resolved{rest}, exit 0"
        return Verdict("unknown", "?", "NOT PROVEN", sentence, note, 0, ())
    if own and (reached := _simulation_reach(head, own)) is not None:
        sentence = (
            f"{head.scope} is within its limits, not proven: {chance}{bound}, but the simulation "
            f"interval reaches {numbers.percent(reached)}; more paths narrow it"
        )
        return Verdict("unknown", "?", "NOT PROVEN", sentence, f"{total}, exit 0", 0, ())
    if over := [limit for limit in limits if model_reach(result, limit) is not None]:
        way = side(own if own in over else over[0])
        if own in over:
            reach = f"the model interval reaches {way} the limit"
        else:
            reach = f"the model interval of {over[0]['name']} reaches {way} its limit"
        sentence = f"{head.scope}: {chance}{bound}, but {reach}"
        return Verdict("within", "✓", "WITHIN", sentence, f"{total}, exit 0", 0, (), reach, way)
    sentence = f"{head.scope} is within its limits: {chance}{bound}"
    return Verdict("within", "✓", "WITHIN", sentence, f"{total}, exit 0", 0, ())


def _simulation_reach(head: findings.Headline, own: Mapping[str, Any]) -> float | None:
    """The end of the headline's simulation interval that lies beyond its own limit, or None."""
    least = side(own) == "below"
    end = head.low if least else head.high
    if not numbers.known(end):
        return None
    return end if (end < own["limit"] if least else end > own["limit"]) else None
