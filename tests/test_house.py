"""The house rules that a program can check: sizes, names, docstrings, no trace of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "base"}

# An exception carries its reason in one line. {path from the root: reason}
LONG_FILES: dict[str, str] = {}
# {(path from the root, function): reason}
LONG_FUNCTIONS: dict[tuple[str, str], str] = {}

# Written in pieces, so that this file does not name what it forbids.
MACHINE_PATHS = re.compile(
    "|".join([r"(?<![\w.])/" + r"(?:work|tmp|home|root|Users|mnt|opt)/\w", r"[A-Z]:\\" + r"Users"])
)
REGISTRIES = re.compile(
    "pypi"
    r"\.org|python"
    r"hosted|arti"
    r"factory|proxy"
    r"\.golang|index"
    r"-url|registry"
    r"\.npmjs|conda"
    r"\.anaconda"
)
# Binary files and lists of hashes: nothing in them is written by hand.
NOT_TEXT = {".png", ".parquet", ".gz", ".woff2"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        print("SKIPPED: not a git checkout, tracked files are not known")
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in NOT_TEXT]


def _lengths(path: Path) -> list[tuple[str, int]]:
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [(f.name, (f.end_lineno or f.lineno) - f.lineno + 1) for f in functions]


def test_there_are_sources() -> None:
    assert len(SOURCES) > 100


def test_no_file_is_two_ideas_long() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in SOURCES}
    long = {name: n for name, n in lengths.items() if n > LONGEST_FILE}
    assert set(long) == set(LONG_FILES), f"files over {LONGEST_FILE} lines: {long}"


def test_no_function_is_two_ideas_long() -> None:
    long = {
        (_name(path), function): n
        for path in SOURCES
        for function, n in _lengths(path)
        if n > LONGEST_FUNCTION
    }
    assert set(long) == set(LONG_FUNCTIONS), f"functions over {LONGEST_FUNCTION} lines: {long}"


def test_file_and_folder_names_say_what_is_inside() -> None:
    package = ROOT / "src" / "seawall"
    parts = {part for path in SOURCES for part in path.relative_to(package).with_suffix("").parts}
    assert not parts & BANNED_NAMES


def test_every_module_has_a_docstring_that_says_what_it_is_for() -> None:
    without = [
        _name(path) for path in SOURCES if not (ast.get_docstring(ast.parse(path.read_text())))
    ]
    assert not without


def test_test_files_have_unique_names_and_no_packages() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names)), "two test files share a name"
    assert "__init__.py" not in names


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRIES], ids=["machine path", "registry"])
def test_no_tracked_file_names_a_machine_path_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = []
    for path in _tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{_name(path)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["see /" + "work/a", "'/" + "tmp/x'", "/" + "home/me/file"])
def test_the_machine_path_rule_can_fail(text: str) -> None:
    assert MACHINE_PATHS.search(text)


@pytest.mark.parametrize("text", ["https://pypi" + ".org/simple", "--index" + "-url=x"])
def test_the_registry_rule_can_fail(text: str) -> None:
    assert REGISTRIES.search(text)


@pytest.mark.parametrize("text", ["https://a.b/wor" + "k/c", "docs/tm" + "p/x", "a/home/b"])
def test_addresses_and_own_folders_are_no_machine_paths(text: str) -> None:
    assert not MACHINE_PATHS.search(text)
