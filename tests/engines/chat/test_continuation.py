"""Whether a server continues the assistant's turn is seen before anything rests on it."""

from __future__ import annotations

import pytest

from s1m.engines.chat.continuation import LONG_THOUGHT, SHORT_THOUGHT
from s1m.errors import CannotContinue, EngineUnavailable
from tests.engines.asking import always, ask, says, step
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model, completion, is_probe

THOUGHTS = (SHORT_THOUGHT, LONG_THOUGHT)


def counting(continued: int | None, plain: int | None, bare: int | None, thoughts: tuple[int, int]) -> Behaviour:
    """A server that counts these prompt tokens for the five probes."""

    def behave(request: Request) -> Answer:
        turn = request.body["messages"][-1]["content"]
        if turn in THOUGHTS:
            count: int | None = thoughts[THOUGHTS.index(turn)]
        elif "continue_final_message" in request.body:
            count = continued
        else:
            count = plain if len(request.body["messages"]) > 1 else bare
        return completion("hm", tokens=1, prompt_tokens=count)

    return behave


def test_a_server_is_checked_once_before_the_first_continued_turn() -> None:
    with ChatServer(chat_model(says(" four"))) as server:
        ask(server, step("<think>"), step("<think> four"))
    assert [is_probe(request) for request in server.requests] == [True] * 5 + [False] * 2


def test_a_server_that_ignores_the_request_to_continue_ends_the_run() -> None:
    with ChatServer(chat_model(says(" four"), continues=False)) as server:
        assert ask(server, step())[0].text == " four"
        with pytest.raises(EngineUnavailable, match="begins a new turn"):
            ask(server, step("<think>"))


def test_a_server_that_refuses_unknown_fields_ends_the_run() -> None:
    with (
        ChatServer(chat_model(says(" four"), strict=True)) as server,
        pytest.raises(EngineUnavailable, match="does not know continue_final_message"),
    ):
        ask(server, step("<think>"))


def test_a_server_that_refuses_to_continue_says_why() -> None:
    refusal = answer({"error": {"message": "Assistant response prefill is incompatible with enable_thinking."}}, 400)
    with ChatServer(always(refusal)) as server, pytest.raises(EngineUnavailable, match="incompatible with enable_thin"):
        ask(server, step("<think>"))


def test_a_server_that_refuses_every_question_is_not_taken_for_one_that_continues_no_turn() -> None:
    unknown = answer({"error": {"message": "Invalid model name passed in model=nosuch"}}, 400)
    with ChatServer(always(unknown)) as server, pytest.raises(EngineUnavailable) as refused:
        ask(server, step("<think>"))
    assert "answers no question to" in str(refused.value)
    assert "check --model" in str(refused.value)
    assert not isinstance(refused.value, CannotContinue)


def test_a_server_that_refuses_one_token_and_the_turn_for_different_reasons_continues_no_turn() -> None:
    """As s1m's own gateway does, of which whole replies can be asked."""

    def behave(request: Request) -> Answer:
        said = "the last must be the user's" if len(request.body["messages"]) > 1 else "1 token leaves no room to think"
        return answer({"error": {"message": said}}, 400)

    with ChatServer(behave) as server, pytest.raises(CannotContinue, match="the last must be the user's"):
        ask(server, step("<think>"))


def test_a_server_that_takes_an_open_turn_only_to_continue_it_continues() -> None:
    model = chat_model(says(" four"))

    def behave(request: Request) -> Answer:
        if len(request.body["messages"]) > 1 and "continue_final_message" not in request.body:
            return answer({"error": {"message": "the last message must come from the user"}}, 400)
        return model(request)

    with ChatServer(behave) as server:
        assert ask(server, step("<think>"))[0].text == " four"


def test_a_server_that_reports_no_usage_ends_the_run_at_once() -> None:
    with (
        ChatServer(always(answer({"choices": [{"message": {"content": "hm"}, "finish_reason": "stop"}]}))) as server,
        pytest.raises(EngineUnavailable, match="reports no token usage"),
    ):
        ask(server, step("<think>"))


def test_a_template_that_refuses_thinking_in_the_turn_ends_the_run() -> None:
    model = chat_model(says(" four"))

    def behave(request: Request) -> Answer:
        if request.body["messages"][-1]["content"] in THOUGHTS:
            return answer({"error": {"message": "the final message does not appear in the chat"}}, 400)
        return model(request)

    with ChatServer(behave) as server, pytest.raises(EngineUnavailable, match="drops the thinking"):
        ask(server, step("<think>"))


@pytest.mark.parametrize(
    ("continued", "plain", "bare", "thoughts", "verdict"),
    [
        (9, 14, 8, (12, 21), "continues"),
        (9, 9, 8, (12, 21), "continues"),
        (9, 9, 10, (12, 21), "continues"),  # the template opens <think> itself when it begins a turn
        (14, 14, 8, (12, 21), "restarts"),
        (13, 18, 8, (12, 21), "intrudes"),
        (9, 14, 8, (9, 9), "forgets"),
        (10, 10, 8, (12, 21), "unknown"),
        (None, 9, 8, (12, 21), "unknown"),
        (9, 14, None, (12, 21), "unknown"),
    ],
)
def test_what_prompt_counts_show(
    continued: int | None,
    plain: int | None,
    bare: int | None,
    thoughts: tuple[int, int],
    verdict: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with ChatServer(counting(continued, plain, bare, thoughts)) as server:
        if verdict in ("continues", "unknown"):
            ask(server, step("<think>"), step("<think>"))
        else:
            with pytest.raises(EngineUnavailable, match=says_of(verdict)):
                ask(server, step("<think>"))
    warnings = [message for message in caplog.messages if "do not show whether it continues" in message]
    assert len(warnings) == len(caplog.messages) == (verdict == "unknown")


def says_of(verdict: str) -> str:
    """What the error says of a verdict."""
    return {"restarts": "begins a new turn", "intrudes": "puts something of its own", "forgets": "drops the thinking"}[
        verdict
    ]
