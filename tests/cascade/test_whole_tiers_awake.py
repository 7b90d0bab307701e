"""Where maintenance jumps at a tier's bound, the filtered loop still closes at the bound."""

from __future__ import annotations

import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    events,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.tape import EventKind
from seawall.venues import Tier

TIERS = (Tier(0.0, 50.0, 0.01), Tier(100_000.0, 20.0, 0.02))


@pytest.mark.parametrize("filtered", [True, False], ids=["filtered", "plain"])
@pytest.mark.parametrize(("form", "closed"), [("whole", 2), ("marginal", None)])
def test_a_short_is_closed_in_the_step_in_which_its_notional_reaches_the_bound(
    form: str, closed: int | None, filtered: bool
) -> None:
    # 2 coins short at 45,000 with 11,500. At 50,010: equity 1,480, 1% 1,000, 2% 2,000. Asleep by
    # exposure alone it would be until the price has moved by 10,600 / 91,800, to 50,196.
    case = tiny_case(
        [
            Trader("v", [Held("BTC-PERP", -2.0, 45_000.0)], {"USD": 11_500.0}, "short"),
            Trader("v", [Held("BTC-PERP", 2.0, 45_000.0)], {"USD": 90_000.0}, "long"),
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(tiers=TIERS, tier_form=form, fund=1e6)},
        {"BTC": coin(45_000.0)},
    )
    prices = paths_of(case, BTC=[45_000.0, 49_990.0, 50_010.0, 50_020.0])
    _, tape, _ = run_case(case, prices, filtered=filtered)
    steps = [step for _, step, unit, _ in events(tape, EventKind.LIQUIDATION)]
    assert steps == ([] if closed is None else [closed])
