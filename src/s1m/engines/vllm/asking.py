"""One step as requests to vLLM's token endpoint: whole, streamed, or a whole chain; resumed where a stream breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from s1m.engines.remote.reply import decode
from s1m.engines.vllm.chain import Plan, Stretch
from s1m.engines.vllm.check import Abilities
from s1m.engines.vllm.protocol import Generated, GeneratedChoice, generate_request, image_part, read_choice
from s1m.engines.vllm.writing import Writing
from s1m.types import Sampling, Step

SEED_STEP = 1_000_003
"""Added to the seed for every token that has arrived where a request goes on, so that no noise is used twice."""
HEARD_INTERVAL, READ_INTERVAL, CHAIN_INTERVAL = 4, 16, 32
"""Tokens an event: of text that is shown as it is written, that the loop watch reads, and that is read at its end; the
last one's events say how fast the server is. An event costs server and client a tenth of a millisecond each."""


class Asking:
    """The tries of one step; which kind of request is made is known when its server is."""

    def __init__(
        self,
        *,
        model: str,
        token_ids: Sequence[int],
        step: Step,
        sampling: Sampling,
        stop_token_ids: Sequence[int],
        plan: Plan | None,
    ) -> None:
        self.step = step
        self.plan: Plan | None = None
        """What the last try asked of the plugin; None for one segment or answer."""
        self.before: tuple[int, ...] = ()
        """What earlier tries wrote, where the last one goes on from it."""
        self._model = model
        self._token_ids = tuple(token_ids)
        self._sampling = sampling
        self._stop_token_ids = list(stop_token_ids)
        self._wanted = plan
        self._most = step.max_tokens
        self._arrived = 0
        self._writing = Writing(max_tokens=step.max_tokens)

    @property
    def arrived(self) -> int:
        """Tokens that have come in all tries."""
        return self._arrived + self._writing.arrived

    def body(self, abilities: Abilities, images: Sequence[str], urls: Sequence[str | None]) -> dict[str, Any]:
        """The next try's request; ``images`` are hashes, ``urls`` the data of those that are sent."""
        step, at_once = self.step, self.step.at_once
        self._keep_or_forget()
        streams = abilities.streams and (at_once is not None or step.on_text is not None)
        drawn = self._wanted if streams and abilities.digits else None
        self.plan = drawn if drawn and drawn.ignores else None
        if streams and at_once is not None:
            step = replace(step, max_tokens=at_once.max_tokens, min_tokens=at_once.min_tokens)
        if len(self.before) >= step.max_tokens:
            self.before = ()  # all had arrived but the end
        written = len(self.before)
        step = replace(
            step,
            max_tokens=step.max_tokens - written,
            min_tokens=max(0, step.min_tokens - written),
            seed=(step.seed + SEED_STEP * written) & 0x7FFFFFFF,
        )
        self._most = step.max_tokens
        request = generate_request(
            model=self._model,
            token_ids=(*self._token_ids, *self.before),
            images=[image_part(*each) for each in zip(images, urls, strict=True)],
            step=step,
            sampling=self._sampling,
            stop_token_ids=self._stop_token_ids,
        )
        if streams:
            request["stream"] = True
            request["stream_options"] = {"include_usage": True}
            request["sampling_params"]["stream_interval"] = HEARD_INTERVAL if step.on_text else READ_INTERVAL
        if drawn is not None:
            drawn = replace(drawn, max_tokens=step.max_tokens, min_tokens=step.min_tokens)
            request["sampling_params"]["extra_args"] = drawn.arguments(self.step.seed, written)
            del request["sampling_params"]["seed"]  # the plugin draws
        if drawn is not None and self.plan is not None:
            self.plan = drawn
            self._most = drawn.all_tokens
            self._force(request["sampling_params"], drawn)
        self._writing = Writing(max_tokens=self._most, listens=None if self.plan else self._listener())
        return request

    def take(self, data: bytes) -> int | None:
        """What is in an event; see ``Request.on_event``."""
        return self._writing.take(data)

    def read(self, reply: bytes) -> GeneratedChoice:
        """What the last try wrote. Raises ``Unreadable``."""
        if not reply:
            return self._writing.choice()
        said = decode(reply, Generated)
        self._writing.reported = said.usage.prompt_tokens if said.usage else None
        return read_choice(reply, self._most)

    @property
    def reported(self) -> int | None:
        """Tokens of the prompt as the server counts them, images included; None where it did not come to that."""
        return None if self._writing.reported is None else self._writing.reported - len(self.before)

    @property
    def cut(self) -> bool:
        """Whether a listener ended it, so that its last tokens may have no text yet."""
        return self._writing.cut

    def stretches(self, choice: GeneratedChoice) -> list[Stretch] | None:
        """The segments of a chain; None where they cannot be told apart."""
        assert self.plan is not None
        stretches = self.plan.stretches(choice)
        if stretches is None and not self.plan.may_hold_ignored_stop(choice.token_ids):
            # It ran out of tokens, or a server without the plugin wrote it.
            ended = choice.finish_reason == "stop"
            ids = tuple(choice.token_ids[:-1] if ended else choice.token_ids)
            stretches = [Stretch(ids=ids, finish="eos" if ended else "length")]
        if stretches:
            stretches[0] = replace(stretches[0], ids=(*self.before, *stretches[0].ids))
        return stretches

    def _keep_or_forget(self) -> None:
        """Go on from what the last try wrote, unless an ignored stop may be in it, whose place was not said yet."""
        writing, self._arrived = self._writing, self.arrived
        self._writing = Writing(max_tokens=1)
        if self.plan is not None and self.plan.may_hold_ignored_stop((*self.before, *writing.ids)):
            self.before = ()
        else:
            self.before = (*self.before, *writing.ids)

    def _listener(self) -> Callable[[str], bool] | None:
        on_text, at_once = self.step.on_text, self.step.at_once
        if at_once is None:
            return on_text
        if on_text is None:
            return at_once.reads

        def both(text: str) -> bool:
            heard = on_text(text)
            return at_once.reads(text) or heard

        return both

    @staticmethod
    def _force(sampling_params: dict[str, Any], plan: Plan) -> None:
        """The plugin ends the thinking, so that vLLM's own stop strings and minimum have nothing to do."""
        sampling_params |= {
            "max_tokens": plan.all_tokens,
            "min_tokens": 0,
            "stop": [],
            "stop_token_ids": [plan.close],
            "stream_interval": CHAIN_INTERVAL,
        }
