"""The page for an outside reader, a regulator or an auditor: figures and methods, no positions."""

from __future__ import annotations

from markupsafe import Markup

from seawall.report import jsonfile
from seawall.report.findings import Result
from seawall.report.page import framed
from seawall.report.public import LEFT_OUT, public_result
from seawall.report.templates import filled


def public_json(result: Result) -> str:
    """The same as JSON text, schema `seawall/public/1`."""
    return jsonfile.dumps(public_result(result))


def render_public(result: Result) -> str:
    """The HTML page of what `public_result` publishes, with a note on top of what is left out.

    ``result`` is the whole result of `seawall check`; nothing that is not published reaches the
    templates.
    """
    published = public_result(result)
    box = filled("public.html.jinja", {"left_out": LEFT_OUT, "case": published["case"]})
    return framed(published, before=box, embedded=Markup(""))
