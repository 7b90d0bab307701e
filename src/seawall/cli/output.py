"""Where answers go: stdout, stderr and files that are whole or not there."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from seawall.foundation.errors import InputError

PAGE_WIDTH = 100  # columns when the output is not a terminal


def say(text: str) -> None:
    """Print to stdout; a reader that has gone away is not an error."""
    if isinstance(sys.stdout, TextIOWrapper):
        text = spoken(text, sys.stdout.encoding)
        # What is left gets a question mark, not an exception.
        sys.stdout.reconfigure(errors="replace")
    _write(text)


# Signs of the pages, and what stands for them where they cannot be printed; all one cell wide.
PLAIN_SIGNS = str.maketrans(
    "▲✓○─│┃█▉▊▋▌▍▎▏▓▒░σ…’‘–−×·≤≥±²",
    "!+o-||######..%=:s~''--x.<>+2",
)


def spoken(text: str, encoding: str) -> str:
    """``text`` with plain signs for those that ``encoding`` does not have."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        missing = {ord(sign) for sign in set(text) if not _has(encoding, sign)}
        return text.translate({k: v for k, v in PLAIN_SIGNS.items() if k in missing})
    return text


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def say_exactly(text: str) -> None:
    """Print to stdout as UTF-8 whatever the terminal speaks: for JSON, which others read."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    _write(text)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()


def complain(text: str) -> None:
    """Print to stderr."""
    with suppress(BrokenPipeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def tell_of_waits() -> None:
    """Print what Seawall says while it is at work, such as that it compiles first, to stderr."""
    logger = logging.getLogger("seawall")
    if not logger.handlers:
        logger.addHandler(_Complaints())
        logger.setLevel(logging.INFO)
        logger.propagate = False


class _Complaints(logging.Handler):
    """Messages as lines on the stderr of the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


def abandon_stdout() -> None:
    """Send what is still to come to nowhere, so that the interpreter's last flush is quiet."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush_stdout() -> None:
    """Flush stdout before the process ends, quietly."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()


def width() -> int:
    """Columns to write in: the terminal's, or PAGE_WIDTH when stdout is a file or a pipe."""
    if not sys.stdout.isatty():
        return PAGE_WIDTH
    return shutil.get_terminal_size((PAGE_WIDTH, 40)).columns


def colour() -> bool:
    """Colour only on a terminal that knows it; NO_COLOR and FORCE_COLOR have the last word."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def check_target(path: Path, option: str) -> None:
    """Refuse a file that could not be written, before any computing.

    Raises InputError when its folder does not exist or may not be written, or when it is a folder.
    """
    folder = path.parent
    if path.is_dir():
        raise InputError(f"{path} is a folder", file=option, expected="the name of a file")
    if not folder.is_dir():
        raise InputError(
            f"the folder {folder} does not exist",
            file=option,
            expected="a file in a folder that does",
        )
    if not os.access(folder if _replaceable(path) else path, os.W_OK):
        raise InputError(
            f"{path} may not be written", file=option, expected="a folder you may write in"
        )


def write_files(texts: Mapping[Path, str]) -> None:
    """Write every file whole, or none: all are staged beside their targets, then renamed.

    Raises InputError when the system refuses (no space, no permission); nothing is left behind.
    Devices and pipes (/dev/stdout) are written to, not replaced.
    """
    staged: dict[Path, Path] = {}
    path = Path()
    try:
        for path, text in texts.items():
            if not _replaceable(path):
                path.write_text(text, encoding="utf-8", newline="\n")
                continue
            target = path.resolve()  # a link stays a link: what it points to is replaced
            part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
            staged[part] = target
            with part.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        for part, target in staged.items():
            path = target
            part.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} could not be written ({reason})") from error
    finally:
        for part in staged:
            with suppress(OSError):
                part.unlink()


def _replaceable(path: Path) -> bool:
    """True for a regular file and for one that does not exist yet."""
    return path.is_file() or not path.exists()
