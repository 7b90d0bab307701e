"""The framework "drift_v2" in whole numbers: the same account, counted as the venue counts it.

Sizes become units of 1e-9, tokens units of their own decimals, prices and quote amounts millionths;
ratios and weights ten-thousandths. What is not whole is rounded (to the nearest unit; what was
paid for a position down) and the result says so.
"""

from __future__ import annotations

from fractions import Fraction

from seawall.foundation.exact import as_written, in_units, nearest
from seawall.margin.account.exact import ExactMargin, Rounder
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.perpetuals_only import refuse_other_than_perpetuals
from seawall.margin.account.working import Line
from seawall.margin.protocols.drift_exact import (
    BASE_UNIT,
    Margin,
    PerpMarket,
    PerpPosition,
    SpotBalance,
    SpotMarket,
    User,
    perp_margin,
    quote_margin,
    spot_margin,
    user_margin,
)
from seawall.margin.protocols.drift_margin import AssetRule, DriftMargin, PerpRule

QUOTE, BASE, RATIO = 6, 9, 4
UNIT = "1e-6 quote"


def exact_requirement(rule: DriftMargin, account: MarginAccount) -> ExactMargin:
    """Equity, initial and maintenance margin in millionths of the quote currency, with derivation.

    equity counts everything in full; initial and maintenance are equity less the venue's collateral
    minus requirement at each kind's weights, so that equity - maintenance is the venue's own test.
    Raises as the framework's `assess` does.
    """
    rounder = Rounder()
    user = as_user(rule, account, rounder)
    equity = full_value(user)
    initial, maintenance = user_margin(user, "initial"), user_margin(user, "maintenance")
    buffer = nearest(in_units(rule.buffer, RATIO))
    due = (
        equity - initial.collateral + initial.requirement,
        equity - maintenance.collateral + maintenance.requirement,
    )
    parts = (
        Line("equity", equity, UNIT, "everything at its value"),
        Line("initial margin", due[0], UNIT, "equity less (collateral - requirement), initial"),
        Line(
            "maintenance margin",
            due[1],
            UNIT,
            "equity less (collateral - requirement)",
            _lines(user, account.settle),
        ),
        Line("collateral", maintenance.collateral, UNIT, "at maintenance weights"),
        Line("requirement", maintenance.requirement, UNIT, "at maintenance ratios"),
        Line(
            "to leave liquidation",
            maintenance.with_buffer(buffer),
            UNIT,
            f"requirement + {buffer} ten-thousandths of {maintenance.liability}, down",
        ),
        Line("shortage", maintenance.shortage(buffer), UNIT, "missing to leave a liquidation"),
    )
    working = Line(
        account.name, equity - due[1], UNIT, "collateral - requirement, maintenance", parts
    )
    return ExactMargin(equity, due[0], due[1], "quote", QUOTE, working, rounder.sentences())


def as_user(rule: DriftMargin, account: MarginAccount, rounder: Rounder) -> User:
    """The account in the venue's units; ``rounder`` keeps what had to be rounded."""
    refuse_other_than_perpetuals(account, "drift_v2")
    perps, held = account.perps, account.balances
    positions: dict[str, PerpPosition] = {}
    for n, name in enumerate(perps.names):
        price = rounder.nearest(f"the price of {name}", perps.mark[n], QUOTE)
        base = rounder.nearest(f"the size of {name}", perps.size[n], BASE)
        paid = in_units(perps.entry[n], QUOTE) * Fraction(base, BASE_UNIT)
        quote = in_units(perps.accrued[n], QUOTE) - paid
        market = perp_market(rule.perp(perps.underlying[n]), price, rule.largest_initial_profit)
        what = f"what was paid for {name}"
        positions[f"{n} {name}"] = PerpPosition(market, base, rounder.down(what, quote, QUOTE))
    spots: dict[str, SpotBalance] = {}
    for n, asset in enumerate(held.assets):
        own = rule.asset(asset)
        price = rounder.nearest(f"the price of {asset}", held.price[n], QUOTE)
        tokens = rounder.nearest(f"the balance of {asset}", held.quantity[n], own.decimals)
        spots[f"{n} {asset}"] = SpotBalance(spot_market(own, price), tokens)
    return User(
        rounder.nearest("the cash", account.cash, QUOTE),
        rounder.nearest(f"the price of {account.settle}", account.settle_price, QUOTE),
        positions,
        spots,
        nearest(in_units(rule.own_ratio, RATIO)),
    )


