"""What changes while the paths run: holdings of traders and of the system's accounts, and prices.

The order book, the backstop vault, the insurance fund, the keepers, a lending pool and the outside
world have accounts here, so that every fill, fee, bonus and write-off has two sides (law L1).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.absent import Absence, leave
from seawall.cascade.account_memory import AccountMemory, begin_accounts
from seawall.cascade.attack_rules import AttackMemory, begin_attack
from seawall.cascade.breaker_rules import BreakerState, begin_breakers
from seawall.cascade.closing_memory import ClosingMemory, begin_closing
from seawall.cascade.draws import Draws, first_paths
from seawall.cascade.dynamic import begin_dynamic, on_paths
from seawall.cascade.failures import FailureMemory, begin_failures
from seawall.cascade.fund import FundMemory, begin_funds
from seawall.cascade.inclusion_rules import InclusionState, begin_inclusion
from seawall.cascade.journal import ROLES, Journal, contents
from seawall.cascade.market_agents import MarketAgentMemory, begin_market_agents
from seawall.cascade.market_rules import MarketMemory, begin_market
from seawall.cascade.oracles import OracleState, begin_oracles
from seawall.cascade.own.memory import OwnState
from seawall.cascade.pool_cuts import Pools, begin_pools
from seawall.cascade.setup import Setup
from seawall.cascade.switches import Switches, in_force
from seawall.cascade.wakeup import Waker, WakeState, begin_wake
from seawall.margin.dynamic.scaling import ScaleMemory
from seawall.margin.table.assess import Holdings, Quotes, option_quotes
from seawall.oracle.feed import FeedState, start


@dataclass
class Accounts:
    """System accounts: units of each asset (p, v, k) by role, contracts (p, c) of book and vault.

    For balances a contract is the asset at that venue: ``book_contracts`` then holds the lenders'
    claims against the borrowers' debts and the custody of deposits.
    """

    assets: dict[str, Floats]
    book_contracts: Floats
    vault_contracts: Floats


class UnitMemory(NamedTuple):
    """What paths hold and remember of every row and margin account, see State: size (p, r), cash,
    ready, tried (p, u); the last two in 32 bits.
    """

    size: Floats
    cash: Floats
    ready: Ints
    tried: Ints


def unit_memory(setup: Setup, start: Ints) -> UnitMemory:
    """That of paths (p,) that begin with holdings ``start`` (p,) of the setup."""
    shape = (start.size, setup.table.units.account.size)
    return UnitMemory(
        size=setup.start_size[start],
        cash=setup.start_cash[start],
        ready=np.zeros(shape, dtype=np.int32),
        tried=np.zeros(shape, dtype=np.int32),
    )


@dataclass
class State:
    """Arrays over p paths; see the fields' comments. Mutable: it is the memory of one run."""

    holdings: Holdings
    accounts: Accounts
    start: Ints  # (p,) which start of the setup the path had
    depth: Floats  # (p,) factor on depth
    fresh: Bools  # (p,) feeds show the market price itself
    switches: Switches  # which channels of loss act
    draws: Draws  # where the mechanisms' random numbers come from
    steps: int  # how many steps the run will take
    exogenous: Floats  # (p, k) path price now
    market: Floats  # (p, k) path price x displacement
    temporary: Floats  # (p, k) outstanding flow that decays
    permanent: Floats  # (p, k) outstanding flow that stays
    restlessness: Floats  # (p, k) moving average of |return| over its expectation
    market_memory: MarketMemory  # of depth and linked venues
    market_agents: MarketAgentMemory  # of hedgers and makers
    failures: FailureMemory | None  # when each failure comes, what is out now
    attack: AttackMemory | None  # what the attacker owns and has paid
    behaviour: AccountMemory  # of owners of accounts and of depositors
    quotes: Quotes
    feeds: FeedState
    oracle: OracleState | None  # of the stages beside the push feed
    inclusion: InclusionState | None  # liquidations that are under way
    wake: WakeState | Waker = field(init=False)  # which units must be looked at
    breakers: BreakerState | None  # of all venues
    scale: ScaleMemory | None  # of dynamic margin
    ready: Ints  # (p, u) step from which the engine may act again
    tried: Ints  # (p, u) forced closes so far
    closing: ClosingMemory  # clocks, keepers' capital, bands
    funds: FundMemory | None  # income of insurance funds, where a venue has the slot
    pools: Pools | None  # sums behind the pool flags, where a venue has the rule
    journal: Journal | None  # every transfer, where the run is to be settled exactly
    own: OwnState  # memories of mechanisms that users write


