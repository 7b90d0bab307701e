"""The `seawall` command: its sub-commands, and what each kind of ending means.

Exit codes: 0 an answer, within limits; 2 an answer, a limit is breached; 1 no answer (bad, stale
or missing input, a wrong option, a bug), or an answer, printed, that could not be written or kept;
with one sentence on stderr; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from seawall import __version__
from seawall.cli import (
    alerts,
    backtest,
    caps,
    case,
    cash,
    check,
    collateral,
    define,
    doctor,
    explain,
    greeks,
    margin,
    mechanism,
    output,
    pnl,
    remedy,
    replay,
    report,
    reverse,
    scenarios,
    shocks,
    surface,
    whatif,
)
from seawall.foundation.errors import SeawallError

NO_ANSWER = 1
INTERRUPTED = 130  # what shells report for a process ended by Ctrl-C

# Plain help text: rich's markup would be imported for it and doubles the time of `--help`.
app = typer.Typer(
    name="seawall",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("alerts")(alerts.alerts)
app.command("backtest")(backtest.backtest)
app.command("caps")(caps.caps)
app.command("check")(check.check)
app.add_typer(case.app, name="case")
app.command("cash")(cash.cash)
app.command("collateral")(collateral.collateral)
app.command("define")(define.define)
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
app.command("greeks")(greeks.greeks)
app.command("margin")(margin.margin)
app.add_typer(mechanism.app, name="mechanism")
app.command("pnl")(pnl.pnl)
app.command("remedy")(remedy.remedy)
app.command("replay")(replay.replay)
app.command("reverse")(reverse.reverse)
app.add_typer(report.app, name="report")
app.add_typer(scenarios.app, name="scenarios")
app.command("shocks")(shocks.shocks)
app.command("surface")(surface.surface)
app.command("whatif")(whatif.whatif)


def _print_version(wanted: bool) -> None:
    if wanted:
        output.say(f"seawall {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Does this book survive, what dies first, who pays, and does this change help?

    Start with `seawall check`: it checks the bundled case. Then `seawall case new my-case`.
    """
    if context.invoked_subcommand is None:
        output.say(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code.

    Never raises: a SeawallError or a wrong option becomes one sentence on stderr and 1; so does a
    bug, with the way to its traceback (SEAWALL_DEBUG=1). A reader of the output who leaves early
    (`| head`) is not an error.
    """
    debug = os.environ.get("SEAWALL_DEBUG", "") not in ("", "0")
    output.tell_of_waits()
    try:
        code = app(args=list(arguments), prog_name="seawall", standalone_mode=False)
        if code == INTERRUPTED:  # typer turns Ctrl-C into this code
            output.complain("Interrupted.")
        return int(code or 0)
    except SeawallError as error:
        return _fail(str(error), debug)
    except typer.TyperException as error:
        from seawall.cli.wording import sentence

        command = getattr(getattr(error, "ctx", None), "command_path", "seawall")
        said = sentence(error.format_message(), arguments)
        return _fail(f"{said}. Try `{command} --help`.", debug=False)
    except (typer.Abort, KeyboardInterrupt):
        output.complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        output.abandon_stdout()
        return 0
    except OSError as error:
        what = error.strerror or str(error)
        return _fail(
            f"The answer could not be written: {what}; free space or choose a file.", debug
        )
    except SystemExit as ending:  # shell completion ends the process by itself
        return ending.code if isinstance(ending.code, int) else 0
    except Exception as error:  # the last line of defence: no traceback for users
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return _fail(
            f"Seawall failed in a way it should not ({what}); "
            "run again with SEAWALL_DEBUG=1 for the traceback.",
            debug,
        )


def _fail(sentence: str, debug: bool) -> int:
    if debug:
        import traceback

        output.complain(traceback.format_exc().rstrip())
    output.complain(sentence)
    return NO_ANSWER


def main() -> None:
    """Entry point of the `seawall` script."""
    code = run(sys.argv[1:])
    output.flush_stdout()
    sys.exit(code)
