"""What is sent for a step, and how the reply is read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.chat.protocol import chat_request, read_completion
from s1m.engines.remote.refusals import reported, server_message
from s1m.engines.remote.reply import Unreadable
from s1m.engines.remote.retry import GaveUp, Transient
from s1m.engines.stops import without_partial_stop
from s1m.errors import EngineError
from s1m.types import RequestOptions, Sampling, Step, Turn
from tests.cases import cases
from tests.engines.asking import always, ask, problem, read, says, step
from tests.engines.chat_server import Answer, ChatServer, Request, answer, chat_model, completion


def test_first_step_asks_the_question_and_nothing_else() -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, step(stop=()), sampling=Sampling(temperature=0.7, top_p=0.9))
    assert [(request.method, request.path) for request in server.requests] == [("POST", "/v1/chat/completions")]
    assert server.requests[0].body == {
        "model": "m",
        "messages": [{"role": "user", "content": "How many?"}],
        "max_tokens": 16,
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "seed": 5,
        "skip_special_tokens": False,
        "include_stop_str_in_output": True,
        "logprobs": True,
    }


def test_prefix_becomes_an_open_assistant_message() -> None:
    with ChatServer(chat_model(says(" four"))) as server:
        ask(server, step("<think>\n", "a cat", "Wait,", min_tokens=2), sampling=Sampling(temperature=1.0))
    (body,) = server.bodies()
    assert body["messages"] == [
        {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": "<think>\na catWait,"},
    ]
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert (body["stop"], body["min_tokens"]) == (["</think>"], 2)


def test_repetition_penalty_is_sent() -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, sampling=Sampling(temperature=0.0, repetition_penalty=1.1))
    assert server.bodies()[0]["repetition_penalty"] == 1.1


def test_sampling_options_a_system_prompt_and_template_options_are_sent() -> None:
    sampling = Sampling(temperature=1.0, top_k=20, min_p=0.1, presence_penalty=1.5)
    options = RequestOptions(template={"enable_thinking": True}, system_prompt="Think.")
    body = chat_request(
        model="m", problem=problem(), images=(), prefix="", step=step(), sampling=sampling, options=options
    )
    assert (body["top_k"], body["min_p"], body["presence_penalty"]) == (20, 0.1, 1.5)
    assert body["chat_template_kwargs"] == {"enable_thinking": True}
    assert body["messages"][0] == {"role": "system", "content": "Think."}


def drawn(*tokens: tuple[str, float]) -> dict[str, object]:
    return {"content": [{"token": token, "logprob": logprob, "top_logprobs": []} for token, logprob in tokens]}


@pytest.mark.parametrize(
    ("logprobs", "mean"),
    [
        (drawn(("fo", -1.0), ("ur", -0.5)), -0.75),
        (drawn(("four", -1.0), ("<|im_end|>", -3.0)), -1.0),
        (drawn(("<|im_end|>", -3.0)), None),
        ({"content": None}, None),
        ({"tokens": ["four"], "token_logprobs": [-1.0]}, None),
        ({"content": [{"token": "four", "logprob": None}]}, None),
        ("none", None),
        (None, None),
    ],
)
def test_probabilities_are_read_where_they_are_given(logprobs: object, mean: float | None) -> None:
    done = read(completion("four", tokens=2, logprobs=logprobs), step(stop=()))
    assert (done.text, done.logprob) == ("four", mean)


def test_an_answer_asks_for_its_probability_and_for_one_of_the_choices_and_thinking_for_neither() -> None:
    with ChatServer(chat_model(says(" B"))) as server:
        ask(server, step("<think>"), replace(step("<think>", stop=()), choices=("A", "B")))
    thinking, answering = server.bodies()
    assert not {"logprobs", "structured_outputs"} & set(thinking)
    assert (answering["logprobs"], answering["structured_outputs"]) == (True, {"choice": ["A", "B"]})


def test_choices_that_are_not_kept_to_are_said_once_and_asked_again_unbound(caplog: pytest.LogCaptureFixture) -> None:
    bound = replace(step("<think>", stop=()), choices=("A", "B"))
    with ChatServer(chat_model(says(" it is four"))) as server:
        answers = ask(server, bound, bound, bound)
    assert [each.text for each in answers] == [" it is four"] * 3
    assert ["structured_outputs" in body for body in server.bodies()] == [True, False, False, False]
    assert all("logprobs" in body for body in server.bodies())
    (warning,) = caplog.messages
    assert "' it is four' where one of A, B was asked for" in warning


@pytest.mark.parametrize(("text", "max_tokens"), [("B", 16), (" B\n", 16), ("the first of them", 2)])
def test_a_choice_or_the_beginning_of_one_is_kept(text: str, max_tokens: int) -> None:
    bound = replace(step("<think>", stop=(), max_tokens=max_tokens), choices=("B", "the first of them"))
    with ChatServer(chat_model(says(text))) as server:
        ask(server, bound)
    assert len(server.bodies()) == 1


def test_optional_fields_that_a_server_refuses_are_sent_once() -> None:
    def strict(request: Request) -> Answer:
        if "logprobs" in request.body:
            return answer({"error": {"message": "logprobs are not supported by this model"}}, 400)
        return chat_model(says(" four"))(request)

    with ChatServer(strict) as server:
        answers = ask(server, *[replace(step("<think>", stop=()), choices=("A", "B"))] * 3)
    assert [(each.text, each.logprob) for each in answers] == [(" four", None)] * 3
    assert ["logprobs" in body for body in server.bodies()] == [True, False, False, False]


def test_what_is_refused_for_another_reason_stays_refused() -> None:
    refuse = always(answer({"error": {"message": "the image is of no use"}}, 400))
    with ChatServer(refuse) as server, pytest.raises(EngineError, match="of no use"):
        ask(server, step(stop=()))
    assert len(server.requests) == 2


@pytest.mark.parametrize("empty", [(), ("",), ("", "")])
def test_an_empty_prefix_is_no_message(empty: tuple[str, ...]) -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, step(*empty))
    assert len(server.requests) == 1
    assert len(server.requests[0].body["messages"]) == 1
    assert "add_generation_prompt" not in server.requests[0].body


def test_half_a_character_in_the_question_fails_the_problem() -> None:
    with pytest.raises(EngineError, match="half a character"):
        ask("http://127.0.0.1:1", of=problem(question="\ud83d"))


@pytest.mark.parametrize(
    ("reply", "text", "finish"),
    [
        (completion("so 4</think>", tokens=5, stop_reason="</think>"), "so 4", "stop"),
        (completion("so 4</think>", tokens=5), "so 4", "stop"),
        (completion("so 4", tokens=5, stop_reason="</think>"), "so 4", "stop"),
        (completion("so 4", tokens=5, matched_stop="</think>"), "so 4", "stop"),
        (completion("so 4", tokens=5, stop_reason=None), "so 4", "eos"),
        (completion("so 4", tokens=5), "so 4", "eos"),
        (completion("so 4<|im_end|>", tokens=5, stop_reason=None), "so 4", "eos"),
        (completion("so 4<|im_end|><|endoftext|>", tokens=5, stop_reason=151643), "so 4", "eos"),
        (completion("so 4</s>", tokens=5), "so 4", "eos"),
        (completion("so 4<|eot_id|>", tokens=5), "so 4", "eos"),
        (completion("so 4", tokens=16, finish="length"), "so 4", "length"),
        (completion("so 4</think> The answer</think>", tokens=16, finish="length"), "so 4", "stop"),
        (completion("so 4</think>\nThe answer", tokens=9, stop_reason=None), "so 4", "stop"),
        (completion("so 4 </thi", tokens=16, finish="length"), "so 4 ", "length"),
        (completion("so \ufffd", tokens=16, finish="length"), "so ", "length"),
        (completion("so 4 </thi", tokens=16), "so 4 </thi", "eos"),
        (completion("</think>", tokens=1), "", "stop"),
        (completion("", tokens=1), "", "eos"),
        (completion("", tokens=0), "", "eos"),
        (completion(None, tokens=1), "", "eos"),
    ],
)
def test_why_generation_ended(reply: Answer, text: str, finish: str) -> None:
    done = read(reply)
    assert (done.text, done.finish, done.token_ids) == (text, finish, None)


def test_the_earliest_of_several_stop_strings_counts() -> None:
    assert read(completion("a END b</think>", tokens=5), step(stop=("</think>", "END"))).text == "a "


def test_stop_strings_of_another_step_mean_nothing() -> None:
    done = read(completion("so 4</think>", tokens=5, stop_reason="</think>"), step(stop=()))
    assert (done.text, done.finish) == ("so 4</think>", "eos")


@given(st.text(alphabet="ab</think>", max_size=12), st.lists(st.text(alphabet="ab</think>", max_size=8), max_size=3))
def test_only_the_beginning_of_a_stop_string_is_taken_back(text: str, stops: list[str]) -> None:
    kept = without_partial_stop(text, stops)
    assert text.startswith(kept)
    gone = text[len(kept) :]
    assert not gone or any(stop.startswith(gone) and stop != gone for stop in stops)


@pytest.mark.parametrize(("reported", "counted"), [(0, 0), (1, 1), (15, 15), (16, 16), (17, 16)])
def test_tokens_are_the_servers_count_and_never_above_the_budget(reported: int, counted: int) -> None:
    assert read(completion("hm" if reported else "", tokens=reported)).tokens == counted


@pytest.mark.parametrize("reported", [None, -1, 18, 4000])
def test_counts_that_cannot_be_true_are_asked_for_again_within_a_bound(reported: int | None) -> None:
    with pytest.raises(EngineError, match="no usable token usage"):
        read(completion("hm", tokens=reported), max_retries=1)


def test_text_without_tokens_or_usage_is_an_error() -> None:
    with pytest.raises(EngineError, match="counts 0 tokens"):
        read(completion("hm", tokens=0), max_retries=1)
    bare = {"choices": [{"message": {"content": "hm"}, "finish_reason": "stop"}]}
    for usage in ({}, {"usage": None}, {"usage": {"prompt_tokens": 3}}):
        with pytest.raises(EngineError, match="no usable token usage"):
            read(answer(bare | usage), max_retries=1)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thinking_that_a_parser_split_away_is_put_back(field: str) -> None:
    def split(thought: str, content: str | None, stop_reason: str | None, asked: Step) -> tuple[str, str]:
        done = read(completion(content, tokens=9, message={field: thought}, stop_reason=stop_reason), asked)
        return done.text, done.finish

    thinking, answering = step(), step(stop=())
    assert split("two and two", None, "</think>", thinking) == ("two and two", "stop")
    assert split("two and two", "The answer", None, thinking) == ("two and two", "stop")
    assert split("two and two", "", None, thinking) == ("two and two", "eos")
    assert split("4", None, None, answering) == ("4", "eos")
    assert read(completion("four", tokens=2, message={field: None})).text == "four"


@pytest.mark.parametrize(
    ("named", "finish"),
    [
        ("eos_token", "eos"),
        ("eos", "eos"),
        ("end_turn", "eos"),
        ("STOP", "eos"),
        ("stop_sequence", "stop"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
    ],
)
def test_other_names_of_the_same_endings(named: str, finish: str) -> None:
    done = read(completion("so 4", tokens=5, finish=named))
    assert (done.text, done.finish) == ("so 4", finish)


def test_content_in_parts_is_joined_and_thinking_parts_come_first() -> None:
    parts = [{"type": "text", "text": "The "}, "answer", {"type": "text", "text": ""}]
    assert read(completion(None, tokens=2, message={"content": parts})).text == "The answer"
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "2 + 2"}]}
    done = read(completion(None, tokens=9, message={"content": [thinking, {"type": "text", "text": "4"}]}))
    assert (done.text, done.finish) == ("2 + 2", "stop")
    with pytest.raises(EngineError, match="part of type 'image_url'"):
        read(completion(None, tokens=2, message={"content": [{"type": "image_url"}]}), max_retries=0)


@pytest.mark.parametrize(("count", "tokens"), [(2.0, 2), ("2", 2), ("2.0", 2), (0.0, None), (1.5, None), ("two", None)])
def test_counts_may_be_whole_floats(count: float | str, tokens: int | None) -> None:
    reply = {
        "choices": [{"message": {"content": "hm"}, "finish_reason": "stop"}],
        "usage": {"completion_tokens": count},
    }
    if tokens is not None:
        assert read(answer(reply)).tokens == tokens
        return
    with pytest.raises(EngineError, match=r"counts 0 tokens|no usable token usage"):
        read(answer(reply), max_retries=0)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xef\xbb\xbf%s" % completion("B", tokens=1).body, "B"),
        (completion("B\ud83d!", tokens=3).body, "B\ufffd!"),
        (completion("\\ud83d \U0001f600", tokens=3).body, "\\ud83d \U0001f600"),
        (completion("B#", tokens=3).body.replace(b"#", b"\xff!"), "B\ufffd!"),
        (completion("B\0", tokens=2).body, "B\0"),
    ],
)
def test_broken_characters_of_a_reply_are_replaced(body: bytes, text: str) -> None:
    assert read(Answer(body=body)).text == text


@pytest.mark.shared_data
def test_reported_replies_have_their_outcome() -> None:
    for case in cases("replies"):
        reply = answer(case["body"], case.get("status", 200))
        if case["expected"].startswith("text "):
            done = read(reply)
            assert f"text {done.text}" == case["expected"].partition(",")[0]
            assert done.finish == "eos"
            continue
        with pytest.raises(GaveUp, match=case["body"]["error"]["message"]):
            read(reply, max_retries=1)


@pytest.mark.parametrize("finish", ["content_filter", "tool_calls", "repetition"])
def test_other_endings_are_errors(finish: str) -> None:
    with pytest.raises(EngineError, match=finish):
        read(completion("hm", tokens=2, finish=finish))


KEYS = (
    *("choices", "message", "content", "type", "text", "thinking", "reasoning", "usage", "completion_tokens"),
    *("error", "code", "object", "detail", "finish_reason", "stop_reason", "logprobs", "token", "logprob"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_reply_is_read_or_refused_with_a_documented_error(body: bytes) -> None:
    try:
        done = read_completion(body, step())
    except (Unreadable, EngineError):
        failure = reported(body, server_message(body), "http://h/v1")
        assert failure is None or isinstance(failure, (EngineError, Transient))
    else:
        assert 0 <= done.tokens <= 16


def test_turns_before_the_question_are_sent_each_with_its_own_images() -> None:
    turns = (
        Turn(role="user", text="What is it?", images=(b"cat",)),
        Turn(role="assistant", text="A cat."),
    )
    asked = replace(problem(b"dog"), turns=turns)
    urls = ("data:cat", "data:dog")
    options = RequestOptions(system_prompt="Think.")
    body = chat_request(
        model="m", problem=asked, images=urls, prefix="", step=step(), sampling=Sampling(temperature=0), options=options
    )
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    shown = [message["content"][0]["image_url"]["url"] for message in (body["messages"][1], body["messages"][3])]
    assert shown == ["data:cat", "data:dog"]
    assert body["messages"][2]["content"] == "A cat."


def test_a_system_turn_of_the_conversation_replaces_that_of_the_run() -> None:
    asked = replace(problem(), turns=(Turn(role="system", text="Be brief."),))
    body = chat_request(
        model="m",
        problem=asked,
        images=(),
        prefix="",
        step=step(),
        sampling=Sampling(temperature=0),
        options=RequestOptions(system_prompt="Think."),
    )
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "How many?"]
