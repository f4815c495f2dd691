"""What a server writes for one step, event by event, and across all tries where a stream breaks in the middle."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from s1m.engines.remote.reply import Unreadable, decode
from s1m.engines.vllm.protocol import GeneratedChoice, Reported, TokenLogprob, TokenLogprobs


class StreamedChoice(msgspec.Struct, frozen=True):
    """What is new in an event; ``text`` may lag behind the tokens, where a stop string could begin."""

    token_ids: list[int]
    text: str = ""
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    logprobs: TokenLogprobs | None = None


class Streamed(msgspec.Struct, frozen=True):
    """An event of /inference/v1/generate; ``prompt_token_ids`` in the first one when they are asked for."""

    choices: list[StreamedChoice]
    prompt_token_ids: list[int] | None = None
    usage: Reported | None = None
    """In the last event, which has no choices."""
    error: msgspec.Raw = msgspec.Raw(b"null")


class Writing:
    """The tokens and the text that have arrived. ``listens`` is called with new text and ends the stream when true."""

    def __init__(self, max_tokens: int, listens: Callable[[str], bool] | None = None) -> None:
        self.ids: list[int] = []
        self.text = ""
        self.finish_reason: str | None = None
        self.stop_reason: str | int | None = None
        self.prompt_token_ids: list[int] | None = None
        self.reported: int | None = None
        """Tokens of the prompt, as the server counts them."""
        self.streamed = False
        self.cut = False
        """Whether the listener ended it."""
        self.arrived = 0
        """Tokens of all tries together, also of those that were given up."""
        self._logprobs: list[TokenLogprob] = []
        self._max_tokens = max_tokens
        self._listens = listens

    @property
    def left(self) -> int:
        """Tokens that may still be written."""
        return self._max_tokens - len(self.ids)

    def begin_again(self) -> None:
        """Forget what has arrived."""
        self.ids, self.text, self._logprobs = [], "", []

    def take(self, data: bytes) -> int | None:
        """The tokens in an event; None when the stream is to end there. Raises ``Unreadable``."""
        event = decode(data, Streamed)
        if event.usage is not None:
            self.reported = event.usage.prompt_tokens
            if not event.choices:
                return 0
        if bytes(event.error) != b"null" or not event.choices:
            raise Unreadable("the stream reports an error")
        self.streamed = True
        choice = event.choices[0]
        if event.prompt_token_ids is not None:
            self.prompt_token_ids = event.prompt_token_ids
        if len(choice.token_ids) > self.left:
            raise Unreadable(f"{len(self.ids) + len(choice.token_ids)} tokens where {self._max_tokens} were asked for")
        if choice.finish_reason not in (None, "stop", "length"):
            raise Unreadable(f"the server broke off (finish_reason {choice.finish_reason})")
        self.ids += choice.token_ids
        self.text += choice.text
        self.arrived += len(choice.token_ids)
        self._logprobs += choice.logprobs.content if choice.logprobs else ()
        self.finish_reason, self.stop_reason = choice.finish_reason, choice.stop_reason
        if choice.text and self._listens and self._listens(choice.text) and choice.finish_reason is None:
            self.cut, self.finish_reason = True, "length"
            return None
        return len(choice.token_ids)

    def choice(self) -> GeneratedChoice:
        """What was written, as the reply of a request that is not streamed. Raises ``Unreadable`` when it broke off."""
        if self.finish_reason is None or not self.ids:
            raise Unreadable("the stream ended before the text did")
        return GeneratedChoice(
            token_ids=self.ids,
            text=self.text,
            finish_reason=self.finish_reason,
            stop_reason=self.stop_reason,
            logprobs=TokenLogprobs(content=self._logprobs) if self._logprobs else None,
        )
