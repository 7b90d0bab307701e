"""From the text of a user's file to a rule in a slot.

Code runs only where somebody holds an `OwnFile`: a table of a TOML file can name a file, but never
hold one, so reading a Case runs nothing. `seawall.casefile` makes them where the user said so.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from seawall.foundation.errors import InputError, SeawallError
from seawall.foundation.record import read_record
from seawall.foundation.section import Section
from seawall.waterfall.winners import CONTRACTS

# Slots that act in every step may keep a memory and draw numbers; the others answer a question.
STEPPING = ("dynamic_margin", "oracle_source", "halt", "agent")
OWN_SLOTS = ("adl", "socialise", "sizing", "auction", *STEPPING)
# Slots that have no rule of Seawall's own.
OWN_ONLY: Mapping[str, Mapping[str, type]] = {"halt": {}, "agent": {}}
MOST_NUMBERS = 1_000
_loads = itertools.count()


class OwnMechanismError(SeawallError):
    """An own mechanism failed, or answered what cannot be; ``law`` is the law that forbids it."""

    def __init__(self, sentence: str, law: str) -> None:
        super().__init__(sentence, law)
        self.sentence, self.law = sentence, law

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class OwnFile:
    """A file of code that may be run: its name as the Case writes it, and its text."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Own:
    """A rule of a user's own: parameters, step, and what makes its memory, where it has one.

    numbers    random numbers that it draws per path and step
    """

    SPACE: ClassVar[str] = CONTRACTS
    slot: str
    file: OwnFile
    values: Mapping[str, object]
    rule: object
    step: Callable[..., Any]
    begin: Callable[..., Any] | None
    numbers: int

    def __reduce__(self) -> tuple[Any, ...]:
        # Other machines do not have the module: they get the text.
        return _again, (self.slot, self.file, dict(self.values))


def _again(slot: str, file: OwnFile, values: dict[str, object]) -> Own:
    return own_rule(slot, file, Section(values, file.name))


def read_file(path: Path) -> OwnFile:
    """The file at ``path``, to be run. Raises InputError where it cannot be read."""
    try:
        # Its bytes as they are, line ends too: a Case counts the same ones in its digest.
        return OwnFile(path.name, path.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot be read ({reason})", file=str(path), expected="a file of Python"
        ) from None


def own_rule(slot: str, file: OwnFile, section: Section) -> Own:
    """Run the file and read its parameters from ``section``.

    Raises InputError for a file that is no mechanism for this slot, and for its parameters.
    """
    module = load(file)
    declared = slot_of(module, file)
    if declared != slot:
        raise section.refuse("file", f"is {file.name!r}, whose SLOT is {declared!r}", repr(slot))
    cls = parameters_of(module, file)
    values = {key: value for key, value in section.values.items() if key != "file"}
    rule: object = read_record(Section(values, section.file, section.path, section.text), cls)
    begin, drawn = getattr(module, "begin", None), getattr(module, "NUMBERS", 0)
    return Own(slot, file, values, rule, module.step, begin, drawn)


def load(file: OwnFile) -> ModuleType:
    """Run the file's text as a module of its own, anew at every call."""
    # Dataclasses look their module up by name; each load has its own, so that none shares state.
    name = f"seawall_own_{file.sha256[:12]}_{next(_loads)}"
    module = ModuleType(name)
    module.__file__ = file.name
    sys.modules[name] = module
    try:
        exec(compile(file.text.removeprefix("\ufeff"), file.name, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"cannot be run ({what})", file=file.name, row=_line(error, file.name)
        ) from error
    return module


def slot_of(module: ModuleType, file: OwnFile) -> str:
    """The slot that a file says it is for; refuses a file that lacks what every mechanism has."""
    slot = getattr(module, "SLOT", None)
    if slot not in OWN_SLOTS:
        raise InputError(
            f"SLOT is {slot!r}", file=file.name, expected=f"one of {', '.join(OWN_SLOTS)}"
        )
    if not (module.__doc__ or "").strip():
        raise InputError(
            "has no docstring",
            file=file.name,
            expected="the idea, the formula, the source and when it is wrong",
        )
    if not callable(getattr(module, "step", None)):
        raise InputError("has no function step", file=file.name, expected="def step(rule, view)")
    if hasattr(module, "begin") and slot not in STEPPING:
        raise InputError(
            f"has begin(), and slot {slot} keeps no memory", file=file.name, expected="step() alone"
        )
    drawn = getattr(module, "NUMBERS", 0)
    if not isinstance(drawn, int) or not 0 <= drawn <= (MOST_NUMBERS if slot in STEPPING else 0):
        raise InputError(
            f"NUMBERS is {drawn!r} in slot {slot}",
            file=file.name,
            expected=f"a whole number from 0 to {MOST_NUMBERS}, in a slot that acts in every step",
        )
    return str(slot)


def parameters_of(module: ModuleType, file: OwnFile) -> type:
    """The one frozen dataclass of parameters that a file declares; Memory is another's name."""
    found = [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and is_dataclass(value)
        and value.__module__ == module.__name__
        and name != "Memory"
    ]
    if len(found) != 1 or not found[0].__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise InputError(
            f"declares {len(found)} dataclasses of parameters",
            file=file.name,
            expected="exactly one, frozen; a dataclass of memory is called Memory",
        )
    for field in fields(found[0]):
        if field.type not in ("bool", bool) and not field.metadata:
            raise InputError(
                f"field {field.name} says nothing of what may stand there",
                file=file.name,
                expected="number(), whole() or word() of seawall.foundation.record",
            )
    return found[0]


def failed(own: Own, error: BaseException) -> OwnMechanismError:
    """An exception inside a step, as a sentence with its line."""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    line = _line(error, own.file.name)
    where = f"{own.file.name}, row {line}" if line else own.file.name
    law = "O2" if "read-only" in str(error) else "O1"
    return OwnMechanismError(f"{where}: the mechanism failed ({what}).", law)


def _line(error: BaseException, name: str) -> int | None:
    """The last line of the user's file that an exception came through."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
