"""What-if on 500 legs inside a warm process: under a tenth of a second of processor time."""

from __future__ import annotations

import pytest

from seawall.whatif.compare import what_if
from seawall.whatif.timing import made_up_case, main, milliseconds


def test_the_made_up_desk_holds_what_is_asked() -> None:
    case = made_up_case(40)
    assert case.book.size.size == 40
    state = what_if(case, (), "BTC=-12%").states[0]
    assert [len(s.held.options.names) for s in state.standings] == [20, 20]
    assert all(s.maintenance > 0.0 and not s.liquidatable for s in state.standings)


def test_the_command_prints_clock_and_processor(capsys) -> None:
    assert main(["20"]) == 0
    assert "what-if on 20 legs: fastest" in capsys.readouterr().out


@pytest.mark.slow
def test_500_legs_take_less_than_a_tenth_of_a_second() -> None:
    _, processor = milliseconds(500)
    print(f"what-if on 500 legs: {processor[0]:.0f} to {processor[-1]:.0f} ms of processor")
    assert processor[0] < 100.0
