"""The tables of docs/servers.md are true: every cell is asked of an engine, in this process or of a small server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s1m.engines.builder import find_engine, takes_dial
from s1m.engines.chat import ChatEngine
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.llamacpp import LlamaCppEngine
from s1m.engines.sglang import SglangEngine
from s1m.engines.vllm import VllmEngine
from s1m.errors import EngineUnavailable
from s1m.types import Completion, Engine, Piece, Problem, Step, WholeReply
from tests.engines.asking import GREEDY, says, servers
from tests.engines.chat.test_continuation import counting
from tests.engines.chat.test_openings import llama_cpp_that_opens
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, chat_model
from tests.engines.embedded.test_templates import DROPS, OFF, OPENS_LINE, ORIGINAL, adding, engine_of
from tests.engines.llamacpp.test_engine import BEGIN, native
from tests.engines.llamacpp_chat import llama_cpp
from tests.engines.sglang.test_engine import sglang
from tests.engines.vllm.test_templates import vllm

PAGE = (Path(__file__).parents[2] / "docs" / "servers.md").read_text(encoding="utf-8")
QUESTION = Problem(id="1", question="Hi", images=(), gold="")
THINKS = "<think>\n I look.</think> four"
OPENED, CLOSED = "<think>\n", "<think>\n\n</think>\n\n"
ENDS = {
    "leaves it to the model": "",
    "opens thinking": OPENED,
    "ends an empty thought": CLOSED,
    "drops thinking from a turn": "",
}
"""What a generation prompt ends with; that a turn's thinking is dropped shows only where a server renders the turn."""
COUNTS: dict[str, tuple[int, int, int, tuple[int, int]]] = {
    "leaves it to the model": (9, 14, 8, (12, 21)),
    "opens thinking": (9, 9, 10, (12, 21)),
    "ends an empty thought": (9, 14, 12, (12, 21)),
    "drops thinking from a turn": (9, 14, 8, (9, 9)),
}
"""Prompt tokens that vLLM's chat counts for the five probes of the handshake with such a template."""


def table(heading: str) -> list[dict[str, str]]:
    """The rows of the first table below a heading, by the names of its columns."""
    section = PAGE.partition(f"\n## {heading}\n")[2]
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(names, row, strict=True)) for row in rows]


TEMPLATES = table("Servers and chat templates")
STRATEGIES = table("Servers and strategies")


@contextmanager
def served(make: Callable[[str], Engine], behaviour: Behaviour) -> Iterator[Engine]:
    with ChatServer(behaviour) as server:
        yield make(server.url)


@contextmanager
def engine_for(engine: str, server: str, template: str, folder: Path) -> Iterator[Engine]:
    """An engine at a server whose chat template is of this kind."""
    ends = ENDS[template]
    if engine == "embedded":
        source = {OPENED: OPENS_LINE, CLOSED: adding(OFF), "": ORIGINAL}[ends]
        with engine_of(DROPS if template.startswith("drops") else source, folder) as embedded:
            yield embedded
        return
    made: dict[str, tuple[Callable[[str], Engine], Behaviour]] = {
        "vLLM": (lambda url: VllmEngine(servers(url), "m"), vllm(ends)),
        "SGLang": (lambda url: SglangEngine(servers(url)), sglang(says(" four"), begin=BEGIN + ends)),
        "llama.cpp": (lambda url: LlamaCppEngine(servers(url)), native(says(" four"), begin=BEGIN + ends)),
        "vLLM's chat": (lambda url: ChatEngine(servers(url), "m"), counting(*COUNTS[template])),
        "llama.cpp's chat": (lambda url: ChatEngine(servers(url)), chat_of_llama_cpp(ends)),
    }
    made = {name: (make, or_chat(behave)) for name, (make, behave) in made.items()}
    ignoring = (lambda url: ChatEngine(servers(url)), chat_model(says(THINKS), continues=False))
    with served(*made.get(server, ignoring)) as asked:
        yield asked


