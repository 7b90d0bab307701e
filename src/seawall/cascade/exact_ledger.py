"""The exact ledger: every transfer of a run settled in whole units, so that sums are exactly zero.

The quote currency counts in millionths; every other asset and contract has one decimal more for
each digit of its price after the first, so that a unit is worth between 1e-6 and 1e-5 of the quote
currency. Balances and amounts are 64-bit: up to 9.2e12 in quote; what is beyond is refused.

Rounding. What a trader pays is rounded up and what it receives is rounded down, so the other side
of its trade (order book, vault, fund, pool, outside world) has the crumbs, and no number of dust
trades earns anything; between system accounts to the nearest. A trade rounds its size to the
nearest unit and its price to a tick, a millionth of a unit of cash, in integers of any length;
size x price is then rounded as a payment. The same amount leaves one cell and enters the other.

Beside each balance stands how far rounding may have moved it, in units: half a unit for its start,
one for each transfer, for a trade also half a tick of its size and half a unit at its price.

No float is computed with: inputs are taken apart by ``as_integer_ratio``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from seawall.foundation.errors import InputError
from seawall.foundation.exact import divide_down, divide_up

QUOTE_DECIMALS = 6
# A price has so many decimals more than the cash it is paid in.
TICK_DECIMALS = 6
LARGEST = 2**63 - 1


def decimals_for(price: float) -> int:
    """Decimals of a thing of this price: a unit is worth at most 1e-5 of the quote currency."""
    above, below = price.as_integer_ratio()
    if above >= below:
        return QUOTE_DECIMALS + len(str(above // below)) - 1
    return max(0, QUOTE_DECIMALS - len(str(below // above)) + 1)


def nearest_units(amount: float, decimals: int) -> int:
    """An amount in units of 10^-decimals, halves up."""
    above, below = amount.as_integer_ratio()
    return divide_down(2 * above * 10**decimals + below, 2 * below)


def units_up(amount: float, decimals: int) -> int:
    """The same, towards plus infinity."""
    above, below = amount.as_integer_ratio()
    return divide_up(above * 10**decimals, below)


def units_down(amount: float, decimals: int) -> int:
    """The same, towards minus infinity."""
    above, below = amount.as_integer_ratio()
    return divide_down(above * 10**decimals, below)


@dataclass
class ExactLedger:
    """One path's cells. decimals, item (cells,): of each cell, and what it holds, as a number.

    traders     cells below this number belong to traders, the others to the system
    balance     {cell: units}; slack {cell: how far rounding may have moved it}; flow {cell: gross}
    """

    decimals: Sequence[int]
    item: Sequence[int]
    traders: int
    balance: dict[int, int] = field(default_factory=dict)
    slack: dict[int, int] = field(default_factory=dict)
    flow: dict[int, int] = field(default_factory=dict)


def open_cell(ledger: ExactLedger, cell: int, amount: float) -> None:
    """Let a cell start with ``amount``."""
    units = nearest_units(amount, ledger.decimals[cell])
    ledger.balance[cell] = _held(ledger, cell, units)
    ledger.slack[cell] = 1
    ledger.flow[cell] = abs(units)


def move(ledger: ExactLedger, source: int, target: int, amount: float) -> int:
    """Move ``amount`` (negative: back) between two cells of one kind; the units moved.

    Raises InputError where the cells hold different things or a balance leaves 64 bits.
    """
    decimals = ledger.decimals[source]
    from_trader, to_trader = source < ledger.traders, target < ledger.traders
    if from_trader and not to_trader:
        units = units_up(amount, decimals)
    elif to_trader and not from_trader:
        units = units_down(amount, decimals)
    else:
        units = nearest_units(amount, decimals)
    _transfer(ledger, source, target, units, 1)
    return units


def trade(
    ledger: ExactLedger,
    position: int,
    counterparty: int,
    change: float,
    cash: int,
    counter_cash: int,
    price: float,
) -> tuple[int, int]:
    """``change`` to a trader's position from its counterparty, change x price of cash back.

    Returns the units of size and of cash (> 0: the trader paid). Raises InputError as `move`.
    """
    size_decimals, cash_decimals = ledger.decimals[position], ledger.decimals[cash]
    size = nearest_units(change, size_decimals)
    ticks = nearest_units(price, cash_decimals + TICK_DECIMALS)
    scale = 10 ** (size_decimals + TICK_DECIMALS)
    paid = divide_up(size * ticks, scale)
    slack = 1 + divide_up(abs(size) + abs(ticks) + 1, 2 * scale)
    _transfer(ledger, counterparty, position, size, 1)
    _transfer(ledger, cash, counter_cash, paid, slack)
    return size, paid


def change_by_item(ledger: ExactLedger, start: dict[int, int]) -> dict[int, int]:
    """Units that each kind of thing has gained over all cells since ``start``: all 0."""
    out: dict[int, int] = {}
    for cell, units in ledger.balance.items():
        item = ledger.item[cell]
        out[item] = out.get(item, 0) + units - start.get(cell, 0)
    return out


def _transfer(ledger: ExactLedger, source: int, target: int, units: int, slack: int) -> None:
    if ledger.item[source] != ledger.item[target]:
        raise InputError(
            f"a transfer from cell {source} to cell {target} would turn one thing into another"
        )
    for cell, change in ((source, -units), (target, units)):
        held = ledger.balance.get(cell, 0) + change
        ledger.balance[cell] = _held(ledger, cell, held)
        ledger.slack[cell] = ledger.slack.get(cell, 0) + slack
        ledger.flow[cell] = ledger.flow.get(cell, 0) + abs(units)


def _held(ledger: ExactLedger, cell: int, units: int) -> int:
    if not -LARGEST <= units <= LARGEST:
        decimals = ledger.decimals[cell]
        raise InputError(
            f"a balance of {units // 10**decimals:,} has no exact form: the exact ledger counts in "
            f"units of 10^-{decimals}, 64 bits wide",
            expected=f"balances of {LARGEST // 10**decimals:,} or less, or the run without it",
        )
    return units
