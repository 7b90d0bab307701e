"""What a margin account holds once equal contracts are netted, in the form venues' rules take.

A venue keeps one balance for each contract, so rows of the same contract are one position. Amounts
are in the settlement asset, as a venue that settles in a stable coin counts them; `in_quote` takes
an answer back to quote currency.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.margin.account.margin_account import MarginAccount, Options
from seawall.margin.account.requirement import Requirement
from seawall.margin.account.working import AccountMargin, Line
from seawall.valuation import inverse, linear

T = TypeVar("T")


@dataclass(frozen=True)
class NettedPerps:
    """Perpetuals and futures by contract: (n,) each, contracts without a position left out.

    size        base units, long > 0 (an inverse contract counts as size / mark)
    mark        quote per base unit        confidence  the lowest of the contract's rows, 0 to 1
    profit      unrealised plus accrued, settlement asset; rows of one contract add up
    """

    names: tuple[str, ...]
    underlying: tuple[str, ...]
    size: Floats
    mark: Floats
    confidence: Floats
    profit: Floats


def netted_perps(account: MarginAccount) -> NettedPerps:
    """The account's perpetuals and futures, one row for each contract that is held.

    Profit of a contract counts when any of its rows has a size, even if they net to nothing: what
    was accrued on a contract that is not held at all does not. Inverse profit, in coin, is taken at
    spot.
    """
    found = perps_in_markets(account, np.ones((1, account.perps.size.size)))
    return replace(found, size=found.size[0], mark=found.mark[0], profit=found.profit[0])


def perps_in_markets(account: MarginAccount, factor: Floats) -> NettedPerps:
    """The same in m markets: size, mark and profit are (m, n).

    factor  (m, p) what each of the account's rows has its mark and its coin multiplied by
    """
    perps = account.perps
    if not perps.size.size:
        empty, none = np.zeros((factor.shape[0], 0)), np.zeros(0)
        return NettedPerps((), (), empty, empty, none, empty)
    mark = perps.mark * factor
    base, gained = perps.size, linear.profit(perps.size, perps.entry, mark) + perps.accrued
    if perps.inverse.any():
        coin = np.array([account.spot[name].price for name in perps.underlying]) * factor
        in_coin = inverse.profit(perps.size, perps.entry, mark) + perps.accrued
        base = np.where(perps.inverse, perps.size / mark, base)
        gained = np.where(perps.inverse, in_coin * coin, gained)
    index, first = _groups(list(zip(perps.underlying, perps.names, strict=True)))
    count = first.size
    base = np.broadcast_to(base, mark.shape)
    confidence = np.ones(count)
    np.minimum.at(confidence, index, perps.confidence)
    all_rows = NettedPerps(
        tuple(perps.names[n] for n in first),
        tuple(perps.underlying[n] for n in first),
        segment_sums(base, index, count),
        mark[:, first],
        confidence,
        segment_sums(gained, index, count),
    )
    return perp_rows(all_rows, segment_sums(np.abs(base[0]), index, count) > 0.0)


def netted_options(options: Options) -> Options:
    """One row for each contract (underlying, expiry, strike, call or put) with a position, (o,).

    Forward, volatility and rate are those of a contract's first row, confidences its lowest.
    """
    keys = list(
        zip(
            options.underlying,
            options.expiry,
            options.strike.tolist(),
            options.call.tolist(),
            strict=True,
        )
    )
    amount = options.amount
    if len(set(keys)) == len(keys) and np.all(amount != 0.0):
        return options
    index, first = _groups(keys)
    if first.size < len(keys):
        amount = segment_sums(options.amount, index, first.size)
    keep = np.flatnonzero(amount != 0.0)
    if keep.size == len(keys):
        return options

    def lowest(values: Floats) -> Floats:
        low = np.ones(first.size)
        np.minimum.at(low, index, values)
        return low[keep]

    return replace(
        option_rows(options, first[keep]),
        amount=amount[keep],
        forward_confidence=lowest(options.forward_confidence),
        volatility_confidence=lowest(options.volatility_confidence),
        rate_confidence=lowest(options.rate_confidence),
    )


def option_rows(options: Options, chosen: Ints | Bools) -> Options:
    """Some of the options, by row number or by a True for each that is kept."""
    rows = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    return Options(
        names=tuple(options.names[n] for n in rows),
        underlying=tuple(options.underlying[n] for n in rows),
        expiry=tuple(options.expiry[n] for n in rows),
        seconds=options.seconds[rows],
        strike=options.strike[rows],
        call=options.call[rows],
        amount=options.amount[rows],
        forward=options.forward[rows],
        forward_confidence=options.forward_confidence[rows],
        volatility=options.volatility[rows],
        volatility_confidence=options.volatility_confidence[rows],
        rate=options.rate[rows],
        rate_confidence=options.rate_confidence[rows],
        inverse=options.inverse[rows],
    )


def perp_rows(perps: NettedPerps, keep: Bools) -> NettedPerps:
    """The perpetuals for which ``keep`` is True."""
    rows = np.flatnonzero(keep)
    return NettedPerps(
        tuple(perps.names[n] for n in rows),
        tuple(perps.underlying[n] for n in rows),
        perps.size[..., rows],
        perps.mark[..., rows],
        perps.confidence[rows],
        perps.profit[..., rows],
    )


@dataclass(frozen=True)
class Expiries:
    """Options grouped by underlying and expiry, in the order of their first row.

    names  (underlying, expiry) of each     of      (o,) which one each option belongs to
    first  (e,) row of the first option, whose forward, seconds and rate are the expiry's
    """

    names: tuple[tuple[str, str], ...]
    of: Ints
    first: Ints

    @property
    def count(self) -> int:
        """How many expiries there are."""
        return self.first.size


def expiries(options: Options) -> Expiries:
    """The expiries of netted options."""
    keys = list(zip(options.underlying, options.expiry, strict=True))
    index, first = _groups(keys)
    return Expiries(tuple(keys[n] for n in first), index, first)


def naked_shorts(options: Options, group: Expiries) -> Floats:
    """Shorts of each expiry that no long at the same strike offsets, (e,) base units.

    Calls and puts of a strike offset each other: at each strike max(shorts - longs, 0). A short
    that a long at another strike covers still counts.
    """
    keys = list(zip(group.of.tolist(), options.strike.tolist(), strict=True))
    index, first = _groups(keys)
    net = segment_sums(options.amount, index, first.size)
    return segment_sums(np.maximum(-net, 0.0), group.of[first], group.count)


def only_underlying(account: MarginAccount, rule: str) -> str | None:
    """The one underlying of an account that is margined by underlying; None when it has none.

    Raises InputError when it holds derivatives on several: each needs an account of its own.
    """
    names = list(dict.fromkeys([*account.perps.underlying, *account.options.underlying]))
    if len(names) > 1:
        raise InputError(
            f"{account.name!r} holds derivatives on {', '.join(names)}, and {rule} margins one "
            "underlying at a time",
            expected="an account for each underlying",
        )
    if not names:
        names = list(account.spot) if len(account.spot) == 1 else []
    return names[0] if names else None


def no_debt(account: MarginAccount, rule: str) -> None:
    """Refuse a coin that is owed: the venue lends cash only."""
    for asset, quantity in zip(account.balances.assets, account.balances.quantity, strict=True):
        if quantity < 0.0:
            raise InputError(
                f"{account.name!r} owes {-quantity:g} {asset}, and {rule} lends only cash",
                expected=f"0 or more {asset}",
            )


def in_quote(margin: AccountMargin, account: MarginAccount, counted: Bools) -> AccountMargin:
    """The same answer in quote currency, with the coins that a rule does not count as collateral.

    counted (b,): True for the balances in ``margin``. The others are worth their price and need all
    of it, so they change neither net margin.
    """
    price, held = account.settle_price, account.balances
    idle = idle_coins(held.quantity * held.price, counted)
    if price == 1.0 and idle == 0.0:
        return margin
    before = margin.requirement
    requirement = Requirement(
        before.equity * price + idle,
        before.initial * price + idle,
        before.maintenance * price + idle,
    )
    rule = f"{account.settle} below, at {price:.12g} each, and coins that are no collateral"
    idle_line = Line("coins that do not count", float(idle), "quote", "need all their value")
    parts = (margin.working, idle_line)
    return AccountMargin(requirement, Line("margin in quote currency", None, "", rule, parts))


def idle_coins(worth: Floats, counted: Bools) -> Floats:
    """What coins are worth that a rule does not count, (...,), of their values (..., b), quote."""
    total: Floats = np.sum(np.where(counted, 0.0, worth), axis=-1)
    return total


@dataclass(frozen=True)
class Chosen(Generic[T]):
    """An account under a rule: ``account`` is what the rule looks at, of the ``whole`` account.

    counted (b,): True for the balances of the whole account that the rule counts as collateral.
    """

    rule: T
    account: MarginAccount
    whole: MarginAccount
    counted: Bools


def with_cash_as_coin(account: MarginAccount) -> MarginAccount:
    """An account paid in the underlying itself, as a venue that counts in quote would hold it.

    Its cash becomes a balance of that coin and what its contracts accrued is worth spot; inverse
    contracts keep their coin profit. Other accounts are returned as they are.
    """
    if account.settle not in {*account.perps.underlying, *account.options.underlying}:
        return account
    spot, held = account.spot[account.settle], account.balances
    balances = replace(
        held,
        assets=(*held.assets, account.settle),
        quantity=np.append(held.quantity, account.cash),
        price=np.append(held.price, spot.price),
        confidence=np.append(held.confidence, spot.confidence),
    )
    return replace(account, settle="quote", settle_price=1.0, cash=0.0, balances=balances)


def _groups(keys: Sequence[Hashable]) -> tuple[Ints, Ints]:
    """Group numbers of keys in the order of first appearance, and each group's first row."""
    place = {key: group for group, key in enumerate(dict.fromkeys(keys))}
    index = np.fromiter(map(place.__getitem__, keys), np.int64, len(keys))
    # Written from the last row to the first, so that the first one stays.
    rows = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    return index, np.fromiter(map(rows.__getitem__, place), np.int64, len(place))
