"""``s1m models``: the model classes that run in this process, and how each is served."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from s1m.cli.parser import Parser

summary = "List the model classes that run in this process with --engine embedded, and how each is served."
examples = """The list is that of the installed transformers. Any other model runs behind a server.

examples:
  s1m models
  s1m models --text
  s1m models --json
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("--text", action="store_true", help="list the classes that read text alone instead")
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(parsed: Namespace) -> int:
    """Print the list; the exit code."""
    from s1m.engines.embedded.general.classes import SERVED_BY, classes
    from s1m.engines.embedded.libraries import libraries
    from s1m.files.printing import Printer, print_json

    version = libraries().__version__
    listed = list(classes(images=not parsed.text))
    if parsed.json:
        print_json({"transformers": version, "classes": [asdict(each) for each in listed]})
        return 0
    console = Printer()
    takes = "text alone" if parsed.text else "text and images"
    console.print(f"transformers {version} has {len(listed)} classes that take {takes}", style="bold")
    for path, meaning in SERVED_BY.items():
        served = [each for each in listed if each.served_by == path]
        if not served:
            continue
        console.print(f"{path} ({len(served)}): {meaning}", style="bold")
        for each in served:
            console.print(f"  {each.model_type:<24} {each.name}")
            if each.missing:
                console.print(f"      here it needs: pip install {' '.join(each.missing)}")
            if each.tested:
                console.print(f"      tested: {each.tested}")
    return 0
