"""The dialect of llama.cpp's chat endpoint around the small model of ``chat_server``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engines.chat_server import (
    Answer,
    Behaviour,
    Request,
    answer,
    completion,
    generate,
    models,
    render,
    tokens_of,
)


def llama_cpp(
    write: Callable[[str], str],
    *,
    parses: bool = False,
    knows_verbose: bool = True,
    intrudes: str = "",
    special: bool = True,
) -> Behaviour:
    """A chat server as llama.cpp's: it always continues the turn, and its reply begins with the whole of it.

    Stop strings are cut away, and named only in ``__verbose``. ``parses``: a reasoning parser takes the message apart,
    the repeated turn included, unless ``reasoning_format`` is "none". ``intrudes``: the template puts this before a
    continued turn, and its first three tokens before a new one. ``special``: delimiters show in the text.
    """

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return models("small")
        body = request.body
        if request.path == "/tokenize":
            return answer({"tokens": [444] if body["content"] == "</think>" else [5, 6, 7]})
        if body.get("logit_bias") == [[444, 1000.0]]:
            return completion("</think>" if special else "", tokens=1, finish="length")
        if not knows_verbose and "verbose" in body:
            return answer({"error": {"message": "verbose: invalid value"}}, 400)
        messages = body["messages"]
        turn, prompt = render(body | {"continue_final_message": True}, continues=True)
        text, count, finish, stop = generate(body, write(turn), keeps_stop=False)
        message: dict[str, Any] = {"content": turn + text if len(messages) > 1 else text}
        if parses and body.get("reasoning_format") != "none" and message["content"].startswith("<think>"):
            thinking, _, rest = message["content"].removeprefix("<think>").partition("</think>")
            message = {"content": rest.strip(), "reasoning_content": thinking.strip()}
        start = len(prompt) - len(turn)
        opened = intrudes if len(messages) > 1 else "".join(tokens_of(intrudes)[:3])
        prompt = prompt[:start] + opened + prompt[start:]
        usage = {"prompt_tokens": len(tokens_of(prompt)), "completion_tokens": count}
        reply = {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}
        if body.get("verbose"):
            kind = "limit" if finish == "length" else "word" if stop else "eos"
            reply["__verbose"] = {"stop_type": kind, "stopping_word": stop or "", "prompt": prompt}
        return answer(reply)

    return behave
