"""DRE of rare impairments: tilted paths beside the plain ones, averaged together by weight.

The tilt is chosen from the Case alone. For each account of a desk, and each desk, it takes the
direction of prices that costs it most per unit of likelihood (slope in each asset times volatility,
through the factor of the correlations), and all prices down and up, values it anew along each, and
keeps the shortest way to its end, in standard deviations of total prices (where paths are
exogenous, the crowd's feedback makes up the rest). The nearest few share three fifths of the paths
by the root of their chances; all prices down, and up, at two lengths, share the rest. Where rare
failures are drawn a quarter of the paths goes to a component in which one is expected. Paths of
every world of the model interval are tilted alike, so its nodes are known as well as the base.
Wrong, in that it gains less, where many directions matter at once and for horizons much shorter
than the run. Where something random is not pushed (jumps, tails, some failures) the interval allows
for impairments that no path has shown, and is wide. It does not for desks that others push over in
a direction that is not pushed: that is why the result holds what the plain paths alone say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.hurry import expected_arrivals, failure_ratios, left_to_chance
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.setup import Setup
from seawall.exposure.channels import channels_of
from seawall.exposure.curve import last_step, scope_sentence
from seawall.exposure.impairment import desk_columns, desks
from seawall.exposure.model_interval import NodeShares, interval_over, model_scores
from seawall.exposure.parts import Split, parts_of
from seawall.exposure.proportion import wilson
from seawall.exposure.runs import Plan, run_plan
from seawall.exposure.scopes import Beside, Found
from seawall.exposure.weighted import PathWeights, joined, mean_by, share_by, weighted_curve
from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.margin.table.assess import assess, option_quotes, starting_holdings
from seawall.scenario.correlation import correlation_factor
from seawall.scenario.tilt import (
    Component,
    Tilt,
    check_tilt,
    components_of,
    untilted,
    weights,
)

# Lengths of a push of the whole market over the horizon, in standard deviations.
LENGTHS = (2.5, 4.0)
# Accounts and desks nearer than the first are found without a push, beyond the second never.
NEAREST, FARTHEST = 1.5, 6.0
MOST_NEAREST = 6
# Accounts are valued anew every so many standard deviations along a push.
STRIDE = 0.25
# Share of tilted paths that goes to accounts and desks, where there are any.
NEAREST_SHARE = 0.6
# Common jumps come so many times as often on pushed paths, where the model has any.
JUMP_FACTOR = 4.0
# Failures come so soon on paths of a component of their own, which has this share of tilted paths,
# that one is expected within the horizon; not where so many are expected anyhow.
FAILURE_SHARE, SEEN_OFTEN = 0.25, 0.3
# Pushes whose directions (cosine) and lengths are closer than this count as one.
SAME_DIRECTION = 0.95
SAME_LENGTH = 0.7
# Relative move of one price by which a slope is taken.
BUMP = 0.01


@dataclass(frozen=True)
class Rare:
    """Plain and tilted paths together: impairments and weights of the base, of each node of the
    model interval and of the parts.
    """

    tilt: Tilt
    found: Found
    weights: PathWeights
    nodes: list[Found]
    side: PathWeights
    parts: list[Found]
    split: Split


@dataclass(frozen=True)
class _Push:
    """A direction (k,) of the independent normals, unit length, and how far to go along it."""

    way: Floats
    length: float


def choose_tilt(setup: Setup, steps: int) -> Tilt:
    """Components and their shares, see the top of this file.

    Raises InputError where no asset moves, or the scenario's model cannot be tilted.
    """
    near, wide = _pushes(setup, steps)
    pushes = [*near, *wide]
    expected = expected_arrivals(setup.failures, steps * setup.step_seconds)
    failing = 0.0 < expected < SEEN_OFTEN
    if not pushes and not failing:
        raise InputError("no price of the Case moves", expected="an asset with volatility")
    jumps = setup.case.market.scenario.model == "jump_diffusion"
    factor = JUMP_FACTOR if jumps else 1.0
    parts = tuple(
        Component(tuple((push.length / math.sqrt(steps) * push.way).tolist()), factor)
        for push in pushes
    )
    shares = _shares(near, wide)
    if failing:
        still = (0.0,) * setup.spot.size
        parts = (*parts, Component(still, failure_factor=1.0 / expected))
        mine = FAILURE_SHARE if pushes else 1.0
        shares = (*[(1.0 - mine) * share for share in shares], mine)
    tilt = Tilt(parts, shares)
    check_tilt(setup.case.market, tilt, len(setup.table.assets))
    return tilt


def _shares(near: list[_Push], wide: list[_Push]) -> tuple[float, ...]:
    """Shares of the nearest accounts by the root of their chance, of the market's pushes alike."""
    chance = [math.sqrt(math.erfc(push.length / math.sqrt(2.0))) for push in near]
    whole = 0.0 if not near else NEAREST_SHARE if wide else 1.0
    mine = [whole * c / math.fsum(chance) for c in chance]
    return (*mine, *[(1.0 - whole) / len(wide) for _ in wide])


