"""A small server that takes token ids, streams, and has s1m's plugin: its tokens are characters, its model a script.

    with ChatServer(TokenServer(["look.\\n"])) as server:
        engine = VllmEngine(servers(server.url), "m")

The model writes one of the texts after each "Wait," of its turn and ends its thinking, unless the text itself ends with
"Wait,"; then it answers 7. What the plugin does with what it draws is the plugin's own code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from s1m.vllm_plugin.row import Row, Rules
from s1m.vllm_plugin.wishes import read_wishes, spelled
from tests.engines.chat_server import Answer, Request, answer

CLOSE, END = "\ue000", "\ue001"
NAMES = {CLOSE: "</think>", END: "<|im_end|>"}


def ids(text: str) -> list[int]:
    """The tokens of a text."""
    for mark, name in NAMES.items():
        text = text.replace(name, mark)
    return [ord(character) for character in text]


def text_of(token_ids: Sequence[int]) -> str:
    """The text of tokens."""
    return "".join(NAMES.get(chr(token), chr(token)) for token in token_ids)


WIDER = 3
"""Tokens that it reads beside those sent, as a model does of an image."""


@dataclass
class TokenServer:
    """Answers requests; ``generated`` are the bodies of those that wrote something, the handshake's left out."""

    texts: Sequence[str]
    streams: bool = True
    plugin: bool = True
    close_tokens: int = 1
    """Tokens of the delimiter, for models that spell it."""
    counts: bool = True
    """Whether it says how many tokens it read."""
    metrics: str = ""
    """What it says at /metrics, in Prometheus's format."""
    breaks: int = 0
    """How many replies break off in the middle."""
    generated: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        body = request.body
        if request.path.endswith("/models"):
            return answer({"data": [{"id": "m", "max_model_len": 4096}]})
        if request.path.endswith("/render"):
            if isinstance(body["messages"][0]["content"], str):
                return answer({"token_ids": ids("x")})
            return answer({"error": {"message": "no images"}}, 400)
        if request.path == "/metrics":
            return Answer(body=self.metrics.encode(), headers={"Content-Type": "text/plain"})
        if request.path == "/tokenize":
            text = body.get("prompt", "[assistant]\n")
            return answer({"tokens": ids(text) * (self.close_tokens if text == "</think>" else 1)})
        if request.path == "/detokenize":
            return answer({"prompt": text_of(body["tokens"])})
        return self._generate(body)

    def _generate(self, body: dict[str, Any]) -> Answer:
        probe = body.get("return_token_ids", False)
        if not probe:
            self.generated.append(body)
        params = body["sampling_params"]
        written, finish, reason = self._written(body["token_ids"], params)
        if not (body.get("stream") and self.streams):
            text = text_of(written[:-1] if finish == "stop" else written)
            choice = {"token_ids": written, "text": text, "finish_reason": finish, "stop_reason": reason}
            whole = {"choices": [choice], "prompt_token_ids": body["token_ids"]}
            return answer(whole | ({"usage": self._usage(body)} if self.counts else {}))
        reply = b"".join(self._events(body, written, finish, reason))
        if self.breaks and not probe:
            self.breaks -= 1
            return Answer(body=reply, fault="reset mid-body")
        return Answer(body=reply, headers={"Content-Type": "text/event-stream"})

    def _events(self, body: dict[str, Any], written: list[int], finish: str, reason: Any) -> Iterator[bytes]:
        size = body["sampling_params"].get("stream_interval", 1)
        for start in range(0, len(written), size):
            new = written[start : start + size]
            last = start + size >= len(written)
            text = text_of(new[:-1] if last and finish == "stop" else new)
            choice: dict[str, Any] = {"token_ids": new, "text": text}
            choice |= {"finish_reason": finish, "stop_reason": reason} if last else {}
            event = {"choices": [choice], "prompt_token_ids": body["token_ids"]}
            yield b"data: " + json.dumps(event).encode() + b"\n\n"
        if self.counts and body.get("stream_options", {}).get("include_usage"):
            yield b"data: " + json.dumps({"choices": [], "usage": self._usage(body)}).encode() + b"\n\n"
        yield b"data: [DONE]\n\n"

    def _usage(self, body: dict[str, Any]) -> dict[str, int]:
        return {"prompt_tokens": len(body["token_ids"]) + WIDER, "completion_tokens": 1}

    def _written(self, prompt: list[int], params: dict[str, Any]) -> tuple[list[int], str, Any]:
        """Tokens, finish reason and stop reason of a request."""
        row = self._row(params.get("extra_args"))
        written: list[int] = []
        stops = {ord(END), *params.get("stop_token_ids", ())}
        while len(written) < params["max_tokens"]:
            drawn = ids(self._next(text_of(prompt + written)))[0]
            if row is not None and row.advance_to(len(written)):
                drawn = row.take(drawn)
            written.append(drawn)
            if drawn in stops:
                return written, "stop", None if drawn == ord(END) else drawn
        return written, "length", None

    def _row(self, extra: dict[str, Any] | None) -> Row | None:
        wishes = read_wishes(extra) if self.plugin else None
        if wishes is None:
            return None
        ignores, close = spelled(wishes, None)
        rules = Rules(
            close=close,
            turn_ends=frozenset({ord(END)}),
            end_of_turn=ord(END),
            ignores=ignores,
            num_ignore=wishes.num_ignore,
            min_thinking_tokens=wishes.min_thinking_tokens,
            max_thinking_tokens=wishes.max_thinking_tokens,
            take_back_turn_end=wishes.take_back_turn_end,
            watch_loops=wishes.watch_loops,
            report_digits=wishes.report_digits,
        )
        return Row(rules=rules, seed=0)

    def _next(self, turn: str) -> str:
        if "Final answer: " in turn:
            return "7" if turn.endswith(": ") else END
        _, found, thought = turn.rpartition("Wait,")
        text = self.texts[turn.count("Wait,") % len(self.texts)]
        if not found:
            thought = turn.rpartition("<think>\n")[2]
        if len(thought) < len(text):
            return text[len(thought)]
        return END if text.endswith("!") else CLOSE
