"""A Case with some groups of fields from a later Case and the others from an earlier one.

**Positions at constant equity.** Profit that a position made between the Cases is in the later
Case's cash, so cash of one Case and positions of the other would count it twice or not at all. The
equity of an account that both Cases have is therefore

    what the earlier holdings are worth in the hybrid's market
      + where cash is in: what the later equity is beyond that in the later market

and the difference to what the hybrid's rows are worth is put into its quote balance (a coin's,
where it has no other). So spot's driver is the profit and loss of the earlier book, a position
that changes does so at no cost, and cash is whatever else moved equity: deposits, fees, funding.
With no group in, and with all of them, the Cases are as they are.

Contracts that are over at the hybrid's time are settled at its prices: an option's payoff, a
future's price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book import AccountKind
from seawall.book.book import Floats
from seawall.case import Case
from seawall.exposure.since.drivers import (
    ASSET_FIELDS,
    FAILING,
    INSTRUMENT_FIELDS,
    ROUNDING,
    Driver,
    plain_rules,
)
from seawall.exposure.since.two import (
    Account,
    Held1,
    Holding,
    Two,
    accounts_of,
    book_of,
    state_of,
    underlying,
)
from seawall.instruments import Future, Held, Option
from seawall.margin.table.assess import requirement
from seawall.margin.table.compile import compile_table
from seawall.market import AssetState, InstrumentState, Market


@dataclass(frozen=True)
class Inside:
    """Which groups come from the later Case."""

    keys: frozenset[tuple[str, str]]

    def has(self, kind: str, asset: str = "") -> bool:
        """Whether one is in; groups that do not differ are in neither and are the same in both."""
        return (kind, asset) in self.keys


def inside(drivers: Sequence[Driver]) -> Inside:
    """The groups of these drivers."""
    return Inside(frozenset((one.kind, a) for one in drivers for a in one.assets or ("",)))


def hybrid(two: Two, drivers: Sequence[Driver], every: Sequence[Driver]) -> Case:
    """The Case with the groups of ``drivers`` from the later Case, of ``every`` that differ."""
    if len(drivers) == len(every) and _has_all(two, two.after):
        return two.after
    chosen = inside(drivers)
    case = _shell(two, chosen)
    if not drivers or len(drivers) == len(every):
        own = accounts_of((two.after if drivers else two.before).book)
        return _with_book(two, case, list(own.values()))
    return _with_book(two, case, _accounts(two, chosen, case))


def _has_all(two: Two, case: Case) -> bool:
    """Whether a Case has the common columns already."""
    book = case.book
    return (
        book.assets == two.assets
        and tuple(book.instruments) == two.instruments
        and tuple(case.rulebooks) == two.venues
    )


def cash_moved(two: Two) -> bool:
    """Whether equity of a desk's account moved by more than the market explains, or a balance that
    counts as cash did in another currency than the quote.
    """
    one, other = accounts_of(two.before.book), accounts_of(two.after.book)
    shell = _shell(two, None)
    old = _worth(two, shell, [one[name] for name in two.mixed])
    new = _worth(two, shell, [other[name] for name in two.mixed])
    scale = max(1.0, float(np.abs(new).max(initial=0.0)))
    if np.any(np.abs(new - old) > ROUNDING * scale):
        return True
    coins = two.cash - {two.after.quote}
    return any(
        one[name].holding.balances.get(coin, 0.0) != other[name].holding.balances.get(coin, 0.0)
        for name in two.mixed
        for coin in coins
    )


def _shell(two: Two, chosen: Inside | None) -> Case:
    """Everything but the book; with None all groups are in."""

    def has(kind: str, asset: str = "") -> bool:
        return chosen is None or chosen.has(kind, asset)

    def side(kind: str) -> Case:
        return two.after if has(kind) else two.before

    as_of = side("time").as_of
    assets = {name: _asset(two, name, has) for name in two.assets if _known(two, name)}
    shares = {**two.before.market.shares, **two.after.market.shares}
    for name in two.before.market.shares:
        if name in two.after.market.shares and not has("spot", name):
            shares[name] = two.before.market.shares[name]
    slots = {n: r for n, r in side("mechanisms").market.mechanisms.items() if n not in FAILING}
    slots |= {n: r for n, r in side("failures").market.mechanisms.items() if n in FAILING}
    model = side("model").market
    market = Market(
        as_of=as_of,
        assets=assets,
        instruments=_instruments(two, assets, has),
        scenario=model.scenario,
        correlation=_pairs(two, model),
        jump_beta=_betas(two, model),
        block_seconds={
            **two.before.market.block_seconds,
            **two.after.market.block_seconds,
            **side("mechanisms").market.block_seconds,
        },
        shares=shares,
        mechanisms=slots,
        histories={**two.before.market.histories, **model.histories},
        history=model.history,
    )
    counts = side("counts")
    return replace(
        two.after,
        as_of=as_of,
        market=market,
        rulebooks=_rulebooks(two, has),
        crowds=side("crowd").crowds,
        loss_fraction=counts.loss_fraction,
        impairments=counts.impairments,
    )


def _known(two: Two, name: str) -> bool:
    return name in two.after.market.assets or name in two.before.market.assets


def _asset(two: Two, name: str, has: Any) -> AssetState:
    old, new = two.before.market.assets.get(name), two.after.market.assets.get(name)
    if old is None or new is None:
        state = new if new is not None else old
        assert state is not None
        return state
    later: dict[str, Any] = {}
    for kind, fields in ASSET_FIELDS.items():
        if has(kind, "" if kind == "rates" else name):
            later |= {field: getattr(new, field) for field in fields}
    return replace(
        old,
        volatility_error=new.volatility_error,
        spread=new.spread,
        spread_sd=new.spread_sd,
        **later,
    )


def _instruments(
    two: Two, assets: Mapping[str, AssetState], has: Any
) -> dict[str, InstrumentState]:
    out = {}
    crowd = (two.after if has("crowd") else two.before).market.instruments
    known = {item.name: item for item in two.instruments}
    for name in dict.fromkeys((*two.after.market.instruments, *two.before.market.instruments)):
        old, new = state_of(two.before, name), state_of(two.after, name)
        item = known.get(name)
        coin = "" if item is None or isinstance(item, Held) else item.underlying
        if old is not None and new is not None:
            later: dict[str, Any] = {}
            for kind, fields in INSTRUMENT_FIELDS.items():
                if has(kind, "" if kind == "rates" else coin):
                    later |= {field: getattr(new, field) for field in fields}
            state = replace(old, **later)
        else:
            state = _carried(two, old, new, coin, assets)
        own = crowd.get(name)
        out[name] = replace(state, open_interest=None if own is None else own.open_interest)
    return out


def _carried(
    two: Two,
    old: InstrumentState | None,
    new: InstrumentState | None,
    coin: str,
    assets: Mapping[str, AssetState],
) -> InstrumentState:
    """An instrument of one Case: its mark keeps its ratio to spot."""
    state = new if new is not None else old
    home = (two.after if new is not None else two.before).market.assets
    assert state is not None
    if state.mark is None or coin not in home or coin not in assets:
        return state
    return replace(state, mark=state.mark * (assets[coin].spot / home[coin].spot))


def _pairs(two: Two, model: Market) -> dict[tuple[str, str], float]:
    """Correlations of the model in force, and of pairs that it cannot know from the other Case."""
    other = (two.before if model is two.after.market else two.after).market
    out = dict(model.correlation)
    for (one, two_), value in other.correlation.items():
        if one not in model.assets or two_ not in model.assets:
            out.setdefault((one, two_), value)
    return out


def _betas(two: Two, model: Market) -> dict[str, float]:
    other = (two.before if model is two.after.market else two.after).market
    extra = {name: b for name, b in other.jump_beta.items() if name not in model.assets}
    return {**extra, **model.jump_beta}


def _rulebooks(two: Two, has: Any) -> dict[str, Any]:
    out = {}
    for name in two.venues:
        old, new = two.before.rulebooks.get(name), two.after.rulebooks.get(name)
        if old is None or new is None:
            out[name] = new if new is not None else old
            continue
        # A rulebook that says the same from another source or date is the same.
        rules = new if has("rules") or plain_rules(old) == plain_rules(new) else old
        slots = new if has("mechanisms") else old
        out[name] = replace(rules, mechanisms=slots.mechanisms)
    return out


def _with_book(two: Two, case: Case, accounts: Sequence[Account]) -> Case:
    present = [name for name in two.assets if name in case.market.assets]
    return replace(case, book=book_of(accounts, two.instruments, present))


def _accounts(two: Two, chosen: Inside, case: Case) -> list[Account]:
    """Accounts of the hybrid, those of the later Case first."""
    old, new = accounts_of(two.before.book), accounts_of(two.after.book)
    mixed = set(two.mixed)
    out = []
    for name in dict.fromkeys((*new, *old)):
        if name in mixed:
            out.append(_mix(two, chosen, old[name], new[name]))
            continue
        desk = any(side[name].kind is AccountKind.DESK for side in (old, new) if name in side)
        side = new if chosen.has("accounts" if desk else "crowd") else old
        if name in side:
            out.append(side[name])
    return _at_equity(two, chosen, case, out, old, new)


def _mix(two: Two, chosen: Inside, old: Account, new: Account) -> Account:
    """An account whose holdings come from either Case, asset by asset."""

    def later(asset: str) -> bool:
        return chosen.has("cash") if asset in two.cash else chosen.has("positions", asset)

    rows: list[Held1] = []
    coins = {
        underlying(two, row.instrument): None
        for row in (*new.holding.positions, *old.holding.positions)
    }
    for coin in coins:
        source = new if chosen.has("positions", coin) else old
        rows += [r for r in source.holding.positions if underlying(two, r.instrument) == coin]
    balances = {}
    for asset in dict.fromkeys((*new.holding.balances, *old.holding.balances)):
        source = new if later(asset) else old
        if asset in source.holding.balances:
            balances[asset] = source.holding.balances[asset]
    return replace(new, holding=Holding(tuple(rows), balances))


def _at_equity(
    two: Two,
    chosen: Inside,
    case: Case,
    accounts: Sequence[Account],
    old: Mapping[str, Account],
    new: Mapping[str, Account],
) -> list[Account]:
    """The accounts with cash such that each one's equity is what it should be: see above."""
    mine = [one for one in accounts if one.name in set(two.mixed)]
    target = _worth(two, case, [old[one.name] for one in mine])
    if chosen.has("cash"):
        full = _shell(two, None)
        earlier = _worth(two, full, [old[one.name] for one in mine])
        later = _worth(two, full, [new[one.name] for one in mine])
        target = target + (later - earlier)
    missing = target - _worth(two, case, mine)
    scale = max(1.0, float(np.abs(target).max(initial=0.0)))
    extra = {
        one.name: float(amount)
        for one, amount in zip(mine, missing, strict=True)
        if abs(amount) > ROUNDING * scale
    }
    out = []
    for one in accounts:
        live = _settled(two, case, one)[0]
        out.append(_paid(two, case, live, extra[one.name]) if one.name in extra else live)
    return out


