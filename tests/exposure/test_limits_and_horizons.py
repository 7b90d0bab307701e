"""Limits read the number they name: at their own horizon, for the whole owner, on a real scope."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_cases import Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Case, Limit
from seawall.exposure import check
from seawall.exposure.curve import horizons
from seawall.foundation.errors import InputError
from seawall.market.state import InstrumentState
from seawall.report.verdict import verdict
from seawall.venues import Tier

HOUR, DAY = 3_600.0, 86_400.0
PERPETUAL = perpetual("BTC-PERP", "BTC")


def thin_case(*limits: Limit, step_seconds: float = HOUR) -> Case:
    """A desk near its bankruptcy price at a venue without a fund: ruin takes hours to come."""
    held = Held("BTC-PERP", 1, 100_000.0), Held("BTC-PERP", -1, 100_000.0)
    return tiny_case(
        [
            Trader("v", [held[0]], {"USD": 3_000.0}, owner="me"),
            Trader("v", [held[1]], {"USD": 300_000.0}, owner="you"),
        ],
        [PERPETUAL],
        {"v": perpetuals_venue(tiers=(Tier(0.0, 50.0, 0.0005),))},
        {"BTC": coin(100_000.0, depth=1e9)},
        step_seconds=step_seconds,
        limits=limits,
    )


def limits_of(result: dict) -> dict[str, dict]:
    return {limit["name"]: limit for limit in result["limits"]}


def test_fund_ruin_and_bad_debt_are_read_at_the_limits_own_horizon():
    result = check(
        thin_case(
            *(
                Limit(f"{measure} {hours}", measure, scope, 0.3, hours * HOUR)
                for measure, scope in (("fund_ruin", "venue:v"), ("bad_debt", "protocol"))
                for hours in (4, 12, 24)
            ),
            Limit("dre", "dre", "venue:v", 0.3, 4 * HOUR),
        ),
        horizon_seconds=DAY,
        paths=200,
    )
    got = limits_of(result)
    assert result["dre"]["horizons_seconds"] == [HOUR, 4 * HOUR, 12 * HOUR, DAY]
    ruin = result["dre"]["scopes"]["venue:v"]["probability"]
    assert [got[f"fund_ruin {n}"]["value"] for n in (4, 12, 24)] == ruin[1:]
    assert got["dre"]["value"] == got["fund_ruin 4"]["value"] < got["fund_ruin 24"]["value"]
    debts = [got[f"bad_debt {n}"]["value"] for n in (4, 12, 24)]
    assert debts[0] < debts[1] < debts[2] == pytest.approx(result["system"]["bad_debt_mean"])
    # The paths of a run of four hours are the first four hours of these.
    short = check(
        thin_case(Limit("b", "bad_debt", "venue:v", 0.3, 4 * HOUR)),
        horizon_seconds=4 * HOUR,
        paths=200,
    )
    assert short["limits"][0]["value"] == pytest.approx(debts[0])


def test_a_limit_beyond_the_run_has_no_value_no_green_tick_and_a_warning():
    case = thin_case(Limit("weekly", "dre", "desk:me", 0.9, 7 * DAY))
    result = check(case, horizon_seconds=DAY, paths=4)
    assert result["limits"][0]["value"] is None
    assert not result["limits"][0]["breached"]
    assert "weekly; run with --horizon 7d" in result["warnings"][0]
    assert verdict(result).word == "NOT KNOWN"


def test_a_chance_over_its_limit_before_the_end_of_its_horizon_is_over_it():
    """What has happened on half of the paths within a day has happened on them within a week."""
    limits = [
        Limit("weekly", "dre", "venue:v", 0.001, 7 * DAY),
        Limit("ruin", "fund_ruin", "venue:v", 0.001, 7 * DAY),
        Limit("least", "dre", "venue:v", None, 7 * DAY, minimum=0.9),
    ]
    result = check(thin_case(*limits), horizon_seconds=DAY, paths=200)
    share = result["dre"]["scopes"]["venue:v"]["probability"][-1]
    assert 0.001 < share < 0.9
    got = limits_of(result)
    assert [got[name]["breached"] for name in ("weekly", "ruin", "least")] == [True, True, False]
    assert (got["weekly"]["value"], got["least"]["value"]) == (share, None)


def test_a_shock_that_feeds_on_itself_asks_for_a_second_look():
    """Longs of 20x over a market so thin that the first forced sale closes all the others."""
    longs = [Trader("v", [Held("BTC-PERP", 1, 100_000.0)], {"USD": 5_000.0 + i}) for i in range(60)]
    seller = Trader("v", [Held("BTC-PERP", -60, 100_000.0)], {"USD": 9e6}, owner="me")
    venue = perpetuals_venue(tiers=(Tier(0.0, 50.0, 0.005),))
    for depth, told in ((2e6, True), (1e9, False)):
        assets = {"BTC": coin(100_000.0, depth=depth)}
        case = tiny_case([*longs, seller], [PERPETUAL], {"v": venue}, assets)
        said = " ".join(check(case, horizon_seconds=HOUR, paths=4)["warnings"])
        assert ("check its depth in market.toml" in said) == told


def test_a_limit_between_two_steps_is_refused():
    case = thin_case(Limit("soon", "dre", "desk:me", 0.3, HOUR), step_seconds=2 * HOUR)
    with pytest.raises(InputError, match=r"limits\.toml.*'soon'.*3,600 s.*7,200 s"):
        check(case, horizon_seconds=DAY, paths=4)


def test_horizons_below_one_step_or_between_two_are_not_shown():
    assert horizons(DAY, 7_200.0) == [4 * HOUR, DAY]
    assert horizons(100_000.0, 50_000.0) == [100_000.0]
    assert horizons(DAY, 300.0, [7_200.0, HOUR]) == [HOUR, 7_200.0, 4 * HOUR, DAY]
    scope = check(thin_case(step_seconds=2 * HOUR), paths=40)["dre"]["scopes"]["desk:me"]
    assert scope["probability"][0] > 0.0


@pytest.mark.parametrize(
    ("step", "near"), [(50_000.0, "50,000 s or 100,000 s"), (100_000.0, "100,000 s")]
)
def test_a_horizon_that_is_no_multiple_of_the_step_is_refused(step, near):
    with pytest.raises(InputError, match=rf"86,400 s.*expected {near}"):
        check(thin_case(step_seconds=step), horizon_seconds=DAY, paths=4)


@pytest.mark.parametrize("measure", ["open_interest_share", "days_to_exit"])
@pytest.mark.parametrize("scope", ["desk:typo", "venue:v", "desk:me/loss"])
def test_concentration_needs_a_desk_or_the_protocol(measure, scope):
    with pytest.raises(InputError, match=rf"{scope}.*protocol, desk:me, desk:you"):
        check(thin_case(Limit("x", measure, scope, 0.01)), horizon_seconds=HOUR, paths=4)


def concentrated(traders: list[Trader], *scopes: str) -> dict[str, float]:
    """{measure scope: value} of a book of 100 open interest and 10 million of daily volume."""
    case = tiny_case(
        traders,
        [PERPETUAL],
        {"v": perpetuals_venue()},
        {"BTC": coin(100_000.0, depth=1e9, daily_volume=1e7)},
        states={"BTC-PERP": InstrumentState(open_interest=100.0)},
        limits=tuple(
            Limit(f"{measure} {scope}", measure, scope, 0.1)
            for measure in ("open_interest_share", "days_to_exit")
            for scope in scopes
        ),
    )
    result = check(case, horizon_seconds=HOUR, paths=2)
    return {limit["name"]: limit["value"] for limit in result["limits"]}


def test_a_desk_cannot_split_its_position_over_accounts():
    parts = [
        Trader("v", [Held("BTC-PERP", 5, 100_000.0)], {"USD": 3e5}, owner="me") for _ in range(10)
    ]
    got = concentrated(parts, "desk:me", "protocol")
    for scope in ("desk:me", "protocol"):
        assert got[f"open_interest_share {scope}"] == pytest.approx(0.5)
        # 50 BTC are 5 million; a tenth of 10 million can be traded a day.
        assert got[f"days_to_exit {scope}"] == pytest.approx(5.0)


def test_shares_are_of_the_larger_side_and_exits_of_the_net():
    legs = [(8, "me"), (3, "me"), (-9, "me"), (4, "you")]
    traders = [
        Trader("v", [Held("BTC-PERP", size, 100_000.0)], {"USD": 3e6}, owner=owner)
        for size, owner in legs
    ]
    got = concentrated(traders, "desk:me", "desk:you", "protocol")
    assert got["open_interest_share desk:me"] == pytest.approx(0.11)
    assert got["open_interest_share desk:you"] == pytest.approx(0.04)
    assert got["open_interest_share protocol"] == pytest.approx(0.11)
    assert got["days_to_exit desk:me"] == pytest.approx(0.2)
    assert got["days_to_exit desk:you"] == pytest.approx(0.4)
    assert got["days_to_exit protocol"] == pytest.approx(0.4)
    assert np.isfinite(list(got.values())).all()
