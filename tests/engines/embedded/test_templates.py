"""Checkpoints that differ in their chat template alone: thinking opens once, nested equals independent."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.benchmarks.digits import Digits
from s1m.engines.builder import BUNDLED
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.checkpoint import place_of
from s1m.engines.embedded.row import Row
from s1m.errors import EngineUnavailable
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Piece, RequestOptions, Sampling, Step, Trace
from tests.families.test_reading import real

PROBLEMS = Digits().load(split="test", limit=3, data=None)
GREEDY = Sampling(temperature=0)
FORCING = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=200, max_answer_tokens=8)
ORIGINAL = Path(place_of(BUNDLED), "chat_template.jinja").read_text(encoding="utf-8")
PROMPT = "<|im_start|>assistant\n{% endif %}\n"
assert ORIGINAL.endswith(PROMPT)
OFF = "{% if not (enable_thinking is defined and enable_thinking) %}<think>\n\n</think>\n\n{% endif %}"


def adding(text: str) -> str:
    """The bundled template with something at the end of its generation prompt."""
    return ORIGINAL.removesuffix(PROMPT) + "<|im_start|>assistant\n" + text + "{% endif %}"


OPENS_LINE = adding("<think>\n")
OPENS = adding("<think>")
DROPS = OPENS_LINE.replace("{{ message['content'] }}", "{{ message['content'].split('</think>')[-1] }}")
TEMPLATES = {"opens a line": OPENS_LINE, "opens": OPENS, "leaves it": ORIGINAL, "drops earlier": DROPS}


@contextmanager
def engine_of(source: str, folder: Path, **options: object) -> Iterator[EmbeddedEngine]:
    """The bundled checkpoint with another template."""
    copied = folder / "checkpoint"
    shutil.copytree(place_of(BUNDLED), copied)
    (copied / "chat_template.jinja").write_text(source, encoding="utf-8")
    engine = EmbeddedEngine(str(copied), max_rows=8, options=RequestOptions(**options))  # type: ignore[arg-type]
    try:
        yield engine
    finally:
        asyncio.run(engine.close())


def watched(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the model is given from now on."""
    given: list[str] = []
    submit: Callable[[Row], None] = engine._batcher.submit

    def noting(row: Row) -> None:
        given.append(engine._decode(row.ids))
        submit(row)

    monkeypatch.setattr(engine._batcher, "submit", noting)
    return given


def sweep(engine: EmbeddedEngine, forcing: Forcing = FORCING, *, nested: bool = True) -> list[Trace]:
    flow = nested_sweep if nested else independent_sweep

    async def go() -> list[Trace]:
        return list(await asyncio.gather(*(drive(flow(forcing, 0), each, engine, GREEDY) for each in PROBLEMS)))

    return asyncio.run(go())


def answers(traces: list[Trace]) -> list[list[tuple[int, str]]]:
    return [[(answer.level, answer.text) for answer in trace.answers] for trace in traces]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("opening", ["<think>\n", "<think>"])
def test_thinking_is_opened_exactly_once(
    template: str, opening: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine_of(template, tmp_path) as engine:
        given = watched(engine, monkeypatch)
        sweep(engine, replace(FORCING, thinking_open=opening))
    assert given
    assert {text.count("<think>") for text in given} == {1}
    assert all(text.count("</think>") <= 1 for text in given)


def test_a_template_that_opens_thinking_changes_nothing_else(tmp_path: Path) -> None:
    with engine_of(OPENS_LINE, tmp_path / "opens") as engine:
        opened = sweep(engine)
    with engine_of(ORIGINAL, tmp_path / "leaves") as engine:
        assert opened == sweep(engine)


def test_thinking_that_is_off_is_refused_until_it_is_switched_on(tmp_path: Path) -> None:
    add = "thinking is off in this template; add --template-kwargs enable_thinking=true"
    with engine_of(adding(OFF), tmp_path / "off") as engine, pytest.raises(EngineUnavailable, match=add):
        sweep(engine)
    with engine_of(adding(OFF), tmp_path / "on", template={"enable_thinking": True}) as engine:
        assert all(trace.answers for trace in sweep(engine))


def test_a_closed_thought_without_a_switch_is_refused(tmp_path: Path) -> None:
    closed = adding("<think>\n\n</think>\n\n")
    with engine_of(closed, tmp_path) as engine:
        with pytest.raises(EngineUnavailable, match="no known option switches it on"):
            sweep(engine)
        plain = Step(prefix=(), stop=(), max_tokens=4)
        assert asyncio.run(engine.generate(PROBLEMS[0], plain, GREEDY)).tokens  # nothing is forced here


def test_a_system_prompt_is_a_turn_before_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_of(ORIGINAL, tmp_path, system_prompt="Think about it.") as engine:
        given = watched(engine, monkeypatch)
        step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=2)
        asyncio.run(engine.generate(PROBLEMS[0], step, GREEDY))
    assert given[0].startswith("<|im_start|>system\nThink about it.<|im_end|>\n<|im_start|>user\n")


TEXT_ALONE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ CONTENT }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize("content", ["m.content.strip()", "m.content"], ids=["refuses parts", "prints parts"])
def test_a_template_for_text_alone_is_given_a_text(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=2)
    question = "Why is {'type': 'text'} here?"  # as a list of parts is printed
    with engine_of(TEXT_ALONE.replace("CONTENT", content), tmp_path) as engine:
        given = watched(engine, monkeypatch)
        asyncio.run(engine.generate(replace(PROBLEMS[0], images=(), question=question), step, GREEDY))
    assert given == [f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n<think>\n"]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name", ["Qwen3.5-4B", "StepFun3.5-Flash", "GLM-4.7-Flash", "Qwen-Qwen3-0.6B", "Kimi-K2-Thinking"]
)
def test_real_templates_open_thinking_once(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text_only = [replace(each, images=()) for each in PROBLEMS[:1]]
    step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=2)
    with engine_of(real(name).source, tmp_path) as engine:
        given = watched(engine, monkeypatch)
        asyncio.run(engine.generate(text_only[0], step, GREEDY))
    assert given[0].count("<think>") == 1


@pytest.mark.shared_data
def test_a_real_template_with_thinking_off_names_its_option(tmp_path: Path) -> None:
    step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=2)
    off = {"enable_thinking": False}
    refused = pytest.raises(EngineUnavailable, match="--template-kwargs enable_thinking=true")
    with engine_of(real("Qwen3.5-4B").source, tmp_path, template=off) as engine, refused:
        asyncio.run(engine.generate(replace(PROBLEMS[0], images=()), step, GREEDY))
