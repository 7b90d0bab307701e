"""A venue with 100,000 accounts is asked within a bound of memory, whatever the number of paths."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Of 4 GB that the goal allows for 1,000 paths: what is held at once does not grow with paths, but
# for the tapes, some 0.3 MB a path.
MOST_GIGABYTES = 2.5


@pytest.mark.slow
def test_memory_of_a_hundred_thousand_accounts(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    seawall = [sys.executable, "-m", "seawall"]
    subprocess.run([*seawall, "case", "new", str(folder), "--crowd", "100000"], check=True)
    text = re.sub(
        r"(?m)^step_seconds = .*$", "step_seconds = 60", (folder / "case.toml").read_text()
    )
    (folder / "case.toml").write_text(text)
    command = [*seawall, "check", str(folder), "--horizon", "24h", "--paths", "300"]
    command += ["--engine", "fast", "--threads", "2"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 2), "2: a limit is breached"
    kilobytes = used.ru_maxrss / (1_000 if sys.platform == "darwin" else 1)
    assert kilobytes < MOST_GIGABYTES * 1e6
