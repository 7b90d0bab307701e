"""`seawall backtest --oracle`: feeds fitted to early rounds, judged once on later ones.

By feed: the rule, the delay and the basis are fitted on rounds before ``until``; how the heartbeat
runs and how long an average the feed takes is chosen there too, by the mean over the measures of
|ln(model / recorded)| in standard errors. Then the fitted model runs on the market of the later
part, with draws of its fitted numbers (weeks resampled), and each measure is compared with the
record.

Beside the chosen form the best one that the loop's `[feed]` can state (a heartbeat that starts anew
with every round) is judged; its numbers are the rulebook lines given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import seawall
from seawall.exposure.backtest.oracle_fit import WEEK, Basis, Rule, fit_basis, fit_rule
from seawall.exposure.backtest.oracle_measures import MEASURES, compare, distances
from seawall.exposure.backtest.oracle_model import (
    CLOCK,
    RESETS,
    Chunks,
    Draw,
    Form,
    chunks_of,
    modelled,
    recorded,
    step_seconds,
)
from seawall.exposure.backtest.oracle_rounds import (
    DOLLARS,
    Rounds,
    Series,
    holes,
    market_of,
    read_markets,
    read_rounds,
)
from seawall.foundation.errors import InputError

SCHEMA = "seawall/backtest/oracle/1"
FITTED_SHARE = 0.6
SHARES = (1.0, 0.9, 0.8, 0.7)
WINDOWS = (0, 60, 120)
DRAWS = 24
# What choosing a form may cost: chunks and draws on which the candidates run.
CHOICE_CHUNKS, CHOICE_DRAWS = 60, 4
FEWEST_CHUNKS = 5
FEWEST_ROUNDS = 31
Ints = NDArray[np.int64]
Progress = Callable[[float, str], None]


def backtest_oracle(
    rounds: Sequence[Path],
    prices: Sequence[Path],
    *,
    until: datetime | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The dict of docs/backtests.md. Raises InputError when no feed can be fitted."""
    feeds, markets = read_rounds(rounds), read_markets(prices)
    rows = []
    for n, one in enumerate(feeds):

        def tick(share: float, what: str, n: int = n, name: str = one.feed) -> None:
            if progress is not None:
                progress((n + share) / len(feeds), f"{name}: {what}")

        rng = np.random.default_rng(np.random.SeedSequence([seed, n]))
        rows.append(_feed(one, market_of(one.feed, markets), until, rng, tick))
    if all("fitted" not in row for row in rows):
        raise InputError(
            "no feed has 30 rounds on either side of the fit's end",
            file=", ".join(str(file) for file in rounds),
            expected="a longer record, or another date",
        )
    judged = [row["judged"]["chosen"] for row in rows if row.get("judged")]
    inside = [bool(one["measures"][m.key]["within"]) for one in judged for m in MEASURES]
    return {
        "schema": SCHEMA,
        "version": seawall.__version__,
        "seed": seed,
        "rounds": [file.name for file in rounds],
        "prices": [file.name for file in prices],
        "within": {"count": sum(inside), "of": len(inside)},
        "feeds": rows,
    }


