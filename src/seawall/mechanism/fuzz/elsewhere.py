"""The same trials in another process: what differs there was never in the Case.

Python hashes texts differently in each process, and a process that has run nothing yet has no
state. `python -m seawall.mechanism.fuzz.elsewhere FILE SEED COUNT` prints one digest for each of
the first COUNT trials.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import fields

import numpy as np

from seawall.cascade.own.code import OwnFile, OwnMechanismError
from seawall.cascade.reference import run
from seawall.cascade.tape import Tape
from seawall.mechanism.fuzz.hold import Refused, draws_of, prepared
from seawall.mechanism.fuzz.trial import Subject, nth_trial, subject_of

# Seconds that the other process may take; beyond them the law is left untested, and said so.
PATIENCE = 120.0


def digests(subject: Subject, seed: int, count: int) -> list[str]:
    """A digest of the tape of each trial; a trial that is refused, or fails, has a word for it."""
    out = []
    for example in range(count):
        try:
            setup, exogenous = prepared(subject, nth_trial(subject, seed, example))
            tape, _ = run(setup, exogenous, draws=draws_of(exogenous))
            out.append(_digest(tape))
        except Refused:
            out.append("refused")
        except OwnMechanismError as error:
            out.append(f"failed-{error.law}")
    return out


def _digest(tape: Tape) -> str:
    total = hashlib.sha256()
    for column in fields(Tape):
        total.update(np.ascontiguousarray(getattr(tape, column.name)).tobytes())
    return total.hexdigest()


def digests_elsewhere(subject: Subject, seed: int, count: int) -> list[str] | None:
    """The same digests from a process whose hashes differ; None where it failed.

    Raises TimeoutError where it takes too long.
    """
    here = os.environ.get("PYTHONHASHSEED", "")
    there = {**os.environ, "PYTHONHASHSEED": "2" if here == "1" else "1"}
    module = "seawall.mechanism.fuzz.elsewhere"
    command = [sys.executable, "-m", module, subject.file.name, str(seed), str(count)]
    try:
        ended = subprocess.run(
            command,
            input=subject.file.text,
            env=there,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise TimeoutError(f"it took more than {PATIENCE:g} s") from late
    except OSError:
        return None
    return ended.stdout.split() if ended.returncode == 0 else None


def _main(arguments: list[str]) -> None:
    """Print the digests of the file whose text is on stdin."""
    name, seed, count = arguments
    # What the mechanism prints is no digest.
    with redirect_stdout(sys.stderr):
        subject = subject_of(OwnFile(name, sys.stdin.read()))
        found = digests(subject, int(seed), int(count))
    sys.stdout.write("\n".join(found) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
