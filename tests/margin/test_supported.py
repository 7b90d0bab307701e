"""What the cascade cannot run is refused by name; it never gets a margin that looks right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seawall.case import Case
from seawall.casefile import sample_case
from seawall.exposure import check
from seawall.foundation.errors import InputError, MissingRule
from seawall.instruments import (
    Future,
    Instrument,
    LiquidityShare,
    Option,
    Perpetual,
    PoolShare,
    Staked,
    VaultShare,
)
from seawall.margin.table.compile import compile_table
from seawall.margin.table.supported import refuse_untiered_quantos


def compiled(case: Case) -> None:
    compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)


def with_instrument(place: int, item: Instrument) -> Case:
    case = sample_case(0)
    items = list(case.book.instruments)
    items[place] = item
    return replace(case, book=replace(case.book, instruments=tuple(items)))


SAMPLE = sample_case(0).book.instruments
ETH_PERP = next(n for n, item in enumerate(SAMPLE) if item.name == "ETH-PERP")


@pytest.mark.parametrize(
    "item",
    [
        Perpetual("ETH-PERP", "ETH", "BTC", 1e-6),
        Perpetual("ETH-PERP", "ETH", "USDC", 0.5),
        Future("ETH-PERP", "ETH", "BTC", sample_case(0).as_of.replace(year=2027), 1e-6),
    ],
)
def test_a_quanto_is_not_taken_for_a_linear_contract(item: Instrument) -> None:
    case = with_instrument(ETH_PERP, item)
    sentence = r"account 'harbour/perp-main' holds the quanto contract 'ETH-PERP', which the casc"
    with pytest.raises(InputError, match=sentence):
        compiled(case)
    with pytest.raises(InputError, match=sentence):
        check(case, paths=2, horizon_seconds=3_600.0)


@pytest.mark.parametrize("form", [LiquidityShare, VaultShare, PoolShare])
def test_a_share_does_not_move_apart_from_what_it_holds(
    form: type[LiquidityShare | VaultShare | PoolShare],
) -> None:
    place = next(n for n, item in enumerate(SAMPLE) if item.name == "wstETH")
    with pytest.raises(InputError, match=r"account 'harbour/loan' holds the share 'wstETH'"):
        compiled(with_instrument(place, form("wstETH")))


def test_a_staked_coin_is_an_asset_of_its_own_as_before() -> None:
    assert Staked("wstETH", "ETH") in SAMPLE
    compiled(sample_case(0))


def test_what_nobody_trades_may_be_listed() -> None:
    case = sample_case(0)
    items = (*SAMPLE, Perpetual("ETH-QUANTO", "ETH", "BTC", 1e-6), LiquidityShare("USDT"))
    compiled(replace(case, book=replace(case.book, instruments=items)))


def test_a_fund_may_hold_what_is_not_margined() -> None:
    case = sample_case(0)
    book = case.book
    fund = book.account_names.index("meridian/fund")
    compiled(
        replace(
            case,
            book=replace(
                book,
                instruments=(*SAMPLE, LiquidityShare("USDT")),
                balance_account=np.append(book.balance_account, fund),
                balance_asset=np.append(book.balance_asset, book.assets.index("USDT")),
                quantity=np.append(book.quantity, 5.0),
            ),
        )
    )


def test_a_discounted_option_is_not_taken_for_an_undiscounted_one() -> None:
    case = sample_case(0)
    name = next(item.name for item in SAMPLE if isinstance(item, Option))
    states = dict(case.market.instruments)
    states[name] = replace(states[name], rate=0.04)
    with pytest.raises(InputError, match=rf"option '{name}' is discounted at 0.04 a year"):
        compiled(replace(case, market=replace(case.market, instruments=states)))


def test_a_quanto_under_several_tiers_has_no_margin_that_a_rulebook_defines() -> None:
    rules = sample_case(0).rulebooks["meridian"]
    quanto = Perpetual("ETH-QUANTO", "ETH", "BTC", 1e-6)
    with pytest.raises(MissingRule, match=r"does not say how .* 'ETH-QUANTO' is margined in BTC"):
        refuse_untiered_quantos(rules, (*SAMPLE, quanto))
    flat = replace(rules, tiers={"ETH": rules.tiers["ETH"][:1]})
    refuse_untiered_quantos(flat, (quanto,))
    with pytest.raises(MissingRule):
        refuse_untiered_quantos(replace(flat, framework="pmrm_v2"), (quanto,))
    refuse_untiered_quantos(rules, SAMPLE)
