"""Tokens are drawn from the distribution that vLLM's sampler would draw from."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from s1m.vllm_plugin.batch import Batch, Forced  # noqa: E402
from s1m.vllm_plugin.draw import Drawer, Sampling, penalise  # noqa: E402
from s1m.vllm_plugin.row import Row, Rules, mixed  # noqa: E402

INF = float("inf")


def frequencies(sampling: Sampling, logits: list[float], draws: int = 20000) -> list[float]:
    rows = 100
    drawer = Drawer([sampling] * rows, torch.device("cpu"))
    counts = [0] * len(logits)
    for step in range(draws // rows):
        drawn = drawer.draw(
            torch.tensor([logits] * rows),
            lambda row, tried: (mixed(step, row, tried) >> 11) / 2**53,  # noqa: B023
        )
        for token in drawn:
            counts[token] += 1
    return [count / draws for count in counts]


def by_definition(sampling: Sampling, logits: list[float]) -> list[float]:
    """Temperature, min-p, top-k and top-p, written down one after another."""
    values = torch.tensor(logits, dtype=torch.float64) / sampling.temperature
    chances = values.softmax(0)
    values = values.masked_fill(chances < sampling.min_p * chances.max(), -INF)
    if 0 < sampling.top_k < len(logits):
        values = values.masked_fill(values < values.topk(sampling.top_k).values[-1], -INF)
    ranked, order = values.softmax(0).sort(descending=True)
    kept = (ranked.cumsum(0) - ranked) < sampling.top_p
    kept[0] = True
    chances = torch.zeros_like(values)
    chances[order[kept]] = ranked[kept]
    result: list[float] = (chances / chances.sum()).tolist()
    return result


LOGITS = [2.0, -1.0, 0.5, 1.5, -3.0, 0.0, -INF, 1.0]


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0.6),
        Sampling(temperature=0.6, top_p=0.95),
        Sampling(top_p=0.3),
        Sampling(temperature=9.0, top_p=0.05),
        Sampling(top_p=0.8),
        Sampling(top_k=3),
        Sampling(top_k=1),
        Sampling(top_k=50),
        Sampling(min_p=0.2),
        Sampling(temperature=1.5, top_k=5, top_p=0.9, min_p=0.05),
    ],
)
def test_every_token_has_its_chance(sampling: Sampling) -> None:
    expected = by_definition(sampling, LOGITS)
    seen = frequencies(sampling, LOGITS)
    assert seen == pytest.approx(expected, abs=0.015)  # four standard deviations
    assert [share > 0 for share in seen] == [share > 0 for share in expected]


def test_requests_of_all_kinds_are_drawn_together() -> None:
    kinds = [Sampling(temperature=0.0), Sampling(top_k=1), Sampling(top_p=0.01), Sampling(min_p=1.0)]
    logits = torch.randn(4, 300, generator=torch.Generator().manual_seed(0))
    assert Drawer(kinds, torch.device("cpu")).draw(logits, lambda _row, _tried: 0.999) == logits.argmax(-1).tolist()


def test_the_last_number_of_all_finds_the_last_token_that_can_be_drawn() -> None:
    logits = torch.tensor([[0.0, 0.0, -INF]])
    for number, token in ((0.0, 0), (0.4999, 0), (0.5, 1), (1 - 2**-53, 1)):
        assert Drawer([Sampling()], torch.device("cpu")).draw(logits, lambda _r, _t, n=number: n) == [token]  # type: ignore[misc]


def test_penalties_are_those_of_vllm() -> None:
    logits = torch.tensor([2.0, -2.0, 2.0, 2.0, 2.0])
    sampling = Sampling(repetition_penalty=2.0, presence_penalty=0.5, frequency_penalty=0.25)
    penalise(logits, sampling, prompt=[0, 1], written=[2, 2, 3])
    # Seen in the prompt: divided, or multiplied below 0; written: less 0.5 and 0.25 for each time.
    assert logits.tolist() == [1.0, -4.0, 1.0 - 0.5 - 0.5, 1.0 - 0.5 - 0.25, 2.0]


def test_a_step_leaves_one_token_to_forced_rows_and_all_others_alone() -> None:
    rules = Rules(close=3, turn_ends=frozenset({4}), ignores=((5, 6),), num_ignore=1, min_thinking_tokens=1)
    forced = Forced(row=Row(rules=rules, seed=0), sampling=Sampling(temperature=0.0))
    logits = torch.tensor([[0.0, 1, 2, 9, 8, 0, 0], [0.0, 1, 2, 9, 8, 0, 0], [0.0, 1, 2, 9, 8, 0, 0]])
    free = logits[0].clone()
    batch = Batch()
    chosen = []
    for _ in range(4):
        step = logits.clone()
        forced.row.advance_to(len(forced.row.ids))
        batch.force(step, [(1, forced)])
        assert step[0].equal(free)
        assert step[2].equal(free)
        assert step[1].isfinite().sum() == 1
        chosen.append(int(step[1].argmax()))
    # Neither end may come first; then the delimiter is ignored, and may not come again at once.
    assert chosen == [2, 5, 6, 2]
