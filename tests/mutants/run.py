"""Apply each mutant of rules.toml to a copy of the tree; its tests have to fail.

    python tests/mutants/run.py             all mutants
    python tests/mutants/run.py pmrm_v2     those whose id begins so
    python tests/mutants/run.py --sample 8  every so many, for CI

Exit code 0: all killed. 1: a mutant survived, could not be applied, or its tests fail unmutated.
They run in copies of src and tests, without the folders of real data and peers' cases: the
project's own tests have to kill each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
FEWEST = 30
# Mutants tried at once, each in a copy of its own.
WORKERS = os.cpu_count() or 1
KEYS = {"id", "rule", "mutation", "file", "find", "replace", "tests"}

Mutant = dict[str, object]


def listed(prefix: str = "") -> list[Mutant]:
    """The mutants of rules.toml whose id begins with ``prefix``."""
    with (ROOT / "tests/mutants/rules.toml").open("rb") as file:
        mutants: list[Mutant] = tomllib.load(file)["mutant"]
    return [mutant for mutant in mutants if str(mutant["id"]).startswith(prefix)]


def problem(mutant: Mutant) -> str | None:
    """Why a mutant cannot be applied, or None."""
    if set(mutant) != KEYS:
        return f"has keys {sorted(mutant)}, needs {sorted(KEYS)}"
    found = (ROOT / str(mutant["file"])).read_text("utf-8").count(str(mutant["find"]))
    if found != 1:
        return f"`find` stands {found} times in {mutant['file']}, needs to stand once"
    return None if mutant["find"] != mutant["replace"] else "changes nothing"


def passes(copy: Path, tests: list[str]) -> bool:
    """True when the named tests pass in a copy of the tree, away from any real data."""
    nothing = str(copy / "no-such-folder")
    settings = {
        "PYTHONPATH": str(copy / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SEAWALL_PEER_CASES": nothing,
        "SEAWALL_DATA": nothing,
        # These tests need no plugin, and loading them is half of the time that a mutant takes.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(
        command, cwd=copy, env={**os.environ, **settings}, capture_output=True, check=False
    )
    return run.returncode == 0


def verdict(mutant: Mutant, copy: Path) -> str:
    """``killed``, or what is wrong with the mutant."""
    wrong = problem(mutant)
    if wrong:
        return wrong
    target = copy / str(mutant["file"])
    original = target.read_text("utf-8")
    target.write_text(original.replace(str(mutant["find"]), str(mutant["replace"])), "utf-8")
    try:
        tests = [str(test) for test in mutant["tests"]]  # type: ignore[attr-defined]
        return "SURVIVED" if passes(copy, tests) else "killed"
    finally:
        target.write_text(original, "utf-8")


def _copy_of_tree(copy: Path) -> Path:
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def _in_idle_copy(mutant: Mutant, idle: SimpleQueue[Path]) -> str:
    """The verdict, found in a copy of the tree that nobody else uses meanwhile."""
    copy = idle.get()
    try:
        return verdict(mutant, copy)
    finally:
        idle.put(copy)


def main() -> int:
    """Run the chosen mutants and print a verdict on each."""
    parser = argparse.ArgumentParser(description="Run the mutants of rules.toml.")
    parser.add_argument("prefix", nargs="?", default="")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every N-th only")
    chosen = parser.parse_args()
    mutants = listed(chosen.prefix)[:: chosen.sample]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        copies = [_copy_of_tree(Path(folder) / str(n)) for n in range(WORKERS)]
        every = sorted({str(t) for m in mutants for t in m.get("tests", [])})  # type: ignore[attr-defined]
        if every and not passes(copies[0], every):
            print("The tests fail without any mutant:", " ".join(every))
            return 1
        idle: SimpleQueue[Path] = SimpleQueue()
        for copy in copies:
            idle.put(copy)
        with ThreadPoolExecutor(WORKERS) as workers:
            verdicts = workers.map(lambda mutant: _in_idle_copy(mutant, idle), mutants)
            for mutant, said in zip(mutants, verdicts, strict=True):
                bad += said != "killed"
                print(f"{mutant['id']:22} {said:9} {mutant['mutation']}", flush=True)
    print(f"{len(mutants) - bad} of {len(mutants)} killed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
