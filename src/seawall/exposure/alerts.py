"""Alerts: a limit speaks when it is breached, once, and again only after it was well within.

    clear --breached in `after` reports in a row--> standing (raised)
    standing --value back to limit x (1 - hysteresis)--> clear (cleared)
    standing --the Case no longer has the limit--> gone (withdrawn)

A limit of the same name that is on another number (measure, path, scope or horizon), or has become
a minimum instead of a maximum, is another limit: what stood is withdrawn, and it starts clear.

For a minimum the way back is limit x (1 + hysteresis); of a limit at or below zero the band is
hysteresis x |limit|. Between the limit and the end of the band nothing is said, so noise around the
limit does not ring twice.

The state is a function of the sequence of reports and of nothing else, so a report that was missed
cannot lose an alert that still stands, and one that was repeated cannot ring again. A report
without a value for the limit says nothing. One as of the same time as the last may raise or clear,
but does not count again towards ``after``; one as of an earlier time is a look back and changes
nothing.

The idea is a Schmitt trigger's (O. H. Schmitt, A thermionic trigger, Journal of Scientific
Instruments 15, 1938). When it is wrong: a value that stays between the limit and the end of the
band stands as an alert although it is within, by at most ``hysteresis`` of the limit; and a breach
that lasts for fewer than ``after`` reports is never raised: with ``after`` above 1 that is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

RAISED, CLEARED, WITHDRAWN = "raised", "cleared", "withdrawn"
ASKED = ("measure", "number", "horizon_seconds", "bound")
SHOWN = ("name", "measure", "number", "scope", "horizon_seconds", "value", "limit", "unit")


@dataclass(frozen=True)
class Watch:
    """What is known of one limit of one Case after some reports.

    standing  it was raised and not cleared     row       the limit in the last report that had it
    run       reports in a row that breached    since     as_of at which it was raised, if it stands
    """

    row: Mapping[str, Any]
    standing: bool = False
    run: int = 0
    since: str | None = None


@dataclass(frozen=True)
class Book:
    """The state after a sequence of reports: newest as_of by Case, a Watch by Case and limit."""

    newest: Mapping[str, str]
    watches: Mapping[tuple[str, str], Watch]


EMPTY = Book({}, {})


def step(
    book: Book, report: Mapping[str, Any]
) -> tuple[Book, list[tuple[str, Mapping[str, Any], str | None]]]:
    """The state after one more report, and what happened: (kind, the limit's row, since when).

    report   `case` (its name), `as_of` (UTC, ISO 8601) and `limits`, rows as in the JSON of check
    """
    case, as_of = str(report["case"]), str(report["as_of"])
    newest = book.newest.get(case)
    if newest is not None and as_of < newest:
        return book, []
    counts = newest is None or as_of > newest
    watches, happened = dict(book.watches), []
    rows = {str(row["name"]): row for row in report["limits"]}
    known = [key for key in watches if key[0] == case]
    for key in [key for key in known if not _same(watches[key].row, rows.get(key[1]))]:
        gone = watches.pop(key)
        if gone.standing:
            happened.append((WITHDRAWN, gone.row, gone.since))
    for name, row in rows.items():
        before = watches.get((case, name), Watch(row))
        after, kind = _moved(before, row, as_of, counts)
        watches[(case, name)] = after
        if kind is not None:
            happened.append((kind, row, after.since or before.since))
    return Book({**book.newest, case: as_of}, watches), happened


def _same(before: Mapping[str, Any], row: Mapping[str, Any] | None) -> bool:
    """True where the limit is still there, and still on the same number and from the same side.

    Another bound is the same limit moved. Whose number a path leads to may change with the rows.
    """
    if row is None or any(before.get(key) != row.get(key) for key in ASKED):
        return False
    return before.get("number") is not None or before.get("scope") == row.get("scope")


def _moved(
    before: Watch, row: Mapping[str, Any], as_of: str, counts: bool
) -> tuple[Watch, str | None]:
    value = row.get("value")
    if value is None:
        return replace(before, row=row), None
    if before.standing:
        if is_back(row):
            return Watch(row), CLEARED
        return replace(before, row=row), None
    if not row["breached"]:
        return Watch(row), None
    # The same moment looked at again is no second report, but it can be the first that breaches.
    run = before.run + 1 if counts or before.run == 0 else before.run
    if run >= int(row.get("after") or 1):
        return Watch(row, standing=True, since=as_of), RAISED
    return Watch(row, run=run), None


def is_back(row: Mapping[str, Any]) -> bool:
    """True where the value has come back to the end of the band, at which an alert is cleared."""
    bound = float(row["limit"])
    share = row.get("hysteresis")
    band = (0.1 if share is None else float(share)) * abs(bound)
    if row.get("bound") == "minimum":
        return bool(row["value"] >= bound + band)
    return bool(row["value"] <= bound - band)


def fold(reports: Iterable[Mapping[str, Any]]) -> tuple[Book, list[dict[str, Any]]]:
    """The state after all reports, and every event in order, with its report's number."""
    book, events = EMPTY, []
    for report in reports:
        book, happened = step(book, report)
        events += [
            {
                "kind": kind,
                "report": report.get("number"),
                "seal": report.get("seal"),
                "written": report.get("written"),
                **_told(report, row),
                "since": since,
            }
            for kind, row, since in happened
        ]
    return book, events


def standing(book: Book) -> list[dict[str, Any]]:
    """The alerts that stand: Case, limit, value of the last report, since when."""
    return [
        {"case": case, **_row(watch.row), "since": watch.since}
        for (case, _), watch in book.watches.items()
        if watch.standing
    ]


def alerts_block(earlier: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> dict[str, Any]:
    """The `alerts` of a report in a chain, after the summaries of the ``earlier`` ones.

    `raised`, `cleared` and `withdrawn` by this report, and what is `standing` of its Case after it.
    """
    name = result["case"]["name"]
    report = {"case": name, "as_of": result["case"]["as_of"], "limits": result["limits"]}
    book, _ = fold(earlier)
    book, happened = step(book, report)
    out: dict[str, Any] = {
        kind: [{**_row(row), "since": since} for what, row, since in happened if what == kind]
        for kind in (RAISED, CLEARED, WITHDRAWN)
    }
    mine = [
        {k: v for k, v in row.items() if k != "case"}
        for row in standing(book)
        if row["case"] == name
    ]
    return out | {"standing": mine}


def _told(report: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": report["case"], "as_of": report["as_of"], **_row(row)}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row.get(key) for key in (*SHOWN, "breacher")}
