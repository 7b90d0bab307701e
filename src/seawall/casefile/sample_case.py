"""The sample that comes with Seawall: a desk inside a venue's crowd, all numbers invented."""

from __future__ import annotations

import os
import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from seawall.case import Case
from seawall.casefile.folder import CaseFiles
from seawall.casefile.load import case_from_files
from seawall.casefile.save import write_folder
from seawall.foundation.errors import InputError

LARGEST_CROWD = 5_000_000
# The sample's lending market has one borrower for ten traders of its perpetuals venue.
TRADERS_PER_BORROWER = 10


def sample_case(crowd: int | None = None) -> Case:
    """The sample Case; ``crowd`` sets the number of generated traders (0: no crowd at all).

    One perpetuals venue over five assets, one lending market, one options venue, and the desk
    ``harbour`` on all three. Raises InputError for a crowd below 0 or above 5,000,000.
    """
    return case_from_files(CaseFiles(sample_files(crowd)))


def new_case(folder: str | os.PathLike[str], crowd: int | None = None) -> Path:
    """Write the sample as a folder to edit; ``crowd`` as in `sample_case`. Returns the folder.

    Raises InputError when the folder is not empty; nothing is written half.
    """
    return write_folder(sample_files(crowd), folder)


def sample_files(crowd: int | None = None) -> dict[str, bytes]:
    """The files of the sample, by name in its folder; ``crowd`` as in `sample_case`."""
    root = resources.files("seawall.casefile") / "sample"
    files = {name: place.read_bytes() for name, place in _walk(root, "")}
    if crowd is None:
        return files
    if isinstance(crowd, bool) or not 0 <= crowd <= LARGEST_CROWD:
        raise InputError(
            f"the crowd is {crowd}", expected=f"a whole number from 0 to {LARGEST_CROWD:,}"
        )
    if crowd == 0:
        del files["crowd.toml"]
        return files
    # The text is edited, not the Case, so that the digest is that of the files `new_case` writes.
    counts = iter((crowd, max(1, crowd // TRADERS_PER_BORROWER)))
    text = files["crowd.toml"].decode()
    edited = re.sub(r"(?m)^accounts = [\d_]+", lambda _: f"accounts = {next(counts)}", text)
    files["crowd.toml"] = edited.encode()
    return files


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    """(name, file) of every file of the sample, sub-folders included."""
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".toml", ".csv")):
            found.append((prefix + entry.name, entry))
    return found
