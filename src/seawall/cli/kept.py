"""A result becomes a report: sealed, and where a folder of reports is given, kept in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Earlier:
    """The earlier Case of --since: its folder, and of `last` the summary of its report."""

    folder: Path
    report: Mapping[str, Any] | None = None


def since_case(since: Path | None, reports: Path | None, name: str) -> Earlier | None:
    """The earlier Case; of `--since last` the copy in the last report of this Case.

    None where the folder of reports has no report of it yet.
    """
    if since is None:
        return None
    if str(since) != LAST or since.exists():
        return Earlier(since)
    if reports is None:
        raise InputError(
            "`last` is the Case of the last report",
            file="--since",
            expected="--reports DIR beside it, or the folder of an earlier Case",
        )
    from seawall.store.chain import CASE, HEAD, name_of, summaries

    if not (reports / HEAD).is_file():
        return None
    told = [row for row in summaries(reports) if row["case"] == name]
    if not told:
        return None
    return Earlier(reports / name_of(told[-1]["number"], told[-1]["seal"]) / CASE, told[-1])


def with_recorded(result: dict[str, Any], before: Earlier | None) -> dict[str, Any]:
    """The result, with the DRE that the earlier report itself printed, where it is of one scope and
    horizon with this one's: the rerun beside it has this run's paths, seed and step.
    """
    block, report = result.get("since_last"), None if before is None else before.report
    same = ("headline", "scope"), ("horizon_seconds", "horizon_seconds")
    if not block or report is None or any(report[one] != block[other] for one, other in same):
        return result
    return result | {"since_last": block | {"before_recorded": report["dre"]}}


def inputs_of(case: Path | None) -> Mapping[str, bytes]:
    """The files of a Case's folder, or of the bundled one, by name."""
    from seawall.casefile.folder import read_folder
    from seawall.casefile.sample_case import sample_files

    return sample_files() if case is None else read_folder(case).contents


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
