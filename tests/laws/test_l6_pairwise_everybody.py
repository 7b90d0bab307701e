"""L6 on a second covering set: every two fillings of any two slots, of all slots that there are.

`test_l6_pairwise.py` has the slots of prices, closing and losses, each in a Case of its own size.
Here agents, behaviour, failures and own files are in it too, from the table of `every_rule.py`;
what slots leave no room for is left out, so a few pairs that cannot stand together never meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from combinations import case_of, fitting
from every_rule import RULES
from test_l6_compiled import COMPILED, assert_engines_agree
from test_l6_pairwise import Row, covering, small
from test_l6_same_tape import CHUNKS, assert_same

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.cascade.tape import select
from seawall.mechanism.fuzz.trial import Trial

PLACES = ("perps", "lender", "market")
FACTORS: Mapping[str, tuple[Any, ...]] = {
    f"{place}/{slot}": (None, *tables) for place in PLACES for slot, tables in RULES[place].items()
}
COUNT = 85


@cache
def rows() -> list[Row]:
    """The covering set; a second of work, done where it is asked for."""
    return covering(FACTORS)


def trial_of(row: Row, number: int) -> Trial:
    """A small random Case with the fillings of a row that fit together."""
    chosen = {key: FACTORS[key][n] for key, n in row.items() if FACTORS[key][n] is not None}
    return fitting(Trial(small(400 + number), chosen))


@pytest.mark.slow
def test_nearly_every_pair_meets() -> None:
    """Nine tenths of all pairs of fillings stand together in some row."""
    assert len(rows()) == COUNT
    fitted = [trial_of(row, n).values for n, row in enumerate(rows())]
    met, wanted = 0, 0
    for a, b in combinations(FACTORS, 2):
        pairs = {(id(one), id(other)) for one in FACTORS[a][1:] for other in FACTORS[b][1:]}
        seen = {(id(v[a]), id(v[b])) for v in fitted if a in v and b in v}
        wanted, met = wanted + len(pairs), met + len(pairs & seen)
    assert met > 0.9 * wanted, f"{COMPILED}: {met} of {wanted} pairs meet"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(COUNT))
def test_both_engines_write_one_tape(number: int) -> None:
    case, exogenous = case_of(trial_of(rows()[number], number))
    setup = prepare(case)
    assert_engines_agree(setup, exogenous)
    whole, _ = run_fast(setup, exogenous)
    first, _ = run_fast(setup, exogenous[:2])
    assert_same(select(whole, 0, 2), first, CHUNKS)
    assert np.isfinite(whole.final).all()
