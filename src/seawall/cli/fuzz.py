"""`seawall mechanism fuzz`: hold a mechanism of one's own against the laws on random Cases."""

from __future__ import annotations

import json as json_format
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli import output
from seawall.cli.bar import progress_bar

if TYPE_CHECKING:
    from seawall.mechanism.fuzz.fuzz import Report

FOUND = 2


def fuzz(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The mechanism; its code is run.")],
    examples: Annotated[int, typer.Option(metavar="N", min=1, help="Random Cases to try.")] = 40,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Same seed: same Cases.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Look for a law that a mechanism of your own breaks, and for the smallest Case that shows it.

    Exit code 0: none was found. 2: one was, and is named. 1: the file is no mechanism, and why.
    """
    from seawall.cascade.own.code import read_file
    from seawall.mechanism.fuzz.fuzz import as_json
    from seawall.mechanism.fuzz.fuzz import fuzz as search

    # What the mechanism prints is no part of the answer.
    with progress_bar() as progress, redirect_stdout(sys.stderr):
        report = search(read_file(file), examples=examples, seed=seed, progress=progress)
    found = as_json(report)
    if json:
        output.say_exactly(json_format.dumps(found, indent=2, ensure_ascii=False))
    else:
        output.say(as_text(found, report))
    if found["findings"]:
        raise typer.Exit(FOUND)


def as_text(found: dict[str, Any], report: Report) -> str:
    """The report as lines of text."""
    from seawall.mechanism.fuzz.fuzz import slow

    lines = [
        f"{found['file']}, slot {found['slot']}: {found['examples']} random Cases, "
        f"{found['asked']} questions, seed {found['seed']}."
    ]
    if found["refused_examples"]:
        lines.append(
            f"{found['refused_examples']} Cases had parameters that the mechanism itself refuses."
        )
    for finding in found["findings"]:
        lines += _finding(finding)
    if not found["findings"]:
        lines.append(f"No law is broken in them ({', '.join(found['laws'])}).")
    lines += [f"Not tried: {what}." for what in (found["ahead"], *found["untried"])]
    ratio = slow(report)
    if ratio is not None:
        lines.append(
            f"Slow: the step took {ratio:.1f} times as long as everything else in these runs."
        )
    return "\n".join(lines)


def _finding(finding: dict[str, Any]) -> list[str]:
    lines = [
        f"{finding['law']} is broken: {finding['sentence']}.",
        f"  what happened  {finding['detail']}",
    ]
    if finding["case"] is not None:
        told = ", ".join(f"{key} = {value!r}" for key, value in finding["parameters"].items())
        lines.append(f"  smallest Case  {finding['case']}")
        lines.append(f"  parameters     {told or 'all at their defaults'}")
    lines.append(f"  what to look at  {finding['look_at']}")
    lines += [f"    {row}" for row in finding["rows"]]
    return lines
