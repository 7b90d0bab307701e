"""`seawall mechanism new`: a commented mechanism in a new file, to be changed into one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cli import output
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices


def new_mechanism(
    slot: Annotated[str, typer.Argument(metavar="SLOT", help="Such as adl, sizing or agent.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: my_rule.py.")],
) -> None:
    """Write a commented mechanism of a slot to a new file."""
    from seawall.cascade.own.code import OWN_SLOTS
    from seawall.mechanism.templates import template

    if slot not in OWN_SLOTS:
        raise InputError(f"slot {slot!r}", file="SLOT", expected=choices(slot, OWN_SLOTS))
    if file.suffix != ".py":
        raise InputError("is no file of Python", file=str(file), expected="a name that ends in .py")
    if file.exists():
        raise InputError("is there already", file=str(file), expected="the name of a new file")
    output.check_target(file, "FILE")
    output.write_files({file: template(slot)})
    output.say(f"Made {file}. Change it, then: seawall mechanism fuzz {file}")
