"""Replays: the same answer twice, the user's book on a total path, what is left out, the score."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.mechanism.event_case import event_case, loan_sizes, merged
from seawall.mechanism.outcomes import MEASURES
from seawall.mechanism.replay import Replay, replay, under_event
from seawall.mechanism.replay_result import result, score
from seawall.report import jsonfile, replay_page
from seawall.scenario.events import Event, list_events, load_event
from seawall.scenario.events.event import SCORED

SMALL = "2026-03-10-capo"


@cache
def small() -> Replay:
    return replay(load_event(SMALL), paths=3)


@pytest.mark.parametrize("name", list_events())
def test_every_event_compiles_to_a_case_with_known_measures(name: str) -> None:
    event = load_event(name)
    case = event_case(event)
    assert case.step_seconds == event.step_seconds
    for asset, knots in event.knots.items():
        assert case.market.assets[asset].spot == knots.prices[0]
    assert {o.measure for o in event.outcomes} <= set(MEASURES)


def test_the_same_replay_twice_is_the_same_json() -> None:
    first = jsonfile.dumps(result([small()], own_book=False))
    again = replay(load_event(SMALL), paths=3)
    assert jsonfile.dumps(result([again], own_book=False)) == first


def test_fewer_draws_are_the_first_ones() -> None:
    two = replay(load_event(SMALL), paths=2)
    assert np.array_equal(two.steered.market, small().steered.market[:2])


def test_draws_of_the_crowd_are_pooled() -> None:
    event = crash()
    runs = [replay(event, paths=2, crowd=crowd) for crowd in (0, 1)]
    both = result(runs, own_book=False)
    assert (both["crowds"], both["paths"]) == (2, 2)
    one, other = (result([run], own_book=False)["liquidated"]["median"] for run in runs)
    assert one != other
    low, high = sorted((one, other))
    assert low <= both["liquidated"]["median"] <= high
    assert both["knots"]["met"] == sum(run.steered.knots for run in runs)


def test_an_answer_is_whole() -> None:
    found = result([small()], own_book=False)
    assert found["knots"]["largest_miss"] < 1e-3
    assert found["first"]["liquidation"]["share"] == 1.0
    assert found["desks"] == []
    for outcome in found["outcomes"]:
        low, high = outcome["published"]
        median = outcome["simulated"]["median"]
        assert outcome["hit"] == (low <= median <= high)
    page = replay_page.render(found, 80)
    assert max(map(len, page.splitlines())) <= 80
    for amount in (5e6, -5e6):
        told = replay_page.render({**found, "who_pays": {"keeper": amount}}, 200)
        assert ("Below zero: received." in told) == (amount < 0)
    assert "What happened" in page and "Assumed" in page


def test_the_published_book_of_an_event_is_the_one_that_runs() -> None:
    """34 loans of 12,630 ETH in all, the healthiest at 1.028."""
    setup = small().setup
    assert setup.table.units.account.size == 34
    rows = setup.table.rows
    debt = rows.size[rows.size < 0]
    assert -debt.sum() == pytest.approx(12_630.0)
    loans = load_event(SMALL).loans[0]
    sizes = loan_sizes(loans)
    assert sizes.sum() == pytest.approx(12_630.0)
    assert np.log(sizes).std() == pytest.approx(1.0, abs=0.06)
    # Size says nothing about health: the correlation of ranks is small.
    assert abs(np.corrcoef(np.argsort(np.argsort(sizes)), np.arange(34))[0, 1]) < 0.2


def crash() -> Event:
    """10 October at exchanges, cut to its first hour."""
    event = load_event("2025-10-10-market")
    knots = {
        name: replace(k, seconds=k.seconds[:4], prices=k.prices[:4])
        for name, k in event.knots.items()
    }
    return replace(event, duration_seconds=3_600.0, knots=knots)


def test_a_users_book_lives_on_a_total_path() -> None:
    event, case = crash(), sample_case(crowd=40)
    done = replay(event, case, paths=2)
    assert done.case.market.scenario.label == "total"
    btc = done.setup.table.assets.index("BTC")
    spot = done.setup.spot[btc]
    # Relative moves of the event, whatever the book does: the low of 102,700 after 117,500.
    assert done.steered.market[:, 150, btc] == pytest.approx(spot * 102_700 / 117_500)
    assert np.array_equal(done.steered.market, done.steered.exogenous)
    assert any("ALT" in note for note in done.left_out)
    assert any("HYPE" in note and "stands still" in note for note in done.left_out)
    windows = done.case.market.mechanisms["depth_schedule"]
    assert windows == {"windows": event.mechanisms["depth_schedule"]["windows"]}  # type: ignore[index]
    found = result([done], own_book=True)
    assert found["outcomes"] == []
    assert [desk["owner"] for desk in found["desks"]] == ["harbour"]
    assert found["desks"][0]["loss"]["median"] > 0
    assert "Your desks" in replay_page.render(found)


def test_failures_go_where_their_target_is() -> None:
    case = sample_case(crowd=0)
    event = replace(
        crash(),
        failures={
            "venue_outage": [
                {"venue": name, "at_seconds": 60.0, "duration_seconds": 600.0}
                for name in (*case.rulebooks, "elsewhere")
            ]
        },
    )
    changed, left = under_event(event, case)
    kept = changed.market.mechanisms["failures"]["venue_outage"]  # type: ignore[index]
    assert [entry["venue"] for entry in kept] == list(case.rulebooks)
    assert any("'elsewhere'" in note or "elsewhere" in note for note in left)


def test_a_case_without_any_of_the_assets_is_refused() -> None:
    with pytest.raises(InputError, match="expected one of CRV"):
        under_event(load_event("2022-11-22-crv"), sample_case(crowd=0))


def test_an_event_does_not_move_the_quote_currency_of_a_case() -> None:
    """A price in a currency that is not 1 in itself is none: everything in the Case is in it."""
    case = sample_case(crowd=0)
    with pytest.raises(InputError, match="none of the assets of 2023-03-11-usdc but its quote"):
        under_event(load_event("2023-03-11-usdc"), case)
    event = crash()
    usdc = replace(event.knots["BTC"], seconds=(0.0, 600.0), prices=(1.0, 0.88))
    event = replace(
        event,
        assets={**event.assets, "USDC": replace(event.assets["BTC"], depth=1e9)},
        knots={**event.knots, "USDC": usdc},
    )
    done = replay(event, case, paths=2)
    quote = done.setup.table.assets.index("USDC")
    assert np.all(done.steered.market[:, :, quote] == 1.0)
    assert any(note.startswith("USDC moves in the event") for note in done.left_out)


def test_no_paths_are_refused() -> None:
    with pytest.raises(InputError, match="one path at least"):
        replay(load_event(SMALL), paths=0)


def test_tables_merge_key_by_key_and_lists_whole() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 2}
    assert merged(base, {"a": {"c": [3]}, "e": 4}) == {"a": {"b": 1, "c": [3]}, "d": 2, "e": 4}


def test_the_score_counts_by_role() -> None:
    hit = {"hit": True, "predicted": [0, 1], "predicted_hit": False}
    miss = {"hit": False, "predicted": None, "predicted_hit": None}
    found = score(
        [{"role": "scored", "outcomes": [hit, hit]}, {"role": "frozen", "outcomes": [miss]}]
    )
    assert found == {
        "frozen": 1,
        "frozen_hits": 0,
        "scored": 2,
        "scored_hits": 2,
        "predicted": 2,
        "predicted_hits": 0,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", list_events())
def test_the_market_meets_every_knot(name: str) -> None:
    found = replay(load_event(name), paths=5).steered
    assert found.miss.max(initial=0.0) < 1e-3
    assert found.passed <= 0.5 * found.knots


@pytest.mark.slow
def test_first_adl_comes_about_a_minute_after_the_first_liquidation() -> None:
    """Published: 61.7 s; concentrated, Gini .98 over 19,337 users, here over some hundred."""
    found = result([replay(load_event("2025-10-10-hyperliquid"))], own_book=False)
    simulated = {o["measure"]: o["simulated"] for o in found["outcomes"]}
    assert 31.0 <= simulated["seconds_to_first_adl"]["median"] <= 123.0
    assert simulated["adl_gini"]["median"] > 0.8
    assert found["first"]["adl"]["share"] == 1.0


def test_scored_events_keep_their_predictions_apart_from_what_was_published() -> None:
    pairs = [
        (o.published, o.predicted)
        for name in list_events()
        if (event := load_event(name)).role == SCORED
        for o in event.outcomes
    ]
    assert len(pairs) == 25
    assert sum(published != predicted for published, predicted in pairs) >= 20
