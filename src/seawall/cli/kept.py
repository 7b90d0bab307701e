"""A result becomes a report: sealed, and where a folder of reports is given, kept in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from seawall.cli.asked import asked_options
from seawall.foundation.errors import InputError

LAST = "last"


def reports_folder(reports: Path | None) -> Path | None:
    """The folder of --reports, refused here where no report could be kept in it later."""
    if reports is not None:
        from seawall.store.chain import HEAD, summaries
        from seawall.store.keep import ready

        ready(reports)
        if (reports / HEAD).is_file():
            summaries(reports)  # one that is missing is refused now, and not after the run
    return reports


def as_report(
    result: dict[str, Any],
    context: typer.Context,
    case: Path | None,
    reports: Path | None,
    *,
    with_page: bool,
) -> dict[str, Any]:
    """The result with its manifest filled in and sealed; kept in ``reports``, if that is given.

    ``with_page``: its HTML is kept too.
    """
    if "manifest" not in result:
        return result
    options, written = asked_options(context), now()
    if reports is None:
        from seawall.exposure.manifest import seal_report

        return seal_report(result, options, written)
    from seawall.report import page
    from seawall.store.keep import Question, keep

    question = Question(options, written, inputs_of(case))
    sealed, _ = keep(reports, result, question, page.render if with_page else None)
    return sealed


def since_case(since: Path | None, reports: Path | None, name: str) -> Path | None:
    """The folder of the earlier Case; of `--since last` the copy in the last report of this Case.

    None where the folder of reports has no report of it yet.
    """
    if since is None or str(since) != LAST or since.exists():
        return since
    if reports is None:
        raise InputError(
            "`last` is the Case of the last report",
            file="--since",
            expected="--reports DIR beside it, or the folder of an earlier Case",
        )
    from seawall.store.chain import CASE, HEAD, entries, summaries

    if not (reports / HEAD).is_file():
        return None
    numbers = [int(row["number"]) for row in summaries(reports) if row["case"] == name]
    places = [entry.folder for entry in entries(reports) if entry.number in numbers[-1:]]
    return places[0] / CASE if places else None


def inputs_of(case: Path | None) -> Mapping[str, bytes]:
    """The files of a Case's folder, or of the bundled one, by name."""
    from seawall.casefile.folder import read_folder
    from seawall.casefile.sample_case import sample_files

    return sample_files() if case is None else read_folder(case).contents


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
