"""A Case with one account on it, whose DRE `check` says: the slow, obvious version of `law`.

The market is the fitted scenario model (`seawall.scenario.filtered_history`): the history with the
extremes of its bars, forecasts where a window may begin, the volatility of the moment. Depth has no
end and nobody else is there, so feedback is off; the label is "total". One position with equity of
notional / leverage on a venue with one tier; theta is 100%, so that liquidation alone counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

from seawall.book import AccountKind, Book
from seawall.case import Case
from seawall.exposure.backtest.reality.accounts import Account
from seawall.exposure.backtest.reality.bars import POINTS, Series, points
from seawall.exposure.backtest.reality.forecast import Forecast
from seawall.exposure.backtest.reality.law import Taken, volatility_of
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Perpetual
from seawall.market import AssetState, Market, PriceHistory, Scenario
from seawall.venues import Liquidation, Rulebook, Tier, Waterfall

QUOTE, VENUE, OWNER, PERPETUAL = "USDT", "judged", "synthetic", "PERP"
HISTORY, FORECASTS, MODEL = "history.csv", "forecasts.csv", "filtered_history"
SPOT = 1.0


def one_account(
    account: Account, taken: Sequence[Taken], forecast: Forecast, bars: int, number: int
) -> Case:
    """The Case of this account at the volatility of this number; its asset is the first series'.

    ``taken`` windows of series on one clock, as `law.windows` has them.
    """
    series = [t.one for t in taken]
    seconds = series[0].seconds
    as_of = datetime.fromtimestamp(int(series[0].end[-1]), UTC)
    deep = math.inf
    market = Market(
        as_of=as_of,
        assets={
            QUOTE: AssetState(1.0, 1.0, 1.0, 0.0, deep, deep),
            series[0].label: AssetState(SPOT, SPOT, SPOT, volatility_of(number), deep, deep),
        },
        instruments={},
        scenario=Scenario(
            model=MODEL,
            label="total",
            parameters={
                MODEL: {
                    "history": HISTORY,
                    "forecasts": FORECASTS,
                    "window_seconds": float(bars * seconds),
                    "columns": "any",
                }
            },
        ),
        correlation={},
        jump_beta={},
        histories={HISTORY: _history(series), FORECASTS: _forecasts(taken, forecast)},
    )
    return Case(
        name="one synthetic account",
        as_of=as_of,
        quote=QUOTE,
        step_seconds=seconds / POINTS,
        book=_book(account, series[0].label),
        market=market,
        rulebooks={VENUE: _venue(account)},
        limits=(),
        crowds=(),
        digest="0" * 64,
        loss_fraction=1.0,
    )


def _history(series: Sequence[Series]) -> PriceHistory:
    """Prices a third of a bar apart: extremes of each bar, then its close."""
    one = series[0]
    third = one.seconds // POINTS
    time = (one.end[:, None] - third * np.arange(POINTS - 1, -1, -1)).ravel()
    price = np.exp(np.stack([points(each).ravel() for each in series], axis=1))
    return PriceHistory(time, tuple(each.label for each in series), price)


def _forecasts(taken: Sequence[Taken], forecast: Forecast) -> PriceHistory:
    """What was forecast at the bars that are taken as beginnings of windows."""
    one = taken[0].one
    table = np.full((one.end.size, len(taken)), np.nan)
    for column, each in enumerate(taken):
        table[each.at, column] = forecast(each.one)[each.at]
    some = np.any(np.isfinite(table), axis=1)
    return PriceHistory(one.end[some], tuple(each.one.label for each in taken), table[some])


def _book(account: Account, asset: str) -> Book:
    side = 1.0 if account.side == "long" else -1.0
    return Book(
        account_names=("a",),
        account_venue=(VENUE,),
        account_owner=(OWNER,),
        account_kind=(AccountKind.DESK,),
        instruments=(Perpetual(PERPETUAL, asset, QUOTE),),
        assets=(QUOTE, asset),
        position_account=np.array([0]),
        position_instrument=np.array([0]),
        size=np.array([side]),
        entry=np.array([SPOT]),
        isolated=np.array([False]),
        isolated_margin=np.array([0.0]),
        balance_account=np.array([0]),
        balance_asset=np.array([0]),
        quantity=np.array([SPOT / account.leverage]),
    )


def _venue(account: Account) -> Rulebook:
    return Rulebook(
        name=VENUE,
        source="the account's own first bracket",
        as_of=date(2026, 1, 1),
        margin_price=PriceKind.MARK,
        liquidation=Liquidation("orderbook"),
        waterfall=Waterfall(("fund", "socialised"), math.inf),
        default_tiers=(Tier(0.0, account.leverage, account.maintenance),),
    )
