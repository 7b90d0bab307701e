"""The page's templates, filled: every text that comes in is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from jinja2 import Environment

Explain = Callable[..., Markup]  # (text, term): the number with its definition
Marks = Callable[..., Markup]  # ("A3", "A9"): links to those assumptions


def filled(name: str, values: Mapping[str, Any]) -> Markup:
    """The template ``name`` of seawall.report with ``values`` in it, as HTML.

    Raises jinja2.UndefinedError for a name that is not among the values: nothing prints as empty.
    """
    return Markup(_environment().get_template(name).render(values))


@cache
def _environment() -> Environment:
    # Imported here: only the HTML page needs the template engine.
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    room = files("seawall.report")
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: room.joinpath(name).read_text("utf-8")),
    )
