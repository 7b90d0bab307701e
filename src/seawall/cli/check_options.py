"""The options of `seawall check`, with the help that each of them prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cascade.pieces.compute import Engine
from seawall.cli.ledger import Ledger
from seawall.cli.split_by import SplitBy

CaseFolder = Annotated[
    Path | None,
    typer.Argument(metavar="CASE", help="Folder of the Case; without it, the bundled one."),
]
Horizon = Annotated[str, typer.Option(metavar="TIME", help="How far ahead: 90s, 5m, 24h, 7d.")]
Paths = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How many paths are simulated (of explain: --simulated; its --paths chooses some).",
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="S", min=0, help="Same seed, Case and version: same answer.")
]
Step = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Time step of the paths; default: the Case's."),
]
Json = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
]
Html = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write the answer as one offline HTML page.")
]
Public = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Write what an outside reader may see, no positions: .json as JSON, else as a page.",
    ),
]
ChosenEngine = Annotated[
    Engine, typer.Option(help="What runs the paths; the answer is the same, bit for bit.")
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Workers on this machine; default: all its cores."),
]
RayAddress = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Ray cluster to use; default: RAY_ADDRESS, or none."),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust-mechanisms", help="Run the own mechanisms (Python code) that this Case brings."
    ),
]
Rare = Annotated[
    bool,
    typer.Option(
        "--rare", help="As many paths again, pushed where impairment is: for DRE below 1%."
    ),
]
PartsBy = Annotated[
    list[SplitBy] | None,
    typer.Option(
        help="Split the headline DRE by legs, assets or venues too; may be given several times.",
    ),
]
Accounts = Annotated[
    bool,
    typer.Option("--accounts", help="DRE of each account: the desks' in full, the crowd's too."),
]
AccountsTable = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write DRE of every account as .csv or .parquet."),
]
Counts = Annotated[
    str | None,
    typer.Option(
        metavar="KIND,...",
        help="Kinds of impairment of a desk that count; default: the Case's, else all.",
    ),
]
PartsPaths = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Paths behind the parts of DRE; default: a quarter."),
]
ChosenLedger = Annotated[
    Ledger,
    typer.Option(help="exact: settle the base paths in whole units too, and say how it ends."),
]
Reports = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Keep this report in DIR, after those there; says which alerts are new."
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="OLD_CASE",
        help="Folder of an earlier Case, or last with --reports: what drove DRE since.",
    ),
]
Counterparty = Annotated[
    bool,
    typer.Option(
        "--counterparty", help="Let each venue of a desk fail in turn, on up to 200 paths."
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Print every section, not only what fits one screen.")
]
