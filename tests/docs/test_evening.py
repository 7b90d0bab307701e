"""The stranger's evening by the stopwatch: what README and tutorial ask to be read and typed.

Words read at 220 a minute, outputs and tables counted with the prose; characters typed, of files
and commands, at 200 a minute. Waiting for the machine is not in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docsbuild.examples import ROOT, blocks, commands

WORDS_A_MINUTE, CHARACTERS_A_MINUTE = 220.0, 200.0
MOST_MINUTES = 12.0
LINK = "[a first evening](docs/tutorial.md)"


@dataclass(frozen=True)
class Effort:
    """Words of prose and of output that are read, characters that are typed."""

    prose: int
    output: int
    typed: int

    @property
    def minutes(self) -> float:
        read = (self.prose + self.output) / WORDS_A_MINUTE
        return read + self.typed / CHARACTERS_A_MINUTE


def words(text: str) -> int:
    """Runs of signs with a letter or a digit in them; rules, bars and empty cells are none."""
    return sum(1 for run in text.split() if re.search(r"[A-Za-z0-9]", run))


def effort(page: str) -> Effort:
    """What a page costs who does all of it, from its top to its end."""
    output = typed = 0
    for block in blocks(page):
        if block.title is not None:
            typed += len(block.text) + 1
        elif block.language == "console":
            for command in commands(block):
                typed += len(command.text.split("    #")[0].rstrip()) + 1
                output += words("\n".join(command.output))
        else:
            output += words(block.text)
    prose = re.sub(r"(?ms)^```.*?^```$|<!--.*?-->|\]\([^)]*\)", " ", page)
    return Effort(words(prose), output, typed)


def test_the_counts_are_those_by_hand() -> None:
    page = (
        "Two words [here](x.md)\n\n"
        '```csv title="a.csv"\na,b\n```\n\n'
        "```console\n$ seawall check    # why\n── 1.2 ──\nto read\n```\n"
    )
    assert effort(page) == Effort(prose=3, output=3, typed=len("a,b\n") + len("seawall check\n"))
    assert Effort(220, 0, 200).minutes == 2.0


def test_from_the_readme_to_a_verified_report_in_twelve_minutes() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    tutorial = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    lead = readme[: readme.index("\n\n", readme.index(LINK))]
    first = tutorial[: tutorial.index("## Part two")]
    total = 0.0
    for part in (lead, *re.split(r"(?m)^(?=### )", first)):
        spent = effort(part)
        total += spent.minutes
        print(f"{spent.minutes:5.2f} min  {spent}  {part.strip().splitlines()[0]}")
    print(f"{total:5.2f} min from the first line of the README")
    for done in ("case new", "check", "explain", "remedy", "report verify"):
        assert f"$ seawall {done} " in first
    assert 3.0 < total <= MOST_MINUTES