def _pushes(setup: Setup, steps: int) -> tuple[list[_Push], list[_Push]]:
    """The nearest accounts and desks, and the whole market; no two alike."""
    market, names = setup.case.market, setup.table.assets
    volatility = np.array([market.assets[name].volatility for name in names])
    years = steps * setup.step_seconds / SECONDS_PER_YEAR
    turn = correlation_factor(market, names).T * (volatility * math.sqrt(years))
    market_wide = turn[:, _moved_by(setup)].sum(axis=1)
    size = math.sqrt(float(market_wide @ market_wide))
    ways = [sign * market_wide / size for sign in (-1.0, 1.0) if size > 0.0]
    near: list[_Push] = []
    for push in sorted(_nearest(setup, turn, ways), key=lambda push: push.length):
        if len(near) < MOST_NEAREST and not _alike(push, near):
            near.append(push)
    wide = [_Push(way, far) for way in ways for far in LENGTHS]
    return near, [push for push in wide if not _alike(push, near)]


def _moved_by(setup: Setup) -> Bools:
    """Assets (k,) whose price anybody's account depends on; all where shares claim others."""
    table = setup.table
    out = np.full(len(table.assets), bool(setup.case.market.shares))
    for used in (table.rows.asset, table.options.asset, table.feed_asset[table.units.settle]):
        out[used] = True
    return out


def _nearest(setup: Setup, turn: Floats, ways: list[Floats]) -> list[_Push]:
    """For each account of a desk and each desk the shortest push that breaks it, where one does.

    Tried: what costs most by the slope at the start, each account's and each desk's, and ``ways``;
    accounts are valued anew along them, so that options bend as they do.
    """
    start = _room(setup, setup.spot[None, :])[0]
    falls = -_slopes(setup) @ turn.T
    length = np.sqrt((falls * falls).sum(axis=1))
    tried = [*(falls[length > 0.0] / length[length > 0.0, None]), *ways]
    out: dict[int, _Push] = {}
    for way in tried:
        move = way @ turn
        before, done = start, start <= 0.0
        lengths = np.arange(STRIDE, FARTHEST + STRIDE / 2.0, STRIDE)
        along = np.stack([setup.spot * np.exp(far * move) for far in lengths])
        for far, room in zip(lengths, _room(setup, along), strict=True):
            for n in np.flatnonzero((room <= 0.0) & ~done).tolist():
                share = float(before[n] / (before[n] - room[n]))
                at = max(float(far) - STRIDE * (1.0 - share), NEAREST)
                if n not in out or at < out[n].length:
                    out[n] = _Push(way, at)
            done = done | (room <= 0.0)
            before = room
            if done.all():
                break
    return list(out.values())


def _alike(push: _Push, others: list[_Push]) -> bool:
    """True where one of the others is as good as this one."""
    return any(
        float(push.way @ other.way) > SAME_DIRECTION
        and abs(push.length - other.length) < SAME_LENGTH
        for other in others
    )


