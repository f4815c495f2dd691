"""The engine protocol over the batcher: steps in, completions out, at the level of tokens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.batcher import Batcher
from s1m.engines.embedded.checkpoint import Checkpoint, load_checkpoint
from s1m.engines.embedded.choices import Choices
from s1m.engines.embedded.general.plain import OneByOne
from s1m.engines.embedded.general.probe import channels_of, why_not_shared
from s1m.engines.embedded.general.prompt import prepare as prepare_own
from s1m.engines.embedded.memory import check_cache
from s1m.engines.embedded.prefixes import owner_of
from s1m.engines.embedded.prompt import NO_OPTIONS, Prompt, prepare, prolonged
from s1m.engines.embedded.prompts import Prompts
from s1m.engines.embedded.row import Row
from s1m.errors import DataError, EngineError, EngineUnavailable, PromptTooLong
from s1m.families.reading import read_template
from s1m.families.replies import count_thinking
from s1m.families.template import ChatTemplate
from s1m.families.turn import begun, ends_thinking, thinking_is_off
from s1m.types import Completion, Piece, Problem, RequestOptions, Sampling, Step, WholeReply

logger = logging.getLogger("s1m")

Path = Literal["qwen", "shared", "plain"]

MOST_ROWS = 256
"""Beyond this many rows a forward pass gains nothing and the key-value buffer only grows."""

MOST_SPELLED = 256
"""Texts whose tokens are remembered: openings, ignore strings, cues and stop strings are a dozen or two."""
LONGEST_SPELLED = 1000
"""Characters of such a text; a longer one is thinking that was cut, another one every time."""


class EmbeddedEngine:
    """A checkpoint in this process. Generated pieces go back in as the tokens they are, so nothing is re-tokenised.

    ``max_rows`` requests share a forward pass; ``prefix_bytes`` of memory remember pasts for steps that continue
    them (None: 1 GiB, or a quarter of what the model leaves free on a GPU). ``cuda_graphs`` off launches every kernel
    of a decode step from Python, for comparison. ``trust_remote_code`` runs Python code that the checkpoint
    brings along; ``options`` are what every prompt is given. Raises ``EngineUnavailable`` when the checkpoint does not
    load. ``device``, ``dtype``, ``attention`` and ``quantize`` are as ``load_checkpoint`` takes them.

    ``path`` is how the model is served: ``qwen``, ``shared`` (any class whose rows can share a cache) or ``plain`` (one
    request at a time), the latter two found by trying.
    """

    name = "embedded"
    takes_turns = True

    def __init__(
        self,
        model: str = BUNDLED,
        *,
        max_rows: int = 64,
        prefix_bytes: int | None = None,
        device: str | None = None,
        cuda_graphs: bool = True,
        trust_remote_code: bool = False,
        options: RequestOptions = NO_OPTIONS,
        dtype: str = "auto",
        attention: str = "sdpa",
        quantize: str = "",
    ) -> None:
        self.checkpoint = load_checkpoint(
            model,
            device,
            dtype=dtype,
            attention=attention,
            trust_remote_code=trust_remote_code,
            quantize=quantize,
            any_class=True,
        )
        self.context_tokens: int | None = self.checkpoint.context_tokens
        self._options = options
        self._max_rows = min(max_rows, MOST_ROWS)
        self._vocabulary: int = self.checkpoint.model.get_input_embeddings().weight.shape[0]
        self.path: Path = path_of(self.checkpoint)
        # What a processor of the model's own makes of an image cannot be put into a turn.
        self.can_show_images_again = self.path == "qwen"
        self._batcher = self._runner(prefix_bytes, cuda_graphs=cuda_graphs)
        self._prompts = Prompts(self._prepared, least=self._max_rows)
        self._spelled: dict[str, tuple[int, ...]] = {}
        """Texts that were put into turns, as tokens: nearly every step has the same few."""
        self._closed = False

    def _runner(self, prefix_bytes: int | None, *, cuda_graphs: bool) -> Batcher | OneByOne:
        """What runs the requests, on a thread of its own."""
        if self.path == "plain":
            return OneByOne(self.checkpoint)
        check_cache(self.checkpoint.name, self.checkpoint.model, self._max_rows)
        is_qwen = self.path == "qwen"
        return Batcher(
            self.checkpoint,
            self._max_rows,
            memory_for_pasts(self.checkpoint.model.device) if prefix_bytes is None else prefix_bytes,
            # The forward passes of other classes may look at values on the host, which no graph can capture.
            cuda_graphs=cuda_graphs and is_qwen,
            channels=3 if is_qwen else channels_of(self.checkpoint),
        )

    async def ready(self) -> None:
        """Nothing to do: the constructor has loaded the model."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn. Raises ``PromptTooLong`` when the step cannot fit the model's context.

        Raises ``EngineUnavailable`` where the chat template has ended thinking before the turn begins.
        """
        self._check_open()
        if step.whole and (step.whole.effort or step.whole.budget is not None):
            raise EngineUnavailable(f"{self.name} has no server to ask for an effort or a budget; use --engine http")
        asked = await self._prompts.of(problem)
        self._check_open()  # it may have been closed meanwhile
        if ends_thinking(asked.ending, step.prefix, step.stop):
            raise EngineUnavailable(f"{self.checkpoint.name}: {thinking_is_off(self._switch())}")
        prompt, ids = self._read(problem.id, asked, begun(asked.ending, step.prefix))
        if len(ids) + step.max_tokens > self.checkpoint.context_tokens:
            raise PromptTooLong(
                f"{problem.id} needs {len(ids)} + {step.max_tokens} tokens; {self.checkpoint.name} has a context of "
                f"{self.checkpoint.context_tokens}: lower --max-thinking-tokens"
            )
        future: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        single, spelled = self._stops(step.stop)
        self._batcher.submit(
            Row(
                owner=owner_of(problem),
                prompt=prompt,
                ids=ids,
                turn_start=len(asked.ids),
                step=step,
                sampling=sampling,
                stop_ids=single,
                stop_texts=spelled,
                choices=self._choices(step),
                end_ids=self.checkpoint.end_ids,
                decode=self._decode,
                deliver=delivering(future),
                abandoned=future.cancelled,
                model_name=self.checkpoint.name,
            )
        )
        completion = await future
        return completion if step.whole is None else self._counted(completion, step.whole)

    async def close(self) -> None:
        """Stop the batcher's thread. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._prompts.close()
            self._batcher.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineUnavailable("the engine was closed")

    def _prepared(self, problem: Problem) -> Prompt:
        make = prepare if self.path == "qwen" else prepare_own
        prompt = make(problem, self.checkpoint, self._options)
        self._check_ids(prompt.ids)
        return prompt

    def _read(self, problem_id: str, prompt: Prompt, turn: Sequence[Piece]) -> tuple[Prompt, tuple[int, ...]]:
        """The prompt up to the last image, those in the assistant's turn included, and the ids of everything."""
        ids: list[int] = []
        images_end = 0
        for piece in turn:
            spelled = self._ids(piece.text, piece.token_ids)
            if self.checkpoint.image_id in spelled:
                raise EngineError(f"{problem_id}: the assistant's turn spells an image place-holder")
            ids += spelled
            if piece.images and prompt.shown:
                ids += prompt.image_ids
                images_end = len(ids)
        whole = (*prompt.ids, *ids)
        return (prolonged(prompt, ids[:images_end], self.checkpoint) if images_end else prompt), whole

    def _switch(self) -> Mapping[str, Any]:
        """Options with which the chat template no longer ends thinking; none where none is known."""
        try:
            return read_template(
                ChatTemplate(self.checkpoint.chat_template or "", options=self._options.template)
            ).switch
        except DataError:
            return {}

    def _ids(self, text: str, token_ids: tuple[int, ...] | None) -> Sequence[int]:
        if token_ids is not None:
            self._check_ids(token_ids)
            return token_ids
        ids = self._spelled.get(text)
        if ids is None:
            ids = tuple(self.checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"])
            self._check_ids(ids)
            if len(self._spelled) >= MOST_SPELLED:
                self._spelled.clear()
            if len(text) <= LONGEST_SPELLED:
                self._spelled[text] = ids
        return ids

    def _check_ids(self, ids: Sequence[int]) -> None:
        """Raises ``EngineUnavailable`` for an id that the embedding lacks: on a GPU, using it would end the process."""
        highest = max(ids, default=0)
        if highest >= self._vocabulary:
            raise EngineUnavailable(
                f"{self.checkpoint.name} is a broken checkpoint: its tokenizer writes the id {highest} "
                f"({self._decode([highest])!r}), its embedding has {self._vocabulary} rows; use the tokenizer of the "
                "same checkpoint"
            )

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self.checkpoint.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def _counted(self, completion: Completion, whole: WholeReply) -> Completion:
        """A whole reply with the tokens of its thinking."""
        texts = [self._decode([token]) for token in completion.token_ids or ()]
        return replace(completion, thinking_tokens=count_thinking(texts, whole.thinking_open, whole.thinking_close))

    def _choices(self, step: Step) -> Choices:
        spelled = tuple(tuple(self._ids(choice, None)) for choice in step.choices if choice)
        return Choices(spelled=spelled, end_ids=self.checkpoint.end_ids)

    def _stops(self, stop: tuple[str, ...]) -> tuple[frozenset[int], tuple[str, ...]]:
        """Stop strings that are one token each, by id, and the others, as text."""
        encoded = {text: self._ids(text, None) for text in stop}
        single = frozenset(ids[0] for ids in encoded.values() if len(ids) == 1)
        return single, tuple(text for text, ids in encoded.items() if len(ids) != 1)


def path_of(checkpoint: Checkpoint) -> Path:
    """How a model is served. It is said once where that is slow."""
    if checkpoint.is_qwen:
        return "qwen"
    reason = why_not_shared(checkpoint)
    if not reason:
        return "shared"
    logger.warning(
        "%s is served one request at a time, through generate: %s; a server (--engine vllm) is faster",
        checkpoint.name,
        reason,
    )
    return "plain"


def delivering(future: asyncio.Future[Completion]) -> Callable[[Completion | Exception], None]:
    """A function that another thread calls with the outcome of ``future``."""
    loop = future.get_loop()

    def settle(outcome: Completion | Exception) -> None:
        if future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def deliver(outcome: Completion | Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nothing waits for the outcome
            loop.call_soon_threadsafe(settle, outcome)

    return deliver


def memory_for_pasts(device: Any) -> int:
    """Bytes for what is remembered between steps: 64 chains of 2,000 tokens are 7 GiB in a model of 7B."""
    import torch

    if device.type != "cuda":
        return 2**30
    free, _ = torch.cuda.mem_get_info(device)
    return int(free) // 4
