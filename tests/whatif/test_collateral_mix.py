"""The cheapest collateral of Cases: by hand, on random books, written out and read back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from random_cases import LAYERS, Recipe, build
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.book import AccountKind
from seawall.casefile import load_case, sample_case
from seawall.casefile.save import save_case
from seawall.exposure.cash.due import desk_of
from seawall.exposure.cash.named import Move, shocked
from seawall.foundation.errors import InputError
from seawall.margin.account.shifts import moved
from seawall.margin.rules import rules_of
from seawall.margin.view import margin_accounts
from seawall.venues import Collateral
from seawall.venues.preset import load_preset, rulebook_from
from seawall.whatif.collateral.collateral_answer import collateral_answer
from seawall.whatif.collateral.terms import AssetTerms, Terms, read_terms
from seawall.whatif.edit import parse_shock, price_factors

SHOCKS = ("all=-20%", "all=+20%")


def one_perp(**collateral):
    """A desk long 10 BTC at 100 on a venue of 5% maintenance and 10% initial margin.

    Outside the venue it holds coins of these kinds too: dollar coins A and B count as stated.
    """
    terms = {a: Collateral(w, w) for a, w in collateral.items()}
    rulebook = replace(perpetuals_venue(), collateral=terms)
    rulebook = replace(rulebook, default_tiers=(type(rulebook.default_tiers[0])(0.0, 10.0, 0.05),))
    return tiny_case(
        [Trader("v", (Held("BTC-PERP", 10.0, 100.0),), {QUOTE: 300.0}, "me")],
        [perpetual("BTC-PERP", "BTC")],
        {"v": rulebook},
        {"BTC": coin(100.0), **{a: coin(1.0, volatility=0.01) for a in collateral}},
    )


def posted(case, terms, **how):
    found = collateral_answer(case, terms, **how)
    (account,) = found.result["accounts"]
    return {c["asset"]: c["mix"] for c in account["collateral"] if c["mix"] > 1e-6}, found.result


# By hand, long 10 BTC at 100: now, initial margin 10% of 1,000 = 100. At -20% the loss is 200 and
# maintenance 5% of 800 = 40: 240 must count then, more than now. 30 days of 7%: 0.575%.
def test_by_hand_in_the_settlement_asset() -> None:
    mix, result = posted(one_perp(), Terms(), shocks=("BTC=-20%",))
    assert mix == {QUOTE: pytest.approx(240.0, rel=1e-7)}
    assert result["now"]["holds"]
    assert result["mix"]["cost"]["total"] == pytest.approx(240.0 * 0.07 * 30.0 / 365.0, rel=1e-7)
    assert result["mix"]["gap"] <= 1e-6 * result["mix"]["cost"]["total"]
    assert result["moves"] == [
        {
            "from": "t0",
            "to": "outside",
            "asset": QUOTE,
            "amount": pytest.approx(60.0, rel=1e-6),
            "into": None,
            "amount_into": None,
            "cost": 0.0,
        }
    ]


def test_by_hand_haircut_depeg_and_cost_each_turn_the_answer() -> None:
    # Coin A lies outside, 1,000 of it. USDC costs 7% a year and counts whole: 240 x 7% = 16.8.
    wallet = {"depeg_size": 0.0, "depeg_probability": 0.0, "wallet": 1_000.0}

    def chosen(weight, financing, shocks=("BTC=-20%",), **more):
        terms = Terms(assets={"A": AssetTerms(financing=financing, **{**wallet, **more})})
        mix, _ = posted(one_perp(A=weight), terms, shocks=shocks)
        return set(mix)

    # A at 5%, counting for .9: 240 / .9 = 266.7 x 5% = 13.3 < 16.8, so A.
    assert chosen(0.9, 0.05) == {"A"}
    # The haircut turns it: at .7, 342.9 x 5% = 17.1 > 16.8.
    assert chosen(0.7, 0.05) == {QUOTE}
    # Cost turns it: at .9 and 6.5%, 266.7 x 6.5% = 17.3 > 16.8.
    assert chosen(0.9, 0.065) == {QUOTE}
    # The state of a broken peg turns it: at .9 and 25% off, 240 / .675 = 355.6 x 5% = 17.8 > 16.8.
    assert chosen(0.9, 0.05, depeg_size=0.25) == {QUOTE}
    # Its expected loss does not: what lies outside would be lost too. Converting it into USDC at
    # .05% a side is worth it above .1%: 10% a year x 25% over 30 days is .2%.
    likely = Terms(assets={"A": AssetTerms(financing=0.05, depeg_size=0.25, wallet=1_000.0)})
    _, result = posted(one_perp(A=0.9), likely, shocks=("BTC=-20%",))
    assert not [m for m in result["moves"] if m["into"]]
    likely = replace(
        likely, assets={"A": replace(likely.assets["A"], depeg_probability=0.1, converts=True)}
    )
    _, result = posted(one_perp(A=0.9), likely, shocks=("BTC=-20%",))
    assert [(m["asset"], m["into"]) for m in result["moves"] if m["into"]] == [("A", QUOTE)]


def test_caps_and_shares_bind() -> None:
    wallet = AssetTerms(financing=0.01, depeg_size=0.0, wallet=1_000.0)
    mix, _ = posted(one_perp(A=1.0), Terms(assets={"A": replace(wallet, cap=100.0)}))
    assert mix["A"] == pytest.approx(100.0, rel=1e-7)
    mix, _ = posted(one_perp(A=1.0), Terms(assets={"A": replace(wallet, share=0.25)}))
    assert mix["A"] == pytest.approx(60.0, rel=1e-6)  # a quarter of 240


def test_what_is_missing_is_new_money() -> None:
    mix, result = posted(one_perp(), Terms(), shocks=("BTC=-40%",))
    # 400 lost, 5% of 600 = 30 maintenance: 430, of which 300 are there.
    assert mix == {QUOTE: pytest.approx(430.0, rel=1e-7)}
    assert not result["now"]["holds"]
    assert result["now"]["short"][0]["amount"] == pytest.approx(130.0, rel=1e-7)
    (move,) = result["moves"]
    assert (move["from"], move["to"]) == ("new money", "t0")
    assert move["amount"] == pytest.approx(130.0, rel=1e-6)


def holds_everywhere(case, accounts, states) -> float:
    """The worst (equity - due) / due of these accounts of a Case, asked of the rules anew."""
    worst = np.inf
    for index in accounts:
        rulebook = case.rulebooks[case.book.account_venue[index]]
        rules = rules_of(rulebook)
        for account in margin_accounts(
            case.book, case.market, rulebook, index, case.as_of, case.quote
        ):
            for text, initial in states:
                factors = price_factors(case, parse_shock(text)) if text else {}
                need = rules.assess(moved(account, factors)).requirement
                due = float(need.initial if initial else need.maintenance)
                spare = float(need.equity) - due
                worst = min(worst, spare / max(abs(due), 1.0))
    return worst


STATES = [("", True), ("", False), ("all=-20%", False), ("all=+20%", False)]


def test_the_written_case_holds_in_every_state(tmp_path) -> None:
    case = sample_case(crowd=30)
    found = collateral_answer(case, Terms())
    again = load_case(save_case(found.case, tmp_path / "mix"))
    desk = [n for n, k in enumerate(again.book.account_kind) if k is AccountKind.DESK]
    assert holds_everywhere(case, desk, STATES) < -0.01
    assert holds_everywhere(again, desk, STATES) >= 0.0
    both = [*STATES, ("USDT=-10%", False), ("BTC=-20%,ETH=-20%,SOL=-20%,USDT=-10%", False)]
    assert holds_everywhere(again, desk, both) >= 0.0
    answer = collateral_answer(again, Terms())
    assert answer.result["now"]["holds"]
    assert answer.result["mix"]["cost"]["total"] == pytest.approx(
        found.result["mix"]["cost"]["financing"], rel=1e-6
    )


def test_isolated_margin_is_set_on_the_position_that_it_belongs_to() -> None:
    # Others come first in the book; long 2 BTC at 100 alone: 5% of 160 and 40 lost: 48 at -20%.
    case = one_perp()
    traders = [
        Trader("v", (Held("BTC-PERP", -3.0, 100.0, 77.0),), {}, ""),
        Trader("v", (Held("BTC-PERP", 2.0, 100.0, 90.0),), {QUOTE: 10.0}, "me"),
    ]
    assets = {a: s for a, s in case.market.assets.items() if a != QUOTE}
    case = tiny_case(traders, case.book.instruments, case.rulebooks, assets)
    found = collateral_answer(case, Terms(), shocks=("BTC=-20%",))
    assert found.case.book.isolated_margin.tolist() == pytest.approx([77.0, 48.0], rel=1e-6)
    assert [a["value_mix"] for a in found.result["accounts"]] == pytest.approx(
        [0.0, 48.0], rel=1e-6
    )


def random_desk(seed: int):
    """A random book whose every account is one desk's, and random terms."""
    r = np.random.default_rng(seed)
    recipe = Recipe(
        seed=seed,
        linear=int(r.integers(2, 5)),
        inverse=int(r.integers(0, 3)),
        borrowers=int(r.integers(0, 3)),
        writers=0,
        layers=LAYERS[0],
        capital=1.0,
        deep=True,
        lag=False,
        rates=False,
        healthy=True,
        square_root=False,
        total=True,
    )
    case, _ = build(recipe)
    count = len(case.book.account_names)
    book = replace(
        case.book,
        account_kind=(AccountKind.DESK,) * count,
        account_owner=("me",) * count,
    )
    assets = {
        a: AssetTerms(
            financing=r.uniform(0.0, 0.1),
            conversion=r.uniform(0.0, 0.01),
            wallet=r.uniform(0.0, 10.0),
            converts=bool(r.random() < 0.5),
        )
        for a in case.book.assets
        if a in case.market.assets
    }
    return replace(case, book=book), Terms(assets=assets, premium=r.uniform(0.0, 0.1))


