"""The market after some prices, volatilities and time have moved, everything else following.

What follows: marks and forwards keep their ratio to spot, index and oracle too; a share's price
follows its contents at an unchanged discount, and a staked token's exchange rate grows with time.
This is the world whose differences the Greeks are: each of them equals the central difference of
`revalue` over such moves (law L9). Wrong as a forecast: nothing else reacts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from seawall.foundation.errors import InputError
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.instruments import Held, Instrument, Staked
from seawall.market import AssetState, Market, StakedState
from seawall.market.shares import components
from seawall.valuation.shares import claims, contents


def moved(
    market: Market,
    instruments: Iterable[Instrument],
    factor: Mapping[str, float],
    *,
    volatility: Mapping[str, float] | None = None,
    seconds: float = 0.0,
) -> Market:
    """``market`` after each asset's price is multiplied by its ``factor`` (absent: 1).

    factor      {asset: multiple > 0}; of a share, the multiple of its discount, on top of what its
                contents do
    volatility  {option: change of its implied volatility, 1.00 = 100 points}
    seconds     time that passes for exchange rates; the caller hands the later time to `revalue`

    Raises InputError for an unknown asset and a factor that is not above 0.
    """
    items = tuple(instruments)
    _refuse_impossible(market, factor)
    shares = {
        name: _grown(state, seconds) if isinstance(state, StakedState) else state
        for name, state in market.shares.items()
    }
    ratios = _price_factors(market, replace(market, shares=shares), items, factor)
    assets = {name: _scaled(state, ratios[name]) for name, state in market.assets.items()}
    states = dict(market.instruments)
    for item in items:
        state = states.get(item.name)
        if state is None or isinstance(item, Held):
            continue
        change = (volatility or {}).get(item.name, 0.0)
        mark = None if state.mark is None else state.mark * ratios[item.underlying]
        implied = state.implied_volatility
        states[item.name] = replace(
            state, mark=mark, implied_volatility=None if implied is None else implied + change
        )
    return replace(market, assets=assets, instruments=states, shares=shares)


def price_ratios(
    market: Market, instruments: Iterable[Instrument], factor: Mapping[str, float]
) -> dict[str, float]:
    """By how much the price of each asset of ``market`` is multiplied when `moved`, time standing.

    ``factor`` as there: shares follow their contents. What nothing moves is exactly 1. Raises
    InputError as `moved` does.
    """
    items = tuple(instruments)
    _refuse_impossible(market, factor)
    after = _price_factors(market, market, items, factor)
    # A share's price times its contents' ratio may be a rounding away from itself.
    still = _price_factors(market, market, items, {})
    return {asset: ratio / still[asset] for asset, ratio in after.items()}


def _refuse_impossible(market: Market, factor: Mapping[str, float]) -> None:
    for asset, multiple in factor.items():
        if asset not in market.assets or not (math.isfinite(multiple) and multiple > 0.0):
            raise InputError(
                f"the price of {asset!r} is multiplied by {multiple}",
                expected="an asset of the market and a factor above 0",
            )


def _price_factors(
    before: Market, after: Market, items: tuple[Instrument, ...], factor: Mapping[str, float]
) -> dict[str, float]:
    """By how much each asset's price is multiplied, shares by what their contents do."""
    known = claims(before, items)
    underlying = {item.name: item.underlying for item in items if isinstance(item, Staked)}
    ratios: dict[str, float] = {}

    def ratio(asset: str) -> float:
        if asset not in ratios:
            own = factor.get(asset, 1.0)
            state = after.shares.get(asset)
            if state is not None:
                names = components(state, underlying.get(asset, ""))
                prices = {name: before.assets[name].spot * ratio(name) for name in names}
                worth, _, _ = contents(state, names, prices)
                if worth <= 0.0:
                    raise InputError(
                        f"share {asset} would be worth {worth:g} after this move",
                        expected="a move after which the share still holds something",
                    )
                own *= worth * known[asset].ratio / before.assets[asset].spot
            ratios[asset] = own
        return ratios[asset]

    return {asset: ratio(asset) for asset in before.assets}


def _grown(state: StakedState, seconds: float) -> StakedState:
    years = seconds / SECONDS_PER_YEAR
    return replace(state, exchange_rate=state.exchange_rate * math.exp(state.yield_rate * years))


def _scaled(state: AssetState, ratio: float) -> AssetState:
    return replace(
        state,
        spot=state.spot * ratio,
        index=state.index * ratio,
        oracle=state.oracle * ratio,
    )
