"""`seawall check`: the main job, from a Case to an answer and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds
from seawall.cli.kept import Earlier, as_report, reports_folder, since_case, with_recorded
from seawall.cli.ledger import Ledger
from seawall.foundation.errors import InputError

if TYPE_CHECKING:
    from seawall.case import Case
    from seawall.case.impairment_kinds import ImpairmentKind
    from seawall.exposure.accounts import AccountTable

NOT_KEPT, BREACHED = 1, 2
STDOUT = "-"


def check(
    context: typer.Context,
    case: ask.CaseFolder = None,
    horizon: ask.Horizon = "24h",
    paths: ask.Paths = 400,
    seed: ask.Seed = 1,
    step: ask.Step = None,
    json: ask.Json = None,
    html: ask.Html = None,
    public: ask.Public = None,
    full: ask.Full = False,
    engine: ask.ChosenEngine = Engine.AUTO,
    threads: ask.Threads = None,
    ray_address: ask.RayAddress = None,
    ledger: ask.ChosenLedger = Ledger.FLOAT,
    trust_mechanisms: ask.Trust = False,
    rare: ask.Rare = False,
    parts_paths: ask.PartsPaths = None,
    counts: ask.Counts = None,
    parts_by: ask.PartsBy = None,
    accounts: ask.Accounts = False,
    accounts_table: ask.AccountsTable = None,
    counterparty: ask.Counterparty = False,
    reports: ask.Reports = None,
    since: ask.Since = None,
) -> None:
    """Check a Case: does it survive, and what breaks first?

    Who pays, how concentrated it is, which limits are breached, what would help.
    Exit code 0: within limits. 2: a limit is breached, and named. 1: no answer, and why; or an
    answer, printed first, that could not be kept or written.
    """
    horizon_seconds = seconds(horizon, "--horizon")
    compute = Compute(engine, threads, ray_address)
    targets = _targets({"json": json, "html": html, "public": public})
    kept = reports_folder(reports)
    question = _asked(_load(case, trust_mechanisms), _step(step, horizon), counts)
    before = since_case(since, kept, question.name)
    from seawall.exposure import check as run_check

    _say_if_it_compiles(engine)
    with progress_bar() as progress:
        result = run_check(
            question,
            horizon_seconds=horizon_seconds,
            paths=paths,
            seed=seed,
            progress=progress,
            compute=compute,
            rare=rare,
            parts_by=tuple(str(by) for by in parts_by or ()),
            parts_from=parts_paths,
            accounts=_receiver(accounts, accounts_table),
            counterparty=counterparty,
            since=_earlier(before, question, trust_mechanisms, counts),
        )
    result = with_recorded(result, before)
    if ledger is Ledger.EXACT:
        result["ledger"] = _settled(question, horizon_seconds, paths, seed)
    _end(result, context, case, kept, targets, json_to_stdout=json == STDOUT, full=full)


def _end(
    result: dict[str, Any],
    context: typer.Context,
    case: Path | None,
    kept: Path | None,
    targets: dict[str, Path],
    *,
    json_to_stdout: bool,
    full: bool,
) -> None:
    """Seal, keep, deliver. An answer that cannot be kept is delivered too; then exit code 1."""
    try:
        report = as_report(result, context, case, kept, with_page="html" in targets)
    except (InputError, OSError) as error:
        if kept is None:
            raise
        report = as_report(result, context, case, None, with_page=False)
        try:
            _deliver(report, targets, json_to_stdout, full)
        finally:
            output.complain(f"Nothing was kept in {kept}: {error}")
        raise typer.Exit(NOT_KEPT) from None
    _deliver(report, targets, json_to_stdout, full)
    _end_by_limits(report, json_to_stdout=json_to_stdout)


def _end_by_limits(result: dict[str, Any], *, json_to_stdout: bool) -> None:
    """Exit code 2 where a limit is breached."""
    breached = [str(limit["name"]) for limit in result["limits"] if limit["breached"]]
    if breached and json_to_stdout:  # the page would have named them
        output.complain("Breached: " + "; ".join(breached) + ".")
    if breached:
        raise typer.Exit(BREACHED)


def _step(step: str | None, horizon: str) -> float | None:
    step_seconds = seconds(step, "--step") if step is not None else None
    if step_seconds is not None and step_seconds > seconds(horizon, "--horizon"):
        raise InputError(
            f"a step of {step} is longer than the horizon of {horizon}",
            file="--step",
            expected="a shorter step",
        )
    return step_seconds


def _receiver(accounts: bool, name: str | None) -> Callable[[AccountTable], None] | None:
    """Who is given the table of all accounts; None where nobody asked for accounts."""
    from seawall.cli.accounts_file import accounts_target, write_accounts

    if name is not None:
        path = accounts_target(name)
        return lambda table: write_accounts(table, path)
    return (lambda _: None) if accounts else None


def _asked(case: Case, step_seconds: float | None, counts: str | None) -> Case:
    """The Case with what the command line says otherwise."""
    if step_seconds is not None:
        case = replace(case, step_seconds=step_seconds)
    return case if counts is None else replace(case, impairments=_counted(counts))


def _earlier(
    since: Earlier | None, question: Case, trust_mechanisms: bool, counts: str | None
) -> Case | None:
    """The earlier Case, refused here where it is none: nobody waits for a run to hear it."""
    if since is None:
        return None
    from seawall.exposure.since.two import two_cases

    earlier = _asked(_load(since.folder, trust_mechanisms), None, counts)
    two_cases(earlier, question)
    return earlier


def _counted(counts: str) -> tuple[ImpairmentKind, ...]:
    from seawall.case.impairment_kinds import counted

    names = tuple(name for part in counts.split(",") if (name := part.strip()))
    return counted(names, "--counts")


def _say_if_it_compiles(engine: Engine) -> None:
    if engine is not Engine.FAST:
        return
    from seawall.cascade.pieces.loops import is_compiled

    if not is_compiled():
        output.complain("Compiling the engine, once for this version: about two minutes.")


def _settled(question: Case, horizon_seconds: float, paths: int, seed: int) -> dict[str, Any]:
    from seawall.exposure.exact_ledger import exact_ledger

    with progress_bar() as progress:
        return exact_ledger(
            question, horizon_seconds=horizon_seconds, paths=paths, seed=seed, progress=progress
        )


def _targets(named: Mapping[str, str | None]) -> dict[str, Path]:
    """The files to write, by option, refused here when they could not be written later."""
    for option in ("html", "public"):
        if named[option] == STDOUT:
            raise InputError(
                "the page cannot go to stdout", file=f"--{option}", expected="the name of a file"
            )
    targets = {
        option: Path(name) for option, name in named.items() if name is not None and name != STDOUT
    }
    taken: dict[Path, str] = {}
    for option, path in targets.items():
        output.check_target(path, f"--{option}")
        if (first := taken.setdefault(path.resolve(), option)) != option:
            raise InputError(
                f"{path} is also the file of --{first}",
                file=f"--{option}",
                expected="two different files",
            )
    return targets


def _load(case: Path | None, trust_mechanisms: bool) -> Case:
    from seawall.casefile import load_case, sample_case

    if case is None:
        return sample_case()
    return load_case(case, trust_mechanisms=trust_mechanisms)


def _deliver(
    result: dict[str, Any], targets: dict[str, Path], json_to_stdout: bool, full: bool
) -> None:
    """Render everything first, then write: an error in one leaves no other half-written.

    The answer is printed even where a file cannot be written: a full disk takes no answer away.
    """
    from seawall.report import jsonfile, page, public_page, terminal

    printed = terminal.render_whole if full else terminal.render
    text = (
        jsonfile.dumps(result)
        if json_to_stdout
        else printed(result, width=output.width(), colour=output.colour())
    )
    renderers = {
        "json": jsonfile.dumps,
        "html": page.render,
        "public": public_page.public_json
        if targets.get("public", Path()).suffix.lower() == ".json"
        else public_page.render_public,
    }
    texts = {path: renderers[option](result) for option, path in targets.items()}
    try:
        output.write_files(texts)
    finally:
        (output.say_exactly if json_to_stdout else output.say)(text)
