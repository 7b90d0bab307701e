"""How large a Case is, in words: what it holds, what its desks are worth, what looks odd in it."""

from __future__ import annotations

from textwrap import wrap

from seawall.cascade.setup import Setup
from seawall.case import Case
from seawall.exposure.at_the_start import desk_sizes, odd_signs
from seawall.exposure.cautions import broken_at_the_start
from seawall.report.numbers import money


def counts(case: Case) -> str:
    """How many of everything the Case has."""
    book = case.book
    generated = sum(crowd.accounts for crowd in case.crowds)
    return (
        f"{_many(len(book.account_names), 'account')} with {_many(book.size.size, 'position')} and "
        f"{_many(book.quantity.size, 'balance')}, {_many(generated, 'generated account')}, "
        f"{_many(len(case.rulebooks), 'rulebook')}, {_many(len(case.limits), 'limit')}"
    )


def holdings(setup: Setup) -> list[str]:
    """One line for each desk, then what should be looked at before the first check."""
    quote = setup.case.quote
    lines = []
    for desk in desk_sizes(setup):
        held = f"positions of {money(desk.notional)}" if desk.notional else "no positions"
        owed = f", debt {money(desk.debt)}" if desk.debt else ""
        lines.append(f"  desk:{desk.owner}: equity {money(desk.equity)} {quote}, {held}{owed}")
    for caution in (*broken_at_the_start(setup), *odd_signs(setup)):
        lines += wrap(caution, 96, initial_indent="  ! ", subsequent_indent="    ")
    return lines


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