def _paid(two: Two, case: Case, one: Account, amount: float) -> Account:
    """The account with so much more, quote, in the asset that its cash is in."""
    asset = _purse(two, case, one)
    balances = dict(one.holding.balances)
    units = amount / case.market.assets[asset].spot
    balances[asset] = balances.get(asset, 0.0) + units
    return replace(one, holding=replace(one.holding, balances=balances))


def _purse(two: Two, case: Case, one: Account) -> str:
    """The quote currency, or the largest coin of an account that has nothing in quote."""
    quote = case.quote
    items = {item.name: item for item in two.instruments}
    settled = [getattr(items[row.instrument], "settle", quote) for row in one.holding.positions]
    if quote in one.holding.balances or quote in settled or not one.holding.balances:
        return quote
    worth = {a: abs(q) * case.market.assets[a].spot for a, q in one.holding.balances.items()}
    return max(worth, key=lambda asset: worth[asset])


def _settled(two: Two, case: Case, one: Account) -> tuple[Account, float]:
    """The account without contracts that are over, and what those paid, quote."""
    items = {item.name: item for item in two.instruments}
    live, paid = [], 0.0
    for row in one.holding.positions:
        item = items[row.instrument]
        if not two.expired(item, case.as_of):
            live.append(row)
            continue
        spot = case.market.assets[underlying(two, row.instrument)].spot
        if isinstance(item, Option):
            payoff = spot - item.strike if item.call else item.strike - spot
            paid += row.size * max(payoff, 0.0)
        elif isinstance(item, Future) and item.inverse:
            paid += row.size * (spot / row.entry - 1.0)
        else:
            paid += row.size * (spot - row.entry)
    if len(live) == len(one.holding.positions):
        return one, 0.0
    return replace(one, holding=replace(one.holding, positions=tuple(live))), paid


def _worth(two: Two, case: Case, accounts: Sequence[Account]) -> Floats:
    """Equity of each account in a Case's market, at its prices and time, quote."""
    settled = [_settled(two, case, one) for one in accounts]
    own = _with_book(two, case, [one for one, _ in settled])
    table = compile_table(own.book, own.market, own.rulebooks, own.quote, own.as_of)
    spot = np.array([own.market.assets[name].spot for name in table.assets])
    equity = requirement(table, spot[table.feed_asset]).equity
    found = np.bincount(table.units.account, equity, minlength=len(accounts))
    return np.asarray(found + np.array([paid for _, paid in settled]), dtype=np.float64)
