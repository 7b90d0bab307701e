"""DRE by horizon for every scope, with the simulation interval and severity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.case import Case
from seawall.case.impairment_kinds import KIND_SENTENCES, KINDS, ImpairmentKind
from seawall.exposure.impairment import (
    Impairment,
    account_impairment,
    desk_accounts,
    desk_impairment,
    desks,
    venue_impairment,
)
from seawall.exposure.mean_interval import mean_interval
from seawall.exposure.proportion import wilson
from seawall.exposure.severity import expected_loss, expected_shortfall, shortfall_interval

# The horizons that a report shows where the run is long enough: 1 h, 4 h, 24 h, 7 d.
STANDARD_HORIZONS = (3_600.0, 14_400.0, 86_400.0, 604_800.0)

SENTENCES = {
    "desk": "any of the desk's accounts is impaired, "
    "or the desk loses more than {theta:.0%} of its equity",
    "account": "any of its margin accounts is impaired, "
    "or it loses more than {theta:.0%} of its equity",
    "loss": "the desk loses more than {theta:.0%} of its starting equity",
    "venue": "bad debt exceeds what the venue's insurance layer holds",
    "protocol": "bad debt exceeds the insurance layer at any venue",
}
SEVERITY = (
    *("expected_loss", "expected_loss_low", "expected_loss_high"),
    *("expected_shortfall", "expected_shortfall_low", "expected_shortfall_high"),
    "expected_shortfall_level",
)
# What a scope loses is bad debt, which is never below zero; a desk may gain.
LEAST_LOSS = {"venue": 0.0, "protocol": 0.0}


def horizons(
    horizon_seconds: float, step_seconds: float, wanted: Sequence[float] = ()
) -> list[float]:
    """The run's own horizon and, below it, those of limits (``wanted``) and the standard ones.

    A standard horizon that is no whole number of steps is left out: no step ends at it.
    """
    standard = [h for h in STANDARD_HORIZONS if whole_steps(h, step_seconds)]
    return sorted({h for h in (*standard, *wanted) if h < horizon_seconds} | {horizon_seconds})


def impairments(
    setup: Setup, tape: Tape, *, accounts: bool = False
) -> dict[str, tuple[str, Impairment]]:
    """First impairment of each scope of the results: {scope: (sentence key, impairment)}.

    ``accounts``: of each account of a desk too.
    """
    out: dict[str, tuple[str, Impairment]] = {}
    for owner in desks(setup):
        out[f"desk:{owner}"] = ("desk", desk_impairment(setup, tape, owner))
        loss = desk_impairment(setup, tape, owner, loss_only=True)
        out[f"desk:{owner}/loss"] = ("loss", loss)
    for account in desk_accounts(setup).tolist() if accounts else ():
        name = setup.book.account_names[account]
        out[f"account:{name}"] = ("account", account_impairment(setup, tape, account))
    for v, name in enumerate(setup.table.venues):
        out[f"venue:{name}"] = ("venue", venue_impairment(setup, tape, v))
    out["protocol"] = ("protocol", venue_impairment(setup, tape, None))
    return out


def scope_sentence(case: Case, sentence: str) -> str:
    """What a scope counts, with theta, and of a desk with the kinds that the Case counts."""
    own_scopes = {SENTENCES["desk"]: "the desk", SENTENCES["account"]: "the account"}
    if sentence in own_scopes and case.impairments != KINDS:
        own = [kind for kind in case.impairments if kind is not ImpairmentKind.LOSS_FRACTION]
        parts = [KIND_SENTENCES[kind] for kind in own]
        if len(own) < len(case.impairments):
            parts.append("it loses more than {theta:.0%} of its equity")
        sentence = (
            f"of {own_scopes[sentence]}, " + ", or ".join(parts) + "; other kinds do not count"
        )
    return sentence.format(theta=case.loss_fraction)


def kinds_block(case: Case) -> dict[str, dict[str, object]]:
    """`dre.kinds` of the result: each kind of impairment, its sentence, whether it counts."""
    return {
        str(kind): {"counts": kind in case.impairments, "sentence": KIND_SENTENCES[kind]}
        for kind in KINDS
    }


def last_step(seconds: float, step_seconds: float) -> int:
    """Index of the last step that ends within a horizon."""
    return int(np.floor(seconds / step_seconds + 1e-9))


def whole_steps(seconds: float, step_seconds: float) -> bool:
    """True where a horizon is a whole number of steps, one at least."""
    steps = seconds / step_seconds
    return round(steps) >= 1 and abs(steps - round(steps)) <= 1e-9 * steps


def hits(impairment: Impairment, step: int) -> int:
    """Paths impaired by a step."""
    return int(np.count_nonzero(impairment.step <= step))


def scope_curve(
    impairment: Impairment, sentence: str, seconds: list[float], step_seconds: float
) -> dict[str, Any]:
    """The block of one scope in the JSON (without the model interval, which needs other worlds)."""
    paths = impairment.step.size
    names = ("probability", "low", "high", *SEVERITY, "impaired_paths")
    out: dict[str, Any] = {name: [] for name in names}
    out["kinds"] = {str(kind): [] for kind in KINDS}
    for horizon in seconds:
        step = last_step(horizon, step_seconds)
        impaired = impairment.step <= step
        count = int(np.count_nonzero(impaired))
        low, high = wilson(count, paths)
        losses = impairment.loss_by(step)[impaired]
        shortfall, level = expected_shortfall(losses)
        least = LEAST_LOSS.get(sentence)
        ends = mean_interval(losses, least) if count else (None, None)
        worst = shortfall_interval(losses, level, least)
        out["probability"].append(count / paths)
        out["low"].append(low)
        out["high"].append(high)
        out["expected_loss"].append(expected_loss(losses))
        out["expected_loss_low"].append(ends[0])
        out["expected_loss_high"].append(ends[1])
        out["expected_shortfall"].append(shortfall)
        out["expected_shortfall_low"].append(worst[0])
        out["expected_shortfall_high"].append(worst[1])
        out["expected_shortfall_level"].append(level)
        out["impaired_paths"].append(count)
        for kind in KINDS:
            share = float(np.mean(impairment.by_kind[kind] <= step))
            out["kinds"][str(kind)].append(share)
    out["sentence"] = SENTENCES[sentence]
    return out
