"""Random whole Cases with random paths, for laws: hypothesis draws the recipe, so that failures
shrink to fewer accounts; `seawall.mechanism.fuzz` builds the Case.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from seawall.mechanism.fuzz.random_case import COLLATERAL, LAYERS, SPOT, TIERS, Recipe, build

__all__ = [
    "COLLATERAL",
    "EXAMPLES",
    "LAYERS",
    "SPOT",
    "TIERS",
    "Recipe",
    "build",
    "laws",
    "recipes",
]

# Random Cases per law; SEAWALL_LAW_EXAMPLES asks for more.
EXAMPLES = int(os.environ.get("SEAWALL_LAW_EXAMPLES", "20"))
laws = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="SEAWALL_LAW_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def recipes(draw: st.DrawFn, **fixed: object) -> Recipe:
    """Random recipes; ``fixed`` fields are as given."""
    free = {
        "seed": st.integers(0, 2**32 - 1),
        "linear": st.integers(2, 6),
        "inverse": st.integers(0, 2),
        "borrowers": st.integers(0, 3),
        "writers": st.integers(0, 2),
        "layers": st.sampled_from(LAYERS),
        "capital": st.sampled_from([0.0, 0.01, 0.1, 10.0]),
        "deep": st.booleans(),
        "lag": st.booleans(),
        "rates": st.booleans(),
        "healthy": st.booleans(),
        "square_root": st.booleans(),
        "total": st.booleans(),
    }
    return Recipe(**{**{k: draw(s) for k, s in free.items() if k not in fixed}, **fixed})
