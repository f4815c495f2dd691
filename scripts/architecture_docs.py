"""Write rooms and layers into docs/architecture.md from the code; with --check, fail when the page is out of date.

A room is described by the first line of its `__init__.py`, `errors.py` by its own; the layers are those of the
import contract in pyproject.toml. What is written stands between `<!-- NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
SOURCE = ROOT / "src" / "s1m"
WIDTH = 118
COLUMN = 20
DATA = {
    "assets": "The bundled checkpoint and digits, the demo's settings, templates of reports and cards: data, not code."
}


def first_line(module: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "")


def described(name: str, text: str, depth: int) -> str:
    """A line of the tree, wrapped."""
    head = "  " * depth + name
    return textwrap.fill(text, WIDTH, initial_indent=f"{head:{COLUMN}} ", subsequent_indent=" " * (COLUMN + 1))


def tree() -> str:
    """Every room and the folders in it, after ``errors.py``, the one module at the root that all others use."""
    lines = ["src/s1m/", described("errors.py", first_line(SOURCE / "errors.py"), 1)]
    for room in folders(SOURCE):
        lines.append(described(f"{room.name}/", describe(room), 1))
        lines += [described(f"{folder.name}/", describe(folder), 2) for folder in folders(room)]
    return "\n".join(lines)


def folders(parent: Path) -> Iterator[Path]:
    """Packages directly in ``parent``, and folders of data that are described here, by name."""
    for path in sorted(parent.iterdir()):
        if path.is_dir() and ((path / "__init__.py").exists() or path.name in DATA):
            yield path


def describe(folder: Path) -> str:
    """What a folder is for."""
    return DATA.get(folder.name) or first_line(folder / "__init__.py")


def layers() -> str:
    """The layers of the import contract, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (rows,) = (contract["layers"] for contract in contracts if contract["name"] == "imports point down")
    return "\n".join(row.replace("s1m.", "") for row in rows)


def filled(page: str) -> str:
    """``page`` with both blocks written from the code."""
    for name, text in (("rooms", tree()), ("layers", layers())):
        block = f"<!-- {name} -->\n```\n{text}\n```\n<!-- end -->"
        page = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, block=block: block, page, flags=re.DOTALL)
    return page


def main() -> int:
    """Write the page, or compare it."""
    page = PAGE.read_text(encoding="utf-8")
    if filled(page) == page:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PAGE.name} is out of date: run make docs")
        return 1
    PAGE.write_text(filled(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
