"""``s1m ask``: ask one question, and watch the model think."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.cli.flags import add_settings, file_and_flags
from s1m.cli.parser import Parser
from s1m.cli.values import path
from s1m.errors import UsageError

if TYPE_CHECKING:
    from s1m.ask.asking import Asking
    from s1m.ask.settings import AskSettings
    from s1m.forcing.events import Finished
    from s1m.types import Problem

summary = "Ask one question, and watch the model think, its ignored stops, and the answer at every level."
examples = """Every flag is also a key of a settings file, with underscores: --top-p 1 is top_p = 1.
Without --model and without a server the bundled model answers, about small pictures of digits and nothing else.

examples:
  s1m ask "What is the sum of the digits?"                         the bundled model, about one of its own pictures
  s1m ask "What is the unit price?" --image receipt.jpg --num-ignore 3 --engine vllm --base-url http://127.0.0.1:8000/v1
  s1m ask "What changed?" --image before.png --image after.png --model Qwen/Qwen2-VL-7B-Instruct --save trace.html
  s1m ask - --strategy vote --levels 1,4 --json < question.txt
"""

MOST_QUESTION_CHARACTERS = 100_000
"""Of standard input; a question may quote a document, a file piped in by mistake is refused."""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.ask.settings import AskSettings

    verb.add_argument(
        "question", metavar="QUESTION", nargs="?", default="-", help="the question; - reads it from standard input"
    )
    verb.add_argument(
        "--image",
        metavar="FILE",
        action="append",
        type=path,
        default=[],
        help="a picture that the question is about; repeat it for several, in their order",
    )
    add_settings(verb, AskSettings)
    verb.add_argument("--json", action="store_true", help="print the answers and the whole trace as JSON, at the end")
    verb.add_argument(
        "--save", metavar="FILE.html", type=path, default="", help="also write a page that shows pictures and thinking"
    )


def run(parsed: Namespace) -> int:
    """Ask the question; the exit code."""
    import asyncio

    from s1m.ask.settings import AskSettings, ask_settings
    from s1m.files.writing import PAGE, check_output

    settings = ask_settings(file_and_flags(AskSettings, parsed, but=("question", "image", "json", "save")), "s1m ask")
    if parsed.save:
        check_output(Path(parsed.save).expanduser(), PAGE, inputs=[Path(image) for image in parsed.image])
    problem = _problem(parsed, settings)
    asked, done = asyncio.run(_ask(settings, problem, is_quiet=parsed.json))
    if parsed.json:
        from s1m.ask.report import as_json
        from s1m.files.printing import print_json

        print_json(as_json(asked, done, parsed.image))
    if parsed.save:
        _save(Path(parsed.save).expanduser(), asked, done)
    return 0


def _problem(parsed: Namespace, settings: AskSettings) -> Problem:
    """The question with its pictures; one of the bundled model's own where it is given none."""
    from s1m.ask.question import question_of
    from s1m.files.printing import Printer

    question = _from_standard_input() if parsed.question == "-" else parsed.question
    images = list(parsed.image)
    if not settings.is_bundled:
        return question_of(question, images, settings.max_image_pixels)
    said = "the bundled model answers, which reads small pictures of handwritten digits and can do nothing else"
    if images:
        said += ": do not believe it about other pictures"
    else:
        from s1m.synthetic.digits.problems import make_problem

        own = make_problem("test", 3)
        images = list(own.images)
        said += f"; it is shown one of them: {own.metadata['digits']}"
    Printer(stderr=True).print(f"{said}. For another model add --model, or --engine and --base-url", style="dim")
    return question_of(question, images, settings.max_image_pixels)


def _from_standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError('there is no question: write it, as in s1m ask "What is the sum of the digits?"')
    try:
        question = sys.stdin.read(MOST_QUESTION_CHARACTERS + 1)
    except UnicodeDecodeError:
        raise UsageError("the question on standard input is not text; write it in UTF-8") from None
    if len(question) > MOST_QUESTION_CHARACTERS:
        raise UsageError(f"the question on standard input is longer than {MOST_QUESTION_CHARACTERS:,} characters")
    return question.strip()


async def _ask(settings: AskSettings, problem: Problem, *, is_quiet: bool) -> tuple[Asking, Finished]:
    """The question asked, shown as it is answered unless ``is_quiet``, and its last event."""
    from contextlib import aclosing

    from s1m.ask.asking import asking
    from s1m.ask.report import show_answers
    from s1m.ask.terminal import Live
    from s1m.files.printing import Printer
    from s1m.forcing.events import Finished

    console = Printer(quiet=is_quiet)
    async with asking(settings, problem) as asked, aclosing(asked.events()) as events:
        for notice in asked.notices:
            Printer(stderr=True).print(notice, style="dim")
        live = Live(console)
        async for event in events:
            live.show(event)
            if isinstance(event, Finished):
                show_answers(console, asked, event)
                return asked, event
    raise AssertionError("a flow ends with Finished")


def _save(page: Path, asked: Asking, done: Finished) -> None:
    from s1m.analysis.display.trace import trace_page
    from s1m.ask.report import facts_of
    from s1m.files.printing import Printer
    from s1m.files.settings import written
    from s1m.files.writing import replace_file

    facts = {**facts_of(asked), "tokens": f"{done.tokens:,}", "seconds": f"{done.seconds:.1f}"}
    html = trace_page(
        done.trace,
        question=asked.problem.question,
        images=asked.problem.images,
        facts=facts,
        settings=written(asked.settings),
    )
    replace_file(page, html)
    Printer(stderr=True).print(f"wrote {page}", style="dim")
