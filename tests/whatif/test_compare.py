"""Before and after against the margin of a Case that was changed by hand; Greeks; first to die."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seawall.casefile import sample_case
from seawall.foundation.errors import InputError
from seawall.foundation.units import daily_sigma
from seawall.whatif.compare import what_if
from seawall.whatif.margin_answer import margin_answer

TRADE, SHOCK = "-10 BTC-PERP", "BTC=-12%,vol=+20%"


@pytest.fixture(scope="module")
def case():
    return sample_case(crowd=0)


def numbers(state):
    return [(s.held.name, s.equity, s.initial, s.maintenance) for s in state.standings]


def shocked_by_hand(case):
    market = case.market
    btc = market.assets["BTC"]
    names = ("spot", "index", "oracle")
    assets = {**market.assets, "BTC": replace(btc, **{n: getattr(btc, n) * 0.88 for n in names})}
    on_btc = {i.name for i in case.book.instruments if i.underlying == "BTC"}
    instruments = {}
    for name, state in market.instruments.items():
        mark, implied = state.mark, state.implied_volatility
        instruments[name] = replace(
            state,
            mark=mark * 0.88 if mark is not None and name in on_btc else mark,
            implied_volatility=implied * 1.2 if implied is not None else implied,
        )
    return replace(case, market=replace(market, assets=assets, instruments=instruments))


def traded_by_hand(case):
    book = case.book
    row = [i.name for i in book.instruments].index("BTC-PERP")
    size, entry = book.size.copy(), book.entry.copy()
    n = int((book.position_instrument == row).nonzero()[0][0])
    entry[n] = (size[n] * entry[n] - 10.0 * 84_000.0) / (size[n] - 10.0)
    size[n] -= 10.0
    return replace(case, book=replace(book, size=size, entry=entry))


def test_every_state_is_the_margin_of_the_changed_case(case) -> None:
    before, trade, shock, both = what_if(case, [TRADE], SHOCK).states
    changed = [
        (before, case),
        (trade, traded_by_hand(case)),
        (shock, shocked_by_hand(case)),
        (both, shocked_by_hand(traded_by_hand(case))),
    ]
    assert [s.name for s, _ in changed] == ["before", "trade", "shock", "both"]
    for state, by_hand in changed:
        want = margin_answer(by_hand)["accounts"]
        for standing, row in zip(state.standings, want, strict=True):
            assert standing.held.name == row["margin_account"]
            for name in ("equity", "initial", "maintenance"):
                assert getattr(standing, name) == pytest.approx(row[name], rel=1e-10)
            nearest = row["threats"][0]["liquidation_price"]
            assert standing.threats[0].prices.nearest == pytest.approx(nearest, rel=1e-9)
    assert [s.standings[1].liquidatable for s, _ in changed] == [False, False, True, True]
    assert before.standings[2] is trade.standings[2], "what a trade leaves alone is kept"


def test_a_loan_against_a_staked_coin_falls_with_the_coin(case) -> None:
    """The loan of the sample is liquidatable at wstETH -9.5%; wstETH holds ETH."""
    before, shock = what_if(case, (), "ETH=-30%").states
    named = {s.held.name: s for s in shock.standings}
    was = {s.held.name: s for s in before.standings}
    assert not was["harbour/loan"].liquidatable
    assert named["harbour/loan"].liquidatable
    coins, now = was["harbour/loan"].held.balances, named["harbour/loan"].held.balances
    n = coins.assets.index("wstETH")
    assert now.price[n] == pytest.approx(0.7 * coins.price[n], rel=1e-12)


def test_the_first_to_die_is_the_fewest_daily_sigmas_away(case) -> None:
    state = what_if(case, (), "SOL=-1%").states[0]
    standing, threat = state.first
    assert (standing.held.name, threat.leg, threat.side) == (
        "harbour/perp-main",
        "SOL-PERP",
        "long",
    )
    sigma = daily_sigma(case.market.assets["SOL"].volatility)
    assert threat.sigmas == pytest.approx(abs(threat.prices.distance) / sigma)
    others = [t.sigmas for s in state.standings for t in s.threats if t.sigmas is not None]
    assert threat.sigmas == min(others)


def test_an_account_that_is_dead_already_names_what_killed_it(case) -> None:
    """BTC at eleven times its price: the 88 BTC short has lost 74 million, the SOL long nothing."""
    state = what_if(case, (), "BTC=+1000%", account="harbour/perp-main").states[-1]
    (dead,) = [s for s in state.standings if s.held.name == "harbour/perp-main"]
    assert dead.equity < dead.maintenance
    assert (dead.nearest.leg, dead.nearest.side) == ("BTC-PERP", "short")
    assert dead.nearest.worth == pytest.approx(-88.2 * 10 * 84_000, rel=0.01)


def test_the_quote_currency_threatens_nothing(case) -> None:
    """The loan owes USDC, in which everything is counted: only its collateral can break it."""
    (loan,) = [s for s in what_if(case, (), "SOL=-1%").states[0].standings if "loan" in s.held.name]
    assert [t.prices.asset for t in loan.threats] == ["wstETH"]


def test_only_the_states_that_differ_are_there(case) -> None:
    assert [s.name for s in what_if(case, [TRADE]).states] == ["before", "trade"]
    assert [s.name for s in what_if(case, (), SHOCK).states] == ["before", "shock"]
    assert [s.name for s in what_if(case).states] == ["before"]


def test_a_trade_in_words_or_numbers_is_the_same(case) -> None:
    found = what_if(case, [TRADE])
    assert (found.account, found.marks) == ("harbour/perp-main", (84_000.0,))
    assert numbers(found.states[1]) == numbers(what_if(case, found.trades).states[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"account": "harbour/perp"}, "no account 'harbour/perp'; expected 'harbour/perp-main'"),
        ({"desk": "harbor"}, "no desk 'harbor'; expected 'harbour'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(case, options, words) -> None:
    with pytest.raises(InputError, match=words):
        what_if(case, (), SHOCK, **options)


def test_a_desk_that_does_not_trade_is_refused(case) -> None:
    with pytest.raises(InputError, match="'harbour/perp-main' trades, and it belongs to 'harbour'"):
        what_if(case, [TRADE], None, desk="quay")
