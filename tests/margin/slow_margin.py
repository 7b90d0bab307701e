"""Margin of a Case account by account in plain Python: the slow obvious version of margin/assess.

Written from the rulebook's words, without the margin table: profit is size x (price - entry), tiers
are brackets, options are priced with the error function.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from seawall.case import Case
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Option, Perpetual
from seawall.venues import Rulebook, Tier

Key = tuple[int, str, int]  # account, settlement asset, position of an isolated one (else -1)


@dataclass
class Margin:
    equity: float = 0.0
    initial: float = 0.0
    maintenance: float = 0.0


def bracket_margin(notional: float, tiers: tuple[Tier, ...], initial: bool) -> float:
    total = 0.0
    for n, tier in enumerate(tiers):
        top = tiers[n + 1].lower_bound if n + 1 < len(tiers) else math.inf
        rate = 1.0 / tier.max_leverage if initial else tier.maintenance_rate
        total += rate * max(min(notional, top) - tier.lower_bound, 0.0)
    return total


def perpetual_price(case: Case, rulebook: Rulebook, instrument: Perpetual) -> float:
    asset = case.market.assets[instrument.underlying]
    state = case.market.instruments.get(instrument.name)
    if rulebook.margin_price is PriceKind.MARK:
        return state.mark if state is not None and state.mark is not None else asset.spot
    return {PriceKind.INDEX: asset.index, PriceKind.ORACLE: asset.oracle}.get(
        rulebook.margin_price, asset.spot
    )


def add_perpetual(
    case: Case, rulebook: Rulebook, instrument: Perpetual, size: float, entry: float, out: Margin
) -> None:
    spot = case.market.assets[instrument.underlying].spot
    price = perpetual_price(case, rulebook, instrument)
    if instrument.inverse:
        # Profit and margin are coins; coins are worth spot.
        profit = size * (1 / entry - 1 / price) * spot
        notional, coins, to_quote = abs(size), abs(size) / price, spot / price
    else:
        # Profit and margin are in the settlement asset.
        to_quote = case.market.assets[instrument.settle].spot
        profit = size * (price - entry) * to_quote
        notional, coins = abs(size) * price, abs(size)
    out.equity += profit
    rule = rulebook.option_margin
    if rule is not None:
        out.initial += (rule.perp_initial + rule.perp_slope * coins) * notional * to_quote
        out.maintenance += (rule.perp_maintenance + rule.perp_slope * coins) * notional * to_quote
        return
    tiers = rulebook.tiers.get(instrument.underlying, rulebook.default_tiers)
    out.initial += bracket_margin(notional, tiers, True) * to_quote
    out.maintenance += bracket_margin(notional, tiers, False) * to_quote


def normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def add_option(case: Case, rulebook: Rulebook, option: Option, size: float, out: Margin) -> None:
    state, spot = case.market.instruments[option.name], case.market.assets[option.underlying].spot
    forward = state.mark if state.mark is not None else spot
    years = (option.expiry - case.as_of).total_seconds() / (365 * 86_400)
    width = state.implied_volatility * math.sqrt(years)
    d1 = math.log(forward / option.strike) / width + width / 2
    sign = 1 if option.call else -1
    value = sign * (forward * normal(sign * d1) - option.strike * normal(sign * (d1 - width)))
    # Coin-settled: V / F coins, worth V / F x spot; else V of the settlement asset.
    if option.settle == option.underlying:
        value = value / forward * spot
    else:
        value = value * case.market.assets[option.settle].spot
    out.equity += size * value
    if size > 0:
        # A long option is worth something, but gives no credit.
        out.initial += size * value
        out.maintenance += size * value
        return
    rule, mark = rulebook.option_margin, value / spot
    away = max(sign * (option.strike - spot), 0.0) / spot
    initial = max(rule.initial_base - away, rule.initial_floor) + mark
    maintenance = rule.maintenance_base + mark
    if not option.call:
        maintenance = max(rule.maintenance_base, rule.maintenance_base * mark) + mark
        initial = max(initial, maintenance)
    out.initial += -size * (initial * spot - value)
    out.maintenance += -size * (maintenance * spot - value)


def add_balance(case: Case, rulebook: Rulebook, asset: str, quantity: float, out: Margin) -> None:
    state = case.market.assets[asset]
    kind = rulebook.margin_price
    price = {PriceKind.INDEX: state.index, PriceKind.ORACLE: state.oracle}.get(kind, state.spot)
    value = quantity * price
    out.equity += value
    if value > 0:
        terms = rulebook.collateral.get(asset)
        out.initial += value * (1 - (terms.loan_to_value if terms else 0.0))
        out.maintenance += value * (1 - (terms.liquidation_threshold if terms else 0.0))


def settlement_alone(case: Case, account: int) -> str:
    """Of an account without cross positions: quote where it has any, else what is worth most."""
    book = case.book
    held = {
        book.assets[k]: float(q)
        for a, k, q in zip(book.balance_account, book.balance_asset, book.quantity, strict=True)
        if a == account
    }
    if held.get(case.quote, 0.0) != 0.0:
        return case.quote
    return max(held, key=lambda name: held[name] * case.market.assets[name].spot)


def slow_requirement(case: Case) -> dict[Key, Margin]:
    book, out = case.book, defaultdict(Margin)
    settles: dict[int, list[str]] = defaultdict(list)
    for n in range(book.size.size):
        account = int(book.position_account[n])
        instrument = book.instruments[book.position_instrument[n]]
        rulebook = case.rulebooks[book.account_venue[account]]
        key: Key = (account, instrument.settle, n if book.isolated[n] else -1)
        if book.isolated[n]:
            settle_spot = case.market.assets[instrument.settle].spot
            out[key].equity += float(book.isolated_margin[n]) * settle_spot
        else:
            settles[account].append(instrument.settle)
        size, entry = float(book.size[n]), float(book.entry[n])
        if isinstance(instrument, Option):
            add_option(case, rulebook, instrument, size, out[key])
        else:
            add_perpetual(case, rulebook, instrument, size, entry, out[key])
    for n in range(book.quantity.size):
        account, asset = int(book.balance_account[n]), book.assets[book.balance_asset[n]]
        rulebook, quantity = case.rulebooks[book.account_venue[account]], float(book.quantity[n])
        if rulebook.liquidation.style == "keeper":
            add_balance(case, rulebook, asset, quantity, out[account, case.quote, -1])
        elif asset in (settles[account] or [settlement_alone(case, account)]):
            out[account, asset, -1].equity += quantity * case.market.assets[asset].spot
        else:
            first = (settles[account] or [settlement_alone(case, account)])[0]
            add_balance(case, rulebook, asset, quantity, out[account, first, -1])
    return dict(out)
