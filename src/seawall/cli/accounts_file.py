"""The table of every account that `seawall check --accounts-table FILE` writes: CSV or Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.cli import output
from seawall.foundation.errors import InputError

if TYPE_CHECKING:
    from seawall.exposure.accounts import AccountTable

OPTION = "--accounts-table"
ENDINGS = (".csv", ".parquet")


def accounts_target(name: str) -> Path:
    """The file to write, refused here when it could not be written later."""
    if not name.endswith(ENDINGS):
        raise InputError(
            f"{name} is neither CSV nor Parquet", file=OPTION, expected="NAME.csv or NAME.parquet"
        )
    path = Path(name)
    output.check_target(path, OPTION)
    return path


def write_accounts(table: AccountTable, path: Path) -> None:
    """Write one row per account, in book order: who it is, equity, paths, DRE and its interval.

    Raises InputError where the system refuses.
    """
    import polars

    columns = {
        "account": table.names,
        "venue": table.venues,
        "owner": table.owners,
        "kind": table.owner_kinds,
        "equity": table.equity,
        "impaired_paths": table.hits,
        "paths": [table.paths] * table.hits.size,
        "probability": table.probability,
        "low": table.low,
        "high": table.high,
    }
    frame = polars.DataFrame(columns)
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        if path.suffix == ".csv":
            frame.write_csv(part)
        else:
            frame.write_parquet(part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise InputError(f"{path} could not be written ({reason})", file=OPTION) from error
