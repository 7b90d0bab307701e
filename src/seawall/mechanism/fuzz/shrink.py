"""The smallest Case that still breaks the law: fewer accounts, steps, paths and complications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from seawall.mechanism.fuzz.random_case import Recipe
from seawall.mechanism.fuzz.trial import Trial

# Runs spent on making a failing Case smaller.
BUDGET = 60


def shrink(trial: Trial, fails: Callable[[Trial], bool], budget: int = BUDGET) -> Trial:
    """The smallest trial found within ``budget`` tries; ``trial`` itself fails."""
    spent = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(trial):
            if spent >= budget:
                return trial
            spent += 1
            if fails(candidate):
                trial, smaller = candidate, True
                break
    return trial


def _smaller(trial: Trial) -> Iterator[Trial]:
    """Simpler trials, the greatest steps first."""
    for name in trial.values:
        yield replace(trial, values={k: x for k, x in trial.values.items() if k != name})
    recipe = trial.recipe
    plain: dict[str, object] = {
        "writers": 0,
        "inverse": 0,
        "borrowers": 0,
        "rates": False,
        "lag": False,
        "square_root": False,
        "total": False,
        "deep": True,
        "capital": 0.0,
    }
    for name, value in plain.items():
        if getattr(recipe, name) != value:
            yield replace(trial, recipe=replace(recipe, **{name: value}))  # type: ignore[arg-type]
    for name in ("paths", "steps", "linear", "borrowers"):
        now, least = getattr(recipe, name), _LEAST[name]
        for value in dict.fromkeys((least, (now + least) // 2, now - 1)):
            if least <= value < now:
                yield replace(trial, recipe=replace(recipe, **{name: value}))
    if len(recipe.layers) > 1:
        for layer in recipe.layers:
            rest = tuple(other for other in recipe.layers if other != layer)
            yield replace(trial, recipe=replace(recipe, layers=rest))


_LEAST = {"paths": 1, "steps": 1, "linear": 1, "borrowers": 0}


def told(recipe: Recipe) -> str:
    """A recipe in words."""
    held = [
        (recipe.linear, "account(s) of linear perpetuals"),
        (recipe.inverse, "of inverse ones"),
        (recipe.borrowers, "loan(s)"),
        (recipe.writers, "option account(s)"),
    ]
    what = ", ".join(f"{count} {kind}" for count, kind in held if count)
    ways = [
        name
        for name, on in (
            ("infinite depth", recipe.deep),
            ("square-root impact", recipe.square_root and not recipe.deep),
            ("feeds with lag", recipe.lag),
            ("funding and interest", recipe.rates),
            ("total paths", recipe.total),
        )
        if on
    ]
    layers = " > ".join(recipe.layers) or "no layers"
    return (
        f"{what}; {recipe.paths} path(s) of {recipe.steps} step(s); waterfall {layers} with "
        f"{recipe.capital:g} of notional; {', '.join(ways) or 'nothing else'}; "
        f"seed {recipe.seed}"
    )
