"""The whole answer of `seawall explain` on small Cases, and its page."""

from __future__ import annotations

import math
from dataclasses import replace
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

from seawall.case import Case, Limit
from seawall.exposure import check
from seawall.exposure.explain import explain_case
from seawall.exposure.explain.choose import MOST_IMPAIRED, choose_paths
from seawall.exposure.impairment import Impairment
from seawall.foundation.errors import InputError
from seawall.market import InstrumentState, Scenario
from seawall.report import explain_page
from seawall.venues import Tier

DAY = 86_400.0
NEVER = 2**31 - 1


def book_case(cash: float = 8.0, jumps: float = 0.0) -> Case:
    """Us, long one BTC among one other long; prices jump together if told."""
    model = "jump_diffusion" if jumps else "diffusion"
    return tiny_case(
        [
            Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": cash}, owner="us"),
            Trader("v", (Held("BTC-PERP", 9.0, 100.0),), {"USD": 40.0}),
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, 0.01),))},
        {"BTC": coin(100.0, depth=20_000.0)},
        scenario=Scenario(model=model, jumps_per_year=jumps, jump_mean=-0.1, jump_volatility=0.01),
        jump_beta={"BTC": 1.0},
        step_seconds=DAY,
    )


def answer(case: Case, **more: Any) -> dict[str, Any]:
    """Three days on forty paths."""
    return explain_case(case, horizon_seconds=3.0 * DAY, paths=40, seed=4, **more)


def test_each_path_sums_to_what_the_run_lost() -> None:
    """Parts and `standing` sum, to what the accounts lost in the run itself; jumps are a cause."""
    result = answer(book_case(jumps=60.0))
    assert result["impaired_paths"] > 0
    assert result["explained"][0]["chosen_as"][0] == "worst"
    assert any(row["cause"] == "jumps" for row in result["causes"])
    for one in result["explained"]:
        whole = math.fsum([one["standing"], *(row["loss"] for row in one["causes"])])
        assert whole == pytest.approx(one["loss"], rel=1e-9)
        legs = one["by_leg"]
        assert math.fsum([legs["cash"], *(row["loss"] for row in legs["legs"])]) == pytest.approx(
            one["loss"], rel=1e-9
        )
        assert sum(one["by_account"].values()) == pytest.approx(one["loss"], rel=1e-9)
        times = [row["seconds"] for row in one["story"]["events"]]
        assert times == sorted(times)


def test_the_story_names_account_leg_and_close() -> None:
    """The typical impaired path: our account, its BTC-PERP, a forced close at a stated price."""
    result = answer(book_case(), wanted=("typical",))
    story = result["explained"][0]["story"]
    assert (story["impaired"], story["kind"], story["leg"]) == (True, "liquidation", "BTC-PERP")
    closes = [row for row in story["events"] if row["kind"] == "liquidation"]
    assert closes
    assert closes[0]["price"] < 100.0
    assert closes[0]["seconds"] == story["seconds"]


def test_a_run_without_impairment_has_a_sentence() -> None:
    """Nothing impaired and only typical paths asked for: the page says so."""
    result = answer(book_case(95.0), wanted=("typical",))
    assert result["explained"] == []
    page = explain_page.render(result, width=80)
    assert "nothing to explain" in page


@pytest.mark.parametrize("width", [100, 80, 40])
def test_no_line_of_the_page_is_wider(width: int) -> None:
    """The answer comes first, then each path, then all of them."""
    page = explain_page.render(answer(book_case(jumps=60.0)), width=width)
    assert all(len(line) <= width for line in page.splitlines())
    joined = " ".join(page.split())
    assert joined.startswith("Of ")
    assert "Across these" in joined
    assert "First impairment: liquidation" in joined


