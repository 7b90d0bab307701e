"""Margins of one inverse contract in coin, as Binance coin-M and Bybit state them.

A contract of c quote units is worth c / price coins. Initial: contracts x c / order price /
leverage; maintenance at mark: notional x rate - deduction, the tier and the deduction in coin.
Sources: Binance coin-M help pages; Bybit help centre, inverse contracts.
Wrong for the account as a whole, which also has profit: `seawall.margin.tiered.tiered_margin`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CoinMargins:
    """Value, initial and maintenance margin of one inverse position, coins."""

    value: float
    initial: float
    maintenance: float


def coin_margins(
    *, quantity: float, price: float, leverage: float, rate: float, deduction: float
) -> CoinMargins:
    """Margins of ``quantity`` quote units (any sign) at ``price``: entry, order or mark.

    rate and deduction (coins) of the tier that holds the value; leverage chosen by the trader.
    """
    value = abs(quantity) / price
    return CoinMargins(value, value / leverage, value * rate - deduction)


def contracts_margins(
    *,
    contracts: float,
    contract_size: float,
    price: float,
    leverage: float,
    rate: float,
    deduction: float,
) -> CoinMargins:
    """The same for a number of contracts of ``contract_size`` quote units each."""
    return coin_margins(
        quantity=contracts * contract_size,
        price=price,
        leverage=leverage,
        rate=rate,
        deduction=deduction,
    )
