"""Which kinds of impairment count: for each one a hand-worked case that leaving it out changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_cases import (
    Held,
    Trader,
    coin,
    lending_venue,
    paths_of,
    perpetual,
    perpetuals_venue,
    run_case,
    tiny_case,
)

from seawall.cascade.failures import with_failures
from seawall.case import Case
from seawall.case.impairment_kinds import KIND_SENTENCES, KINDS, ImpairmentKind, counted
from seawall.casefile import load_case, sample_case, save_case
from seawall.exposure.curve import SENTENCES, impairments, kinds_block, scope_sentence
from seawall.exposure.first_to_break import first_to_break
from seawall.exposure.impairment import desk_impairment
from seawall.foundation.errors import InputError
from seawall.venues import Collateral, Liquidation

LONG_10 = Held("BTC-PERP", 10.0, 100.0)
SHORT_10 = Held("BTC-PERP", -10.0, 100.0)


def _case(*traders: Trader, layers: tuple[str, ...] = ("fund", "socialised")) -> Case:
    """Perpetuals with a maintenance margin of 1% and no fees; nothing has impact."""
    return tiny_case(
        traders,
        [perpetual("BTC-PERP", "BTC")],
        {"p": perpetuals_venue(layers)},
        {"BTC": coin(100.0)},
    )


def _impaired(case: Case, kinds: tuple[ImpairmentKind, ...], price: list[float]) -> bool:
    case = replace(case, impairments=kinds)
    setup, tape, _ = run_case(case, paths_of(case, BTC=price))
    return bool(desk_impairment(setup, tape, "me").step[0] < len(price))


def _without(kind: ImpairmentKind) -> tuple[ImpairmentKind, ...]:
    return tuple(other for other in KINDS if other is not kind)


def test_liquidation() -> None:
    """15 of margin on 1,000: at 99.4 equity is 9 < 9.94, closed at a loss of 6, 40% of 15."""
    case = _case(
        Trader("p", [LONG_10], {"USD": 15.0}, "me"), Trader("p", [SHORT_10], {"USD": 900.0})
    )
    price = [100.0, 99.4, 99.4]
    assert _impaired(case, KINDS, price)
    assert not _impaired(case, _without(ImpairmentKind.LIQUIDATION), price)
    assert _impaired(case, (ImpairmentKind.LIQUIDATION,), price)


def test_loss_fraction() -> None:
    """600 of margin on 1,000: at 65 the loss is 350, 58%; equity 250 is far above 6.5."""
    case = _case(
        Trader("p", [LONG_10], {"USD": 600.0}, "me"), Trader("p", [SHORT_10], {"USD": 900.0})
    )
    price = [100.0, 65.0, 65.0]
    assert _impaired(case, KINDS, price)
    assert not _impaired(case, _without(ImpairmentKind.LOSS_FRACTION), price)
    assert _impaired(case, (ImpairmentKind.LOSS_FRACTION,), price)


def test_negative_equity() -> None:
    """10 ETH against 800 at 75: equity -50, and a call costs keepers more than there is to gain.

    Where the venue closes an account within the step and others bear the deficit, its equity ends
    the step at zero: that is a liquidation.
    """
    eth = Collateral(0.8, 0.83, 0.05)
    dear = lending_venue({"ETH": eth, "USD": eth}, liquidation=Liquidation("keeper", gas=1e6))
    loan = Trader("l", (), {"ETH": 10.0, "USD": -800.0}, "me")
    lender = Trader("l", (), {"USD": 1_000.0})
    case = tiny_case([loan, lender], [], {"l": dear}, {"ETH": coin(100.0)})
    two = (ImpairmentKind.NEGATIVE_EQUITY, ImpairmentKind.LIQUIDATION)

    def hit(kinds: tuple[ImpairmentKind, ...], price: list[float]) -> bool:
        chosen = replace(case, impairments=kinds)
        setup, tape, _ = run_case(chosen, paths_of(chosen, ETH=price))
        return bool(desk_impairment(setup, tape, "me").step[0] < len(price))

    assert hit(two, [100.0, 75.0, 75.0])
    assert not hit((ImpairmentKind.LIQUIDATION,), [100.0, 75.0, 75.0])
    # At 85 the loan has 50 left.
    assert not hit(two, [100.0, 85.0, 85.0])


def test_adl() -> None:
    """A bankrupt long is closed against the desk's winning short: the desk lost nothing."""
    case = _case(
        Trader("p", [SHORT_10], {"USD": 900.0}, "me"),
        Trader("p", [LONG_10], {"USD": 15.0}),
        layers=("adl",),
    )
    price = [100.0, 98.0, 98.0]
    assert _impaired(case, KINDS, price)
    assert not _impaired(case, _without(ImpairmentKind.ADL), price)
    assert _impaired(case, (ImpairmentKind.ADL,), price)


