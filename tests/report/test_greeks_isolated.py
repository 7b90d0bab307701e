"""Isolated margin is money that the account holds: Greeks and margins agree on what it is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from seawall.case import Case
from seawall.casefile import sample_case
from seawall.margin.frameworks import assess_account
from seawall.margin.view import margin_accounts
from seawall.report.greeks_answer import greeks_result
from seawall.valuation.smile import SmileRule

ACCOUNT, POSTED = "harbour/perp-main", 20_000.0


def with_isolated(posted: float) -> Case:
    """The sample, its first perpetual position isolated with ``posted`` of its settlement asset."""
    case = sample_case()
    isolated, margin = case.book.isolated.copy(), case.book.isolated_margin.copy()
    isolated[0], margin[0] = True, posted
    return replace(case, book=replace(case.book, isolated=isolated, isolated_margin=margin))


def answer(case: Case) -> dict[str, Any]:
    return greeks_result(case, SmileRule.STICKY_STRIKE, account=ACCOUNT)


def test_worth_is_the_equity_of_the_margin_accounts() -> None:
    case = with_isolated(POSTED)
    rulebook = case.rulebooks["meridian"]
    index = case.book.account_names.index(ACCOUNT)
    accounts = margin_accounts(case.book, case.market, rulebook, index, case.as_of, case.quote)
    assert [one.isolated for one in accounts] == [False, True]
    equity = sum(float(assess_account(rulebook, one).requirement.equity) for one in accounts)
    assert answer(case)["scopes"][0]["value"] == pytest.approx(equity, rel=1e-12)


def test_isolated_margin_is_held_money_of_the_position_and_not_its_delta() -> None:
    without, case = answer(with_isolated(0.0)), with_isolated(POSTED)
    found = answer(case)
    row, bare = (
        next(a for a in one["scopes"][0]["assets"] if a["asset"] == "USDC")
        for one in (found, without)
    )
    price = case.market.assets["USDC"].spot
    assert row["by_reason"]["holding"] - bare["by_reason"]["holding"] == pytest.approx(
        POSTED * price, rel=1e-12
    )
    position, plain = found["positions"][0], without["positions"][0]
    assert position["delta_cash"] == plain["delta_cash"]
    assert position["isolated_margin"] == POSTED
    assert plain["isolated_margin"] == 0.0
    posted = [part for part in position["exposures"] if part["reason"] == "holding"]
    assert [(part["asset"], part["delta"]) for part in posted] == [("USDC", POSTED)]
    assert found["positions"][1]["isolated_margin"] is None


def test_coin_posted_for_an_inverse_position_is_in_the_coins_delta_not_in_the_positions() -> None:
    """Margin in the coin itself moves with it: one to one in the account, not in the position."""
    case = with_isolated(POSTED)
    first = case.book.position_instrument[0]
    name = case.book.instruments[first].underlying
    inverse = tuple(
        replace(item, settle=name) if n == first else item
        for n, item in enumerate(case.book.instruments)
    )
    coin = []
    for posted in (0.0, 3.0):
        margin = case.book.isolated_margin.copy()
        margin[0] = posted
        book = replace(case.book, instruments=inverse, isolated_margin=margin)
        found = answer(replace(case, book=book))
        coin.append(
            (
                next(a for a in found["scopes"][0]["assets"] if a["asset"] == name)["delta"],
                found["positions"][0]["delta"],
                found["scopes"][0]["value"],
            )
        )
    (bare, alone, worth), (more, same, richer) = coin
    assert more - bare == pytest.approx(3.0, rel=1e-9)
    assert same == alone
    spot = case.market.assets[name].spot
    assert richer - worth == pytest.approx(3.0 * spot, rel=1e-6)
    assert np.isfinite([bare, more]).all()
