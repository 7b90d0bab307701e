"""The examples of a page, read and run: what the documentation prints is what the program prints.

A page is one sitting in an empty folder, from top to bottom:

    ```toml title="my-case/limits.toml"      the block is written to that file
    ```toml title="my-case/limits.toml (add at the end)"       ... or added to it
    ```python                                run; what stands in a ```text block right after it is
                                             what it must print
    ```console                               each line that begins with "$ " is run, and what is
                                             below it must be what it prints ("> " goes on)

Outputs are compared exactly, but for two marks: a line of three dots stands for any lines, and the
sign … within a line for anything (a time, a path, a duration). Exit codes 0 and 2 are answers; a
block that must end otherwise says so. A comment right above a block changes what is done with it:

    <!-- slow -->               run with the tests marked slow only
    <!-- exit 1 -->             its last command ends with this code
    <!-- not run: why -->       not run; the reason is counted and listed

Text files of other kinds (```toml without a title, ```text) are shown, not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w*)(.*)$")
MARK = re.compile(r"^<!-- (slow|exit|not run)[: ]*(.*?) ?-->$")
TITLE = re.compile(r'title="([^"]+)"')
ADD = " (add at the end)"
ANSWERS = (0, 2)


@dataclass(frozen=True)
class Block:
    """One fenced block: ``line`` (from 0) of its fence, language, title, text and marks above."""

    line: int
    language: str
    title: str | None
    text: str
    slow: bool
    exit_code: int | None
    not_run: str | None


@dataclass(frozen=True)
class Command:
    """One command of a console block, and the lines that it must print."""

    line: int
    text: str
    output: tuple[str, ...]


def pages() -> list[Path]:
    """Every page whose examples are run: those of the root and all of docs/ but the decisions."""
    docs = ROOT / "docs"
    found = [p for p in sorted(docs.rglob("*.md")) if "decisions" not in p.parts]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found]


def blocks(text: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    lines, found, at = text.splitlines(), [], 0
    while at < len(lines):
        match = FENCE.match(lines[at])
        if match is None:
            at += 1
            continue
        end = next(n for n in range(at + 1, len(lines)) if lines[n].rstrip() == "```")
        marks = dict(_marks(lines, at))
        title = TITLE.search(match.group(2))
        found.append(
            Block(
                line=at,
                language=match.group(1),
                title=title.group(1) if title else None,
                text="\n".join(lines[at + 1 : end]),
                slow="slow" in marks,
                exit_code=int(marks["exit"]) if "exit" in marks else None,
                not_run=marks.get("not run"),
            )
        )
        at = end + 1
    return found


def _marks(lines: list[str], fence: int) -> Iterator[tuple[str, str]]:
    at = fence - 1
    while at >= 0 and (lines[at].startswith("<!--") or not lines[at].strip()):
        match = MARK.match(lines[at])
        if match:
            yield match.group(1), match.group(2)
        elif lines[at].strip():
            return
        at -= 1


def commands(block: Block) -> list[Command]:
    """The commands of a console block; lines with "> " right below a command go on with it."""
    found: list[Command] = []
    lines = block.text.splitlines()
    at = 0
    while at < len(lines):
        start, text = at, lines[at].removeprefix("$ ")
        at += 1
        while at < len(lines) and (lines[at] == ">" or lines[at].startswith("> ")):
            text += "\n" + lines[at][2:]
            at += 1
        output = []
        while at < len(lines) and not lines[at].startswith("$ "):
            output.append(lines[at])
            at += 1
        while output and not output[-1].strip():
            output.pop()
        found.append(Command(block.line + 1 + start, text, tuple(output)))
    return found


def same(expected: tuple[str, ...], printed: list[str]) -> bool:
    """Whether what was printed is what the page says, with its two marks."""
    pattern = []
    for line in expected:
        if line.strip() == "...":
            pattern.append(r"(?:[^\n]*\n)*?")
        else:
            pieces = [re.escape(piece) for piece in line.rstrip().split("…")]
            pattern.append("[^\n]*?".join(pieces) + r"[ ]*\n")
    return re.fullmatch("".join(pattern), "".join(f"{line}\n" for line in printed)) is not None


class Sitting:
    """A folder in which the commands of one page are run, one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.here = folder
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SEAWALL_DEBUG": "0",
            "NO_COLOR": "1",
        }
        self.environment.pop("COLUMNS", None)
        self.environment.pop("SEAWALL_TRUST_MECHANISMS", None)

    def put(self, title: str, text: str) -> None:
        """Write, or add to, the file that a block's title names."""
        path = self.folder / title.removesuffix(ADD)
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") if title.endswith(ADD) else ""
        path.write_text(before + text + "\n", encoding="utf-8")

    def run(self, text: str) -> tuple[list[str], int]:
        """What a command prints, stdout before stderr, and its exit code."""
        moved = re.fullmatch(r"cd (\S+)", text)
        if moved:
            self.here = self.here / moved.group(1)
            return [], 0
        return self._do(["bash", "-o", "pipefail", "-c", text])

    def python(self, text: str) -> tuple[list[str], int]:
        """The same for a block of Python."""
        return self._do([sys.executable, "-c", text])

    def _do(self, arguments: list[str]) -> tuple[list[str], int]:
        done = subprocess.run(
            arguments,
            cwd=self.here,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        lines = [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
        while lines and not lines[-1]:
            lines.pop()
        return lines, done.returncode


@dataclass(frozen=True)
class Ran:
    """A command of a page that was run: what stands there, what was printed, how it ended."""

    command: Command
    printed: list[str]
    code: int
    wanted_code: int | None

    @property
    def fits(self) -> bool:
        """Whether output and exit code are those of the page."""
        right = self.code in ANSWERS if self.wanted_code is None else self.code == self.wanted_code
        return right and same(self.command.output, self.printed)

    def why(self) -> str:
        """The difference, to be read."""
        there, now = "\n".join(self.command.output), "\n".join(self.printed)
        return (
            f"line {self.command.line + 1}: $ {self.command.text}\n"
            f"--- on the page\n{there}\n--- printed, exit code {self.code}\n{now}"
        )


def run_page(text: str, folder: Path, slow: bool) -> Iterator[Ran]:
    """Run a page's examples in ``folder``; those marked slow only when ``slow``."""
    sitting = Sitting(folder)
    found = blocks(text)
    for n, block in enumerate(found):
        if block.not_run is not None or (block.slow and not slow):
            continue
        if block.title is not None:
            sitting.put(block.title, block.text)
        elif block.language == "python":
            after = found[n + 1] if n + 1 < len(found) else None
            gap = block.line + block.text.count("\n") + 4
            shown = after is not None and after.language == "text" and after.line <= gap
            output = tuple(after.text.splitlines()) if after is not None and shown else ()
            command = Command(after.line + 1 if after and shown else block.line, block.text, output)
            yield Ran(command, *sitting.python(block.text), block.exit_code)
        elif block.language == "console":
            listed = commands(block)
            for command in listed:
                code = block.exit_code if command is listed[-1] else None
                yield Ran(command, *sitting.run(command.text), code)