def perp_market(rule: PerpRule, price: int, largest_initial_profit: float | None) -> PerpMarket:
    """A perpetual's rule in the venue's units, at a price in millionths."""
    largest = largest_initial_profit
    return PerpMarket(
        price,
        _ratio(rule.initial),
        _ratio(rule.maintenance),
        nearest(in_units(rule.size_factor, QUOTE)),
        _ratio(rule.initial_profit_weight),
        _ratio(rule.maintenance_profit_weight),
        None if largest is None else nearest(in_units(largest, QUOTE)),
    )


def spot_market(rule: AssetRule, price: int) -> SpotMarket:
    """An asset's rule in the venue's units, at a price in millionths."""
    return SpotMarket(
        price,
        rule.decimals,
        _ratio(rule.initial_asset_weight),
        _ratio(rule.maintenance_asset_weight),
        _ratio(rule.initial_liability_weight),
        _ratio(rule.maintenance_liability_weight),
        nearest(in_units(rule.size_factor, QUOTE)),
        nearest(in_units(rule.scale_start, QUOTE)),
        nearest(in_units(rule.deposits, rule.decimals)),
    )


def full_value(user: User) -> int:
    """Everything at its value, millionths of the quote currency: weights and ratios left out."""
    cash = quote_margin(user.quote, user.quote_price)
    total = cash.collateral - cash.requirement
    for position in user.perps.values():
        whole = PerpPosition(PerpMarket(position.market.price, 0, 0), position.base, position.quote)
        total += perp_margin(whole, "maintenance", user.quote_price).collateral
    for balance in user.spots.values():
        full = SpotMarket(balance.market.price, balance.market.decimals, *(10_000,) * 4)
        counted = spot_margin(SpotBalance(full, balance.tokens), "maintenance")
        total += counted.collateral - counted.requirement
    return total


def _ratio(fraction: float) -> int:
    return nearest(as_written(fraction) * 10**RATIO)


def _lines(user: User, settle: str) -> tuple[Line, ...]:
    """Collateral, requirement and liability of each holding, of both kinds."""
    cash = quote_margin(user.quote, user.quote_price)
    lines = [_line(settle, user.quote, cash, cash)]
    for name, position in user.perps.items():
        one = perp_margin(position, "initial", user.quote_price, user.own_ratio)
        two = perp_margin(position, "maintenance", user.quote_price)
        lines.append(_line(name.partition(" ")[2], position.base, one, two))
    for name, balance in user.spots.items():
        one, two = spot_margin(balance, "initial"), spot_margin(balance, "maintenance")
        lines.append(_line(name.partition(" ")[2], balance.tokens, one, two))
    return tuple(lines)


def _line(name: str, units: int, initial: Margin, maintenance: Margin) -> Line:
    parts = (
        Line("units", units, "the venue's units"),
        Line("initial collateral", initial.collateral, UNIT, "profit or deposit, weighted, down"),
        Line("initial", initial.requirement, UNIT, "value x ratio, down"),
        Line("collateral", maintenance.collateral, UNIT, "profit or deposit, weighted, down"),
        Line("maintenance", maintenance.requirement, UNIT, "value x ratio, down"),
        Line("liability", maintenance.liability, UNIT, "value that the buffer is taken of"),
    )
    return Line(name, maintenance.requirement, UNIT, "", parts)
