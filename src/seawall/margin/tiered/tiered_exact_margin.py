"""The framework "tiered" in exact fractions: rates as they are written, nothing rounded on the way.

For venues whose rulebook has [margin.rounding]: ``decimals`` of the settlement asset's units, and
``tick`` of each underlying's price. Every amount is an exact fraction of the decimals given; the
three totals and the lines of the working are shown in whole units, equity and profits rounded down,
margins up (never for the account), and the answer says so where it mattered. So an account whose
equity is within two units of its maintenance margin may be called liquidatable a little early.

Per position: margin = notional x rate - deduction of its tier, deduction_n = deduction_{n-1} +
bound_n x (rate_n - rate_{n-1}). The liquidation price is the exact price of one underlying at which
equity meets maintenance, others still; published prices are rounded up to the tick (Bybit).
Source: Bybit, margin parameters and liquidation price pages; the tick as the rulebook gives it.
Wrong where a venue rounds margins position by position: none is known to say how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from seawall.foundation.errors import InputError, MissingRule
from seawall.foundation.exact import as_written, divide_up, floor_of, nearest, power_of_ten
from seawall.margin.account.exact import ExactMargin
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.working import Line
from seawall.margin.liquidation_price.closed_form import tiered_liquidation_price, to_tick_above
from seawall.margin.tiered.lines import next_deduction
from seawall.margin.tiered.tiered_margin import Rounding, TieredMargin, tiers_for
from seawall.venues import Tier
from seawall.venues.rulebook import WHOLE

ZERO = Fraction(0)


@dataclass(frozen=True)
class ExactTier:
    """Where a tier begins, its maintenance and initial rate, and their deductions."""

    start: Fraction
    rate: Fraction
    deduction: Fraction
    initial_rate: Fraction
    initial_deduction: Fraction


@dataclass(frozen=True)
class ExactPosition:
    """One position in exact fractions: settlement units, prices in quote.

    size, entry, mark    signed size (inverse: quote contracts)
    per                  what a margin in the tiers' unit is divided by: the mark for inverse
                         contracts whose tiers are in quote, else 1
    tier                 the one that holds it, counted from 0
    """

    name: str
    underlying: str
    inverse: bool
    size: Fraction
    entry: Fraction
    mark: Fraction
    tiers: tuple[ExactTier, ...]
    tier: int
    notional: Fraction
    per: Fraction
    profit: Fraction
    maintenance: Fraction
    initial: Fraction


def exact_requirement(rule: TieredMargin, account: MarginAccount) -> ExactMargin:
    """Equity, initial and maintenance margin in units of the settlement asset, with derivation.

    Raises MissingRule for a rulebook without [margin.rounding] or an underlying without tiers,
    InputError for options and for a rulebook whose rates count on the whole position.
    """
    book = rule.rulebook
    if rule.rounding is None:
        raise MissingRule(f"rulebook {book.name!r} has no [margin.rounding] with its decimals.")
    if account.options.names:
        raise InputError(
            f"account {account.name!r} holds {account.options.names[0]!r}, an option",
            expected="perpetuals, futures and coins",
        )
    if book.tier_form == WHOLE:
        raise InputError(
            f"rulebook {book.name!r} counts a tier's rate on the whole position",
            expected='tier_form = "marginal" for exact margins',
        )
    positions = [_position(rule, account, n) for n in range(len(account.perps.names))]
    coins = _coins(rule, account)
    cash = as_written(account.cash)
    equity = cash + _total(p.profit for p in positions) + coins.worth
    maintenance = _total(p.maintenance for p in positions) + coins.maintenance
    initial = _total(p.initial for p in positions) + coins.initial
    units = _Units(rule.rounding.decimals, account.settle)
    lines = tuple(
        _line(p, units, _price_line(p, positions, account, rule.rounding, equity, maintenance))
        for p in positions
    )
    told = "cash + profits + coins, down"
    working = Line(
        account.name,
        units.down(equity) - units.up(maintenance),
        units.unit,
        "equity - maintenance margin",
        (
            Line("equity", units.down(equity), units.unit, told),
            Line("cash", units.down(cash), units.unit),
            Line("coins", units.down(coins.worth), units.unit, "at their price / settlement price"),
            Line("initial margin", units.up(initial), units.unit, "sum, up"),
            Line("maintenance margin", units.up(maintenance), units.unit, "sum, up", lines),
        ),
    )
    return ExactMargin(
        units.down(equity),
        units.up(initial),
        units.up(maintenance),
        account.settle,
        units.decimals,
        working,
        units.sentences((("equity", equity), ("initial", initial), ("maintenance", maintenance))),
    )


def exact_tiers(tiers: tuple[Tier, ...]) -> tuple[ExactTier, ...]:
    """A tier table with its deductions, from the numbers as they are written."""
    out: list[ExactTier] = []
    for tier in tiers:
        start, rate = as_written(tier.lower_bound), as_written(tier.maintenance_rate)
        initial_rate = _over(Fraction(1), as_written(tier.max_leverage))
        if not out:
            out.append(ExactTier(start, rate, ZERO, initial_rate, ZERO))
            continue
        last = out[-1]
        cut = next_deduction(before=last.deduction, bound=start, rate_before=last.rate, rate=rate)
        initial_cut = next_deduction(
            before=last.initial_deduction,
            bound=start,
            rate_before=last.initial_rate,
            rate=initial_rate,
        )
        out.append(ExactTier(start, rate, cut, initial_rate, initial_cut))
    return tuple(out)


def exact_liquidation_price(
    position: ExactPosition, free: Fraction, other_maintenance: Fraction
) -> Fraction | None:
    """The price at which equity meets maintenance, exactly; None where no price above 0 does.

    free  equity less this position's profit, settlement units
    The first tier's line to be crossed decides, see `tiered_liquidation_price`. An inverse position
    whose tiers are in quote stays in one tier.
    """
    rates = [tier.rate for tier in position.tiers]
    cuts = [tier.deduction for tier in position.tiers]
    if position.inverse and position.per != 1:
        own = position.tiers[position.tier]
        rates, cuts = [own.rate - _over(own.deduction, abs(position.size))], [ZERO]
    return tiered_liquidation_price(
        size=position.size,
        entry=position.entry,
        margin=free - other_maintenance,
        rates=rates,
        deductions=cuts,
        inverse=position.inverse,
    )


@dataclass(frozen=True)
class _Coins:
    """What coins beside the settlement asset are worth and need, settlement units."""

    worth: Fraction
    maintenance: Fraction
    initial: Fraction


@dataclass(frozen=True)
class _Units:
    """Whole units of 10^-decimals of an asset."""

    decimals: int
    asset: str

    @property
    def unit(self) -> str:
        """What a whole number counts."""
        return f"10^{-self.decimals} {self.asset}"

    def down(self, amount: Fraction) -> int:
        """Units that are not above ``amount``."""
        return floor_of(amount * power_of_ten(self.decimals))

    def up(self, amount: Fraction) -> int:
        """Units that are not below ``amount``."""
        scaled = amount * power_of_ten(self.decimals)
        return divide_up(scaled.numerator, scaled.denominator)

    def sentences(self, amounts: tuple[tuple[str, Fraction], ...]) -> tuple[str, ...]:
        """One for each total that is not whole in these units."""
        return tuple(
            f"{what} is kept exact and shown in units of {self.unit}, rounded "
            f"{'down' if what == 'equity' else 'up'}"
            for what, amount in amounts
            if self.down(amount) != self.up(amount)
        )


def _position(rule: TieredMargin, account: MarginAccount, n: int) -> ExactPosition:
    perps = account.perps
    written, in_coin = tiers_for(rule.rulebook, perps, n)
    tiers, inverse = exact_tiers(written), bool(perps.inverse[n])
    size, entry, mark = (as_written(x[n]) for x in (perps.size, perps.entry, perps.mark))
    gained, notional = size * (mark - entry), abs(size) * mark
    if inverse:
        gained = size * (_over(Fraction(1), entry) - _over(Fraction(1), mark))
        notional = _over(abs(size), mark)
    per = mark if inverse and not in_coin else Fraction(1)
    ranked = notional * per
    index = max(k for k, tier in enumerate(tiers) if k == 0 or ranked >= tier.start)
    tier = tiers[index]
    initial = _over(ranked * tier.initial_rate - tier.initial_deduction, per)
    if perps.names[n] in rule.own_leverage:
        own = as_written(rule.own_leverage[perps.names[n]])
        initial = max(initial, _over(notional, own))
    return ExactPosition(
        perps.names[n],
        perps.underlying[n],
        inverse,
        size,
        entry,
        mark,
        tiers,
        index,
        notional,
        per,
        gained + as_written(perps.accrued[n]),
        _over(ranked * tier.rate - tier.deduction, per),
        initial,
    )


def _coins(rule: TieredMargin, account: MarginAccount) -> _Coins:
    """Coins count at their value and need the share that is no collateral; debts need nothing."""
    worth, maintenance, initial = ZERO, ZERO, ZERO
    held, settle = account.balances, as_written(account.settle_price)
    for n, asset in enumerate(held.assets):
        value = _over(as_written(held.quantity[n]) * as_written(held.price[n]), settle)
        worth += value
        if value <= 0:
            continue
        terms = rule.rulebook.collateral.get(asset)
        counted = (ZERO, ZERO)
        if terms is not None:
            counted = as_written(terms.liquidation_threshold), as_written(terms.loan_to_value)
        maintenance += value * (1 - counted[0])
        initial += value * (1 - counted[1])
    return _Coins(worth, maintenance, initial)


def _line(position: ExactPosition, units: _Units, price: Line) -> Line:
    tier = position.tiers[position.tier]
    cut = f"{tier.deduction}" if position.per == 1 else f"{tier.deduction} / mark"
    parts = (
        Line("notional", nearest(position.notional * power_of_ten(units.decimals)), units.unit),
        Line("tier", position.tier + 1, "", f"from {tier.start} on, of {len(position.tiers)}"),
        Line("maintenance rate", f"{tier.rate}", "", "as written"),
        Line("deduction", cut, "", "exact"),
        Line("profit", units.down(position.profit), units.unit, "with what is accrued, down"),
        Line("maintenance", units.up(position.maintenance), units.unit, "up"),
        Line("initial", units.up(position.initial), units.unit, "up"),
        price,
    )
    rule = "notional x rate - deduction"
    return Line(position.name, units.up(position.maintenance), units.unit, rule, parts)


def _price_line(
    position: ExactPosition,
    positions: list[ExactPosition],
    account: MarginAccount,
    rounding: Rounding,
    equity: Fraction,
    maintenance: Fraction,
) -> Line:
    """The position's liquidation price: ticks, or the exact fraction where no tick is given."""
    name = "liquidation price"
    together = [p for p in positions if p.underlying == position.underlying]
    coin_moves = position.underlying in account.balances.assets or (
        position.inverse and account.balances.assets
    )
    if len(together) > 1 or coin_moves or position.size == 0:
        return Line(name, None, "", "others move with this price: only a search tells")
    price = exact_liquidation_price(
        position, equity - position.profit, maintenance - position.maintenance
    )
    if price is None:
        return Line(name, None, "", "no price above 0 liquidates it")
    if position.underlying not in rounding.tick:
        return Line(name, f"{price}", "quote", "exact; the rulebook gives no tick")
    tick = as_written(rounding.tick[position.underlying])
    up = to_tick_above(price, tick)
    told = f"{price} rounded up to a tick"
    return Line(name, nearest(_over(up, tick)), f"ticks of {tick}", told)


def _over(dividend: Fraction, divisor: Fraction) -> Fraction:
    """The exact quotient."""
    return dividend * Fraction(divisor.denominator, divisor.numerator)


def _total(amounts: Iterable[Fraction]) -> Fraction:
    """The exact sum."""
    total = ZERO
    for amount in amounts:
        total += amount
    return total
