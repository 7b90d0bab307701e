"""50 random Cases: a finer grid, built and run in another way, finds no smaller impairing shock.

The certificate says: nothing below ``low``. Here every Case is compiled anew at each volatility,
depth and latency (its files' numbers changed, where the search changes the compiled ones), run by
the plain loop, on directions of the test's own, a tenth of a unit apart; distances come from the
inverse of the correlation matrix.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from tiny_cases import QUOTE

from seawall.book import AccountKind
from seawall.cascade.draws import Draws
from seawall.cascade.engine import prepare
from seawall.cascade.reference import run
from seawall.cascade.state import safe_worlds
from seawall.cascade.tape import NEVER
from seawall.case import Case
from seawall.exposure.impairment import desk_impairment
from seawall.exposure.reverse.answer import reverse_stress
from seawall.mechanism.fuzz.random_case import LAYERS, SPOT, Recipe, build
from seawall.venues import Feed

CASES, REACH, STEP = 50, 4.0, 600.0
VOLATILITY, DEPTH, LATENCY = 0.25, 0.5, STEP  # units where nothing is stated (A16), and one step
RADII = 0.1
LEVELS = {
    "volatility": (-1.4, -0.7, 0.0, 0.7, 1.4),
    "depth": (0.0, 0.6, 1.2),
    "latency": (0, 1),
}


def random_desk(seed: int) -> Case:
    """A random Case whose first accounts are one desk's, in steps of ten minutes."""
    recipe = Recipe(
        seed=seed,
        linear=3,
        inverse=seed % 2,
        borrowers=(seed // 2) % 3,
        writers=(seed // 3) % 2,
        layers=LAYERS[seed % len(LAYERS)],
        capital=(0.0, 0.01, 0.1)[seed % 3],
        deep=seed % 4 == 0,
        lag=seed % 2 == 1,
        rates=False,
        healthy=True,
        square_root=seed % 5 == 0,
    )
    case, _ = build(recipe)
    book, desk = case.book, {0, 1, len(case.book.account_names) - 1}
    owners = tuple("harbour" if n in desk else f"t{n}" for n in range(len(book.account_owner)))
    kinds = tuple(AccountKind.DESK if n in desk else AccountKind.CROWD for n in range(len(owners)))
    book = replace(book, account_owner=owners, account_kind=kinds)
    return replace(case, book=book, step_seconds=STEP)


def shocked(case: Case, v: float, d: float, steps: int) -> Case:
    """The Case with other implied volatilities, depths and oracle delays in what it states."""
    up, thin = math.exp(VOLATILITY * v), math.exp(-DEPTH * d)
    market = case.market
    instruments = {
        name: state
        if state.implied_volatility is None
        else replace(state, implied_volatility=state.implied_volatility * up)
        for name, state in market.instruments.items()
    }
    assets = {
        name: replace(s, depth=s.depth * thin, daily_volume=s.daily_volume * thin)
        for name, s in market.assets.items()
    }
    scenario = replace(market.scenario, impact_prefactor=market.scenario.impact_prefactor * up)
    rulebooks = {
        name: book
        if book.feed == Feed()
        else replace(
            book,
            feed=replace(book.feed, delay_seconds=book.feed.delay_seconds + steps * LATENCY),
        )
        for name, book in case.rulebooks.items()
    }
    market = replace(market, assets=assets, instruments=instruments, scenario=scenario)
    return replace(case, market=market, rulebooks=rulebooks)


def own_directions(case: Case) -> tuple[list[str], np.ndarray]:
    """26 directions of moves z (j, 3) in daily sigmas, of Mahalanobis length 1."""
    names = list(SPOT)
    matrix = np.eye(3)
    for (one, other), rho in case.market.correlation.items():
        a, b = names.index(one), names.index(other)
        matrix[a, b] = matrix[b, a] = rho
    inverse = np.linalg.inv(matrix)
    signs = np.array([s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)], dtype=float)
    length = np.sqrt(np.einsum("ji,ik,jk->j", signs, inverse, signs))
    return names, signs / length[:, None]


def smallest_on_the_grid(case: Case, low: float, spot_low: float) -> tuple[float, float, int]:
    """Smallest norms below the two bounds that impair, of all axes and of prices alone, and how
    many points were tried; infinite where none impairs.
    """
    names, directions = own_directions(case)
    sigma = np.array([case.market.assets[n].volatility / math.sqrt(365.0) for n in names])
    kept = prepare(case).desk_equity
    best, best_spot, tried = math.inf, math.inf, 0
    for v, d, late in itertools.product(*LEVELS.values()):
        other = math.sqrt(v * v + d * d + late * late)
        alone = other == 0.0
        bound = max(low, spot_low) if alone else low
        if other >= bound:
            continue
        radii = np.arange(0.0, math.sqrt(bound * bound - other * other), RADII)
        z = (directions[:, None, :] * radii[None, :, None]).reshape(-1, 3)
        norm = np.sqrt(np.tile(radii, directions.shape[0]) ** 2 + other * other)
        setup = prepare(shocked(case, v, d, late))
        columns = [setup.table.assets.index(n) for n in names]
        prices = np.tile(setup.spot, (z.shape[0], round(3_600.0 / STEP) + 2, 1))
        prices[:, 1:, columns] *= 1.0 + (z * sigma)[:, None, :]
        inside = prices.min(axis=(1, 2)) > 0.0
        prices, norm = prices[inside], norm[inside]
        same = np.zeros(norm.size, dtype=np.int64)
        tape, _ = run(setup, prices, worlds=safe_worlds(norm.size), draws=Draws(0, same))
        equity = tape.desk_equity.copy()
        equity[:, 0] = kept
        verdict = desk_impairment(setup, replace(tape, desk_equity=equity), "harbour")
        hit = norm[verdict.step < NEVER]
        best = min(best, float(hit.min(initial=math.inf)))
        if alone:
            best_spot = min(best_spot, float(hit.min(initial=math.inf)))
        tried += norm.size
    return best, best_spot, tried


def ends(found: dict, over: list[str]) -> float:  # type: ignore[type-arg]
    """The certificate's lower end for one set of axes."""
    (row,) = [one for one in found["sets"] if one["over"] == over]
    return float(row["certificate"]["low"])


@pytest.mark.slow
def test_no_smaller_shock_on_a_finer_grid_of_another_make() -> None:
    points, smaller, answers = 0, [], 0
    for seed in range(CASES):
        case = random_desk(seed)
        assert case.market.assets[QUOTE].volatility == 0.0
        found = reverse_stress(case, reach=REACH, points=600)
        answer = found["answer"]
        low, spot_low = ends(found, answer["over"]), ends(found, ["spot"])
        best, best_spot, tried = smallest_on_the_grid(case, low, spot_low)
        points += tried
        answers += answer["norm"] is not None
        if best < low or best_spot < spot_low:
            smaller.append((seed, best, low, best_spot, spot_low))
        print(
            f"case {seed}: {answer['norm']} over {'+'.join(answer['over'])}, low {low:.3f}; prices "
            f"alone low {spot_low:.3f}; {tried} points, smallest {best:.3f}, {best_spot:.3f}"
        )
    print(f"{points:,} points on {CASES} cases, {answers} with an answer; smaller: {smaller}")
    assert answers >= 30
    assert smaller == []