@dataclass(frozen=True)
class Deposit:
    """Money put in at the start, one deposit per path: ``amount`` (p,) quote >= 0 from the outside
    world into the cash of ``unit`` (p,), or, where ``row`` (p,) is not -1, to repay that debt.
    """

    unit: Ints
    row: Ints
    amount: Floats


@dataclass(frozen=True)
class PathWorlds:
    """Which start (p,) of the setup each path has, its factor (p,) on depth, and whether (p,) its
    feeds show the market price itself, without threshold or delay.

    safe (p,): nothing of the market's slot ``failures`` comes; None: everywhere it may.
    absence: what is not there on each path; None: all of it is.
    switches: channels of loss that are off; None: all are on.
    """

    start: Ints
    depth: Floats
    fresh: Bools
    safe: Bools | None = None
    absence: Absence | None = None
    switches: Switches | None = None

    def only(self, path: Ints) -> PathWorlds:
        """The worlds of chosen paths (n,); not where something is absent."""
        if self.absence is not None:
            raise ValueError("Paths from which something is absent are not run again one by one.")
        return PathWorlds(
            self.start[path],
            self.depth[path],
            self.fresh[path],
            None if self.safe is None else self.safe[path],
            switches=None if self.switches is None else self.switches.only(path),
        )


def base_worlds(paths: int) -> PathWorlds:
    """Every path in the base world."""
    zeros = np.zeros(paths, dtype=np.int64)
    return PathWorlds(zeros, np.ones(paths), zeros > 0)


def safe_worlds(paths: int) -> PathWorlds:
    """Every path in the base world without failures."""
    return replace(base_worlds(paths), safe=np.ones(paths, dtype=bool))


def begin(
    setup: Setup,
    exogenous: Floats,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
    draws: Draws | None = None,
    steps: int = 0,
    journal: Journal | None = None,
) -> State:
    """State at step 0 for starting prices (p, k), after an optional deposit.

    ``draws`` and ``steps``: whose random numbers the mechanisms use, and for how many steps.
    """
    worlds = base_worlds(exogenous.shape[0]) if worlds is None else worlds
    units = unit_memory(setup, worlds.start)
    state = begin_unwatched(setup, exogenous, units, deposit, worlds, draws, steps, journal)
    state.wake = begin_wake(setup.wake, state.quotes.price)
    return state


def begin_unwatched(
    setup: Setup,
    exogenous: Floats,
    memory: UnitMemory,
    deposit: Deposit | None,
    worlds: PathWorlds,
    draws: Draws | None,
    steps: int,
    journal: Journal | None = None,
) -> State:
    """The same without ``wake``: whoever has another keeper of who is awake sets it. ``memory``:
    of the worlds' starts, which the run overwrites.
    """
    table, paths, units = setup.table, exogenous.shape[0], setup.table.units.account.size
    price = np.ascontiguousarray(exogenous[:, table.feed_asset])
    zeros = np.zeros_like(exogenous)
    draws = first_paths(paths) if draws is None else draws
    holdings, accounts = _who_holds_what(setup, memory, worlds)
    _open_books(setup, holdings, accounts, exogenous, deposit, journal)
    feeds = start(setup.feed_rule, price)
    oracle = begin_oracles(setup.oracles, price, feeds, draws, steps, worlds.fresh)
    scale = _first_margin(setup, holdings, price)
    quotes = _first_quotes(setup, price, scale)
    return State(
        holdings=holdings,
        accounts=accounts,
        start=worlds.start,
        depth=worlds.depth,
        fresh=worlds.fresh,
        switches=in_force(worlds.switches, paths, feedback=setup.impact.feedback),
        draws=draws,
        steps=steps,
        exogenous=exogenous.copy(),
        market=exogenous.copy(),
        temporary=zeros.copy(),
        permanent=zeros.copy(),
        restlessness=np.ones_like(zeros),
        market_memory=begin_market(setup.market_rules, paths),
        market_agents=begin_market_agents(setup.market_agents, exogenous),
        failures=begin_failures(setup.failures, draws, worlds.safe, len(table.venues)),
        attack=begin_attack(setup.attack, worlds.depth, worlds.safe),
        behaviour=begin_accounts(setup, holdings, accounts, price, draws, steps),
        quotes=quotes,
        feeds=feeds,
        oracle=oracle,
        inclusion=begin_inclusion(setup.inclusion, oracle, paths, units),
        breakers=begin_breakers(setup.breakers, price, units, len(table.venues)),
        scale=scale,
        ready=memory.ready,
        tried=memory.tried,
        closing=begin_closing(setup, holdings, quotes),
        funds=begin_funds(setup, paths),
        pools=begin_pools(setup, paths),
        journal=journal,
        own=OwnState(),
    )


