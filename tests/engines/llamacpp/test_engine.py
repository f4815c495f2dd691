"""The llamacpp engine against a server in this process that speaks llama.cpp's own endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.engines.llamacpp import LlamaCppEngine
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from s1m.types import Completion, Engine, Piece, Problem, Step
from tests.engines.asking import GREEDY, problem, servers, step
from tests.engines.chat.test_engine import sweep, thoughts
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, models, tokens_of
from tests.engines.llamacpp_chat import llama_cpp
from tests.engines.remote.test_images import encoded

MARKER = "<__media_x7__>"
BEGIN = "<|im_start|>assistant\n"


def native(write: Callable[[str], str], *, begin: str = BEGIN, markers: list[str] | None = None) -> Behaviour:
    """The server; ``begin`` is what its template puts before a turn, ``markers`` its marker after each start."""
    current = markers or [MARKER]

    def behave(request: Request) -> Answer:
        body = request.body
        if request.path == "/props":
            return answer({"media_marker": current[0], "default_generation_settings": {"n_ctx": 4096}})
        if request.path == "/apply-template":
            content = body["messages"][0]["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            text = "".join(part.get("text", current[0]) for part in parts)
            return answer({"prompt": f"<|im_start|>user\n{text}<|im_end|>\n{begin}"})
        if request.path == "/tokenize":
            return answer({"tokens": [444] if body["content"] == "</think>" else [5, 6, 7]})
        if request.path != "/completion":
            return models("small")
        prompt = body["prompt"]
        text, images = (prompt, []) if isinstance(prompt, str) else (prompt["prompt_string"], prompt["multimodal_data"])
        if text.count(current[0]) != len(images):
            return answer({"error": {"message": "number of bitmaps (1) does not match number of markers (0)"}}, 400)
        return answer(generated(body, write(text.partition(BEGIN)[2])))

    return behave


def generated(body: dict[str, Any], text: str) -> dict[str, Any]:
    written = ""
    tokens = tokens_of(text)
    if body.get("ignore_eos"):  # and the delimiter forbidden: the model writes commas instead
        tokens = [token for token in tokens if token != "</think>"] + [","] * body["n_predict"]
    for count, token in enumerate([*tokens, ""], start=1):
        written += token
        stopped = next((stop for stop in body["stop"] if stop in written), "")
        kind = "word" if stopped else "" if token else "eos"
        if kind or count >= body["n_predict"]:
            content = written.partition(stopped)[0] if stopped else written
            reply = {"content": content, "tokens_predicted": count, "stop_type": kind or "limit"}
            return reply | {"stopping_word": stopped}
    raise AssertionError("unreachable: the last token ends the turn")


def ask(server: ChatServer, *steps: Step, of: Problem | None = None) -> list[Completion]:
    async def main() -> list[Completion]:
        engine = LlamaCppEngine(servers(server.url))
        try:
            return [await engine.generate(of or problem(), each, GREEDY) for each in steps]
        finally:
            await engine.close()

    return asyncio.run(main())


def sent(server: ChatServer) -> list[dict[str, Any]]:
    return [request.body for request in server.requests if request.path == "/completion"]


def test_engine_is_an_engine_and_knows_the_context_of_a_slot() -> None:
    async def main(url: str) -> int | None:
        engine = LlamaCppEngine(servers(url))
        checked: Engine = engine
        await engine.ready()
        await checked.close()
        return engine.context_tokens

    with ChatServer(native(lambda _: " four")) as server:
        assert asyncio.run(main(server.url)) == 4096


def test_sweep_is_that_of_a_scripted_engine_and_every_thought_is_closed() -> None:
    def script(_: Problem, asked: Step) -> str:
        return thoughts("".join(piece.text for piece in asked.prefix))

    with ChatServer(native(thoughts)) as server:
        served = sweep(LlamaCppEngine(servers(server.url)))
        prompts = [body["prompt"]["prompt_string"] for body in sent(server)]
    scripted = sweep(ScriptedEngine(script))
    assert [segment.text for segment in served.chains[0]] == [segment.text for segment in scripted.chains[0]]
    assert {segment.stop for segment in served.chains[0]} == {"closed"}
    assert [each.text for each in served.answers] == [each.text for each in scripted.answers]
    assert all(prompt.count("<think>") == 1 for prompt in prompts)


def test_thinking_that_the_template_opens_is_not_opened_twice() -> None:
    with ChatServer(native(lambda _: " four", begin=BEGIN + "<think>\n")) as server:
        ask(server, step("<think>\n", " I look"), step("<think>", " I look"))
        assert [body["prompt"].partition(BEGIN)[2] for body in sent(server)] == ["<think>\n I look", "<think> I look"]


def test_template_that_closes_an_empty_thought_ends_the_run() -> None:
    with (
        ChatServer(native(lambda _: " four", begin=BEGIN + "<think>\n\n</think>\n\n")) as server,
        pytest.raises(EngineUnavailable, match=r"closes an empty thought .*enable_thinking"),
    ):
        ask(server, step("<think>\n"))


def test_images_stand_at_their_markers_and_can_be_shown_again() -> None:
    again = Step(prefix=(Piece(text="<think>\n"), Piece(text="Look:", images=True)), stop=(), max_tokens=4)
    with ChatServer(native(lambda _: " four")) as server:
        ask(server, again, of=problem(encoded("PNG")))
        (body,) = sent(server)
    assert body["prompt"]["prompt_string"].endswith(f"<think>\nLook:{MARKER}")
    assert len(body["prompt"]["multimodal_data"]) == 2


def test_server_that_starts_again_with_another_marker_is_asked_anew() -> None:
    markers = [MARKER]
    behaviour = native(lambda _: " four", markers=markers)

    def behave(request: Request) -> Answer:
        if request.path == "/completion" and markers[0] == MARKER:
            markers[0] = "<__media_y8__>"
        return behaviour(request)

    with ChatServer(behave) as server:
        assert ask(server, step("<think>\n"), of=problem(encoded("PNG")))[0].text == " four"


@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        ({"content": " four", "stop_type": "word", "stopping_word": "</think>"}, "stop", " four"),
        ({"content": " four", "stop_type": "word", "stopping_word": "<|user|>"}, "eos", " four"),
        ({"content": " four<|im_end|>", "stop_type": "eos"}, "eos", " four"),
        ({"content": " four </th", "stop_type": "limit", "tokens_predicted": 16}, "length", " four "),
    ],
)
def test_how_replies_end(reply: dict[str, Any], finish: str, text: str) -> None:
    with ChatServer(replying(answer({"tokens_predicted": 3, **reply}))) as server:
        (done,) = ask(server, step("<think>\n"))
    assert (done.finish, done.text) == (finish, text)


def replying(reply: Answer) -> Behaviour:
    rendering = native(lambda _: "")
    return lambda request: reply if request.path == "/completion" else rendering(request)


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (answer({"content": "a", "tokens_predicted": 3, "stop_type": "limit"}), EngineError, "context is full"),
        (answer({"content": "a", "tokens_predicted": 99, "stop_type": "eos"}), EngineError, "99 tokens"),
        (answer({"content": "a", "tokens_predicted": 1, "stop_type": "none"}), EngineError, "broke off"),
        (
            answer({"error": {"message": "request (9 tokens) exceeds the available context size (8 tokens)"}}, 400),
            PromptTooLong,
            "does not fit",
        ),
    ],
)
def test_replies_that_fail_their_request(reply: Answer, error: type[EngineError], said: str) -> None:
    with ChatServer(replying(reply)) as server, pytest.raises(error, match=said):
        ask(server, step("<think>\n"))


def test_minimum_is_a_request_of_its_own_in_which_nothing_can_end_the_thought() -> None:
    with ChatServer(native(lambda turn: " four</think>" if "look" in turn else " I look again and</think>")) as server:
        (done,) = ask(server, step("<think>\n", min_tokens=5, max_tokens=20))
        least, rest = sent(server)
    assert (done.text, done.tokens, done.finish) == (" I look again and, four", 7, "stop")
    assert (least["n_predict"], least["ignore_eos"], least["logit_bias"]) == (5, True, [[444, False]])
    assert (rest["n_predict"], rest.get("ignore_eos"), rest.get("logit_bias")) == (15, None, None)
    assert rest["prompt"].endswith("<think>\n I look again and,")
    assert rest["seed"] != least["seed"]


def test_minimum_that_is_all_of_the_budget_ends_for_length() -> None:
    with ChatServer(native(lambda _: " I look again and</think>")) as server:
        (done,) = ask(server, step("<think>\n", min_tokens=5, max_tokens=5))
        assert len(sent(server)) == 1
    assert (done.tokens, done.finish) == (5, "length")


def test_minimum_before_a_delimiter_of_several_tokens_is_refused_in_one_line() -> None:
    with ChatServer(native(lambda _: "")) as server, pytest.raises(EngineUnavailable, match="min-thinking-tokens"):
        ask(server, step("<think>\n", stop=("</thought>",), min_tokens=5))


def test_logprob_leaves_out_the_end_of_the_turn_and_choices_become_a_grammar() -> None:
    probabilities = [{"logprob": -1.0}, {"logprob": -3.0}, {"logprob": -9.0}]
    reply = {"content": " B", "tokens_predicted": 3, "stop_type": "eos", "completion_probabilities": probabilities}
    bound = Step(prefix=(), stop=(), max_tokens=4, choices=("A", "B"))
    with ChatServer(replying(answer(reply))) as server:
        assert ask(server, bound)[0].logprob == -2.0
        (body,) = sent(server)
    assert body["grammar"] == 'root ::= "A" | "B"'
    assert body["n_probs"] == 1


def chat_only(request: Request) -> Answer:
    own = request.path in ("/props", "/apply-template", "/completion")
    return Answer(status=404) if own else llama_cpp(thoughts)(request)


def test_gateway_that_passes_on_the_chat_alone_is_asked_there(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(chat_only) as server:
        served = sweep(LlamaCppEngine(servers(server.url)))
    with ChatServer(llama_cpp(thoughts)) as server:
        chat = sweep(ChatEngine(servers(server.url)))
    assert served == chat
    assert [message.partition(" (")[0].partition(" does ")[2] for message in caplog.messages] == [
        "not offer llama.cpp's own endpoints"
    ]


def test_images_are_not_shown_again_where_only_chat_is_offered() -> None:
    again = Step(prefix=(Piece(text="<think>\n"), Piece(text="Look:", images=True)), stop=(), max_tokens=4)
    with ChatServer(chat_only) as server, pytest.raises(EngineUnavailable, match="cannot be shown again"):
        ask(server, again, of=problem(encoded("PNG")))