def _room(setup: Setup, price: Floats) -> Floats:
    """What each account of a desk has beyond its maintenance in markets of these prices (m, k), and
    each desk beyond the loss that counts as impairment, quote (m, n).
    """
    keep = 1.0 - setup.case.loss_fraction
    table, markets = setup.table, price.shape[0]
    prices = price[:, table.feed_asset]
    # Volatility moves with spot from where it is, as it does on the paths.
    quotes = option_quotes(table, prices, setup.spot[table.feed_asset], 0.0)
    if setup.start_scale is not None:
        quotes.scale = np.tile(setup.start_scale, (markets, 1))
    quotes.integral = np.zeros_like(prices)
    mine = np.tile(setup.desk_units, markets)
    market = np.repeat(np.arange(markets), setup.desk_units.size)
    found = assess(table, starting_holdings(table, markets), quotes, market, mine)
    equity, maintenance = (one.reshape(markets, -1) for one in found[:2])
    whole = [equity - maintenance]
    for owner in desks(setup):
        columns = desk_columns(setup, owner)
        held = float(setup.desk_equity[columns].sum())
        rest = equity[:, columns].sum(axis=1) - keep * max(held, 0.0)
        whole.append(rest[:, None])
    return np.concatenate(whole, axis=1)


def _slopes(setup: Setup) -> Floats:
    """Change of `_room` per unit of relative rise of each asset (n, k), quote."""
    bumps = np.eye(setup.spot.size) * BUMP
    up, down = (_room(setup, setup.spot * (1.0 + sign * bumps)) for sign in (1.0, -1.0))
    return np.ascontiguousarray((up - down).T) / (2.0 * BUMP)


def run_rare(
    setup: Setup,
    plain: Plan,
    tilt: Tilt | None,
    found: Found,
    beside: Beside,
    progress: Callable[[float, str], None] | None,
    compute: Compute | None,
) -> Rare | None:
    """As many tilted paths as the plan has plain ones, in the base, in each node's world and in
    those of the parts.

    found, beside: impairments on the plain paths. None without a tilt.
    """
    if tilt is None:
        return None
    nodes, parts = beside.nodes, beside.parts
    last = len(plain.worlds) - len(parts)
    worlds = (*plain.worlds[: 1 + len(nodes)], *plain.worlds[last:])
    tilted = replace(plain, worlds=worlds, first=plain.paths, tilt=tilt, watch=None, accounts=False)
    base, *others = (one.found for one in run_plan(setup, tilted, progress, compute))
    both = [_joined(one, other) for one, other in zip([*nodes, *parts], others, strict=True)]
    whole = _weights(setup, plain, tilt, plain.paths)
    return Rare(
        tilt=tilt,
        found=_joined(found, base),
        weights=whole,
        nodes=both[: len(nodes)],
        side=_weights(setup, plain, tilt, plain.side_paths),
        parts=both[len(nodes) :],
        split=_split(setup, plain, tilt, whole),
    )


def _split(setup: Setup, plan: Plan, tilt: Tilt, whole: PathWeights) -> Split:
    """The first paths of either kind, with weights of their own."""
    first = np.arange(plan.parts_paths)
    return Split(
        channels=channels_of(setup),
        paths=plan.parts_paths,
        which=np.concatenate([first, plan.paths + first]),
        weights=_weights(setup, plan, tilt, plan.parts_paths),
        whole=whole,
    )


def _joined(plain: Found, tilted: Found) -> Found:
    return {
        scope: (sentence, joined(impairment, tilted[scope][1]))
        for scope, (sentence, impairment) in plain.items()
    }


def _weights(setup: Setup, plan: Plan, tilt: Tilt, paths: int) -> PathWeights:
    """Weights of the first ``paths`` plain and the first ``paths`` tilted paths."""
    first = np.arange(paths)
    numbers: Ints = np.concatenate([first, plan.paths + first])
    plain = np.repeat([True, False], paths)
    failing = None
    hurry = tilt.hurry(numbers)
    if setup.failures is not None and hurry is not None:
        draws = Draws(plan.seed, numbers, np.where(plain, 1.0, hurry))
        factors = [1.0, *(part.failure_factor for part in tilt.components)]
        failing = failure_ratios(setup.failures, draws, factors, plan.steps)
    at = weights(
        tilt,
        setup.case.market,
        numbers,
        plain,
        seed=plan.seed,
        steps=plan.steps,
        step_seconds=setup.step_seconds,
        failing=failing,
    )
    component = components_of(tilt, numbers, plain)
    return PathWeights(at, component, not _not_pushed(setup, tilt, component))