def _who_holds_what(
    setup: Setup, memory: UnitMemory, worlds: PathWorlds
) -> tuple[Holdings, Accounts]:
    """Holdings of traders and of the system's accounts at the start, without what is away."""
    # Not `tile`: of no options at all it gives the setup's own array, which Ray makes read-only.
    options = np.repeat(setup.table.options.size[None], worlds.start.size, axis=0)
    holdings = Holdings(memory.size, options, memory.cash)
    accounts = _system_accounts(setup, worlds.start)
    if worlds.absence is not None:
        leave(setup, holdings, accounts.book_contracts, worlds.absence)
    return holdings, accounts


def _open_books(
    setup: Setup,
    holdings: Holdings,
    accounts: Accounts,
    price: Floats,
    deposit: Deposit | None,
    journal: Journal | None,
) -> None:
    """Tell the journal what there is, and book the deposit."""
    if journal is not None:
        journal.start = contents(journal.cells, holdings, accounts)
    if deposit is not None:
        _deposit(setup, holdings, accounts, price, deposit, journal)


def _first_margin(setup: Setup, holdings: Holdings, price: Floats) -> ScaleMemory | None:
    """What dynamic margin begins with at feed prices (p, f)."""
    if setup.calm is not None:
        return on_paths(setup.calm, price.shape[0])
    if setup.scaling is None:
        return None
    return begin_dynamic(setup.scaling, setup.table, holdings.size, price)


def _first_quotes(setup: Setup, price: Floats, scale: ScaleMemory | None) -> Quotes:
    """What is seen at the start, at feed prices (p, f)."""
    quotes = option_quotes(setup.table, price, setup.spot[setup.table.feed_asset], 0.0)
    quotes.integral = np.zeros_like(price)
    quotes.scale = None if scale is None else scale.factor
    return quotes


def _deposit(
    setup: Setup,
    holdings: Holdings,
    accounts: Accounts,
    price: Floats,
    deposit: Deposit,
    journal: Journal | None,
) -> None:
    """Book a deposit. Units are woken by thresholds without it, which is early, never late, for
    amounts that add to the unit.
    """
    table, rows = setup.table, setup.table.rows
    settle = table.feed_asset[table.units.settle[deposit.unit]]
    repays = deposit.row >= 0
    asset = np.where(repays, rows.asset[np.maximum(deposit.row, 0)], settle)
    path = np.arange(deposit.unit.size)
    venue = table.units.venue[deposit.unit]
    units = deposit.amount / price[path, asset]
    accounts.assets["outside"][path, venue, asset] -= units
    p, cash = path[~repays], units[~repays]
    holdings.cash[p, deposit.unit[~repays]] += cash
    p, row, repaid = path[repays], deposit.row[repays], units[repays]
    holdings.size[p, row] += repaid
    accounts.book_contracts[p, rows.contract[row]] -= repaid
    accounts.assets["pool"][p, venue[repays], asset[repays]] += repaid
    if journal is not None:
        cells = journal.cells
        outside = cells.system("outside", venue, asset)
        journal.move(path[~repays], outside[~repays], cells.cash(deposit.unit[~repays]), cash)
        pool = cells.system("pool", venue[repays], asset[repays])
        journal.move(p, outside[repays], pool, repaid)
        journal.move(p, cells.contract("book", rows.contract[row]), cells.row(row), repaid)


def _system_accounts(setup: Setup, start: Ints) -> Accounts:
    table, paths = setup.table, start.size
    shape = (paths, len(table.venues), len(table.assets))
    assets = {role: np.zeros(shape) for role in ROLES}
    for v, rulebook in enumerate(setup.rulebooks):
        assets["fund"][:, v, setup.quote] = rulebook.waterfall.fund
        assets["backstop"][:, v, setup.quote] = rulebook.waterfall.backstop
    books = setup.book_start[start]
    return Accounts(assets, books, np.zeros_like(books))


def vault_equity(setup: Setup, state: State, path: Ints, venue: int) -> Floats:
    """Equity of a venue's backstop vault on chosen paths: cash and contracts at margin prices."""
    held = state.accounts.assets["backstop"][path, venue]
    equity: Floats = np.sum(held * state.market[path], axis=1)
    own = setup.contract_venue == venue
    size = state.accounts.vault_contracts[path][:, own]
    price = state.quotes.price[path][:, setup.contract_feed[own]] * setup.contract_factor[own]
    price = price * state.quotes.price[path][:, setup.contract_settle[own]]
    # An inverse contract is worth -1 / price coins, that is about -1 quote whatever the price.
    value = np.where(setup.contract_inverse[own], -1.0, price)
    worth: Floats = equity + np.sum(size * value, axis=1)
    return worth
