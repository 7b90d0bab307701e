"""A deleveraged account's other collateral is sold before anybody pays for it."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import (
    QUOTE,
    Held,
    Trader,
    coin,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.venues import Collateral


def test_the_loss_of_a_deleveraged_account_is_paid_once() -> None:
    """10 BTC long from 100 with 50 cash and 10 ETH at 10; BTC falls to 80: equity 150 - 200 = -50.

    The winner gives up 50. Before, the ETH stayed with the bankrupt owner and 100 were socialised.
    """
    venue = perpetuals_venue(
        ("fund", "adl", "socialised"),
        collateral={"ETH": Collateral(0.9, 0.9), QUOTE: Collateral(1.0, 1.0)},
    )
    case = tiny_case(
        [
            Trader("v", [Held("BTC-PERP", 10.0, 100.0)], {QUOTE: 50.0, "ETH": 10.0}, owner="desk"),
            Trader("v", [Held("BTC-PERP", -10.0, 100.0)], {QUOTE: 1_000.0}),
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": venue},
        {"BTC": coin(100.0), "ETH": coin(10.0)},
    )
    _, tape, state = run_case(case, paths_of(case, BTC=[100.0, 80.0, 80.0]))
    assert tape.adl.sum() == pytest.approx(50.0, abs=1e-9)
    assert tape.socialised.sum() == pytest.approx(0.0, abs=1e-9)
    assert tape.desk_equity[0, :, 0] == pytest.approx([150.0, 0.0, 0.0], abs=1e-9)
    assert np.all(state.holdings.size == 0.0)
    assert state.holdings.cash[0, 1] == pytest.approx(1_000.0 + 200.0 - 50.0)


def test_a_coin_sold_in_an_account_of_another_coin_pays_in_that_coin() -> None:
    """An inverse account in BTC with 10 ETH at 10; the long is closed whole: 10 ETH make 1.25 BTC.

    Long 1,000 contracts from 100 with 1 BTC; at 80 it has lost 1000 (1/80 - 1/100) = 2.5 BTC.
    """
    venue = perpetuals_venue(
        ("fund", "socialised"),
        fund=1e6,
        collateral={"ETH": Collateral(0.9, 0.9), "BTC": Collateral(1.0, 1.0)},
    )
    case = tiny_case(
        [Trader("v", [Held("BTC-INV", 1_000.0, 100.0)], {"BTC": 1.0, "ETH": 10.0}, owner="desk")],
        [perpetual("BTC-INV", "BTC", inverse=True)],
        {"v": venue},
        {"BTC": coin(100.0), "ETH": coin(10.0)},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 80.0, 80.0]))
    # 1 - 2.5 + 1.25 = -0.25 BTC at 80.
    assert tape.fund.sum() == pytest.approx(20.0)
    assert tape.desk_equity[0, -1, 0] == pytest.approx(0.0, abs=1e-9)
