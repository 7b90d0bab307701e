"""The files of a Case folder, read once, whole and safely; nothing is parsed here."""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seawall.casefile.history_name import named_histories
from seawall.casefile.own_mechanisms import named_files
from seawall.foundation.errors import InputError

LARGEST_TABLE = 512 * 2**20
LARGEST_TOML = 16 * 2**20
SNIFFED = 2**20
LONGEST_LINE = 64 * 2**10

TABLES = ("instruments", "accounts", "positions", "balances")
REQUIRED_TOML = ("case.toml", "market.toml")
OPTIONAL_TOML = ("limits.toml", "crowd.toml")
RULEBOOKS = "rulebooks"


@dataclass(frozen=True)
class CaseFiles:
    """Contents of the files that make up a Case, by name relative to the folder."""

    contents: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 over (name, SHA-256 of the bytes) of every file, in order of name."""
        total = hashlib.sha256()
        for name in sorted(self.contents):
            total.update(name.encode() + b"\0")
            total.update(hashlib.sha256(self.contents[name]).digest())
        return total.hexdigest()

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file's bytes in hexadecimal, in order of name."""
        return {
            name: hashlib.sha256(self.contents[name]).hexdigest() for name in sorted(self.contents)
        }

    def table(self, stem: str) -> str:
        """The name of a table's file: ``stem``.csv or ``stem``.parquet, whichever is there."""
        csv_name, parquet_name = f"{stem}.csv", f"{stem}.parquet"
        if csv_name in self.contents and parquet_name in self.contents:
            raise InputError(f"stands beside {csv_name}", file=parquet_name, expected="one of them")
        if csv_name not in self.contents and parquet_name not in self.contents:
            raise InputError(
                "the file is missing",
                file=csv_name,
                expected=f"{csv_name} or {parquet_name} in the case folder",
            )
        return csv_name if csv_name in self.contents else parquet_name

    def toml(self, name: str) -> bytes:
        """The bytes of a TOML file that every Case has."""
        if name not in self.contents:
            raise InputError("the file is missing", file=name, expected="it in the case folder")
        return self.contents[name]


def read_folder(path: str | os.PathLike[str]) -> CaseFiles:
    """Every file of the Case in folder ``path``.

    Raises InputError when the path is not a folder, a file cannot be read, is not a regular file,
    is too large, holds binary bytes where text belongs, or has a name one letter off.
    """
    folder = Path(path)
    names = _listed(folder, str(path))
    tables = [f"{stem}{end}" for stem in TABLES for end in (".csv", ".parquet")]
    known = [*REQUIRED_TOML, *OPTIONAL_TOML, *tables]
    for name in names:
        near = _misspelt(name, known)
        if near is not None and near not in names:
            raise InputError("is not a file of a case", file=name, expected=f"the name {near!r}")
    contents = {name: read_file(folder / name, name) for name in known if name in names}
    for name in named_histories(contents.get("market.toml", b"")):
        if (folder / name).exists():
            contents[name] = read_file(folder / name, name)
    if RULEBOOKS in names:
        for name in _listed(folder / RULEBOOKS, RULEBOOKS):
            # Hidden files are what systems and editors leave behind, not rules.
            if name.endswith(".toml") and not name.startswith("."):
                relative = f"{RULEBOOKS}/{name}"
                contents[relative] = read_file(folder / RULEBOOKS / name, relative)
                for own in named_files(contents[relative]):
                    if (folder / own).exists():
                        contents[own] = read_file(folder / own, own)
    return CaseFiles(contents)


def _misspelt(name: str, known: list[str]) -> str | None:
    """The file of a case that ``name`` was meant to be; misspelt, it would go unread in silence."""
    stem, dot, ending = name.rpartition(".")
    if name in known or ending.lower() not in ("toml", "csv", "parquet"):
        return None
    # The right name with another ending: limits.csv for limits.toml.
    same = [other for other in known if other.rpartition(".")[0] == stem.lower()]
    if same:
        return same[0]
    stems = [
        other.removesuffix(f".{ending.lower()}")
        for other in known
        if other.endswith(ending.lower())
    ]
    near = difflib.get_close_matches(stem.lower(), stems, n=1, cutoff=0.75)
    return f"{near[0]}{dot}{ending.lower()}" if near else None


def _listed(folder: Path, shown: str) -> list[str]:
    """Names in ``folder``, sorted; a sentence when it is not a folder that can be read."""
    wanted = "a folder that holds case.toml" if shown != RULEBOOKS else "a folder of venue rules"
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise InputError("is a file, not a folder", file=shown, expected=wanted)
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        raise InputError("there is no such folder", file=shown, expected=wanted) from None
    except (OSError, ValueError) as error:
        raise InputError(_why(error), file=shown, expected=wanted) from None


def read_file(path: Path, shown: str) -> bytes:
    """The bytes of one file, after a look at its kind, its size and its first megabyte."""
    cap = LARGEST_TOML if shown.endswith(".toml") else LARGEST_TABLE
    try:
        # Before opening: opening a pipe waits for ever, and reading a device never ends.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file", file=shown, expected="a file with data")
        if status.st_size > cap:
            raise InputError(
                f"is {status.st_size / 2**20:,.0f} MB large",
                file=shown,
                expected=f"at most {cap // 2**20} MB",
            )
        with path.open("rb") as stream:
            sniff(stream.read(SNIFFED), shown)
            stream.seek(0)  # read anew, so that a large file is in memory once and not twice
            return stream.read(cap)
    except (OSError, ValueError) as error:
        raise InputError(_why(error), file=shown, expected="a file that can be read") from None


def sniff(start: bytes, shown: str) -> None:
    """Refuse what is plainly not the file it claims to be, from its first bytes alone."""
    if shown.endswith(".parquet"):
        if start[:4] != b"PAR1":
            raise InputError("is not a Parquet file", file=shown, expected="Parquet, or a .csv")
        return
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("is UTF-16 text", file=shown, expected="UTF-8 text")
    zero = start.find(b"\0")
    if zero >= 0:
        row = start.count(b"\n", 0, zero) + 1
        raise InputError("holds binary bytes", file=shown, row=row, expected="UTF-8 text")
    for row, line in enumerate(start.split(b"\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise InputError(
                f"has a line of more than {LONGEST_LINE:,} bytes",
                file=shown,
                row=row,
                expected="lines of text that an editor can show",
            )


def _why(error: OSError | ValueError) -> str:
    """An operating system's refusal as a phrase."""
    if isinstance(error, ValueError):
        return "is not a name that a file can have"
    if isinstance(error, PermissionError):
        return "cannot be read, permission is denied"
    if error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself"
    if isinstance(error, FileNotFoundError):
        return "is a symbolic link to nothing"
    return f"cannot be read ({os.strerror(error.errno) if error.errno else error})"
