"""Write docs/cli.md from the real `--help` pages; with --check, fail when the page is out of date."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from s1m.cli.parser import verb_words

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"


def help_text(verb: Sequence[str]) -> str:
    """What the command prints for ``--help``, at a fixed width."""
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "s1m.cli", *verb, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def page() -> str:
    """The whole page."""
    parts = ["# Command line\n\nReference. Written by `make docs` from the command itself.\n"]
    parts += [f"## s1m {' '.join(verb)}".rstrip() + f"\n\n```\n{help_text(verb)}```\n" for verb in [(), *verb_words()]]
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE.name} is out of date: run make docs")
    return 1


if __name__ == "__main__":
    sys.exit(main())
