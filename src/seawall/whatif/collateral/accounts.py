"""What each margin account needs of its collateral, and what collateral counts for, state by state.

Nothing of a venue's rule is known here: the account is put under its rule without its collateral,
and once more with some of one asset, in every state. What that adds to equity - margin is the
asset's credit, haircut, move of price and concentration rule included. Wrong where two assets of
one account count for more or less together than each alone (a portfolio margin that nets collateral
against positions): the answer is assessed once more as a whole, and says by how much it is off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Floats
from seawall.case import Case
from seawall.margin.account.margin_account import Balances, MarginAccount
from seawall.margin.account.shifts import moved
from seawall.margin.rules import Rules
from seawall.margin.table.assess import VOLATILITY_FLOOR
from seawall.margin.view import View, margin_accounts
from seawall.whatif.collateral.terms import Terms, depegs, stable
from seawall.whatif.edit import Shock, price_factors

# Amounts at which credit is asked for, as shares of all that could be posted: where the first and
# the last count alike, so does what lies between; else the others cut the curve into slices.
SHARES = np.array([2.0**-k for k in (20, *range(10, -1, -1))])
ALIKE = 1e-9


@dataclass(frozen=True)
class State:
    """A market to hold in: factors on prices {asset: factor}, a move of every volatility.

    initial: initial margin is asked for (as when collateral is taken out); else maintenance.
    """

    name: str
    factors: Mapping[str, float]
    volatility: float
    initial: bool


@dataclass(frozen=True)
class Margined:
    """One margin account without its collateral, and that collateral.

    account, position   in the book; position: the isolated one that it is, else None
    posted              {asset: units}, all > 0; debts stay in ``bare``
    cash                the asset that is cash there, None where every asset is a balance (loans)
    elsewhere           assets that would be credited to another margin account of the same account
    """

    account: int
    position: int | None
    name: str
    venue: str
    bare: MarginAccount
    posted: Mapping[str, float]
    cash: str | None
    elsewhere: tuple[str, ...]


def states_of(
    case: Case, terms: Terms, shocks: Sequence[tuple[str, Shock]], assets: Sequence[str]
) -> tuple[State, ...]:
    """Now, at initial margin; then at maintenance every shock and none, with all pegs and one gone.

    ``assets``: those whose pegs may break. The quote currency's own peg is no state: its price is 1
    by definition.
    """
    moves: list[tuple[str, Mapping[str, float], float]] = [("", {}, 0.0)]
    moves += [(name, price_factors(case, shock), shock.volatility) for name, shock in shocks]
    breaks: list[tuple[str, Mapping[str, float]]] = [("", {})]
    for asset in assets:
        size = depegs(case, terms, asset)[1]
        if size > 0.0 and asset != case.quote and stable(case, asset):
            fallen = Shock({asset: -size})
            breaks.append((f"{asset} -{100 * size:g}%", price_factors(case, fallen)))
    found = [State("now", {}, 0.0, True)]
    for named, factors, volatility in moves:
        for broken, lost in breaks:
            both = {
                a: factors.get(a, 1.0) * lost.get(a, 1.0) for a in dict.fromkeys([*factors, *lost])
            }
            name = " and ".join(part for part in (named, broken) if part) or "now"
            found.append(State(name, both, volatility, False))
    return tuple(found)


def margined_accounts(case: Case, index: int, rules: Rules) -> tuple[Margined, ...]:
    """The margin accounts of one account of the book, each with its collateral set aside."""
    book = case.book
    found = margin_accounts(book, case.market, rules.rulebook, index, case.as_of, case.quote)
    rows = np.flatnonzero((book.position_account == index) & (book.size != 0.0) & book.isolated)
    crossed = [account for account in found if not account.isolated]
    loan = (
        rules.rulebook.liquidation.style == "keeper"
        and not ((book.position_account == index) & (book.size != 0.0) & ~book.isolated).any()
    )
    settles = tuple(account.settle for account in crossed)
    out = []
    for n, account in enumerate(crossed):
        others = tuple(a for a in case.market.assets if a != account.settle)
        elsewhere = tuple(s for s in settles if s != account.settle) if n == 0 else others
        cash = None if loan else account.settle
        out.append(_aside(case, index, None, account, cash, elsewhere))
    for row, account in zip(rows.tolist(), found[len(crossed) :], strict=True):
        others = tuple(a for a in case.market.assets if a != account.settle)
        out.append(_aside(case, index, row, account, account.settle, others))
    return tuple(out)


def _aside(
    case: Case,
    index: int,
    row: int | None,
    account: MarginAccount,
    cash: str | None,
    elsewhere: tuple[str, ...],
) -> Margined:
    coins = account.balances
    owed = coins.quantity < 0.0
    posted = {
        asset: float(quantity)
        for asset, quantity in zip(coins.assets, coins.quantity.tolist(), strict=True)
        if quantity > 0.0
    }
    if account.cash > 0.0:
        posted[account.settle] = posted.get(account.settle, 0.0) + account.cash
    left = Balances(
        tuple(a for a, debt in zip(coins.assets, owed.tolist(), strict=True) if debt),
        coins.quantity[owed],
        coins.price[owed],
        coins.confidence[owed],
    )
    bare = replace(account, cash=min(account.cash, 0.0), balances=left)
    return Margined(
        account=index,
        position=row,
        name=account.name,
        venue=case.book.account_venue[index],
        bare=bare,
        posted=posted,
        cash=cash,
        elsewhere=elsewhere,
    )


def with_collateral(case: Case, held: Margined, posted: Mapping[str, float]) -> MarginAccount:
    """The margin account with this collateral, {asset: units}."""
    bare, coins = held.bare, held.bare.balances
    others = {a: q for a, q in posted.items() if a != held.cash and q != 0.0}
    states = [case.market.assets[a] for a in others]
    view = View(case.market, case.rulebooks[held.venue].margin_price, case.as_of, case.quote)
    prices = [view.price(a) for a in others]
    return replace(
        bare,
        cash=bare.cash + (0.0 if held.cash is None else posted.get(held.cash, 0.0)),
        balances=Balances(
            (*coins.assets, *others),
            np.concatenate([coins.quantity, np.array(list(others.values()), dtype=float)]),
            np.concatenate([coins.price, np.array(prices, dtype=float)]),
            np.concatenate([coins.confidence, np.array([s.confidence for s in states])]),
        ),
    )


def in_state(case: Case, account: MarginAccount, state: State) -> MarginAccount:
    """The account in a state; implied volatility also follows spot, as in the loop (A12)."""
    volatility = {}
    if state.volatility:
        volatility = dict.fromkeys(case.market.assets, 1.0 + state.volatility)
    found = moved(account, state.factors, volatility)
    options, market = found.options, case.market
    if not options.names:
        return found
    slopes = [
        market.assets[asset].implied_slope if own is None else own
        for asset, own in zip(
            options.underlying,
            (market.instruments[name].implied_slope for name in options.names),
            strict=True,
        )
    ]
    change = np.array([state.factors.get(asset, 1.0) - 1.0 for asset in options.underlying])
    followed = np.maximum(options.volatility + np.array(slopes) * change, VOLATILITY_FLOOR)
    return replace(found, options=replace(options, volatility=followed))


def net_in(case: Case, rules: Rules, account: MarginAccount, state: State, buffer: float) -> float:
    """Equity - (1 + buffer) x what the state asks for, quote: below 0 the account is short."""
    found = rules.assess(in_state(case, account, state)).requirement
    due = found.initial if state.initial else found.maintenance
    return float(found.equity) - (1.0 + buffer) * float(due)


def credit(
    case: Case,
    rules: Rules,
    held: Margined,
    asset: str,
    states: Sequence[State],
    most: float,
    buffer: float,
) -> Floats:
    """What 0 and each of ``SHARES`` of ``most`` quote of an asset count for, (13, s), quote."""
    price = case.market.assets[asset].spot
    counts = np.zeros((SHARES.size + 1, len(states)))
    for s, state in enumerate(states):
        none = net_in(case, rules, held.bare, state, buffer)

        def at(share: float, state: State = state, none: float = none) -> float:
            account = with_collateral(case, held, {asset: share * most / price})
            return net_in(case, rules, account, state, buffer) - none

        first, last = at(float(SHARES[0])), at(1.0)
        if abs(first - last * SHARES[0]) <= ALIKE * abs(last) + 1e-12 * most:
            counts[1:, s] = SHARES * last
        else:
            counts[1:, s] = [at(float(share)) for share in SHARES]
    return counts
