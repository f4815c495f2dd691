"""The sglang engine against a server in this process that answers in the shapes of SGLang 0.5.23's source."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from s1m.engines.scripted import ScriptedEngine
from s1m.engines.sglang import SglangEngine
from s1m.engines.sglang.protocol import generate_request, read_generated
from s1m.errors import EngineUnavailable, PromptTooLong
from s1m.types import Completion, Engine, Problem, RequestOptions, Sampling, Step
from tests.engines.asking import GREEDY, STOP, problem, servers, step
from tests.engines.chat.test_engine import sweep, thoughts
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, tokens_of
from tests.engines.remote.test_images import encoded

BEGIN = "<|im_start|>assistant\n"
IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
END, BOS = 2, 1


class Vocabulary:
    """Ids in the order in which tokens are first seen."""

    def __init__(self, bos: str) -> None:
        self._bos = bos
        self._ids = {"<|im_end|>": END, **({bos: BOS} if bos else {})}

    def encode(self, text: str, *, special: bool) -> list[int]:
        begins = [self._bos] if self._bos and text.startswith(self._bos) else []
        tokens = begins + tokens_of(text.removeprefix("".join(begins)))
        ids = [self._ids.setdefault(token, len(self._ids) + 10) for token in tokens]
        return [BOS, *ids] if special and self._bos else ids

    def decode(self, ids: list[int]) -> str:
        tokens = {number: token for token, number in self._ids.items()}
        return "".join(tokens[number] for number in ids)


def sglang(write: Callable[[str], str], *, begin: str = BEGIN, switched: str = BEGIN, bos: str = "") -> Behaviour:
    """The server; ``begin`` is what its template puts before a turn, ``switched`` that with thinking switched on."""
    words = Vocabulary(bos)

    def rendered(body: dict[str, Any]) -> str:
        content = body["messages"][-1]["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        text = "".join(part.get("text", IMAGE) for part in parts)
        on = body.get("chat_template_kwargs", {}).get("enable_thinking")
        return f"{bos}<|im_start|>user\n{text}<|im_end|>\n{switched if on else begin}"

    def behave(request: Request) -> Answer:
        body = request.body
        if request.method == "GET":
            return answer({"data": [{"id": "small", "max_model_len": 4096, "owned_by": "sglang"}]})
        if request.path == "/tokenize":
            special = body.get("add_special_tokens", True) and "messages" not in body
            ids = words.encode(rendered(body) if "messages" in body else body["prompt"], special=special)
            return answer({"tokens": ids, "count": len(ids), "max_model_len": 4096})
        if request.path == "/detokenize":
            return answer({"text": words.decode(body["tokens"])})
        assert request.path == "/generate"
        assert body["text"].count(IMAGE) == len(body.get("image_data", []))
        return answer(generated(body["sampling_params"], write(body["text"].partition(BEGIN)[2]), words))

    return behave


def generated(params: dict[str, Any], text: str, words: Vocabulary) -> dict[str, Any]:
    written = ""
    for count, token in enumerate([*tokens_of(text), "<|im_end|>"], start=1):
        written += token
        stopped = next((stop for stop in params["stop"] if stop in written), None)
        ids = words.encode(token, special=False)
        reason: dict[str, Any] | None = None
        if stopped:
            reason = {"type": "stop", "matched": stopped}
        elif token == "<|im_end|>":
            reason = {"type": "stop", "matched": END}
        elif count >= params["max_new_tokens"]:
            reason = {"type": "length", "length": count}
        if reason:
            info = {"id": "x", "finish_reason": reason, "prompt_tokens": 9, "completion_tokens": count}
            return {"text": written, "output_ids": ids, "meta_info": {**info, "cached_tokens": 0}}
    raise AssertionError("unreachable: the last token ends the turn")


def ask(
    server: ChatServer, *steps: Step, of: Problem | None = None, options: RequestOptions | None = None, **settings: Any
) -> list[Completion]:
    async def main() -> list[Completion]:
        engine = SglangEngine(servers(server.url, **settings), options=options or RequestOptions())
        try:
            return [await engine.generate(of or problem(), each, GREEDY) for each in steps]
        finally:
            await engine.close()

    return asyncio.run(main())


def sent(server: ChatServer) -> list[dict[str, Any]]:
    return [request.body for request in server.requests if request.path == "/generate"]


def test_engine_is_an_engine_and_knows_its_context() -> None:
    async def main(url: str) -> int | None:
        engine = SglangEngine(servers(url))
        checked: Engine = engine
        await engine.ready()
        await checked.close()
        return engine.context_tokens

    with ChatServer(sglang(lambda _: " four")) as server:
        assert asyncio.run(main(server.url)) == 4096


@pytest.mark.parametrize("begin", [BEGIN, BEGIN + "<think>\n"])
def test_sweep_is_that_of_a_scripted_engine_and_thinking_is_opened_once(begin: str) -> None:
    def script(_: Problem, asked: Step) -> str:
        return thoughts("".join(piece.text for piece in asked.prefix))

    with ChatServer(sglang(thoughts, begin=begin)) as server:
        served = sweep(SglangEngine(servers(server.url, max_concurrency=1)))
        prompts = [body["text"] for body in sent(server)]
    scripted = sweep(ScriptedEngine(script))
    assert [segment.text for segment in served.chains[0]] == [segment.text for segment in scripted.chains[0]]
    assert {segment.stop for segment in served.chains[0]} == {"closed"}
    assert [each.text for each in served.answers] == [each.text for each in scripted.answers]
    assert all(prompt.count("<think>") == 1 for prompt in prompts)


def test_template_that_closes_an_empty_thought_ends_the_run_and_names_the_switch() -> None:
    closed, opened = BEGIN + "<think>\n\n</think>\n\n", BEGIN + "<think>\n"
    model = sglang(lambda _: " four", begin=closed, switched=opened)
    with ChatServer(model) as server, pytest.raises(EngineUnavailable, match="--template-kwargs enable_thinking=true"):
        ask(server, step("<think>\n"))
    with ChatServer(model) as server:
        ask(server, step("<think>\n"), options=RequestOptions(template={"enable_thinking": True}))
        assert sent(server)[0]["text"].endswith(opened)


def test_images_travel_as_data_urls_and_their_placeholders_as_the_template_writes_them() -> None:
    with ChatServer(sglang(lambda _: " four")) as server:
        ask(server, step("<think>\n"), of=problem(encoded("PNG"), encoded("PNG")))
        (body,) = sent(server)
    assert [url.partition(",")[0] for url in body["image_data"]] == ["data:image/png;base64"] * 2
    assert body["text"].count(IMAGE) == 2


def test_beginning_of_text_is_left_to_the_server_that_adds_it() -> None:
    with ChatServer(sglang(lambda _: " four", bos="<s>")) as server:
        ask(server, step("<think>\n"))
        assert sent(server)[0]["text"].startswith("<|im_start|>user")


def test_everything_that_changes_the_result_is_sent() -> None:
    sampling = Sampling(temperature=1.0, top_p=0.9, top_k=20, min_p=0.1, presence_penalty=1.5, repetition_penalty=1.1)
    asked = Step(prefix=(), stop=(), max_tokens=8, choices=("A", "B+"), seed=7)
    body = generate_request(prompt="Hi", images=(), step=asked, sampling=sampling, stop_token_ids=())
    params = body["sampling_params"]
    assert (params["top_k"], params["min_p"], params["presence_penalty"], params["sampling_seed"]) == (20, 0.1, 1.5, 7)
    assert re.fullmatch(params["regex"], "B+")
    assert body["return_logprob"]
    assert "image_data" not in body


def test_minimum_keeps_back_the_token_of_the_delimiter_and_refuses_one_of_several() -> None:
    with ChatServer(sglang(lambda _: " four")) as server:
        ask(server, step("<think>\n", min_tokens=3))
        params = sent(server)[0]["sampling_params"]
        assert (params["min_new_tokens"], len(params["stop_token_ids"])) == (3, 1)
        with pytest.raises(EngineUnavailable, match="keeps back single tokens"):
            ask(server, step("<think>\n", stop=("end of thought",), min_tokens=3))


def reply(text: str, reason: dict[str, Any], tokens: int = 3, **info: Any) -> bytes:
    said = {"finish_reason": reason, "completion_tokens": tokens, **info}
    return answer({"text": text, "meta_info": said}).body


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        (" four</think>", {"type": "stop", "matched": "</think>"}, (" four", "stop")),
        (" four</think>", {"type": "stop", "matched": 77}, (" four", "stop")),
        (" four", {"type": "stop", "matched": 77}, (" four", "stop")),
        (" four<|im_end|>", {"type": "stop", "matched": 2}, (" four", "eos")),
        (" four</th", {"type": "length", "length": 3}, (" four", "length")),
    ],
)
def test_why_a_reply_ended(text: str, reason: dict[str, Any], expected: tuple[str, str]) -> None:
    done = read_generated(reply(text, reason), step("<think>"), stop_token_ids=[77])
    assert (done.text, done.finish, done.tokens) == (*expected, 3)


def test_probability_leaves_out_the_token_that_ended_the_turn() -> None:
    logprobs = [[-1.0, 5, None], [-3.0, 6, None], [-9.0, 2, None]]
    body = reply(" A<|im_end|>", {"type": "stop", "matched": 2}, output_token_logprobs=logprobs)
    assert read_generated(body, step(stop=()), stop_token_ids=()).logprob == -2.0


def test_reply_that_broke_off_is_asked_again() -> None:
    model, replies = sglang(lambda _: " four"), [{"type": "abort", "message": "Aborted"}]

    def behave(request: Request) -> Answer:
        if request.path == "/generate" and replies:
            return Answer(body=reply("", replies.pop(), tokens=0))
        return model(request)

    with ChatServer(behave) as server:
        assert ask(server, step("<think>\n"))[0].text == " four"
        assert len(sent(server)) == 2


def test_prompt_that_does_not_fit_fails_its_problem() -> None:
    model = sglang(lambda _: " four")
    said = "The input (5000 tokens) is longer than the model's context length (4096 tokens)."

    def behave(request: Request) -> Answer:
        return answer({"error": {"message": said}}, 400) if request.path == "/generate" else model(request)

    with ChatServer(behave) as server, pytest.raises(PromptTooLong):
        ask(server, step("<think>\n"))


def test_server_that_renders_no_messages_ends_the_run() -> None:
    def behave(request: Request) -> Answer:
        return Answer(status=404) if request.path == "/tokenize" else sglang(lambda _: "")(request)

    with ChatServer(behave) as server, pytest.raises(EngineUnavailable, match="use a newer SGLang"):
        ask(server, step("<think>\n", stop=STOP))
