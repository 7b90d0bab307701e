"""Where importers find files that are not part of Seawall, and what every imported Case shares."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from seawall.book import AccountKind
from seawall.foundation.errors import InputError

DATA_VARIABLE = "SEAWALL_DATA"
# The order in which every importer writes a venue's own accounts.
SYSTEM_KINDS = (
    AccountKind.BOOK,
    AccountKind.OUTSIDE,
    AccountKind.KEEPER,
    AccountKind.BACKSTOP,
    AccountKind.FUND,
)


def data_folder() -> Path:
    """The folder named by SEAWALL_DATA, or ``../shared/data`` beside the project.

    Raises InputError when it does not exist.
    """
    project = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get(DATA_VARIABLE) or project / ".." / "shared" / "data")
    if not folder.is_dir():
        raise InputError(
            "the folder of real data does not exist",
            file=str(folder),
            expected=f"a folder named by the environment variable {DATA_VARIABLE}",
        )
    return folder


def only_match(folder: Path, pattern: str) -> Path:
    """The one file of ``folder`` that fits ``pattern``; InputError when not exactly one does."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise InputError(
            f"{len(found)} files fit {pattern!r}", file=str(folder), expected="exactly one"
        )
    return found[0]


def digest(*files: Path) -> str:
    """SHA-256 over the bytes of the files, in the order given, in hexadecimal."""
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def system_accounts(venue: str) -> tuple[tuple[str, AccountKind], ...]:
    """Name and kind of a venue's own accounts: order book, outside, keeper, backstop, fund."""
    return tuple((f"{venue}/{kind.value}", kind) for kind in SYSTEM_KINDS)
