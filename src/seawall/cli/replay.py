"""`seawall replay`: a real event again, in its own venues or with your book in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.bar import progress_bar
from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of
from seawall.foundation.errors import InputError

ALL = "all"
SCHEMA_ALL = "seawall/replay-all/1"


def replay(
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT|all", help="An event of --list, or all of them."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Argument(metavar="CASE", help="Folder of a Case; without it, the event's own book."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name the events and stop.")] = False,
    paths: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="Draws of the noise between knots.")
    ] = 20,
    crowds: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=100, help="Draws of the event's crowd, each of them."),
    ] = 1,
    seed: Annotated[int, typer.Option(metavar="S", min=0)] = 1,
    json: JsonFile = None,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Replay a real event: published outcomes beside simulated ones, first to fall, who paid.

    With a CASE, your book under the event's prices, depth and failures (assets matched by name).

    Exit code 0: an answer, whether or not outcomes were met. 1: none, and why.
    """
    if listed:
        output.say(_list())
        return
    if event is None:
        raise InputError(
            "no event was named", file="EVENT", expected="one of `seawall replay --list`, or all"
        )
    target = target_of(json)
    from seawall.report import replay_page

    if event == ALL:
        if case is not None:
            raise InputError("all events were named with a case", expected="one event")
        found, render = _all(paths, crowds, seed), replay_page.render_all
    elif case is not None:
        found = _under(event, case, paths, crowds, seed, trust_mechanisms=trust_mechanisms)
        render = replay_page.render
    else:
        found, render = _one(event, paths, crowds, seed), replay_page.render
    deliver(found, render, target, to_stdout=json == STDOUT)


def _list() -> str:
    from seawall.report import replay_page
    from seawall.scenario.events import list_events, load_event

    events = [load_event(name) for name in list_events()]
    rows = [{"name": e.name, "venue_type": e.venue_type.name, "title": e.title} for e in events]
    return replay_page.render_list(rows, width=output.width(), colour=output.colour())


def _one(name: str, paths: int, crowds: int, seed: int) -> dict[str, Any]:
    from seawall.mechanism.replay import replay as run
    from seawall.mechanism.replay_result import result
    from seawall.scenario.events import load_event

    event = load_event(name)
    runs = [run(event, paths=paths, seed=seed, crowd=crowd) for crowd in range(crowds)]
    return result(runs, own_book=False)


def _under(
    name: str, case: Path, paths: int, crowds: int, seed: int, *, trust_mechanisms: bool
) -> dict[str, Any]:
    from seawall.casefile import load_case
    from seawall.mechanism.replay import replay as run
    from seawall.mechanism.replay_result import result
    from seawall.scenario.events import load_event

    if crowds != 1:
        raise InputError(
            f"{crowds} crowds were asked for with a case, whose crowd is its own",
            file="--crowds",
            expected="1 with a case",
        )
    event = load_event(name)
    question = load_case(case, trust_mechanisms=trust_mechanisms)
    return result([run(event, question, paths=paths, seed=seed)], own_book=True)


def _all(paths: int, crowds: int, seed: int) -> dict[str, Any]:
    from seawall import __version__
    from seawall.mechanism.replay_result import score
    from seawall.scenario.events import list_events

    found = []
    with progress_bar() as progress:
        names = list_events()
        for number, name in enumerate(names):
            if progress is not None:
                progress(number / len(names), name)
            found.append(_one(name, paths, crowds, seed))
    return {
        "schema": SCHEMA_ALL,
        "version": __version__,
        "paths": paths,
        "crowds": crowds,
        "seed": seed,
        "score": score(found),
        "events": found,
    }
