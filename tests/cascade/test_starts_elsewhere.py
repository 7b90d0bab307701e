"""Paths that do not start at the Case's spot are refused: who sleeps how long is known from there.

Without the refusal the loop with its filter misses closes: an account's buffer is counted at the
spot, and how far prices have gone from the path's own start.
"""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.engine import prepare
from seawall.cascade.fast.engine import run_fast
from seawall.case import Case
from seawall.foundation.errors import InputError

SENTENCE = "BTC starts at 1080 on path 1, and the Case's spot is 1000"


def two_coins() -> Case:
    """One long of two coins, broken where the second has fallen by 10%."""
    trader = Trader(
        "v", [Held("ETH-PERP", 1.0, 100.0), Held("BTC-PERP", 1.0, 1_000.0)], {"USD": 95}
    )
    return tiny_case(
        [trader],
        [perpetual("ETH-PERP", "ETH"), perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(("fund",), fund=1e6)},
        {"ETH": coin(100.0), "BTC": coin(1_000.0)},
    )


@pytest.mark.parametrize("filtered", [True, False])
def test_the_plain_loop_refuses_them(filtered: bool) -> None:
    case = two_coins()
    paths = paths_of(case, BTC=[[1_000.0, 990.0], [1_080.0, 990.0]])
    with pytest.raises(InputError, match=SENTENCE):
        run_case(case, paths, filtered=filtered)


def test_the_compiled_engine_refuses_them() -> None:
    case = two_coins()
    with pytest.raises(InputError, match=SENTENCE):
        run_fast(prepare(case), paths_of(case, BTC=[[1_000.0, 990.0], [1_080.0, 990.0]]))


def test_what_is_refused_is_the_start_alone() -> None:
    """The last bit counts, and a move in the first step is no other start."""
    case = two_coins()
    start = float(np.nextafter(100.0, 200.0))
    with pytest.raises(InputError, match="ETH starts at"):
        run_case(case, paths_of(case, ETH=[start, 100.0]))
    _, tape, _ = run_case(case, paths_of(case, BTC=[[1_000.0, 890.0], [1_000.0, 990.0]]))
    assert tape.path.tolist() == [0, 0], "both legs of the account on the first path"
