"""Run the cells of docs/asking.ipynb and write their outputs into it; with --check, run them and write nothing.

`python scripts/notebook_docs.py`. Cells run one after another in an event loop that is running already, as in Jupyter,
without its packages: standard output, and the value of a last expression as HTML, SVG and text.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import contextlib
import inspect
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "docs" / "asking.ipynb"
FORMS = {"_repr_html_": "text/html", "_repr_svg_": "image/svg+xml"}
"""The method by which a value shows itself, and what it gives."""


def executed(sources: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The outputs of cells with these sources, as a notebook file keeps them. What a cell raises is raised."""
    return asyncio.run(_executed(sources))


async def _executed(sources: Sequence[str]) -> list[list[dict[str, Any]]]:
    names: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for number, source in enumerate(sources, start=1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = await _value_of(source, names)
        shown: list[dict[str, Any]] = []
        if printed.getvalue():
            shown.append({"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())})
        if value is not None:
            shown.append(
                {"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": forms(value)}
            )
        outputs.append(shown)
    return outputs


async def _value_of(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line where that is an expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    await _run(ast.Module(body=body, type_ignores=[]), "exec", names)
    return await _run(ast.Expression(body=last.value), "eval", names) if last else None


async def _run(tree: ast.Module | ast.Expression, mode: str, names: dict[str, Any]) -> Any:
    code = compile(tree, "<cell>", mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = eval(code, names)
    return await value if code.co_flags & inspect.CO_COROUTINE else value


def forms(value: object) -> dict[str, list[str]]:
    """A value in every form in which it shows itself."""
    made = {kind: getattr(value, method)() for method, kind in FORMS.items() if hasattr(value, method)}
    shown = {kind: lines(text) for kind, text in made.items() if text is not None}  # a figure has no HTML of its own
    return {**shown, "text/plain": lines(repr(value) if len(repr(value)) < 2000 else type(value).__name__)}


def lines(text: str) -> list[str]:
    """A text as notebook files keep it."""
    return text.splitlines(keepends=True)


def main() -> None:
    """Run the notebook, and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, outputs) in enumerate(
        zip(cells, executed(["".join(cell["source"]) for cell in cells]), strict=True), start=1
    ):
        cell["outputs"], cell["execution_count"] = outputs, number
    if not arguments.check:
        NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
