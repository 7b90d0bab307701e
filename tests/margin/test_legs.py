"""Legs on one asset are the same numbers whether chosen before or after they are valued."""

from __future__ import annotations

import numpy as np
import pytest
from test_along_portfolio import paid_in_coin, some_account

from seawall.margin.account.split import leg_values, legs_on, on_asset


@pytest.mark.parametrize("make", [some_account, paid_in_coin])
def test_choosing_after_valuing_changes_no_bit(make) -> None:
    seen = 0
    for seed in range(25):
        account = make(seed)
        legs = leg_values(account)
        for asset in dict.fromkeys([*legs.underlying, "an asset that is not held"]):
            found, want = legs_on(legs, asset), leg_values(on_asset(account, asset))
            assert (found.names, found.underlying) == (want.names, want.underlying)
            np.testing.assert_array_equal(found.size, want.size)
            np.testing.assert_array_equal(found.worth, want.worth)
            seen += len(found.names)
    assert seen > 100
