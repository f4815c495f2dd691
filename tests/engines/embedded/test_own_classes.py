"""Many classes, tiny and random, on the path that each takes: exact, and the same in a crowd."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Piece, Problem, Sampling, Trace
from tests.engines.embedded.own import GREEDY, THINK, TOKENS, ask, generated, problems_for, step
from tests.tiny_models import KINDS, checkpoint

# A processor of transformers converts lists of arrays as numpy 2 no longer wants it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PLAIN = ("mllama",)
"""Classes whose rows cannot share a cache."""


@pytest.fixture(scope="module", params=[kind for kind in KINDS if kind != "mistral3" or find_spec("torchvision")])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    folder = checkpoint(request.param, tmp_path_factory.mktemp("tiny"))
    engine = EmbeddedEngine(str(folder), max_rows=8)
    yield engine
    asyncio.run(engine.close())


def test_greedy_tokens_equal_those_of_generate_with_no_one_and_several_images(engine: EmbeddedEngine) -> None:
    problems = problems_for(engine)
    completions = ask(engine, [(problem, step()) for problem in problems])
    for problem, completion in zip(problems, completions, strict=True):
        assert list(completion.token_ids or ()) == generated(engine, problem), problem.id


def test_the_path_is_found(engine: EmbeddedEngine) -> None:
    assert engine.path == ("plain" if Path(engine.checkpoint.name).name in PLAIN else "shared")


def test_a_ragged_batch_equals_one_by_one(engine: EmbeddedEngine) -> None:
    warm = Sampling(temperature=1.0, top_p=0.9, repetition_penalty=1.1)
    asked = [(problem, step(seed=seed)) for seed, problem in enumerate(problems_for(engine) * 2)]
    together = ask(engine, asked, warm)
    alone = [ask(engine, [each], warm)[0] for each in asked]
    assert [each.token_ids for each in together] == [each.token_ids for each in alone]
    assert [each.logprob for each in together] == pytest.approx([each.logprob for each in alone], abs=1e-3)
    first, second = together[0], together[len(asked) // 2]  # the same problem with another seed
    assert first.token_ids != second.token_ids


def test_the_nested_chain_at_a_level_is_an_independent_run_token_for_token(engine: EmbeddedEngine) -> None:
    problems = problems_for(engine)[:3]
    forcings = [
        Forcing(
            num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=24, max_answer_tokens=4,
            thinking_close=closing_of(engine, problem), chunk_tokens=5,
        )
        for problem in problems
    ]  # fmt: skip

    async def swept(nested: bool) -> list[Trace]:
        flow = nested_sweep if nested else independent_sweep
        pairs = zip(problems, forcings, strict=True)
        work = (drive(flow(forcing, 0), problem, engine, GREEDY) for problem, forcing in pairs)
        return list(await asyncio.gather(*work))

    for forced, single in zip(asyncio.run(swept(True)), asyncio.run(swept(False)), strict=True):
        assert len(forced.chains[0]) > 1
        for answer, other in zip(forced.answers, single.answers, strict=True):
            shared = forced.chains[0][: answer.segments]
            alone = single.chains[other.chain][: other.segments]
            assert [each.token_ids for each in shared] == [each.token_ids for each in alone]
            assert (answer.text, answer.tokens) == (other.text, other.tokens)


def test_going_on_from_a_remembered_past_equals_going_on_from_nothing(engine: EmbeddedEngine) -> None:
    problem = problems_for(engine)[-1]
    whole = generated(engine, problem, 2 * TOKENS)
    (first,) = ask(engine, [(problem, step())])
    written = Piece(text=first.text, token_ids=first.token_ids)
    (second,) = ask(engine, [(problem, step(prefix=(*THINK, written)))])
    assert [*(first.token_ids or ()), *(second.token_ids or ())] == whole
    # The same turn of a problem of another name and the same content, and of one that is new to the engine.
    renamed, new = replace(problem, id="other"), replace(problem, question=problem.question + "?")
    assert ask(engine, [(renamed, step(prefix=(*THINK, written)))])[0].token_ids == second.token_ids
    assert list(ask(engine, [(new, step())])[0].token_ids or ()) == generated(engine, new)


@pytest.mark.usefixtures("every_token_is_heard")
def test_text_is_heard_as_it_is_written(engine: EmbeddedEngine) -> None:
    heard: list[str] = []

    def hear(text: str) -> bool:
        heard.append(text)
        return False

    asked = replace(step(), on_text=hear)
    (completion,) = ask(engine, [(problems_for(engine)[-1], asked)])
    # The last token ends the step, and is not heard. Random weights also write bytes that are not yet a character.
    ids = (completion.token_ids or ())[:-1]
    written = [engine.checkpoint.tokenizer.decode(ids[: count + 1]) for count in range(len(ids))]
    whole = dict.fromkeys(text for text in written if text and not text.endswith("\N{REPLACEMENT CHARACTER}"))
    assert list(accumulate(heard)) == list(whole)


def closing_of(engine: EmbeddedEngine, problem: Problem) -> str:
    """A character that the model writes soon, which serves as its closing delimiter."""
    (written,) = ask(engine, [(problem, step(tokens=20))])
    spelled: list[str] = [engine.checkpoint.tokenizer.decode([token]) for token in (written.token_ids or ())[1:]]
    return next(each for each in spelled if len(each) == 1 and each.isascii() and each.isprintable())
