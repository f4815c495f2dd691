"""The size of the house as a table: `python scripts/measure.py [--root CHECKOUT]`, for one checkout or another.

A room is what lies directly in `src/s1m`. An arrow is a room that imports another, at the top of a module, within a
function, or for the type checker alone. A circle is a set of modules, or of rooms, each of which is reached from every
other.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONG = 40
"""Lines from which on a function counts as a long one."""
MARKS = ("noqa", "type:")
"""What a comment begins with that is read by a program."""


def long_functions(tree: ast.Module) -> list[tuple[int, str]]:
    """Lines and name of every function of more than ``LONG`` lines, its docstring included."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [((node.end_lineno or node.lineno) - node.lineno + 1, node.name) for node in functions]
    return [(lines, name) for lines, name in lengths if lines > LONG]


def comments(source: str) -> int:
    """Comments in a module, those read by programs left out; lines of one comment count one each."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts = (token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT)
    return sum(not text.startswith(MARKS) for text in texts)


def circles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The strongly connected parts of more than one node, sorted."""
    after = {node: _reached(edges, node) for node in edges}
    parts = {tuple(sorted(other for other in after[node] if node in after.get(other, ()))) for node in after}
    return sorted(list(circle) for circle in parts if len(circle) > 1)


def _reached(edges: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Every node on a path of at least one edge from ``start``."""
    reached: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(edges.get(node, ()))
    return reached


def imports(root: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Who imports whom, by module and by room."""
    sys.path.insert(0, str(root / "src"))
    import grimp

    graph = grimp.build_graph("s1m", cache_dir=None)
    modules = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    rooms: dict[str, set[str]] = defaultdict(set)
    for module, imported in modules.items():
        for other in imported:
            here, there = _room(module), _room(other)
            if here and there and here != there:
                rooms[here].add(there)
    return modules, rooms


def _room(module: str) -> str:
    """The room of a module; nothing for the root package itself."""
    return ".".join(module.split(".")[1:2])


def rows(root: Path) -> list[tuple[str, str]]:
    """The lines of the table: what is measured, and its value."""
    source = root / "src" / "s1m"
    files = {path: path.read_text(encoding="utf-8") for path in sorted(source.rglob("*.py"))}
    folder, count = Counter(path.parent for path in files).most_common(1)[0]
    lengths = {path: text.count("\n") for path, text in files.items()}
    largest = max(lengths, key=lambda path: lengths[path])
    total = sum(lengths.values())
    long = sorted(
        (lines, name, path) for path, text in files.items() for lines, name in long_functions(ast.parse(text))
    )
    modules, rooms = imports(root)
    counts = [sum(map(comments, files.values())), len(files), len({path.parent for path in files})]
    return [
        ("Python files, folders", f"{counts[1]}, {counts[2]}"),
        ("lines", f"{total:,}"),
        ("files in the largest folder", f"{count} ({folder.relative_to(root / 'src').as_posix()})"),
        ("rooms", str(len({_room(module) for module in modules} - {""}))),
        ("arrows between rooms", str(sum(map(len, rooms.values())))),
        ("circles between rooms", _listed(circles(rooms))),
        ("circles between modules", _listed(circles(modules))),
        ("lines of the largest file", f"{lengths[largest]} ({largest.relative_to(root / 'src').as_posix()})"),
        ("median lines of a file", str(sorted(lengths.values())[len(lengths) // 2])),
        (f"functions over {LONG} lines", f"{len(long)}" + (f" (longest {long[-1][1]}, {long[-1][0]})" if long else "")),
        ("comments a thousand lines", f"{1000 * counts[0] / total:.1f}"),
    ]


def _listed(parts: list[list[str]]) -> str:
    """How many circles there are, and of what."""
    names = "; ".join(", ".join(name.removeprefix("s1m.") for name in part) for part in parts)
    return f"{len(parts)} ({names})" if parts else "0"


def main() -> int:
    """Print the table, then the phrases that `scripts/language.py` counts in the same checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure (default: this one)")
    root = parser.parse_args().root.resolve()
    for name, value in rows(root):
        print(f"{name:30} {value}")
    language = [sys.executable, str(ROOT / "scripts" / "language.py"), "--counts", "--root", str(root)]
    print(
        f"\nphrases and names to avoid\n{subprocess.run(language, capture_output=True, text=True, check=True).stdout}",
        end="",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