def _not_pushed(setup: Setup, tilt: Tilt, component: Ints) -> list[str]:
    """What impairs at random and is not pushed on these paths (p,): of the model, and failures."""
    own, rules = untilted(setup.case.market), setup.failures
    sooner = [j for j, part in enumerate(tilt.components, 1) if part.failure_factor != 1.0]
    hurried = int(np.isin(component, sooner).sum())
    failing = []
    if rules is not None and (hurried == 0 or left_to_chance(rules, hurried)):
        failing = ["failures"]
    return failing if own is None else [own, *failing]


def rare_scopes(rare: Rare, seconds: list[float], setup: Setup, seed: int) -> dict[str, Any]:
    """`dre.scopes` of the result: the curves, model intervals and parts of weighted paths."""
    out = {}
    step_seconds, scores = setup.step_seconds, model_scores(seed)
    for scope, (sentence, impairment) in rare.found.items():
        block = weighted_curve(impairment, sentence, seconds, step_seconds, rare.weights)
        block["sentence"] = scope_sentence(setup.case, block["sentence"])
        low, high = [], []
        for horizon, probability in zip(seconds, block["probability"], strict=True):
            step = last_step(horizon, step_seconds)
            steps = _side_steps(rare, scope)
            base, up, down, thin = (mean_by(of, step, rare.side) for of in steps)
            known = share_by(steps[0], step, rare.side).plain_paths(rare.side.component.size)
            shares = NodeShares(base, up, down, thin, known)
            whole = share_by(impairment.step, step, rare.weights)
            paths = whole.plain_paths(impairment.step.size)
            ends = interval_over(probability, paths, shares, scores)
            low.append(ends[0])
            high.append(ends[1])
        without = [world[scope][1].step for world in rare.parts]
        parts = parts_of(rare.split, impairment.step, without, block, seconds, step_seconds)
        ordered = {key: block[key] for key in ("probability", "low", "high")}
        ordered |= {"model_low": low, "model_high": high}
        out[scope] = ordered | block | {"parts": parts}
    return out


def _side_steps(rare: Rare, scope: str) -> list[Ints]:
    """First impairment on the side's paths: base, volatility up, down, depth down."""
    side = rare.side.component.size // 2
    whole = rare.found[scope][1].step
    half = whole.size // 2
    base = np.concatenate([whole[:side], whole[half : half + side]])
    return [base, *(node[scope][1].step for node in rare.nodes)]


def rare_block(rare: Rare, seconds: list[float], setup: Setup) -> dict[str, Any]:
    """`rare` of the result: how many paths were tilted, how, and what plain paths alone say."""
    count = np.bincount(rare.weights.component, minlength=len(rare.tilt.components) + 1)
    return {
        "plain_paths": int(count[0]),
        "tilted_paths": int(count[1:].sum()),
        "components": [
            {
                "paths": int(paths),
                "push": math.sqrt(math.fsum(h * h for h in part.shift))
                * math.sqrt(rare.weights.at.shape[1] - 1),
                "jump_factor": part.jump_factor,
                "failure_factor": part.failure_factor,
            }
            for part, paths in zip(rare.tilt.components, count[1:], strict=True)
        ],
        "mean_weight": float(rare.weights.at[:, -1].mean()),
        "not_pushed": _not_pushed(setup, rare.tilt, rare.weights.component),
        "scopes": {
            scope: _evidence(impairment.step, seconds, setup.step_seconds, rare.weights)
            for scope, (_, impairment) in rare.found.items()
        },
    }


def _evidence(
    step_of: Ints, seconds: list[float], step_seconds: float, weights: PathWeights
) -> dict[str, list[float]]:
    """By horizon: impaired paths of equal weight that would say as much, and the interval of DRE
    that plain paths alone give.
    """
    plain = step_of[weights.component == 0]
    out: dict[str, list[float]] = {"effective_paths": [], "plain_low": [], "plain_high": []}
    for horizon in seconds:
        step = last_step(horizon, step_seconds)
        low, high = wilson(int(np.count_nonzero(plain <= step)), plain.size)
        out["effective_paths"].append(share_by(step_of, step, weights).effective)
        out["plain_low"].append(low)
        out["plain_high"].append(high)
    return out