def test_socialised() -> None:
    """The bankrupt long leaves 5 to the others: the desk, which gained 20, pays it."""
    case = _case(
        Trader("p", [SHORT_10], {"USD": 900.0}, "me"),
        Trader("p", [LONG_10], {"USD": 15.0}),
        layers=("socialised",),
    )
    price = [100.0, 98.0, 98.0]
    assert _impaired(case, KINDS, price)
    assert not _impaired(case, _without(ImpairmentKind.SOCIALISED), price)
    assert _impaired(case, (ImpairmentKind.SOCIALISED,), price)


def test_claims_lost() -> None:
    """The venue keeps 80% of claims: of 900 a fifth is lost, less than theta of it."""
    case = _case(
        Trader("p", [SHORT_10], {"USD": 900.0}, "me"), Trader("p", [LONG_10], {"USD": 900.0})
    )
    insolvent = {"venue": "p", "at_seconds": 60.0, "recovery": 0.8}
    case = with_failures(case, {"venue_insolvency": [insolvent]})
    price = [100.0, 100.0, 100.0]
    assert _impaired(case, (ImpairmentKind.CLAIMS_LOST,), price)
    assert not _impaired(case, _without(ImpairmentKind.CLAIMS_LOST), price)


def test_every_kind_is_reported_and_the_scope_of_the_loss_stays() -> None:
    case = _case(
        Trader("p", [LONG_10], {"USD": 15.0}, "me"), Trader("p", [SHORT_10], {"USD": 900.0})
    )
    case = replace(case, impairments=(ImpairmentKind.ADL,))
    setup, tape, _ = run_case(case, paths_of(case, BTC=[100.0, 98.0, 98.0]))
    found = impairments(setup, tape)
    desk = found["desk:me"][1]
    assert desk.step[0] > 2
    assert desk.by_kind[ImpairmentKind.LIQUIDATION].tolist() == [1]
    assert found["desk:me/loss"][1].step.tolist() == [1], "its own question, whatever counts"
    assert found["venue:p"][1].step.tolist() == [1], "a venue's ruin is not a choice of the desk's"
    assert first_to_break(setup, desk, "me", 2) == [], "no liquidation is shown as nearest"


def test_the_sentence_of_the_desk_names_what_counts() -> None:
    case = sample_case(50)
    assert scope_sentence(case, SENTENCES["desk"]).startswith("any of the desk's accounts")
    two = replace(case, impairments=counted(("loss_fraction", "adl")))
    said = scope_sentence(two, SENTENCES["desk"])
    assert KIND_SENTENCES[ImpairmentKind.ADL] in said
    assert "more than 50%" in said
    assert "below zero" not in said
    assert scope_sentence(two, SENTENCES["protocol"]) == SENTENCES["protocol"]
    assert [kind for kind, row in kinds_block(two).items() if row["counts"]] == [
        "adl",
        "loss_fraction",
    ]


def test_unknown_kinds_are_refused_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'margin call' is no kind.*negative_equity, adl"):
        counted(("adl", "margin call"))
    with pytest.raises(InputError, match="no kind of impairment counts"):
        counted(())
    case = replace(sample_case(0), impairments=counted(("adl", "liquidation")))
    folder = save_case(case, tmp_path / "case")
    assert load_case(folder).impairments == (ImpairmentKind.LIQUIDATION, ImpairmentKind.ADL)
    text = (folder / "case.toml").read_text()
    for given, problem in (
        ('impairments = ["liquidation", "bankrupt"]', "bankrupt.*some of liquidation"),
        ("impairments = []", "nothing would count"),
        ('impairments = "adl"', "a list of texts"),
    ):
        other = "\n".join(
            given if line.startswith("impairments") else line for line in text.splitlines()
        )
        (folder / "case.toml").write_text(other)
        with pytest.raises(InputError, match=problem):
            load_case(folder)