def _feed(
    rounds: Rounds,
    series: Series | None,
    until: datetime | None,
    rng: np.random.Generator,
    tick: Progress,
) -> dict[str, Any]:
    cut, own = _cut(rounds, until)
    early, late = rounds.between(0, cut), rounds.between(cut, int(rounds.time[-1]) + 1)
    row: dict[str, Any] = {
        "feed": rounds.feed,
        "rounds": {"fitted": int(early.time.size), "judged": int(late.time.size)},
        "first": _moment(int(rounds.time[0])),
        "until": _moment(cut),
        "until_is_own": own,
        "last": _moment(int(rounds.time[-1])),
    }
    weeks = _resampled_weeks(early, rng)
    found = fit_rule(early, weeks)
    if found is None or late.time.size < FEWEST_ROUNDS:
        return row | {"reason": f"fewer than {FEWEST_ROUNDS} rounds fitted or judged"}
    rule, rules = found
    row["holes"] = [
        {"from": _moment(a), "until": _moment(b)} for a, b in holes(rounds, rule.heartbeat)
    ]
    row["fitted"] = _rule_words(rule, rules)
    if series is None:
        return row | {"reason": "no market series of this feed in the price files"}
    based = fit_basis(early, series, rule, weeks)
    if based is None:
        return row | {"reason": "fewer than 30 fitted rounds lie within known bars"}
    row |= {"market": series.name, "bar_seconds": series.seconds}
    row["fitted"] |= _basis_words(*based)
    fit = chunks_of(series, rounds, rule, int(rounds.time[0]), cut)
    judge = chunks_of(series, rounds, rule, cut, int(rounds.time[-1]) + 1)
    if fit is None or judge is None or min(len(fit.time), len(judge.time)) < FEWEST_CHUNKS:
        return row | {"reason": f"fewer than {FEWEST_CHUNKS} whole stretches in one of the parts"}
    row["stretches"] = {"fitted": len(fit.time), "judged": len(judge.time)}
    draws = _draws(rule, rules, *based)
    return row | _judge(rounds, fit, judge, draws, Draw(rule, based[0]), rng, tick)


def _judge(
    rounds: Rounds,
    fit: Chunks,
    judge: Chunks,
    draws: Sequence[Draw],
    best: Draw,
    rng: np.random.Generator,
    tick: Progress,
) -> dict[str, Any]:
    """The form chosen on ``fit``, and how it and the loop's own did on ``judge``."""
    ranked = _choose(fit, rounds, best, rng, tick)
    chosen = ranked[0][0]
    loop = next(form for form, _ in ranked if form.kind == RESETS)
    deviation = best.rule.deviation
    record = recorded(judge, rounds, deviation)
    tick(0.4, "judging it")
    seen = modelled(judge, [chosen, loop], draws, deviation, rng)
    return {
        "candidates": [_form_words(form) | {"score": score} for form, score in ranked],
        "judged": {
            name: _form_words(form) | {"measures": compare(record, one, rng)}
            for name, form, one in zip(("chosen", "loop"), (chosen, loop), seen, strict=True)
        },
        "rulebook": _rulebook(rounds.feed, best, loop, judge.seconds),
    }


def _cut(rounds: Rounds, until: datetime | None) -> tuple[int, bool]:
    """Where the fit ends, and whether it is this feed's own because the date leaves no part."""
    first, last = int(rounds.time[0]), int(rounds.time[-1])
    if until is not None:
        cut = int(until.timestamp())
        early = int(np.sum(rounds.time < cut))
        if min(early, rounds.time.size - early) >= FEWEST_ROUNDS:
            return cut, False
    return first + round(FITTED_SHARE * (last - first)), until is not None


