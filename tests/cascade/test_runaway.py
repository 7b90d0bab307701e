"""A price that runs away beyond every number is refused in a sentence, not reported as infinite."""

import numpy as np
import pytest
from tiny_cases import Trader, coin, paths_of, perpetual, perpetuals_venue, run_case, tiny_case

from seawall.cascade.course import Course, refuse_runaway
from seawall.foundation.errors import InputError


def test_an_infinite_price_is_named():
    trader = Trader("v", (), {"USD": 10.0}, owner="me")
    case = tiny_case(
        [trader], [perpetual("ETH-PERP", "ETH")], {"v": perpetuals_venue()}, {"ETH": coin(100.0)}
    )
    setup, tape, _ = run_case(case, paths_of(case, ETH=[100.0, 101.0]))
    refuse_runaway(setup, Course(tape.desk_equity, tape.trough, tape.peak))
    peak = np.repeat(tape.peak, 3, axis=0)
    peak[1, setup.table.assets.index("ETH")] = np.inf
    with pytest.raises(InputError, match=r"ETH runs away .* on 1 of 3 paths"):
        refuse_runaway(setup, Course(tape.desk_equity, tape.trough, peak))