def test_the_first_sentence_names_what_time_alone_cost() -> None:
    """A long option on a coin that stands still: no cause, all of the loss is its decay."""
    case = tiny_case(
        [Trader("o", (Held("C", 1.0, 3.0),), {"USD": 1.0}, owner="us")],
        [option("C", "BTC", 100.0, True, 0.02)],
        {"o": perpetuals_venue(("backstop",), option_margin=OPTION_MARGIN)},
        {"BTC": coin(100.0, volatility=0.0)},
        states={"C": InstrumentState(implied_volatility=0.6)},
        step_seconds=3_600.0,
    )
    result = explain_case(case, horizon_seconds=DAY, paths=2, seed=1, wanted=("worst",))
    one = result["explained"][0]
    assert one["standing"] == one["loss"] > 0.0
    page = " ".join(explain_page.render(result).split())
    assert "the worst: time alone and what stood wrong at the start 100%." in page


@pytest.mark.parametrize(("together", "words"), [(5.0, "5 more than"), (-5.0, "5 less than")])
def test_what_causes_do_together_is_said_with_its_sign(together: float, words: str) -> None:
    """Causes that offset one another lose less together, however much each alone loses."""
    result = answer(book_case(jumps=60.0), wanted=("worst",))
    result["explained"][0]["together"] = together
    page = " ".join(explain_page.render(result, width=100).split())
    assert f"Together causes of the world lose {words} each alone, summed" in page


@pytest.mark.parametrize(
    "limit",
    [
        Limit("b", "dre", "desk:b", 0.001, None),
        Limit("b", "dre", "desk:b", 0.001, DAY),
        Limit("b", "dre", "desk:b", 0.2, 3.0 * DAY, end="high"),
        Limit("b", "dre", "desk:b", None, 3.0 * DAY, minimum=0.99),
    ],
)
def test_the_scope_is_that_of_check(limit: Limit) -> None:
    """A limit on the safer desk is breached, at its own horizon or the run's, by DRE or its end."""
    case = tiny_case(
        [
            Trader("v", (Held("BTC-PERP", 1.0, 100.0),), {"USD": cash}, owner=owner)
            for owner, cash in (("a", 8.0), ("b", 12.0))
        ],
        [perpetual("BTC-PERP", "BTC")],
        {"v": perpetuals_venue(("backstop",), tiers=(Tier(0.0, 10.0, 0.01),))},
        {"BTC": coin(100.0, depth=20_000.0)},
        step_seconds=DAY,
    )
    case = replace(case, limits=(limit,))
    found = check(case, horizon_seconds=3.0 * DAY, paths=40, seed=4)
    assert found["limits"][0]["breached"]
    assert answer(case)["scope"] == found["headline"] == "desk:b"


def test_venues_and_the_protocol_are_scopes_too() -> None:
    """Bad debt of the venue by cause; no legs there."""
    for scope in ("venue:v", "protocol"):
        result = answer(book_case(jumps=200.0), scope=scope, wanted=("worst",))
        one = result["explained"][0]
        assert one["loss"] > 0.0
        assert one["by_leg"] is None
        assert sum(one["payers"].values()) == pytest.approx(one["loss"], rel=1e-9)


def test_what_is_not_there_is_refused() -> None:
    """A scope, a word, a number of a path."""
    with pytest.raises(InputError, match="no scope"):
        answer(book_case(), scope="desk:nobody")
    with pytest.raises(InputError, match="names no path"):
        answer(book_case(), wanted=("best",))
    with pytest.raises(InputError, match="no path 40"):
        answer(book_case(), wanted=("40",))


def test_which_paths_words_choose() -> None:
    """Losses 0 to 99, the 50 largest impaired: worst 99, tail the 98th of 100, typical the 25th
    smallest of the impaired, each once where words agree.
    """
    loss = np.arange(100.0)[:, None]
    step = np.where(np.arange(100) >= 50, 0, NEVER)
    none = np.zeros(100, dtype=np.int64)
    found = Impairment(step, none, none, none, {}, loss)
    numbers = {w: [c.number for c in choose_paths(found, 0, (w,))] for w in ("worst", "tail")}
    assert numbers == {"worst": [99], "tail": [97]}
    assert [c.number for c in choose_paths(found, 0, ("typical",))] == [74]
    assert len(choose_paths(found, 0, ("impaired",))) == MOST_IMPAIRED
    both = choose_paths(found, 0, ("worst", "99"))
    assert [(c.number, c.reasons) for c in both] == [(99, ("worst", "asked for"))]
