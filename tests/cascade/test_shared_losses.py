"""Who bears a socialised loss: every margin account of the venue, in whichever coin it settles."""

from __future__ import annotations

import pytest
from tiny_cases import Held, Trader, coin, events, paths_of, perpetual, perpetuals_venue, run_case
from tiny_cases import tiny_case as case_of

from seawall.cascade.tape import EventKind
from seawall.instruments import Perpetual
from seawall.market import AssetState

INFINITE = float("inf")
TETHER = AssetState(1.0, 1.0, 1.0, 0.0, INFINITE, INFINITE)


def test_accounts_that_settle_in_another_stablecoin_bear_it() -> None:
    """Long 10 falls by 100,000 with 30,000 of margin: the short, with a gain, bears 70,000."""
    traders = [
        Trader("v", [Held("BTC-USDT", 10, 100_000)], {"USDT": 30_000.0}),
        Trader("v", [Held("BTC-USDT", -10, 100_000)], {"USDT": 1e6}, owner="me"),
    ]
    case = case_of(
        traders,
        [Perpetual("BTC-USDT", "BTC", "USDT")],
        {"v": perpetuals_venue()},
        {"BTC": coin(100_000.0), "USDT": TETHER},
    )
    _, tape, _ = run_case(case, paths_of(case, BTC=[100_000, 90_000, 90_000]))
    assert tape.socialised.sum() == pytest.approx(70_000.0)
    assert len(events(tape, EventKind.SOCIALISED)) == 1
    assert tape.desk_equity[0, -1, 0] == pytest.approx(1_100_000.0 - 70_000.0)


def test_accounts_that_settle_in_coin_and_in_quote_share_by_equity() -> None:
    """Equities of 900,000 (10 coins) and 100,000 bear nine tenths and one tenth."""
    linear, inverse = perpetual("BTC-PERP", "BTC"), perpetual("BTC-INV", "BTC", inverse=True)
    traders = [
        Trader("v", [Held("BTC-PERP", 10, 100_000)], {"USD": 30_000.0}),
        Trader("v", [Held("BTC-INV", 1e-6, 100_000)], {"BTC": 10.0}, owner="coin"),
        Trader("v", [Held("BTC-PERP", 1e-9, 100_000)], {"USD": 100_000.0}, owner="cash"),
    ]
    case = case_of(traders, [linear, inverse], {"v": perpetuals_venue()}, {"BTC": coin(100_000.0)})
    _, tape, _ = run_case(case, paths_of(case, BTC=[100_000, 90_000, 90_000]))
    assert len(events(tape, EventKind.SOCIALISED)) == 2
    assert tape.desk_equity[0, -1] == pytest.approx([900_000 - 63_000, 100_000 - 7_000], rel=1e-6)
