"""`seawall alerts`: which limits were raised and cleared along a folder of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of
from seawall.foundation.errors import InputError

STANDING = 2


def alerts(
    reports: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder of reports: `check --reports DIR`.")
    ],
    since: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only what came after this report: number or seal."),
    ] = None,
    json: JsonFile = None,
) -> None:
    """Which limits rang, when, by whom, and which still stand.

    A limit is raised once, when it is breached, and again only after it was cleared: its value
    came back by the whole band of hysteresis. See docs/limits.md.

    Exit code 0: no alert stands. 2: one does. 1: no answer, and why.
    """
    target = target_of(json)

    from seawall.exposure.alerts import fold, standing
    from seawall.report import alerts_page
    from seawall.store.chain import summaries

    known = summaries(reports)
    after = 0 if since is None else _number(known, since)
    book, events = fold(known)
    result = {
        "schema": "seawall/alerts/1",
        "reports": len(known),
        "since": after,
        "standing": standing(book),
        "events": [event for event in events if event["report"] > after],
    }
    deliver(result, alerts_page.render, target, to_stdout=json == STDOUT)
    if result["standing"]:
        raise typer.Exit(STANDING)


def _number(known: list[dict[str, Any]], name: str) -> int:
    """The number of a report from its number or the start of its seal (six signs at least)."""
    found = [
        int(row["number"])
        for row in known
        if str(row["number"]) == name.lstrip("0")
        or (len(name) >= 6 and row["seal"].startswith(name))
    ]
    if len(found) != 1:
        raise InputError(
            f"{name!r} is {'no' if not found else 'more than one'} report of this folder",
            file="--since",
            expected="a number or seal of `seawall report list DIR`",
        )
    return found[0]
