"""``python -m docsbuild.renew [--quick] [PAGE ...]``: write what the examples print now.

Pages whose output still fits are left alone. Where a page leaves lines out (a line of three dots),
the parts that it keeps are found again by likeness; read the difference before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

from docsbuild.examples import ROOT, Ran, pages, run_page, same


def renewed(expected: tuple[str, ...], printed: list[str]) -> list[str]:
    """The output as it is now, with the same parts left out as before."""
    if not any(line.strip() == "..." for line in expected):
        return [_marked(line, printed, n, expected) for n, line in enumerate(printed)]
    out: list[str] = []
    at = 0
    for part in _parts(expected):
        if part == ["..."] or not part:
            out += part
            continue
        first = _where(part, printed, at, anchored=not out)
        end = min(first + len(part), len(printed))
        out += [_marked(line, printed, n, tuple(part)) for n, line in enumerate(printed[first:end])]
        at = end
    return out


def _parts(expected: tuple[str, ...]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in expected:
        if line.strip() == "...":
            parts += [["..."], []]
        else:
            parts[-1].append(line)
    return [part for part in parts if part]


def _where(part: list[str], printed: list[str], at: int, anchored: bool) -> int:
    """The line of ``printed``, from ``at`` on, at which ``part`` fits best."""
    if anchored:
        return at

    def likeness(first: int) -> float:
        pairs = zip(part, printed[first : first + len(part)], strict=False)
        return sum(SequenceMatcher(None, a, b).ratio() for a, b in pairs)

    places = range(at, max(at + 1, len(printed) - len(part) + 1))
    return max(places, key=likeness)


def _marked(line: str, printed: list[str], n: int, expected: tuple[str, ...]) -> str:
    """A line of the page that leaves something out stays while it fits."""
    if n < len(expected) and "…" in expected[n] and same((expected[n],), [line]):
        return expected[n]
    return line


def renew(page: Path, slow: bool) -> int:
    """Renew one page and return how many of its commands printed something else."""
    text = page.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        ran = list(run_page(text, Path(folder), slow))
    changed = [one for one in ran if not one.fits]
    lines = text.splitlines()
    for one in reversed(changed):
        _tell(page, one)
        if lines[one.command.line].startswith("```python"):
            print("  it prints something: put a ```text block right after it")
            continue
        count = one.command.text.count("\n") + 1 if lines[one.command.line].startswith("$ ") else 0
        start = one.command.line + count
        lines[start : start + len(one.command.output)] = renewed(one.command.output, one.printed)
    if changed:
        page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(changed)


def _tell(page: Path, one: Ran) -> None:
    first = one.command.text.splitlines()[0]
    print(f"{page.relative_to(ROOT)}:{one.command.line + 1}: {first} (exit code {one.code})")


def main() -> None:
    """Renew the pages named, or all; --quick leaves examples marked slow as they are."""
    given = [word for word in sys.argv[1:] if word != "--quick"]
    named = [Path(name).resolve() for name in given] or pages()
    changed = sum(renew(page, slow="--quick" not in sys.argv) for page in named)
    print(f"{len(named)} pages, {changed} outputs renewed; see git diff docs README.md")


if __name__ == "__main__":
    main()
