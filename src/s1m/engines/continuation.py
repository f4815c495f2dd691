"""Whether a server goes on with an unfinished assistant turn, read off the prompt tokens that it counts.

Many servers ignore fields they do not know; such a one would close the turn and begin another, and every forced
thought would be a conversation about a thought. The same one-word turn is sent with and without the request to
continue: a server that continues leaves out the end of the turn and the header of the next, so it counts fewer tokens.
No property of the model is needed, and it costs two requests of one token (three where both counts are equal).
"""

from __future__ import annotations

from typing import Any, Literal

from s1m.engines.chat import Reply, decode

Verdict = Literal["continues", "restarts", "unknown"]

ONE_WORD_TOKENS = 1
RESTART_TOKENS = 4
"""With this many prompt tokens or more, a one-word turn was ended and another begun: in ChatML, Llama 3 and Gemma that
takes five beside the word. In between, templates as bare as Llama 2's cannot be told apart."""


def probe(model: str, *, assistant: bool, continued: bool) -> dict[str, Any]:
    """A request of one token, with or without a one-word assistant turn, to be continued or not."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
        "temperature": 0.0,
    }
    if assistant:
        body["messages"].append({"role": "assistant", "content": "A"})
    if continued:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return body


def read_prompt_tokens(body: bytes) -> int | None:
    """The prompt tokens that a reply reports, None when it reports none."""
    usage = decode(body, Reply).usage
    return usage.prompt_tokens if usage is not None else None


def compare(continued: int | None, plain: int | None) -> Verdict:
    """What the counts of the same turn, to be continued and not, show. Unknown when the request changes nothing."""
    if continued is None or plain is None:
        return "unknown"
    return "continues" if continued < plain else "unknown"


def judge_unasked(plain: int | None, bare: int | None) -> Verdict:
    """What a server does that counts the same either way: some always continue, most never do.

    ``bare`` is the count without the one-word turn, ready for the assistant to begin.
    """
    if plain is None or bare is None:
        return "unknown"
    if plain - bare <= ONE_WORD_TOKENS:
        return "continues"
    return "restarts" if plain - bare >= RESTART_TOKENS else "unknown"
