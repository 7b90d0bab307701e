"""`seawall doctor`: what this installation has, what it lacks, and the command that fixes it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

import seawall
from seawall.cli import output

OLDEST_PYTHON = (3, 11)
CORE = ("numpy", "scipy", "polars", "pydantic", "typer", "rich", "jinja2", "numba")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NOT_WELL = 1


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``state``: "ok", "missing" (Seawall needs it) or "absent" (optional)."""

    name: str
    state: str
    detail: str
    fix: str | None = None


def doctor(
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    warm: Annotated[
        bool, typer.Option("--warm", help="Compile all kernels now, so that nothing waits later.")
    ] = False,
) -> None:
    """Say what is missing, and the command that fixes it.

    Looks at Python, packages against the lock, data folders, cache, browser and terminal.
    With --warm it first compiles the fast kernels into the cache folder, with a line for each.

    Exit code 0 when nothing that Seawall needs is missing, else 1.
    """
    if warm:
        _warm(output.complain)
    root = project_root()
    findings = [
        _python(),
        *_packages(root),
        _sample(),
        *_data_folders(root),
        _cache(),
        *_engines(root),
        _browser(),
        _terminal(),
    ]
    well = all(finding.state != "missing" for finding in findings)
    if json:
        from json import dumps

        answer = {
            "schema": "seawall/doctor/1",
            "version": seawall.__version__,
            "ok": well,
            "findings": [asdict(finding) for finding in findings],
        }
        output.say_exactly(dumps(answer, indent=2, ensure_ascii=False))
    else:
        output.say(_text(findings, well))
    if not well:
        raise typer.Exit(NOT_WELL)


def project_root() -> Path | None:
    """The checkout that this package runs from; None when it was installed from a wheel."""
    root = Path(seawall.__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None


def pins(lock: Path) -> dict[str, str]:
    """{package: version} of a lock file; {} when there is none."""
    if not lock.is_file():
        return {}
    lines = lock.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}


def _python() -> Finding:
    detail = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "missing", detail, "make setup PYTHON=python3.11")
    return Finding("python", "ok", detail)


def _packages(root: Path | None) -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    pinned = pins(root / "requirements.lock") if root else {}
    fix = (
        "python -m pip install --require-hashes -r requirements.lock"
        if root
        else "python -m pip install --upgrade --force-reinstall seawall"
    )
    for name in CORE:
        wanted = pinned.get(name)
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(name, "missing", "not installed", fix)
            continue
        if wanted and found != wanted:
            # Answers are promised to be the same bits only under the lock's versions.
            yield Finding(name, "absent", f"{found}; the lock has {wanted}", fix)
        else:
            yield Finding(name, "ok", f"{found}, {'as locked' if wanted else 'no lock here'}")


def _engines(root: Path | None) -> Iterator[Finding]:
    """What `seawall check --engine` can name here; Ray is found without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    from seawall.cascade.pieces.compute import cores
    from seawall.cascade.pieces.forked import can_fork
    from seawall.cascade.pieces.loops import has_fast, is_compiled

    how = f"{cores()} {'processes' if can_fork() else 'threads'} by itself"
    yield Finding("engine plain", "ok", how)
    if has_fast() and is_compiled():
        yield Finding("engine fast", "ok", f"compiled, {cores()} threads by itself")
    elif has_fast():
        yield Finding(
            "engine fast",
            "absent",
            "not compiled yet for this version: until then the plain engine answers",
            "seawall doctor --warm    # about two minutes, once",
        )
    try:
        yield Finding("engine ray", "ok", f"Ray {version('ray')}")
    except PackageNotFoundError:
        fix = (
            "python -m pip install --require-hashes -r requirements-cluster.lock"
            if root
            else "python -m pip install 'seawall[cluster]'"
        )
        yield Finding("engine ray", "absent", "Ray is not installed; for several machines", fix)


def _sample() -> Finding:
    from seawall.foundation.errors import SeawallError

    try:
        from seawall.casefile import sample_case

        case = sample_case()
    except (SeawallError, ImportError, OSError) as error:
        return Finding("bundled case", "missing", str(error), "install Seawall again: make setup")
    return Finding("bundled case", "ok", f"{case.name}, {case.as_of:%Y-%m-%d}")


def _data_folders(root: Path | None) -> Iterator[Finding]:
    for name, default in (("SEAWALL_DATA", "data"), ("SEAWALL_PEER_CASES", "peer-cases")):
        given = os.environ.get(name)
        folder = Path(given) if given else (root.parent / "shared" / default if root else None)
        if folder is not None and folder.is_dir():
            yield Finding(name, "ok", str(folder))
            continue
        where = f"{folder} is not a folder" if given else "not set"
        yield Finding(
            name,
            "absent",
            f"{where}; tests on real data are skipped without it",
            f"export {name}=FOLDER",
        )


def _warm(say: Callable[[str], None]) -> None:
    """Compile every kernel that is not in the cache; one line each, on stderr."""
    from time import perf_counter

    from seawall.foundation.compiled import cache_folder, every_kernel

    kernels = every_kernel()
    for number, kernel in enumerate(kernels, start=1):
        start = perf_counter()
        found = kernel.ready()
        kernel.compile()
        how = "in the cache" if found else f"compiled in {perf_counter() - start:.1f} s"
        say(f"[{number}/{len(kernels)}] {kernel.name}: {how}")
    if cache_folder() is None:
        say("The cache folder cannot be written: kernels are compiled again in each process.")


def _cache() -> Finding:
    from seawall.foundation.compiled import cache_root, every_kernel

    folder = cache_root()
    if folder.is_dir() and not os.access(folder, os.W_OK):
        return Finding(
            "cache folder",
            "absent",
            f"{folder} cannot be written: fast kernels compile in each process",
            "export SEAWALL_CACHE=FOLDER",
        )
    kernels = every_kernel()
    ready = sum(kernel.ready() for kernel in kernels)
    detail = f"{folder}, {ready} of {len(kernels)} kernels of this version are in it"
    if ready < len(kernels):
        detail += ": `seawall doctor --warm` fills it"
    return Finding("cache folder", "ok", detail)


def _browser() -> Finding:
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return Finding("browser", "ok", f"{found}, for pictures of the HTML page")
    return Finding(
        "browser",
        "absent",
        "no Chromium; only needed for pictures of the HTML page",
        "apt-get install chromium",
    )


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "unknown").lower()
    if encoding.replace("-", "") != "utf8":
        return Finding(
            "terminal", "absent", f"{encoding}: bars are not drawn", "export PYTHONIOENCODING=utf-8"
        )
    return Finding("terminal", "ok", f"{encoding}, {output.width()} columns (the page likes 100)")


def _text(findings: list[Finding], well: bool) -> str:
    marks = {"ok": "ok     ", "missing": "MISSING", "absent": "absent "}
    widest = max(len(finding.name) for finding in findings)
    lines = [f"Seawall {seawall.__version__}"]
    for finding in findings:
        lines.append(f"{marks[finding.state]}  {finding.name:<{widest}}  {finding.detail}")
        if finding.fix:
            lines.append(f"{'':9}{'':{widest}}  fix: {finding.fix}")
    lines.append("All that Seawall needs is here." if well else "Seawall lacks something it needs.")
    return "\n".join(lines)
