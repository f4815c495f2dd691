"""What a reply holds of the turn that it continued never becomes new text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.continuation import LONG_THOUGHT
from s1m.errors import EngineError, EngineUnavailable
from tests.engines.asking import ask, says, servers, step
from tests.engines.chat.test_engine import sweep, thoughts
from tests.engines.chat_server import (
    Answer,
    Behaviour,
    ChatServer,
    Request,
    answer,
    chat_model,
    completion,
    is_probe,
)
from tests.engines.llamacpp_chat import llama_cpp

TURN = "<think>\n I look at the picture from left to right.Wait,"


@pytest.mark.parametrize(
    "behaviour",
    [llama_cpp(thoughts), llama_cpp(thoughts, parses=True), llama_cpp(thoughts, knows_verbose=False)],
    ids=["whole", "parsed", "no extra fields"],
)
def test_sweep_on_a_server_that_repeats_is_the_same_as_on_one_that_does_not(behaviour: Behaviour) -> None:
    def swept(model: Behaviour) -> Any:
        with ChatServer(model) as server:
            return sweep(ChatEngine(servers(server.url)))

    repeated, plain = swept(behaviour), swept(chat_model(thoughts))
    assert [segment.text for segment in repeated.chains[0]] == [segment.text for segment in plain.chains[0]]
    assert [segment.tokens for segment in repeated.chains[0]] == [segment.tokens for segment in plain.chains[0]]
    assert [(answer.text, answer.tokens) for answer in repeated.answers] == [
        (answer.text, answer.tokens) for answer in plain.answers
    ]


def test_a_server_that_names_the_stop_string_closes_thoughts_and_one_that_does_not_only_ends_them() -> None:
    for knows_verbose, stop in ((True, "closed"), (False, "eos")):
        with ChatServer(llama_cpp(thoughts, knows_verbose=knows_verbose)) as server:
            trace = sweep(ChatEngine(servers(server.url)))
        assert {segment.stop for segment in trace.chains[0]} == {stop}


def test_fields_of_llama_cpp_are_sent_only_to_a_server_that_repeats() -> None:
    for behaviour, sent in ((llama_cpp(says(" four")), True), (chat_model(says(" four")), False)):
        with ChatServer(behaviour) as server:
            assert ask(server, step(TURN))[0].text == " four"
        assert [body.get("reasoning_format") == "none" for body in server.bodies()] == [sent]
        assert [body.get("repeat_penalty") for body in server.bodies()] == [1.0 if sent else None]


@pytest.mark.parametrize(("meta", "context"), [({"n_ctx": 8192}, 8192), ("of the model", None), ({"n_ctx": ""}, None)])
def test_context_of_a_slot_is_known_when_ready(meta: object, context: int | None) -> None:
    model = llama_cpp(says(" four"))

    def behave(request: Request) -> Answer:
        return answer({"data": [{"id": "small", "meta": meta}]}) if request.method == "GET" else model(request)

    async def main(url: str) -> int | None:
        engine = ChatEngine(servers(url))
        await engine.ready()
        await engine.close()
        return engine.context_tokens

    with ChatServer(behave) as server:
        assert asyncio.run(main(server.url)) == context


def test_closing_delimiter_in_the_repeated_turn_stops_nothing() -> None:
    with ChatServer(llama_cpp(says(" four</think> more"))) as server:
        done = ask(server, step("<think>\n one</think>\nNo, wait."))[0]
    assert (done.text, done.finish, done.tokens) == (" four", "stop", 2)


def test_turn_that_is_repeated_but_changed_ends_the_run() -> None:
    model = llama_cpp(says(" four"))

    def behave(request: Request) -> Answer:
        if request.body.get("messages", [{}])[-1].get("content") == LONG_THOUGHT:
            return completion("A A A A A A A A A A\nB four", tokens=1, prompt_tokens=30)
        return model(request)

    with (
        ChatServer(behave) as server,
        pytest.raises(EngineUnavailable, match=r"but not as it was sent.*reasoning parser"),
    ):
        ask(server, step(TURN))


def test_closed_thought_before_the_turn_ends_the_run_though_no_reply_shows_it() -> None:
    model = llama_cpp(says(" four"), intrudes="<think>\n\n</think>\n\n")
    with ChatServer(model) as server, pytest.raises(EngineUnavailable, match=r"before the turn stands .*</think>"):
        ask(server, step(TURN))


def test_delimiter_that_the_server_leaves_out_of_the_text_ends_the_run() -> None:
    model = llama_cpp(says(" four"), special=False)
    with ChatServer(model) as server, pytest.raises(EngineUnavailable, match=r"leaves </think> out .* --special"):
        ask(server, step(TURN))
    with ChatServer(model) as server:
        assert ask(server, step(TURN, stop=("</thought>",)))[0].text == " four"


def test_gateway_that_passes_on_no_tokenizer_is_used_all_the_same() -> None:
    model = llama_cpp(says(" four"), special=False)

    def behave(request: Request) -> Answer:
        return Answer(status=404) if request.path == "/tokenize" else model(request)

    with ChatServer(behave) as server:
        assert ask(server, step(TURN))[0].text == " four"


def test_server_that_counts_the_repeated_turn_as_new_tokens_ends_the_run() -> None:
    model = llama_cpp(says(" four"))

    def behave(request: Request) -> Answer:
        if request.body.get("messages", [{}])[-1].get("content") == LONG_THOUGHT:
            return completion(LONG_THOUGHT + " four", tokens=15, prompt_tokens=30)
        return model(request)

    with ChatServer(behave) as server, pytest.raises(EngineUnavailable, match="as 15 new tokens"):
        ask(server, step(TURN))


def changing(checked: Behaviour, content: str) -> Behaviour:
    """A server that passes the check as ``checked`` and then replies ``content``."""

    def behave(request: Request) -> Answer:
        return checked(request) if request.method == "GET" or is_probe(request) else completion(content, tokens=3)

    return behave


@pytest.mark.parametrize(
    ("checked", "content", "said"),
    [
        (llama_cpp(says(" four")), " four", "does not begin with the turn"),
        (llama_cpp(says(" four")), TURN[:40] + " four", "does not begin with the turn"),
        (llama_cpp(says(" four")), TURN.removeprefix("<think>\n") + " four", "does not begin with the turn"),
        (chat_model(says(" four")), TURN + " four", "repeats the turn"),
        (chat_model(says(" four")), (TURN * 3)[:110] + " four", "repeats the turn"),
    ],
)
def test_reply_that_contradicts_the_check_fails_its_request(checked: Behaviour, content: str, said: str) -> None:
    turn = TURN * 3 if len(content) > 110 else TURN
    with ChatServer(changing(checked, content)) as server:
        with pytest.raises(EngineError, match=said) as raised:
            ask(server, step(turn))
        assert not isinstance(raised.value, EngineUnavailable)
        assert len(server.bodies()) == 1


@pytest.mark.parametrize(
    ("turn", "content"),
    [
        ("<think>\n", "<think>\n I look"),
        (TURN * 3, "<think>\n I look at the picture from the top."),
    ],
)
def test_model_that_opens_its_thought_again_is_not_taken_for_a_server_that_repeats(turn: str, content: str) -> None:
    with ChatServer(chat_model(says(content))) as server:
        assert ask(server, step(turn))[0].text == content


def test_server_that_leaves_the_turn_out_ends_the_run() -> None:
    model = chat_model(says(" four"))

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return model(request)
        return completion(" four", tokens=1, prompt_tokens=8)

    with ChatServer(behave) as server, pytest.raises(EngineUnavailable, match="leaves the assistant's turn out"):
        ask(server, step(TURN))


def test_refused_probe_for_the_fields_of_llama_cpp_leaves_them_out() -> None:
    model = llama_cpp(says(" four"))

    def behave(request: Request) -> Answer:
        if "reasoning_format" in request.body:
            return answer({"error": {"message": "no such format"}}, 400)
        return model(request)

    with ChatServer(behave) as server:
        assert ask(server, step(TURN))[0].text == " four"
    assert all("verbose" not in body for body in server.bodies())
