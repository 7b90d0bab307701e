"""What-if on 500 legs inside a warm process: under a tenth of a second of processor time."""

from __future__ import annotations

import pytest

from seawall.whatif.compare import what_if
from time_whatif import made_up_case, main, milliseconds


def test_the_made_up_desk_holds_what_is_asked() -> None:
    case = made_up_case(40)
    assert case.book.size.size == 40
    state = what_if(case, (), "BTC=-12%").states[0]
    assert [len(s.held.options.names) for s in state.standings] == [20, 20]
    assert all(s.maintenance > 0.0 and not s.liquidatable for s in state.standings)


def test_the_command_prints_clock_and_processor(capsys) -> None:
    assert main(["20"]) == 0
    assert "what-if on 20 legs: fastest" in capsys.readouterr().out


# Milliseconds of the processor: the goal is 100 on a quiet machine; heavier rules get room for a
# busy one, where each takes half as long again.
LIMITS = {
    "deribit": 100.0,
    "derive_standard": 120.0,
    "derive_pmrm_v1": 120.0,
    "derive_pmrm_v2": 140.0,
    "paradex": 140.0,
}


@pytest.mark.slow
@pytest.mark.parametrize("preset", LIMITS)
def test_500_legs_take_about_a_tenth_of_a_second(preset) -> None:
    _, processor = milliseconds(500, preset=preset)
    print(f"{preset} on 500 legs: {processor[0]:.0f} to {processor[-1]:.0f} ms of processor")
    assert processor[0] < LIMITS[preset]


@pytest.mark.parametrize("preset", LIMITS)
def test_every_preset_has_prices_to_search_for(preset) -> None:
    """A desk that is liquidated at once, or needs nothing, would be timed without a search."""
    case = made_up_case(60, preset)
    (state,) = what_if(case).states
    assert len(state.standings) >= 2
    found = [t for s in state.standings if s.maintenance > 0.0 for t in s.threats]
    assert found and all(t.prices.nearest != t.prices.present for t in found)
