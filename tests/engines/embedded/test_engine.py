"""The embedded engine on the bundled model: exact, reproducible, and the same alone as in a crowd."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing import Flow, Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Piece, Problem, Sampling, Trace
from tests.engines.embedded.asking import GREEDY, PROBLEMS, THINK, WARM, alike, ask, step
from tests.engines.embedded.reference import reference

FORCING = Forcing(num_ignore=(0, 1, 2, 3), ignore_strings=("Wait,",), max_thinking_tokens=400, max_answer_tokens=8)


def test_greedy_tokens_equal_those_of_generate_in_a_crowd_of_ragged_prompts(engine: EmbeddedEngine) -> None:
    completions = ask(engine, [(problem, step(stop=(), max_tokens=40)) for problem in PROBLEMS])
    for problem, completion in zip(PROBLEMS, completions, strict=True):
        assert completion.token_ids is not None
        expected = reference(engine, problem, 40)
        assert list(completion.token_ids) == expected[: len(completion.token_ids)]
        assert completion.finish == ("length" if len(completion.token_ids) == 40 else "eos")


def test_going_on_from_a_remembered_past_equals_going_on_from_nothing(engine: EmbeddedEngine) -> None:
    problem = PROBLEMS[0]
    (first,) = ask(engine, [(problem, step(max_tokens=11))])
    assert (first.finish, first.tokens) == ("length", 11)
    more = step((*THINK, Piece(text=first.text, token_ids=first.token_ids)))
    (remembered,) = ask(engine, [(problem, more)])
    fresh_engine = EmbeddedEngine(max_rows=2)
    try:
        (fresh,) = ask(fresh_engine, [(problem, more)])
    finally:
        asyncio.run(fresh_engine.close())
    assert alike([remembered], [fresh])
    assert first.token_ids is not None
    assert remembered.token_ids is not None
    whole = reference(engine, problem, 60)
    assert [*first.token_ids, *remembered.token_ids] == whole[: 11 + remembered.tokens]


def test_the_nested_chain_at_level_k_is_an_independent_run_at_k_token_for_token(engine: EmbeddedEngine) -> None:
    async def run(sweep: Callable[[Forcing, int], Flow]) -> list[Trace]:
        flows = (drive(sweep(FORCING, 0), problem, engine, GREEDY) for problem in PROBLEMS[:6])
        return await asyncio.gather(*flows)

    for nested, independent in zip(asyncio.run(run(nested_sweep)), asyncio.run(run(independent_sweep)), strict=True):
        for forced, single in zip(nested.answers, independent.answers, strict=True):
            alone = independent.chains[single.chain]
            assert len(alone) == forced.level + 1
            shared = nested.chains[0][: forced.segments]
            assert [segment.token_ids for segment in shared] == [segment.token_ids for segment in alone]
            assert all(segment.token_ids for segment in shared)
            assert (forced.text, forced.tokens, forced.finish) == (single.text, single.tokens, single.finish)


def test_a_sampled_step_depends_on_its_seed_alone(engine: EmbeddedEngine) -> None:
    wanted = [(problem, step(seed=100 + i)) for i, problem in enumerate(PROBLEMS)]
    together = ask(engine, wanted, WARM)
    alone = [ask(engine, [each], WARM)[0] for each in wanted]
    assert alike(together, alone)
    others = ask(engine, [(problem, step(seed=900 + i)) for i, problem in enumerate(PROBLEMS)], WARM)
    assert not alike(together, others)


def test_a_repetition_penalty_changes_the_text_and_off_is_off(engine: EmbeddedEngine) -> None:
    plain, off, on = (
        ask(engine, [(PROBLEMS[2], step())], Sampling(temperature=0, repetition_penalty=penalty))[0]
        for penalty in (1.0, 1.0, 20.0)
    )
    assert alike([plain], [off])
    assert on.token_ids != plain.token_ids


def test_more_requests_than_rows_all_get_their_turn(engine: EmbeddedEngine) -> None:
    wanted = [(PROBLEMS[i % 12], step(seed=i, max_tokens=5 + i % 9)) for i in range(50)]
    assert alike(ask(engine, wanted, WARM), [ask(engine, [each], WARM)[0] for each in wanted])


def test_equal_names_never_mix_up_two_problems(engine: EmbeddedEngine) -> None:
    twin = Problem(id=PROBLEMS[0].id, question=PROBLEMS[1].question, images=PROBLEMS[1].images, gold="")
    first, second, third = ask(engine, [(PROBLEMS[0], step()), (twin, step()), (PROBLEMS[1], step())])
    assert alike([second], [third])
    assert not alike([first], [second])
