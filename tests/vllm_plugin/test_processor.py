"""The class that vLLM loads, called as both of its model runners call it; vLLM's own types are stood in for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

CLOSE, END, WAIT = 7, 8, (5, 6)


class Direction(Enum):
    UNIDIRECTIONAL = auto()
    SWAP = auto()


@dataclass(kw_only=True, eq=False)
class Params:
    """vLLM's SamplingParams, as far as the plugin reads them."""

    extra_args: dict[str, Any] | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None
    structured_outputs: object = None
    eos_token_id: int = END
    all_stop_token_ids: set[int] = field(default_factory=lambda: {END})


class Tokenizer:
    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        return {"Wait,": list(WAIT), "</think>": [CLOSE]}.get(text, [1, 2])


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The class, imported beside stand-ins for the parts of vLLM that it uses."""
    base = type("LogitsProcessor", (), {})
    slots = type("SlotProcessor", (), {})
    parts: dict[str, dict[str, Any]] = {
        "vllm.tokenizers": {"cached_tokenizer_from_config": lambda _config: Tokenizer()},
        "vllm.v1.sample.logits_processor": {"LogitsProcessor": base, "MoveDirectionality": Direction},
        "vllm.v1.worker.gpu.sample.logits_processor": {"LogitsProcessor": slots},
    }
    for name in parts:
        parent = ""
        for piece in name.split("."):
            parent = f"{parent}.{piece}".lstrip(".")
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    for name, names in parts.items():
        for each, value in names.items():
            setattr(sys.modules[name], each, value)
    monkeypatch.delitem(sys.modules, "s1m.vllm_plugin.processor", raising=False)
    import s1m.vllm_plugin

    yield s1m.vllm_plugin.BudgetForcing
    sys.modules.pop("s1m.vllm_plugin.processor", None)


CONFIG = SimpleNamespace(model_config=SimpleNamespace(seed=0))
ASKS = {"num_ignore": 1}


def logits(rows: int, best: int) -> Any:
    values = torch.zeros(rows, 10)
    values[:, best] = 9.0
    return values


def update(*, added: Any = (), removed: Any = (), moved: Any = ()) -> Any:
    return SimpleNamespace(added=added, removed=removed, moved=moved, batch_size=0)


def forced(processor: Any, values: Any) -> list[int | None]:
    """The token that is left to each row; None for a row that is free."""
    changed = processor.apply(values.clone())
    return [int(row.argmax()) if row.isinf().any() else None for row in changed]


def test_a_request_is_forced_and_its_neighbour_is_not(loaded: Any) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    assert not processor.is_argmax_invariant()
    ours: list[int] = []
    processor.update_state(update(added=[(0, Params(), [1], []), (1, Params(extra_args=ASKS), [1], ours)]))
    taken = []
    for best in (3, CLOSE, 3, 4, CLOSE):
        (other, token) = forced(processor, logits(2, best))
        assert other is None
        assert token is not None
        taken.append(token)
        ours.append(-1)  # what vLLM's list holds while the token is still on its way
    assert taken == [3, *WAIT, 4, CLOSE]
    assert forced(processor, logits(2, 3)) == [None, None]  # the answer is vLLM's


def test_requests_that_do_not_ask_leave_nothing_to_do(loaded: Any) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    processor.update_state(update(added=[(0, Params(), [1], [])]))
    processor.update_state(None)
    values = logits(1, 3)
    assert processor.apply(values) is values
    assert values.equal(logits(1, 3))


def test_rows_that_move_keep_their_state(loaded: Any) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    first: list[int] = []
    second: list[int] = []
    asking: list[Any] = [
        (0, Params(extra_args=ASKS), [], first),
        (2, Params(extra_args={"max_thinking_tokens": 2}), [], second),
    ]
    processor.update_state(update(added=asking))
    assert forced(processor, logits(3, CLOSE)) == [WAIT[0], None, CLOSE]
    first.append(WAIT[0])
    second.append(CLOSE)
    processor.update_state(update(moved=[(0, 2, Direction.SWAP)]))
    assert forced(processor, logits(3, 3)) == [None, None, WAIT[1]]
    first.append(WAIT[1])
    processor.update_state(update(moved=[(2, 1, Direction.UNIDIRECTIONAL)]))
    assert forced(processor, logits(3, 3)) == [None, 3, None]


def test_a_preempted_request_goes_on_where_it_was(loaded: Any) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    params, ours = Params(extra_args={"num_ignore": 2}), list[int]()
    processor.update_state(update(added=[(0, params, [], ours)]))
    for best in (3, *WAIT, CLOSE):  # the model writes the ignore string itself, then stops
        forced(processor, logits(1, best))
        ours.append(-1)
    processor.update_state(update(removed=[0]))
    assert forced(processor, logits(1, 3)) == [None]
    processor.update_state(update(added=[(3, params, [], ours)]))
    assert forced(processor, logits(4, 3)) == [None, None, None, WAIT[1]]
    ours.append(-1)
    assert forced(processor, logits(4, 4)) == [None, None, None, 4]


def test_a_prompt_that_is_read_in_parts_draws_nothing(loaded: Any) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    ours: list[int] = []
    processor.update_state(update(added=[(0, Params(extra_args=ASKS), [1] * 9, ours)]))
    for _ in range(3):  # vLLM throws these tokens away, and its list stays empty
        assert forced(processor, logits(1, CLOSE)) == [WAIT[0]]
    assert forced(processor, logits(1, 3)) == [3]


def test_the_second_runner_forces_by_slot(loaded: Any) -> None:
    lengths = SimpleNamespace(np=[0, 0, 0, 0])
    history = torch.zeros(4, 20, dtype=torch.long)
    states = SimpleNamespace(
        prompt_len=lengths, prefill_len=SimpleNamespace(np=[0, 0, 0, 0]), all_token_ids=SimpleNamespace(gpu=history)
    )
    processor = loaded(CONFIG, states)
    assert not processor.add_request(1, Params())
    assert processor.add_request(3, Params(extra_args=ASKS))
    states.prompt_len.np[3] = states.prefill_len.np[3] = 4

    def step(length: int, best: int) -> int | None:
        import numpy

        context = SimpleNamespace(idx_mapping_np=numpy.array([1, 3]), seq_lens_upper_bound_np=numpy.array([5, length]))
        changed = processor.apply(logits(2, best), context)
        assert not changed[0].isinf().any()
        return int(changed[1].argmax()) if changed[1].isinf().any() else None

    assert step(2, CLOSE) is None  # half of the prompt
    assert [step(4, 3), step(5, CLOSE), step(6, 3)] == [3, *WAIT]
    # Preempted: it comes back in another slot, its tokens part of what is read first.
    assert processor.add_request(3, Params(extra_args=ASKS))
    history[3, 4:7] = torch.tensor([3, *WAIT])
    states.prefill_len.np[3] = 7
    assert step(7, 4) == 4
    assert step(8, CLOSE) == CLOSE
    assert step(9, 3) is None


def test_what_cannot_be_forced_is_said_and_left_alone(loaded: Any, caplog: pytest.LogCaptureFixture) -> None:
    processor = loaded(CONFIG, torch.device("cpu"), False)
    params = Params(extra_args={"num_ignore": 1, "thinking_close": "<|channel|>final"})
    processor.update_state(update(added=[(0, params, [], [])]))
    assert forced(processor, logits(1, 3)) == [None]
    assert "is 2 tokens of this model" in caplog.text


def test_impossible_requests_are_refused(loaded: Any) -> None:
    loaded.validate_params(Params(extra_args=ASKS))
    loaded.validate_params(Params(structured_outputs=object()))
    for params in (Params(extra_args={"num_ignore": -1}), Params(extra_args=ASKS, structured_outputs=object())):
        with pytest.raises(ValueError, match=r"num_ignore|structured_outputs"):
            loaded.validate_params(params)


def test_draws_depend_on_the_seed_of_the_request(loaded: Any) -> None:
    def tokens(**given: Any) -> list[int | None]:
        processor = loaded(CONFIG, torch.device("cpu"), False)
        ours: list[int] = []
        processor.update_state(update(added=[(0, Params(temperature=1.0, **given), [], ours)]))
        drawn = []
        for _ in range(20):
            drawn += forced(processor, torch.zeros(1, 10))
            ours.append(-1)
        return drawn

    asks = {"max_thinking_tokens": 100, "min_thinking_tokens": 100}
    assert tokens(extra_args=asks, seed=1) == tokens(extra_args=asks, seed=1) != tokens(extra_args=asks, seed=2)
    assert tokens(extra_args={**asks, "forcing_seed": 2}, seed=1) == tokens(extra_args=asks, seed=2)
    assert tokens(extra_args=asks) == tokens(extra_args=asks)  # of a server that was just started
