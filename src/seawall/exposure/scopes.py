"""`dre.scopes` of the result: curves, both intervals and parts of every scope on plain paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.case import Case
from seawall.exposure.curve import last_step, scope_curve, scope_sentence
from seawall.exposure.impairment import Impairment
from seawall.exposure.model_interval import NodeShares, at_least, interval_over, model_scores
from seawall.exposure.parts import Split, parts_of

Found = dict[str, tuple[str, Impairment]]


@dataclass(frozen=True)
class Beside:
    """First impairments in the worlds beside the base: the model interval's nodes, other crowds,
    and the coalitions of the parts.
    """

    nodes: list[Found]
    crowds: list[Found]
    parts: list[Found]


def impaired_share(impairment: Impairment, step: int, paths: int) -> float:
    """Share of the first ``paths`` paths impaired by a step."""
    return float(np.mean(impairment.step[:paths] <= step))


def scopes_block(
    case: Case, found: Found, beside: Beside, split: Split, seconds: list[float], seed: int
) -> dict[str, Any]:
    """Curve of each scope over the horizons ``seconds``."""
    out = {}
    scores = model_scores(seed)
    for scope, (sentence, impairment) in found.items():
        block = scope_curve(impairment, sentence, seconds, case.step_seconds)
        block["sentence"] = scope_sentence(case, block["sentence"])
        side = beside.nodes[0][scope][1].step.size
        low, high = [], []
        known = zip(block["probability"], block["low"], block["high"], strict=True)
        for horizon, (probability, *noise) in zip(seconds, known, strict=True):
            step = last_step(horizon, case.step_seconds)
            base = impaired_share(impairment, step, side)
            in_world = [impaired_share(world[scope][1], step, side) for world in beside.nodes]
            up, down, thin = in_world
            shares = NodeShares(base, up, down, thin, side)
            ends = interval_over(probability, impairment.step.size, shares, scores)
            ends = at_least(ends, shares, (noise[0], noise[1]))
            low.append(ends[0])
            high.append(ends[1])
        without = [world[scope][1].step for world in beside.parts]
        parts = parts_of(split, impairment.step, without, block, seconds, case.step_seconds)
        ordered = {key: block[key] for key in ("probability", "low", "high")}
        ordered |= {"model_low": low, "model_high": high}
        out[scope] = ordered | block | {"parts": parts}
    return out
