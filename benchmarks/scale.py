"""Seconds and memory of `seawall check` on the sample with very many accounts.

    python benchmarks/scale.py --accounts 100000 --paths 1000

makes the Case (steps of a minute, a day, two workers), asks in a process of its own, and prints
wall and processor seconds and the peak of resident memory. With the compiled engine workers are
threads, so the process is all there is; --engine plain forks, and its children are not counted.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def make(folder: Path, accounts: int) -> None:
    """The sample with so many accounts, in steps of a minute."""
    seawall = [sys.executable, "-m", "seawall"]
    subprocess.run(
        [*seawall, "case", "new", str(folder), "--crowd", str(accounts)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    file = folder / "case.toml"
    text = re.sub(r"(?m)^step_seconds = .*$", "step_seconds = 60", file.read_text())
    file.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--paths", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "case"
        make(folder, given.accounts)
        command = [sys.executable, "-m", "seawall", "check", str(folder), "--horizon", "24h"]
        command += ["--paths", str(given.paths), "--threads", str(given.threads)]
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert child.stderr is not None
        said = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 2):  # 2: a limit is breached
        raise SystemExit(f"seawall check ended with {code}: {said}")
    processor = used.ru_utime + used.ru_stime
    print(
        f"{given.accounts:,} accounts, {given.paths:,} paths of 1,440 steps: {wall:.1f} s, "
        f"{processor:.1f} s of processors, {used.ru_maxrss / 1e6:.2f} GB at most"
    )


if __name__ == "__main__":
    main()
