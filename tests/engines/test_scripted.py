"""The scripted engine: where it cuts, what it counts, and what it does when the script runs out."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.scripted import ScriptedEngine, replay
from s1m.errors import EngineError
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Engine, Piece, Problem, Sampling, Step

PROBLEM = Problem(id="p7", question="How many?", images=(), gold="4")
GREEDY = Sampling(temperature=0.0)


def step(*, stop: tuple[str, ...] = ("</think>",), max_tokens: int = 16, min_tokens: int = 0) -> Step:
    return Step(prefix=(), stop=stop, max_tokens=max_tokens, min_tokens=min_tokens)


def say(text: str, asked: Step) -> Completion:
    return asyncio.run(replay([text]).generate(PROBLEM, asked, GREEDY))


def done(text: str, tokens: int, finish: str) -> tuple[str, int, str, None]:
    return text, tokens, finish, None


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("two and two", step(), done("two and two", 3, "eos")),
        ("two </think> four", step(), done("two ", 1, "stop")),
        ("two</think>four", step(), done("two", 1, "stop")),
        ("</think> four", step(), done("", 0, "stop")),
        ("", step(), done("", 0, "eos")),
        (" \n", step(), done(" \n", 0, "eos")),
        ("a  b\nc d", step(max_tokens=3), done("a  b\nc", 3, "length")),
        ("a b c", step(max_tokens=3), done("a b c", 3, "eos")),
        ("a b c</think> d", step(max_tokens=3), done("a b c", 3, "stop")),
        ("a b c d</think>", step(max_tokens=3), done("a b c", 3, "length")),
        ("a END b</think>", step(stop=("</think>", "END")), done("a ", 1, "stop")),
        ("a</think> b</think> c", step(min_tokens=2), done("a</think> b", 2, "stop")),
        ("a</think> b", step(min_tokens=5), done("a</think> b", 2, "eos")),
        ("a.b", step(stop=(".",)), done("a", 1, "stop")),
        ("a b", step(stop=()), done("a b", 2, "eos")),
    ],
)
def test_cuts_where_the_step_says(text: str, asked: Step, expected: tuple[str, int, str, None]) -> None:
    completion = say(text, asked)
    assert (completion.text, completion.tokens, completion.finish, completion.token_ids) == expected


@given(st.text(alphabet="ab .</think>\n", max_size=60), st.integers(1, 9), st.integers(0, 9))
def test_what_is_said_is_a_prefix_within_its_budget(text: str, max_tokens: int, min_tokens: int) -> None:
    completion = say(text, step(max_tokens=max_tokens, min_tokens=min_tokens))
    assert text.startswith(completion.text)
    assert completion.tokens == len(completion.text.split()) <= max_tokens
    assert completion.finish != "eos" or completion.text == text
    assert completion.finish != "length" or completion.tokens == max_tokens


def test_script_sees_problem_and_step() -> None:
    def script(problem: Problem, asked: Step) -> str:
        return f"{problem.question} {asked.prefix[0].text}"

    engine: Engine = ScriptedEngine(script)
    asked = Step(prefix=(Piece(text="<think>"),), stop=(), max_tokens=9)
    assert asyncio.run(engine.generate(PROBLEM, asked, GREEDY)).text == "How many? <think>"
    assert engine.name == "scripted"


def test_replay_says_one_text_after_another_until_none_is_left() -> None:
    async def main() -> None:
        engine = replay(["one", "two"])
        assert (await engine.generate(PROBLEM, step(), GREEDY)).text == "one"
        assert (await engine.generate(PROBLEM, step(), GREEDY)).text == "two"
        with pytest.raises(EngineError, match="run out: 2 texts, and problem p7"):
            await engine.generate(PROBLEM, step(), GREEDY)
        await engine.close()
        await engine.close()

    asyncio.run(main())


def test_replay_drives_a_sweep() -> None:
    forcing = Forcing(num_ignore=(0, 1), ignore_strings=("Wait,",), max_thinking_tokens=50, max_answer_tokens=5)
    engine = replay(["first look</think>", "3", " second look</think>", "4"])  # an answer as soon as it can be asked
    trace = asyncio.run(drive(nested_sweep(forcing, 1), PROBLEM, engine, GREEDY))
    assert [segment.text for segment in trace.chains[0]] == ["first look", " second look"]
    assert [answer.text for answer in trace.answers] == ["3", "4"]
