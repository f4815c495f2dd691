"""The judge itself: a chat model at a server, asked through the same connections as an engine, and only once."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from s1m.engines.by_name.servers import Http
from s1m.engines.remote import Patience, Request, Server, Servers
from s1m.engines.remote.models import find_model
from s1m.engines.remote.reply import encode
from s1m.errors import EngineError, EngineUnavailable, UsageError
from s1m.files.tasks import gathered
from s1m.judge.judgements import content_key
from s1m.judge.prompt import chat_request, prompt_for, read_extraction
from s1m.types import Problem

OnExtraction = Callable[[str, str | None], Awaitable[None]]
"""Called with a key and what the judge copied out, as soon as it has."""


class Judge:
    """A model at ``base_url``; ``model`` may be empty until it is ``ready``. Belongs to one event loop."""

    def __init__(
        self,
        base_url: str,
        model: str = "",
        *,
        max_concurrency: int = Http.default_concurrency,
        patience: Patience | None = None,
    ) -> None:
        """The key is S1M_JUDGE_API_KEY, else S1M_API_KEY. Raises ``UsageError`` for an invalid address or key."""
        key = os.environ.get("S1M_JUDGE_API_KEY") or os.environ.get("S1M_API_KEY")
        self._servers = Servers(base_url, key, max_concurrency=max_concurrency, patience=patience)
        self.model = model

    async def ready(self) -> None:
        """Find out the model's name where it is left to the server."""
        try:
            self.model = self.model or await find_model(self._servers)
        except UsageError as error:
            raise UsageError(_of_the_judge(error)) from None
        except EngineError as error:
            raise EngineUnavailable(_of_the_judge(error)) from error

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        await self._servers.close()

    def question(self, problem: Problem, response: str) -> tuple[str, str]:
        """What is asked about a response: its key, and the prompt."""
        prompt = prompt_for(problem, response)
        return content_key(self.model, prompt), prompt

    async def ask(self, prompts: Mapping[str, str], on_extraction: OnExtraction) -> list[EngineError]:
        """Ask every prompt, by key; the failures. Raises ``EngineUnavailable`` when no answer can be judged."""
        # One iterator for all workers: each takes the next prompt when it is free, so a slow reply holds up no other.
        queue = iter(prompts.items())
        failures: list[EngineError] = []
        workers = min(self._servers.most_under_way, len(prompts))
        await gathered(self._work(queue, on_extraction, failures) for _ in range(workers))
        return failures

    async def _work(
        self, queue: Iterator[tuple[str, str]], on_extraction: OnExtraction, failures: list[EngineError]
    ) -> None:
        for key, prompt in queue:
            try:
                extraction = await self._extraction(prompt, key)
            except EngineUnavailable as error:
                raise EngineUnavailable(_of_the_judge(error)) from error
            except EngineError as error:
                failures.append(error)
            else:
                await on_extraction(key, extraction)

    async def _extraction(self, prompt: str, key: str) -> str | None:
        async def body(_server: Server) -> bytes:
            return encode(chat_request(self.model, prompt))

        return await self._servers.ask(Request(path="chat/completions", body=body, read=read_extraction), problem=key)


def unjudged(failures: Sequence[Exception]) -> str:
    """The message for a judge that failed: how often, and the first error."""
    return (
        f"the judge failed on {len(failures)} answers (the first time: {failures[0]}); "
        "they keep their verdicts; re-run the command to ask again"
    )


def _of_the_judge(error: Exception) -> str:
    """An error of the servers with the judge's own flags and key in it."""
    message = str(error)
    for name in ("base-url", "model"):
        message = message.replace(f"--{name}", f"--judge-{name}")
    return f"the judge cannot be asked: {message.replace('S1M_API_KEY', 'S1M_JUDGE_API_KEY')}"
