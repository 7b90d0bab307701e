"""Compiled code: where it may live, when it is ready, and that an edit is never missed."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import threading
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from seawall.foundation import compiled

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "seawall"

SMALL = '''"""A kernel for a test."""
from seawall.foundation.compiled import kernel
from seawall.foundation.toy_part_kernel import part


@kernel("f8(f8)")
def doubled(x):
    """Twice x, by way of a helper in another file."""
    return part(x) + part(x)
'''
PART = '''"""A helper for a test."""
from seawall.foundation.compiled import helper


@helper
def part(x):
    """What is doubled."""
    return x * {factor}
'''
ASK = """
import warnings; warnings.simplefilter("ignore")
from seawall.foundation import compiled
from seawall.foundation.toy_kernel import doubled
before = doubled.ready()
print(before, doubled(3.0), doubled.ready(), compiled.cache_folder() is not None)
"""


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_numba_is_used_in_kernel_files_only() -> None:
    """Else the cache's key would not see a change of compiled code."""
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if imports_of(path) & {"numba", "llvmlite"}
    }
    assert "foundation/compiled.py" in users
    strangers = {name for name in users if not fnmatch(Path(name).name, compiled.KERNEL_FILES)}
    assert strangers == {"foundation/compiled.py"}


def test_a_kernel_file_uses_kernel_files_only() -> None:
    """Else a number it takes from elsewhere could change and the cache would answer the old one.

    Names for annotations are free: the fields of a record are part of a kernel's signature.
    """
    outside = {"numpy", "numba", "llvmlite", *sys.stdlib_module_names}
    seen = 0
    for path in compiled.kernel_files():
        tree = ast.parse(path.read_text("utf-8"))
        annotations = {
            below
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for below in ast.walk(node)
        }
        for node in ast.walk(tree):
            modules = []
            if node in annotations:
                continue
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            for module in modules:
                seen += 1
                own = module == "seawall.foundation.compiled" or (
                    module.startswith("seawall.")
                    and fnmatch(f"{module.rsplit('.', 1)[1]}.py", compiled.KERNEL_FILES)
                )
                assert own or module.split(".")[0] in outside, f"{path.name} imports {module}"
    assert seen > 20


def test_years_of_kernels_are_those_of_the_units() -> None:
    from seawall.foundation.units import SECONDS_PER_YEAR
    from seawall.valuation.grid_kernel import YEARS_PER_SECOND

    assert YEARS_PER_SECOND == 1.0 / SECONDS_PER_YEAR


def test_every_kernel_of_the_package_is_found() -> None:
    names = {kernel.name for kernel in compiled.every_kernel()}
    assert "seawall.valuation.black_kernel.values" in names
    assert "seawall.valuation.implied_kernel.implied" in names
    assert "seawall.valuation.grid_kernel.revalue_grid" in names


def test_numbas_own_setting_is_left_alone() -> None:
    from numba.core import config

    from seawall.valuation import black_kernel

    before = config.CACHE_DIR
    black_kernel.values.ready()
    assert before == config.CACHE_DIR


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with a small kernel and its helper in two files."""
    root = tmp_path / "copy"
    kept = shutil.ignore_patterns("__pycache__", "*_kernel.py")
    shutil.copytree(PACKAGE, root / "seawall", ignore=kept)
    write(root, "1.5")
    (root / "seawall" / "foundation" / "toy_kernel.py").write_text(SMALL)
    return root


def write(root: Path, factor: str) -> None:
    (root / "seawall" / "foundation" / "toy_part_kernel.py").write_text(PART.format(factor=factor))


def ask(root: Path, cache: Path) -> list[str]:
    """(ready before the call, answer, ready after it, whether there is a cache), a new process."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "SEAWALL_CACHE": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_an_edit_in_the_helpers_file_changes_the_answer(copy: Path, tmp_path: Path) -> None:
    """Numba's own key holds only the caller's file, which stays as it was."""
    cache = tmp_path / "cache"
    assert ask(copy, cache) == ["False", "9.0", "True", "True"]
    assert ask(copy, cache) == ["True", "9.0", "True", "True"]  # from the cache
    write(copy, "2.5")
    assert ask(copy, cache) == ["False", "15.0", "True", "True"]
    write(copy, "1.5")
    assert ask(copy, cache) == ["True", "9.0", "True", "True"]  # the first folder is still there


def test_without_a_place_to_write_kernels_work_and_are_not_cached(
    copy: Path, tmp_path: Path
) -> None:
    occupied = tmp_path / "a-file"
    occupied.write_text("not a folder")
    assert ask(copy, occupied) == ["False", "9.0", "True", "False"]


def test_whoever_compiles_a_kernel_is_alone_with_it(tmp_path: Path) -> None:
    entered = threading.Event()

    def other() -> None:
        with compiled._alone(tmp_path, "one"):
            entered.set()

    waits = threading.Thread(target=other)
    with compiled._alone(tmp_path, "one"):
        waits.start()
        with compiled._alone(tmp_path, "another"):
            assert not entered.wait(0.2)
    assert entered.wait(30.0)
    waits.join()
    # A folder that is not there: nobody waits, and nothing fails.
    with compiled._alone(tmp_path / "missing", "one"), compiled._alone(None, "one"):
        pass


@pytest.mark.slow
def test_of_two_processes_one_compiles(copy: Path, tmp_path: Path) -> None:
    count = ASK + "print(sum(doubled._dispatch().stats.cache_misses.values()))\n"
    environment = {**os.environ, "PYTHONPATH": str(copy), "SEAWALL_CACHE": str(tmp_path / "cache")}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", count.replace("before = doubled.ready()", "before = None")],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [one.communicate()[0].split() for one in both]
    assert [one[1] for one in answers] == ["9.0", "9.0"]
    assert sorted(one[-1] for one in answers) == ["0", "1"]


def test_the_cache_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SEAWALL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.cache_root() == tmp_path / "seawall"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert compiled.cache_root() == Path.home() / ".cache" / "seawall"
    monkeypatch.setenv("SEAWALL_CACHE", str(tmp_path / "own"))
    assert compiled.cache_root() == tmp_path / "own"


def test_a_call_that_looks_at_no_types_gives_the_same() -> None:
    from seawall.foundation.random_kernel import uniforms

    path, step = np.arange(3, dtype=np.uint64), np.arange(2, dtype=np.uint64)
    first, second = np.zeros((3, 2, 4)), np.zeros((3, 2, 4))
    uniforms(np.uint64(7), np.uint64(1), path, step, 4, first)
    uniforms.again(np.uint64(7), np.uint64(1), path, step, 4, second)
    assert first.any() and np.array_equal(first, second)
    with pytest.raises(TypeError):
        uniforms.again(path)
