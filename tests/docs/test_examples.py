"""Every example of the documentation is run, and prints what the page says it prints."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from docsbuild.examples import ROOT, Block, Command, blocks, commands, pages, run_page, same

PAGES = [p for p in pages() if blocks(p.read_text("utf-8"))]
NAMES = [p.relative_to(ROOT).as_posix() for p in PAGES]


def _runs(block: Block) -> bool:
    return block.language in ("console", "python") and block.not_run is None


def _quick(page: Path) -> bool:
    return any(_runs(b) and not b.slow for b in blocks(page.read_text("utf-8")))


def _slow(page: Path) -> bool:
    return any(_runs(b) and b.slow for b in blocks(page.read_text("utf-8")))


def _check(page: Path, folder: Path, slow: bool) -> None:
    wrong = [ran.why() for ran in run_page(page.read_text("utf-8"), folder, slow) if not ran.fits]
    assert not wrong, "renew with `make docs-examples`:\n" + "\n\n".join(wrong)


@pytest.mark.parametrize("page", [p for p in PAGES if _quick(p)], ids=lambda p: p.stem)
def test_examples_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    _check(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if _slow(p)], ids=lambda p: p.stem)
def test_slow_examples_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    _check(page, tmp_path, slow=True)


def test_what_is_not_run_says_why() -> None:
    found: Counter[str] = Counter()
    for page, name in zip(PAGES, NAMES, strict=True):
        for block in blocks(page.read_text("utf-8")):
            if block.not_run is not None:
                assert len(block.not_run) > 10, f"{name}:{block.line + 1} gives no reason"
                print(f"not run: {name}:{block.line + 1}: {block.not_run}")
            if block.language in ("console", "python"):
                speed = "slow" if block.slow else "quick"
                found["not run" if block.not_run is not None else speed] += 1
            else:
                found["written to a file" if block.title else f"shown ({block.language})"] += 1
    print(dict(found))
    assert found["quick"] > found["not run"]


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_command_hides_in_a_block_that_is_not_run(page: Path) -> None:
    text = page.read_text("utf-8")
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    hidden = re.findall(r"^ {4}(?:\$ )?(?:seawall|make|python) .*$", outside, re.MULTILINE)
    assert not hidden, "write them as a ```console block: " + "; ".join(hidden)
    kinds = {block.language for block in blocks(text)}
    assert kinds <= {"console", "python", "toml", "csv", "text"}


def test_a_changed_output_is_seen() -> None:
    assert same(("DRE 2.25%", "..."), ["DRE 2.25%", "one", "two"])
    assert same(("a … of b", "c"), ["a 3.1 s of b", "c"])
    assert not same(("DRE 2.25%", "..."), ["DRE 2.26%", "one"])
    assert not same(("a", "b"), ["a", "b", "c"])
    assert not same(("a", "..."), ["b", "a"])


PAGE = """
<!-- exit 3 -->
```console
$ cat a/b.toml
x = 1
$ exit 3
```
"""


def test_files_are_written_and_exit_codes_count(tmp_path: Path) -> None:
    page = '```toml title="a/b.toml"\nx = 1\n```\n' + PAGE
    assert [ran.fits for ran in run_page(page, tmp_path, slow=False)] == [True, True]
    wrong = page.replace("x = 1\n$", "x = 2\n$").replace("exit 3 -->", "exit 1 -->")
    assert [ran.fits for ran in run_page(wrong, tmp_path, slow=False)] == [False, False]


def test_a_command_may_go_on_over_lines() -> None:
    block = blocks("```console\n$ seawall check \\\n>   --paths 2\nout\n\n$ true\n```\n")[0]
    assert [c.output for c in commands(block)] == [("out",), ()]
    assert commands(block)[0].text == "seawall check \\\n  --paths 2"
    assert isinstance(commands(block)[1], Command)
