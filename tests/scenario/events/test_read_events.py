"""Events as they come with Seawall are whole; files of one's own are refused in sentences."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from seawall.foundation.errors import InputError
from seawall.scenario.events import list_events, list_types, load_event, load_type
from seawall.scenario.events.event import FROZEN, SCORED
from seawall.scenario.events.read import read_event

EVENTS = {name: load_event(name) for name in list_events()}
SMALL = """
schema = "seawall/event/1"
title = "A fall"
what = "It fell."
start = 2026-01-30T16:00:00Z
venue_type = "onchain_perps"
role = "scored"
quote = "USD"
step_seconds = 60
duration_seconds = 600

[assets]
BTC = { daily_volume = 1e9, volatility = 0.5 }

[knots.BTC]
seconds = [0, 300]
prices = [100, 90]

[contracts]
BTC-PERP = { venue = "perps", underlying = "BTC", open_interest = 1e6 }

[venues.perps]

[[outcomes]]
measure = "liquidated"
unit = "USD"
published = [1, 2]
"""


def small(old: str = "", new: str = "") -> bytes:
    assert not old or SMALL.count(old) == 1
    return SMALL.replace(old, new).encode()


def test_there_is_one_frozen_event_of_each_type_and_twelve_scored_at_least() -> None:
    roles = [event.role for event in EVENTS.values()]
    assert roles.count(SCORED) >= 12
    frozen = [event.venue_type.name for event in EVENTS.values() if event.role == FROZEN]
    assert sorted(frozen) == sorted(list_types())


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_says_where_it_is_from_and_what_was_assumed(name: str) -> None:
    event = EVENTS[name]
    assert event.sources and event.outcomes and event.assumptions
    assert all(knots.basis for knots in event.knots.values())
    assert all(outcome.source for outcome in event.outcomes)
    predicted = [outcome.predicted is not None for outcome in event.outcomes]
    assert all(predicted) if event.role == SCORED else not any(predicted)
    assert 1.0 <= event.step_seconds <= 60.0


def test_types_say_which_of_their_numbers_are_no_facts() -> None:
    folder = resources.files("seawall.scenario.events") / "types"
    for name in list_types():
        text = (folder / f"{name}.toml").read_text("utf-8")
        makers = text[text.index("[makers]") : text.index("[rulebook]")]
        numbers = re.findall(r"^\w+ = [\d.]+(.*)$", makers, re.MULTILINE)
        assert len(numbers) == 4
        assert all("assumed" in note or "chosen" in note for note in numbers), name
        assert load_type(name).crowd.accounts >= 500


def test_a_small_event_is_read() -> None:
    event = read_event(small(), "mine.toml")
    assert event.name == "mine"
    assert event.steps == 10
    assert event.knots["BTC"].prices == (100.0, 90.0)
    assert event.outcomes[0].published == (1.0, 2.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seconds = [0, 300]", "seconds = [0, 310]", "no step of 60 s"),
        ("seconds = [0, 300]", "seconds = [0, 900]", "up to 600 s"),
        ("seconds = [0, 300]", "seconds = [60, 300]", "the first knot is at 60 s"),
        ("seconds = [0, 300]", "seconds = [300, 0]", "times that rise"),
        ("prices = [100, 90]", "prices = [100]", "as many prices as times"),
        ("[knots.BTC]", "[knots.ETH]", "names 'ETH'"),
        ("published = [1, 2]", "published = [2, 1]", r"expected \[low, high\]"),
        ('role = "scored"', 'role = "known"', "one of frozen, scored"),
        ('venue_type = "onchain_perps"', 'venue_type = "bank"', "venue_type"),
        ("open_interest = 1e6", "open_interst = 1e6", "open_interst"),
        ('venue = "perps"', 'venue = "elsewhere"', "does not have 'elsewhere'"),
        ('underlying = "BTC"', 'underlying = "SOL"', "on 'SOL'"),
        ("daily_volume = 1e9, ", "", "daily_volume"),
    ],
)
def test_a_wrong_file_is_refused_by_name(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_event(small(old, new), "mine.toml")
    assert "mine.toml" in str(caught.value)


def test_an_unknown_event_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="2025-10-10-market"):
        load_event("2025-10-10-markets")
