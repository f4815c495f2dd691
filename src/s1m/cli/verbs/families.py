"""``s1m families``: how model families mark thinking, and what a model's own chat template does about it."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from s1m.cli.parser import Parser
from s1m.cli.values import path

if TYPE_CHECKING:
    from s1m.files.printing import Printer

summary = "List how model families mark thinking, or say what a model's chat template does about it."
examples = """The template is rendered and read; no weights are loaded, and the model's name plays no part.

examples:
  s1m families
  s1m families --model bundled
  s1m families --model Qwen/Qwen3-VL-8B-Thinking --json
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument(
        "--model",
        metavar="NAME",
        type=path,
        help="folder with a tokenizer, Hub id, or bundled: say what its chat template does about thinking, and why",
    )
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(parsed: Namespace) -> int:
    """Print the list, or what was found of a model; the exit code."""
    from s1m.files.printing import Printer

    console = Printer()
    if parsed.model is None:
        _list(console, as_json=parsed.json)
    else:
        _describe(console, parsed.model, as_json=parsed.json)
    return 0


def _list(console: Printer, *, as_json: bool) -> None:
    from s1m.families import THINKING_DELIMITERS
    from s1m.families.hints import HINTS

    if as_json:
        known = [
            {
                "family": each.family,
                "thinking_open": each.opening,
                "thinking_close": each.closing,
                "used_by": each.used_by,
            }
            for each in THINKING_DELIMITERS
        ]
        hints = [{"family": hint.family, "text": hint.text} for hint in HINTS]
        _print_json(console, {"delimiters": known, "hints": hints})
        return
    console.print("Delimiters of thinking, by the name that --family takes", style="bold")
    for each in THINKING_DELIMITERS:
        console.print(f"  {each.family:<10} {each.opening} ... {each.closing}\n      {each.used_by}")
    console.print("What templates do not tell", style="bold")
    for hint in HINTS:
        console.print(f"  {hint.family}: {hint.text}")
    console.print("s1m families --model NAME says what a model's own template does.")


def _describe(console: Printer, model: str, *, as_json: bool) -> None:
    from s1m.engines.embedded.checkpoint import place_of
    from s1m.families.files import read_model
    from s1m.families.finding import find
    from s1m.families.sampling import recommended

    finding = find(read_model(place_of(model)))
    advice = recommended([place_of(model)])
    if as_json:
        _print_json(console, {"model": model, **finding.as_json(), "sampling": advice and dict(advice.values)})
        return
    console.print(model, style="bold")
    for subject, sentence in finding.sentences():
        console.print(f"  {subject:<12} {sentence}")
    console.print(f"  {'sampling':<12} {advice.sentence if advice else 'nothing is recommended in its files'}")


def _print_json(console: Printer, values: dict[str, Any]) -> None:
    console.print(json.dumps(values, indent=2))