def or_chat(behave: Behaviour) -> Behaviour:
    """The server with a chat endpoint beside its own, where it has none."""
    chat = chat_model(says(THINKS))

    def either(request: Request) -> Answer:
        whole = request.path.endswith("/chat/completions") and len(request.body["messages"]) == 1
        return chat(request) if whole and request.body["max_tokens"] > 1 else behave(request)

    return either


def chat_of_llama_cpp(ends: str) -> Behaviour:
    return llama_cpp_that_opens() if ends == OPENED else llama_cpp(says(" four"), intrudes=ends)


def verdict(engine: Engine, step: Step) -> str:
    """How a step is continued: from tokens, from text, or not at all."""

    async def go() -> Completion:
        try:
            return await engine.generate(QUESTION, step, GREEDY)
        finally:
            await engine.close()

    try:
        done = asyncio.run(go())
    except EngineUnavailable:
        return "refused"
    if step.whole is not None:
        assert done.thinking or done.thinking_tokens
        return "whole"
    return "text" if done.token_ids is None else "exact"


WHOLE = Step(prefix=(), stop=(), max_tokens=64, whole=WholeReply(thinking_open="<think>\n", thinking_close="</think>"))
CONTINUED = Step(prefix=(Piece(text="<think>\n"), Piece(text="I look")), stop=("</think>",), max_tokens=4)


@pytest.mark.parametrize("template", ENDS)
@pytest.mark.parametrize("row", TEMPLATES, ids=lambda row: row["server"])
def test_template_is_treated_as_the_page_says(row: dict[str, str], template: str, tmp_path: Path) -> None:
    with engine_for(row["`--engine`"].strip("`"), row["server"], template, tmp_path) as engine:
        assert verdict(engine, CONTINUED) == row[template]


COLUMNS = {
    "`embedded`": ("embedded", "this process"),
    "`vllm`": ("vllm", "vLLM"),
    "`sglang`": ("sglang", "SGLang"),
    "`llamacpp`": ("llamacpp", "llama.cpp"),
    "`http`, turn continued": ("http", "vLLM's chat"),
    "`http`, not continued": ("http", "a chat that ignores"),
}
CLASSES = {
    "embedded": EmbeddedEngine,
    "vllm": VllmEngine,
    "sglang": SglangEngine,
    "llamacpp": LlamaCppEngine,
    "http": ChatEngine,
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("row", STRATEGIES, ids=lambda row: row["strategy"].partition(",")[0].strip("`-"))
def test_strategy_is_treated_as_the_page_says(row: dict[str, str], column: str, tmp_path: Path) -> None:
    name, server = COLUMNS[column]
    with engine_for(name, server, "leaves it to the model", tmp_path) as engine:
        assert isinstance(engine, CLASSES[name])
        if row[column] == "whole" or row["strategy"] == "`effort`, `budget`":
            dialled = row["strategy"] != "`effort`, `budget`" or takes_dial(find_engine(name))
            outcome = verdict(engine, WHOLE) if dialled else "refused"  # by the settings
        elif row["strategy"] == "`lookback-image`" and not engine.can_show_images_again:
            outcome = "refused"  # by the driver, which sends no such step
            asyncio.run(engine.close())
        elif row["strategy"] == "`--min-thinking-tokens`":
            outcome = verdict(engine, Step(prefix=CONTINUED.prefix, stop=CONTINUED.stop, max_tokens=4, min_tokens=2))
        else:
            outcome = verdict(engine, CONTINUED)
        assert outcome == row[column]


def test_every_engine_that_needs_a_server_has_a_row() -> None:
    rows = {row["`--engine`"].strip("`") for row in TEMPLATES}
    assert rows == {"embedded", "vllm", "sglang", "llamacpp", "http"}
    assert all(find_engine(name).needs_server == (name != "embedded") for name in rows)