@pytest.mark.parametrize(
    "seeds", [range(3), pytest.param(range(3, 208), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_random_desks_hold_in_every_state_and_no_mix_is_cheaper(seeds) -> None:
    tried, worst, gap = 0, np.inf, 0.0
    for seed in seeds:
        case, terms = random_desk(seed)
        found = collateral_answer(case, terms)
        everyone = range(len(case.book.account_names))
        worst = min(worst, holds_everywhere(found.case, everyone, STATES))
        total = found.result["mix"]["cost"]["total"]
        gap = max(gap, found.result["mix"]["gap"] / max(total, 1.0))
        assert found.result["mix"]["holds"], seed
        tried += len(found.result["accounts"])
    print(f"{tried} margin accounts: least spare {worst:.1e}, largest gap {gap:.1e}")
    assert worst >= -1e-8
    assert gap < 1e-6


def test_a_haircut_that_grows_with_size_has_a_bound() -> None:
    # Drift counts a deposit for less the larger it is: SOL at most 1.1 / (1 + imf sqrt(size)).
    rulebook = rulebook_from(load_preset("drift_v2"), file="drift_v2.toml")
    case = sample_case(crowd=30)
    book = case.book
    swapped = np.where(
        np.array(book.assets)[book.balance_asset] == "wstETH",
        book.assets.index("SOL"),
        book.balance_asset,
    )
    units = np.where(swapped != book.balance_asset, 120_000.0, book.quantity)
    case = replace(
        case,
        book=replace(book, balance_asset=swapped, quantity=units),
        rulebooks={**case.rulebooks, "causeway": rulebook},
    )
    found = collateral_answer(case, Terms(), account="harbour/loan").result
    assert ("harbour/loan", "SOL", True) in [tuple(b.values()) for b in found["bent"]]
    assert found["mix"]["holds"]
    assert not found["mix"]["exact"]
    assert 0.0 < found["mix"]["gap"] <= 0.1 * found["mix"]["cost"]["total"]


def test_present_shortfalls_are_those_of_the_cash_ladder() -> None:
    case = sample_case(crowd=30)
    found = collateral_answer(case, Terms(), shocks=("all=-20%",)).result["now"]["short"]
    factors = price_factors(case, parse_shock("all=-20%"))
    (row,) = shocked(desk_of(case, None, "maintenance"), [Move("all", factors, 0.0)])
    short = {s["account"]: s["amount"] for s in found if s["state"].startswith("all -20%")}
    for account, amount in row["by_account"].items():
        assert short.get(account, 0.0) == pytest.approx(amount, rel=1e-9, abs=1e-6)


def test_same_json_twice() -> None:
    one, two = (json.dumps(collateral_answer(one_perp(), Terms()).result) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[assets.XYZ]\nwallet = 1", "there is no asset 'XYZ'"),
        ("[assets.USDC]\nfinancing = -0.1", "financing of USDC is -0.1"),
        ("premium = -0.1", "premium -0.1"),
        ("[assets.USDC]\nwalet = 1", "not a known key"),
    ],
)
def test_terms_that_make_no_sense_are_refused(text, words) -> None:
    with pytest.raises(InputError, match=words):
        collateral_answer(sample_case(crowd=30), read_terms(text.encode(), "terms.toml"))
