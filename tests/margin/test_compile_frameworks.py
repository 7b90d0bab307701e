"""What the loop cannot margin by the venue's own rule is refused, not margined by another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.foundation.errors import InputError
from seawall.margin.frameworks import FRAMEWORKS
from seawall.margin.table.compile import compile_table


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_the_loop_runs_only_what_its_table_can_say(framework: str) -> None:
    case = tiny_case(
        [Trader("v", (Held("PERP", 1.0, 100.0),), {"USD": 50.0})],
        (perpetual("PERP", "COIN"),),
        {"v": replace(perpetuals_venue(), framework=framework)},
        {"COIN": coin(100.0)},
    )
    given = (case.book, case.market, case.rulebooks, case.quote, case.as_of)
    if FRAMEWORKS[framework].in_loop:
        compile_table(*given)
        return
    with pytest.raises(InputError, match=rf"venue 'v' margins by '{framework}', which the simul"):
        compile_table(*given)