def _resampled_weeks(rounds: Rounds, rng: np.random.Generator) -> list[Ints]:
    week = np.unique(rounds.time // WEEK)
    return [rng.choice(week, size=week.size) for _ in range(DRAWS)]


def _draws(rule: Rule, rules: list[Rule], basis: Basis, bases: list[Basis]) -> list[Draw]:
    """As many draws as were asked for; where a resample could not be fitted, the fit itself."""
    return [
        Draw(
            rules[n] if n < len(rules) else rule,
            bases[n] if n < len(bases) else basis,
        )
        for n in range(DRAWS)
    ]


def _choose(
    fit: Chunks, rounds: Rounds, best: Draw, rng: np.random.Generator, tick: Progress
) -> list[tuple[Form, float]]:
    """Every form with its distance from the record on the fitted part, best first."""
    keep = np.unique(np.linspace(0, len(fit.time) - 1, CHOICE_CHUNKS).astype(np.int64))
    some = Chunks(fit.time[keep], fit.log[keep], fit.variance[keep], fit.warm, fit.seconds)
    record = recorded(some, rounds, best.rule.deviation)
    # A heartbeat that is seen to start anew is what it is; a shorter one only imitates a clock.
    shares = SHARES if best.rule.phase is not None else (1.0,)
    forms = [Form(RESETS, share, window) for share in shares for window in WINDOWS]
    if best.rule.phase is not None:
        forms += [Form(CLOCK, 1.0, window) for window in WINDOWS]
    tick(0.05, "choosing its form")
    seen = modelled(some, forms, [best] * CHOICE_DRAWS, best.rule.deviation, rng)
    scores = distances(seen, record, rng)
    return sorted(zip(forms, scores, strict=True), key=lambda pair: pair[1])


def _form_words(form: Form) -> dict[str, Any]:
    heart = "clock of its own" if form.kind == CLOCK else "starts anew with every round"
    share = "" if form.share == 1.0 else f", at {form.share:.0%} of the fitted one"
    average = f"average of {form.window} s" if form.window else "no average"
    return {
        "kind": form.kind,
        "heartbeat_share": form.share,
        "window_seconds": form.window,
        "words": f"heartbeat {heart}{share}; {average}",
    }


def _fitted(value: float | None, resampled: Sequence[float | None]) -> dict[str, float | None]:
    known = [one for one in resampled if one is not None]
    if value is None or not known:
        return {"value": value, "low": None, "high": None}
    low, high = np.quantile(known, [0.025, 0.975])
    return {"value": value, "low": float(low), "high": float(high)}


def _rule_words(rule: Rule, rules: Sequence[Rule]) -> dict[str, Any]:
    return {
        "deviation": _fitted(rule.deviation, [one.deviation for one in rules]),
        "heartbeat_seconds": _fitted(rule.heartbeat, [one.heartbeat for one in rules]),
        "clock_phase_seconds": rule.phase,
        "unexplained_per_day": _fitted(86_400 * rule.extra, [86_400 * o.extra for o in rules]),
    }


def _basis_words(basis: Basis, bases: Sequence[Basis]) -> dict[str, Any]:
    return {
        "delay_seconds": _fitted(basis.delay, [one.delay for one in bases]),
        "basis_mean": _fitted(basis.mean, [one.mean for one in bases]),
        "basis_weeks": _fitted(basis.weeks, [one.weeks for one in bases]),
        "basis_days": _fitted(basis.days, [one.days for one in bases]),
        "basis_memory_seconds": _fitted(basis.memory, [one.memory for one in bases]),
        "noise": _fitted(basis.noise, [one.noise for one in bases]),
    }


def _rulebook(feed: str, best: Draw, form: Form, bar: int) -> str:
    """Lines of a rulebook that state the loop's form of this feed."""
    base = re.split(r"[^A-Za-z0-9]+", feed.strip())[0]
    rule, basis = best.rule, best.basis
    delay = max(basis.delay - form.window / 2.0, 0.0)
    quoted = re.split(r"[^A-Za-z0-9]+", feed.strip())[-1]
    lines = [
        f"# {feed}, fitted by `seawall backtest --oracle` on steps of {step_seconds(bar)} s.",
        f"# Its basis to the market series ({1e4 * basis.mean:+.1f} bp, weeks differ by "
        f"{1e4 * basis.weeks:.1f} bp) is not part of a rulebook.",
        *([] if quoted in DOLLARS else [f"# The feed is quoted in {quoted}, not in dollars."]),
        f"[feeds.{base}]",
        f"deviation = {rule.deviation:.5g}",
        f"heartbeat_seconds = {round(rule.heartbeat * form.share)}",
        f"delay_seconds = {delay:g}",
    ]
    if form.window:
        lines += [
            "",
            "[mechanisms.oracle_source]",
            'rule = "twap"',
            f'assets = ["{base}"]',
            f"window_seconds = {form.window}",
        ]
    return "\n".join(lines) + "\n"


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
