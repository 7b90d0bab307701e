"""Forms of Derive's peer cases: what a case may leave out leaves the other numbers readable."""

from __future__ import annotations

import copy
from typing import Any

import by_hand_derive
import handlers_auction
import handlers_derive
import pytest
from peer_runner import PeerCase, compare

HANDLERS = {**handlers_derive.HANDLERS, **handlers_auction.HANDLERS}


def _with_scenarios(chosen: slice, **changed: Any) -> PeerCase:
    """The case worked by hand, with some of its scenarios."""
    case = by_hand_derive.PMRM_V2
    scenarios = case["parameters"]["Scenarios"][chosen]
    expected = {**case["expected"], **changed}
    expected["scenario_losses"] = expected["scenario_losses"][chosen]
    parameters = {**case["parameters"], "Scenarios": scenarios}
    return {**case, "parameters": parameters, "expected": expected}


@pytest.mark.parametrize(
    ("chosen", "missing"),
    [
        (slice(0, 24), ["worst_skew_loss"]),
        (slice(0, 23), ["worst_tail_loss", "worst_skew_loss"]),
    ],
)
def test_a_set_without_tail_or_skew_scenarios_has_its_other_numbers(
    chosen: slice, missing: list[str]
) -> None:
    """Spot up is the worst in every set, so that only what is not there changes."""
    case = _with_scenarios(chosen, **dict.fromkeys(missing))
    assert compare(HANDLERS, case) == []
    wanted = {**case, "expected": dict.fromkeys(missing, 0.0)}
    assert compare(HANDLERS, wanted) == [f"{name}: None, expected 0.0" for name in missing]


@pytest.mark.parametrize(("wanted", "cash"), [({}, None), ({"want_fraction_of_current": 0}, 0)])
def test_a_quote_without_a_bid_has_its_price_and_share(
    wanted: dict[str, Any], cash: int | None
) -> None:
    case = by_hand_derive.AUCTION_QUOTE
    account = {k: v for k, v in case["account"].items() if k != "want_fraction_of_current"}
    expected = {**case["expected"], "cash_from_bidder_floor": cash}
    quoted = {**case, "account": {**account, **wanted}, "expected": expected}
    assert compare(HANDLERS, quoted) == []
    with pytest.raises(KeyError):
        compare(HANDLERS, {**by_hand_derive.AUCTION_STEP, "account": account})


def _with_unsure_volatility(case: PeerCase, sure: float) -> PeerCase:
    """The case with spot's confidence written as ``sure`` and volatilities below each threshold."""
    case = copy.deepcopy(case)
    if case["engine"] == "pmrm_v2":
        case["scenario"]["SpotConfidence"] = sure
        case["scenario"]["OptionFeeds"][0]["OptionVolConfidences"] = 0.5
        return case
    market = case["market"]
    (market if "spot" in market else market["underlyings"]["ETH"])["spot_confidence"] = sure
    for option in case["account"]["options"]:
        option["vol_confidence"] = 0.3
    return case


def test_an_expiry_written_as_an_integer_and_as_a_float_is_one_expiry() -> None:
    """Two halves of the short call, one with its seconds as a float: naked at one strike."""
    case = copy.deepcopy(by_hand_derive.PMRM_V2)
    (option,) = case["scenario"]["Options"]
    half = {**option, "Amount": option["Amount"] / 2}
    long = {**half, "IsCall": 0, "Amount": 1.0, "Expiry": float(option["Expiry"])}
    case["scenario"]["Options"] = [half, {**half, "Expiry": float(half["Expiry"])}]
    assert compare(HANDLERS, case) == []
    # A put at 900 is worth nothing without volatility while spot is above it; it covers the short.
    case["scenario"]["Options"].append(long)
    expected = {"mm": case["expected"]["mm"] + 3.0, "im": case["expected"]["im"] + 3.0 + 2.0}
    assert compare(HANDLERS, {**case, "expected": expected}) == []


@pytest.mark.parametrize("sure", [1, 1.0])
@pytest.mark.parametrize(
    ("case", "charge"),
    [
        (by_hand_derive.PMRM_V1, 0.7 * 0.4 * 1000 * 2),  # two calls
        (by_hand_derive.PMRM_V2, 0.5 * 1.0 * 1000 * 1),  # one call
        (by_hand_derive.STANDARD, 0.7 * 0.4 * 1000 * 1),  # the short one of two
    ],
    ids=["pmrm_v1", "pmrm_v2", "standard"],
)
def test_a_confidence_of_one_may_be_written_as_an_integer(
    case: PeerCase, charge: float, sure: float
) -> None:
    """An integer 1 beside 0.3 once cut the 0.3 to 0, so that the charge was too high."""
    unsure = _with_unsure_volatility(case, sure)
    unsure["expected"] = {**unsure["expected"], "im": case["expected"]["im"] - charge}
    assert compare(HANDLERS, unsure) == []
