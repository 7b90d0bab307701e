"""What changed: one change alone has all of the change of DRE; equal Cases have none; parts sum.

The book is one long coin at 100 (tests/exposure/split_cases.py) on steps of a day, so that DRE is
of tens of percent and every driver moves some paths.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tiny_cases import (
    OPTION_MARGIN,
    Held,
    Trader,
    coin,
    option,
    perpetual,
    perpetuals_venue,
    tiny_case,
)

from seawall.cascade.failures import with_failures
from seawall.case import Case
from seawall.exposure import check
from seawall.exposure.since import since_block
from seawall.exposure.since.block import MOST_EXACT
from seawall.foundation.errors import InputError
from seawall.market import Scenario
from seawall.market.state import InstrumentState
from seawall.venues import Tier

DAY = 86_400.0
Edit = Callable[[Case], Case]


def book_case(
    cash: float = 8.0, *, extra: tuple[Trader, ...] = (), rate: float = 0.01, **more: Any
) -> Case:
    """Us, long one BTC on venue v, among others."""
    size = more.pop("size", 1.0)
    assets = {"BTC": coin(100.0, depth=10_000.0), "ETH": coin(50.0)} | more.pop("assets", {})
    books = {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, rate),))}
    return tiny_case(
        [
            Trader("v", (Held("BTC-PERP", size, 100.0),), {"USD": cash}, owner="us"),
            Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 3.0}),
            *extra,
        ],
        [
            perpetual("BTC-PERP", "BTC"),
            perpetual("ETH-PERP", "ETH"),
            *more.pop("instruments", ()),
        ],
        books | more.pop("venues", {}),
        assets,
        scenario=Scenario(label="exogenous", recovery_seconds=1e9),
        step_seconds=DAY,
        **more,
    )


def since(before: Case, after: Case, paths: int = 60, **more: Any) -> dict[str, Any]:
    """The block for two steps of a day."""
    asked = {"headline": "desk:us", "paths": paths, "seed": 5, "horizon_seconds": 2.0 * DAY}
    block = since_block(before, after, asked, **more)
    whole = math.fsum(row["part"] for row in block["drivers"])
    change = block["dre_after"]["probability"] - block["dre_before"]["probability"]
    assert whole == pytest.approx(change, abs=1e-12)
    assert block["change"]["part"] == pytest.approx(change, abs=1e-12)
    tail = block["tail_after"] - block["tail_before"]
    assert block["change"]["tail"] == pytest.approx(tail, abs=1e-9)
    assert math.fsum(row["tail"] for row in block["drivers"]) == pytest.approx(tail, abs=1e-9)
    return block


def with_asset(case: Case, name: str, **fields: float) -> Case:
    """The Case with other numbers of an asset."""
    assets = {**case.market.assets, name: replace(case.market.assets[name], **fields)}
    return replace(case, market=replace(case.market, assets=assets))


def with_states(case: Case, **fields: float) -> Case:
    """The Case with a state of BTC-PERP."""
    states = {**case.market.instruments, "BTC-PERP": InstrumentState(**fields)}
    return replace(case, market=replace(case.market, instruments=states))


def fails(case: Case) -> Case:
    """The Case whose venue may fail."""
    failing = {"venue_insolvency": [{"venue": "v", "recovery": 0.0, "rate_per_year": 100.0}]}
    return with_failures(case, failing)


def banded(case: Case) -> Case:
    """The Case with a slot filled."""
    slots = {"velocity": {"rule": "velocity", "move": 0.01, "window_seconds": 2.0 * DAY}}
    slots["velocity"]["halt_seconds"] = 10.0 * DAY
    books = {n: replace(b, mechanisms=slots) for n, b in case.rulebooks.items()}
    return replace(case, rulebooks=books)


def wilder(case: Case) -> Case:
    """The Case with jumps."""
    jumps = replace(
        case.market.scenario, model="jump_diffusion", jumps_per_year=200.0, jump_mean=-0.1
    )
    market = replace(case.market, scenario=jumps, jump_beta={"BTC": 1.0})
    return replace(case, market=market)


ALONE: dict[str, Edit] = {
    "spot:BTC": lambda case: with_asset(case, "BTC", spot=96.0, index=96.0, oracle=96.0),
    "volatility:BTC": lambda case: with_asset(case, "BTC", volatility=1.2),
    "depth:BTC": lambda case: with_asset(case, "BTC", depth=1_500.0),
    "rates": lambda case: with_states(case, funding_rate=9.0),
    "positions:BTC": lambda _: book_case(size=0.6),
    "cash": lambda _: book_case(14.0),
    "crowd": lambda _: book_case(
        extra=(Trader("v", (Held("BTC-PERP", 9.0, 100.0),), {"USD": 20.0}),)
    ),
    "rules": lambda _: book_case(rate=0.05),
    "mechanisms": banded,
    "failures": fails,
    "model": wilder,
    "counts": lambda case: replace(case, loss_fraction=0.1),
}


@pytest.mark.parametrize("driver", list(ALONE))
def test_one_change_alone_has_all_of_it(driver: str) -> None:
    """The driver is the only one named, so others are exactly 0, and its part is the change."""
    before = book_case()
    block = since(before, ALONE[driver](before))
    assert [row["driver"] for row in block["drivers"]] == [driver]
    assert block["drivers"][0]["part"] == block["change"]["part"]
    assert block["drivers"][0]["tail"] == pytest.approx(block["change"]["tail"], rel=1e-12)
    if driver != "mechanisms":
        assert block["change"]["part"] != 0.0, "the change moves no path: the test shows nothing"


def test_equal_cases_say_so() -> None:
    """Nothing changed: no driver, no change, and a sentence."""
    block = since(book_case(), book_case())
    assert block["drivers"] == []
    assert block["change"]["part"] == block["change"]["tail"] == 0.0
    assert block["sentence"].startswith("Nothing that moves DRE has changed")


def test_another_step_is_no_driver_and_is_said() -> None:
    """Both are run in this Case's steps: the sentence does not claim it for the earlier one's."""
    block = since(replace(book_case(), step_seconds=DAY / 2.0), book_case())
    assert block["drivers"] == []
    assert (block["step_seconds_before"], block["step_seconds"]) == (DAY / 2.0, DAY)
    assert "both Cases, in steps of 86,400 s, give the same answer" in block["sentence"]


def test_a_number_that_did_not_change_does_not_stand_beside_its_driver() -> None:
    """The index moved and spot did not: "100 to 100" would say that nothing did."""
    (row,) = since(book_case(), with_asset(book_case(), "BTC", index=95.0))["drivers"]
    assert (row["driver"], row["was"], row["now"]) == ("spot:BTC", None, None)


def test_sizes_in_coin_and_in_quote_are_not_added() -> None:
    """One BTC and 1,000 inverse contracts, of a dollar each, are no net size."""

    def case(size: float) -> Case:
        held = (Held("BTC-INV", size, 100.0),)
        other = Trader("v", held, {"BTC": 20.0}, owner="us")
        return book_case(extra=(other,), instruments=(perpetual("BTC-INV", "BTC", True),))

    (row,) = since(case(1000.0), case(900.0))["drivers"]
    assert (row["driver"], row["was"], row["now"]) == ("positions:BTC", None, None)


def test_limits_and_names_are_no_drivers() -> None:
    """What moves no path is not named."""
    block = since(book_case(), replace(book_case(), name="other", digest="1" * 64))
    assert block["drivers"] == []


def test_what_the_market_made_is_spot_s_and_not_cash() -> None:
    """Spot 100 to 95, the long closed and opened again at 95: cash 8 to 3, entry 95. Equity is
    what the market made it, so spot is the only driver.
    """
    before = book_case()
    after = with_asset(book_case(3.0), "BTC", spot=95.0, index=95.0, oracle=95.0)
    entry = np.where(after.book.position_account == 0, 95.0, after.book.entry)
    after = replace(after, book=replace(after.book, entry=entry))
    block = since(before, after)
    assert [row["driver"] for row in block["drivers"]] == ["spot:BTC"]
    assert block["change"]["part"] > 0.0


def test_both_ends_are_what_check_says() -> None:
    """DRE before and after are those of two runs of check on the same paths."""
    before, after = book_case(), ALONE["volatility:BTC"](book_case())
    block = since(before, after)
    for case, key in ((before, "dre_before"), (after, "dre_after")):
        result = check(case, horizon_seconds=2.0 * DAY, paths=60, seed=5)
        whole = result["dre"]["scopes"]["desk:us"]
        assert block[key] == {
            name: pytest.approx(whole[name][-1]) for name in ("probability", "low", "high")
        }


def test_many_changes_sum_by_two_orders() -> None:
    """More than five drivers: one order and its reverse, and the sum is still exact."""
    after = book_case(9.0, size=0.8, rate=0.02)
    for name in ("volatility:BTC", "rates", "counts"):
        after = ALONE[name](after)
    after = with_asset(after, "BTC", spot=97.0, index=97.0, oracle=97.0, depth=4_000.0)
    block = since(book_case(), after, 40)
    assert len(block["drivers"]) > MOST_EXACT
    assert block["method"] == "two orders"
    assert block["hybrids"] == 2 * len(block["drivers"])


def test_an_account_an_asset_and_a_venue_that_are_new_or_gone() -> None:
    """Either way round: accounts are one driver, and nothing else is named."""
    small = book_case()
    other = Trader("w", (Held("SOL-PERP", 10.0, 20.0),), {"USD": 30.0}, owner="us")
    venue = {"w": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, 0.01),))}
    large = book_case(
        extra=(other,),
        venues=venue,
        assets={"SOL": coin(20.0, volatility=1.5)},
        instruments=(perpetual("SOL-PERP", "SOL"),),
    )
    for before, after in ((small, large), (large, small)):
        block = since(before, after)
        assert [row["driver"] for row in block["drivers"]] == ["accounts"]
        assert block["change"]["part"] != 0.0


def test_an_option_that_expired_between() -> None:
    """A put struck at 105 pays 5: cash 1 to 6 is what the market made it, so cash is no driver."""
    venue = {"o": perpetuals_venue(("backstop",), option_margin=OPTION_MARGIN)}
    item = option("BTC-P", "BTC", 105.0, False, 0.5)
    state = {"BTC-P": InstrumentState(implied_volatility=0.6)}
    held = Trader("o", (Held("BTC-P", 1.0, 5.0),), {"USD": 1.0}, owner="us")
    flat = Trader("o", (), {"USD": 6.0}, owner="us")
    before = book_case(extra=(held,), venues=venue, instruments=(item,), states=state)
    after = book_case(extra=(flat,), venues=venue, instruments=(item,), states=state)
    later = after.as_of + timedelta(days=1)
    after = replace(after, as_of=later, market=replace(after.market, as_of=later))
    block = since(before, after)
    assert {row["driver"] for row in block["drivers"]} == {"time", "positions:BTC"}


def test_cases_that_do_not_fit_are_refused() -> None:
    """A later Case, another quote currency, another contract under one name."""
    case = book_case()
    later = case.as_of + timedelta(days=1)
    with pytest.raises(InputError, match="later than this one"):
        since(replace(case, as_of=later), case)
    with pytest.raises(InputError, match="one quote currency"):
        since(replace(case, quote="EUR"), case)


def test_a_mixture_that_cannot_be_run_is_a_warning() -> None:
    """A slot that names an account of the later Case alone: check answers, and says what not."""
    other = Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": 9.0}, owner="us")
    after = book_case(extra=(other,))
    name = after.book.account_names[-1]
    stops = {"rule": "stops", "share": 0.0, "median": 0.1}
    stops["own"] = [{"account": name, "distance": 0.05}]
    books = {n: replace(b, mechanisms={"stops": stops}) for n, b in after.rulebooks.items()}
    after = replace(after, rulebooks=books)
    result = check(after, horizon_seconds=DAY, paths=10, seed=5, since=book_case())
    assert result["since_last"] is None
    assert any("what changed is not known" in said for said in result["warnings"])
