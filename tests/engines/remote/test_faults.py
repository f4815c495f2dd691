"""What every fault of a server becomes: another try, or an error that names the fix; never a text."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.chat import ChatEngine
from s1m.engines.remote import connection
from s1m.engines.remote.refusals import NotOffered
from s1m.engines.remote.retry import GaveUp, retry_after_seconds
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from tests.engines.asking import GOOD, GREEDY, KEY, PASSING, always, ask, in_turn, problem, read, servers, step
from tests.engines.chat_server import Answer, ChatServer, answer


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.status} {fault.fault} {fault.body[:30]!r}")
def test_a_passing_fault_is_tried_again_within_a_bound(fault: Answer) -> None:
    with ChatServer(in_turn(fault, fault, GOOD)) as server:
        assert ask(server)[0].text == "four"
        assert len(server.requests) == 3
    with ChatServer(always(fault)) as server:
        with pytest.raises(GaveUp) as caught:
            ask(server, max_retries=2)
        assert len(server.requests) == 3
    assert not isinstance(caught.value, EngineUnavailable)
    assert "\n" not in str(caught.value)
    assert "<h" not in str(caught.value)


def test_a_hanging_server_times_out_and_is_tried_again() -> None:
    with ChatServer(in_turn(Answer(fault="hang"), GOOD)) as server:
        assert ask(server, timeout_seconds=0.15)[0].text == "four"
    with ChatServer(always(Answer(fault="hang"))) as server, pytest.raises(GaveUp, match=r"no answer within 0\.1 s"):
        ask(server, timeout_seconds=0.1, max_retries=1)


def test_a_trickling_answer_cannot_hold_a_request_for_ever() -> None:
    trickle = Answer(body=GOOD.body, fault="trickle")
    with ChatServer(always(trickle)) as server, pytest.raises(GaveUp, match="no answer within"):
        ask(server, timeout_seconds=0.2, max_retries=0)


def test_no_server_at_the_address_ends_the_run_and_says_how_to_check() -> None:
    with ChatServer(always(GOOD)) as server:
        pass
    for model in ("", "m"):
        with pytest.raises(
            EngineUnavailable, match=f"no server answers at {server.url}/v1 .*curl {server.url}/v1/models"
        ):
            ask(server, model=model, max_retries=2)


def test_a_server_that_goes_away_for_good_ends_the_run() -> None:
    async def main() -> None:
        with ChatServer(always(answer({}, 503))) as server:
            engine = ChatEngine(servers(server.url, max_retries=1), "m")
            with pytest.raises(GaveUp, match="503"):
                await engine.generate(problem(), step(), GREEDY)
        with pytest.raises(EngineUnavailable, match=r"has not answered for 0 s \(.*re-run the command to resume"):
            await engine.generate(problem(), step(), GREEDY)
        await engine.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "message", "kind", "says"),
    [
        (400, "This model's maximum context length is 8192 tokens. You requested 9000.", PromptTooLong, "8192"),
        (
            400,
            "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
            PromptTooLong,
            "9000",
        ),
        (400, "the request exceeds the available context size, try increasing it", PromptTooLong, "context"),
        (413, "Prompt too long", PromptTooLong, "too long"),
        (422, "too many input tokens", PromptTooLong, "too many"),
        (400, "At most 1 image(s) may be provided", EngineError, "--limit-mm-per-prompt"),
        (400, "temperature must be non-negative", EngineError, "temperature"),
        (413, "", EngineError, "413.*--max-image-pixels"),
        (413, "Request Entity Too Large", EngineError, "images are too large"),
        (418, "short and stout", EngineError, "short and stout"),
        (401, "who are you", EngineUnavailable, "S1M_API_KEY"),
        (403, "not for you", EngineUnavailable, "S1M_API_KEY"),
        (404, "The model `m` does not exist", EngineUnavailable, "has no such model.*does not exist.*--base-url"),
        (405, "", EngineUnavailable, "--base-url"),
        (308, "", EngineUnavailable, "--base-url"),
        (400, "Unrecognized request argument supplied: skip_special_tokens", EngineUnavailable, "skip_special_tokens"),
    ],
)
def test_a_lasting_fault_is_named_at_once(status: int, message: str, kind: type[EngineError], says: str) -> None:
    body = answer({"object": "error", "message": message, "code": status}, status)
    with ChatServer(always(body)) as server:
        with pytest.raises(EngineError, match=says) as caught:
            ask(server)
        assert len(server.requests) == 1
    assert isinstance(caught.value, kind)
    assert kind is not EngineError or not isinstance(caught.value, (EngineUnavailable, PromptTooLong))


def test_where_a_redirect_leads_is_said_and_no_key_follows_it() -> None:
    with ChatServer(always(Answer(status=301, headers={"Location": f"https://b.example/v1?k={KEY}"}))) as server:
        with pytest.raises(NotOffered, match=r"redirects to https://b\.example/v1\?k=\*\*\*; .*--base-url"):
            ask(server, api_key=KEY)
        assert len(server.requests) == 1


def test_long_messages_are_shortened_to_one_line() -> None:
    reply = answer({"detail": [{"msg": "bad\n" * 500}]}, 400)
    with ChatServer(always(reply)) as server, pytest.raises(EngineError) as caught:
        ask(server)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_key_is_sent_and_never_shown() -> None:
    echo = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    with ChatServer(always(Answer(status=401, body=echo))) as server:
        with pytest.raises(EngineUnavailable, match="S1M_API_KEY") as caught:
            ask(server, api_key=f" {KEY}\n")
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(caught.value)
    assert KEY not in repr(ChatEngine(servers(server.url, api_key=KEY)))


@pytest.mark.parametrize("status", [200, 400, 404, 418, 503])
def test_key_echoed_by_any_answer_is_hidden(status: int) -> None:
    with (
        ChatServer(always(answer({"error": {"message": f"for {KEY}: no"}}, status))) as server,
        pytest.raises(EngineError) as caught,
    ):
        ask(server, api_key=KEY, max_retries=1)
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


def test_no_half_of_a_key_is_left_where_a_message_is_cut() -> None:
    for length in (275, 285, 295):
        body = json.dumps({"message": "x" * length + KEY}).encode()
        with ChatServer(always(Answer(status=400, body=body))) as server, pytest.raises(EngineError) as caught:
            ask(server, api_key=KEY)
        assert "sk-" not in str(caught.value)


def test_placeholder_key_is_not_cut_out_of_messages() -> None:
    reply = answer({"error": {"message": "EMPTY is no model"}}, 404)
    with ChatServer(always(reply)) as server, pytest.raises(EngineUnavailable, match="EMPTY is no model"):
        ask(server, api_key="EMPTY")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 502, "message": "Provider returned error"}, GaveUp),
        ({"code": "502", "message": "Provider returned error"}, GaveUp),
        ({"code": None, "message": "Provider returned error"}, GaveUp),
        ({"message": "Provider returned error", "type": "rate_limit_error"}, GaveUp),
        ("Provider returned error", GaveUp),
        ({"code": "context_length_exceeded", "message": "Provider returned error: too long"}, PromptTooLong),
        ({"code": 401, "message": "Provider returned error"}, EngineUnavailable),
        ({"code": 400, "message": "Provider returned error"}, EngineError),
    ],
)
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda error: {"error": error},
        lambda error: {"error": error, "choices": []},
        lambda error: {"id": "x", "choices": None, "error": error},
        lambda error: {"error": error, **json.loads(GOOD.body)},
        lambda error: {"choices": [{"message": {"content": "B"}, "finish_reason": "error", "error": error}]},
    ],
)
def test_an_error_object_means_the_same_with_status_200(
    error: object, kind: type[EngineError], wrapped: Callable[[object], object]
) -> None:
    with ChatServer(always(answer(wrapped(error)))) as server:
        with pytest.raises(kind, match="Provider returned error"):
            ask(server, max_retries=1)
        assert len(server.requests) == (2 if kind is GaveUp else 1)


def test_an_error_that_is_null_is_none() -> None:
    assert read(answer({"error": None, **json.loads(GOOD.body)})).text == "four"


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_reply_has_a_size_limit_once_decoded(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_REPLY_BYTES", 2**20)
    body = b'{"choices": "' + b"x" * 2**21 + b'"}'
    reply = Answer(body=gzip.compress(body) if headers else body, headers=headers)
    with ChatServer(always(reply)) as server, pytest.raises(GaveUp, match="larger than 1 MiB"):
        ask(server, max_retries=1)


def test_deep_replies_are_unreadable() -> None:
    deep = Answer(body=b'{"choices": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")
    with ChatServer(always(deep)) as server, pytest.raises(GaveUp, match="not the JSON expected"):
        ask(server, max_retries=0)


def test_what_a_server_says_can_be_printed() -> None:
    for status in (200, 400):
        reply = answer({"error": {"message": "no \ud83d \x1b[2J\x00 at all"}}, status)
        with ChatServer(always(reply)) as server, pytest.raises(EngineError) as caught:
            ask(server, max_retries=0)
        assert "no \ufffd \ufffd[2J\ufffd at all" in str(caught.value)
        assert str(caught.value).encode()


@given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,12} \w{3} \d{1,12} \d+:\d+:\d+ \w*", fullmatch=True))
def test_any_retry_after_header_is_a_wait_or_none(header: str) -> None:
    wait = retry_after_seconds(header, datetime.now(UTC))
    assert wait is None or wait >= 0
