"""The chat engine against a real HTTP server: what it sends, how it reads, what every fault becomes."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from s1m.engines.endpoint import api_root
from s1m.engines.http import HttpEngine
from s1m.engines.images import data_url
from s1m.engines.retry import Backoff, GaveUp, retry_after_seconds
from s1m.engines.scripted import ScriptedEngine
from s1m.engines.stops import without_partial_stop
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong, UsageError
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Engine, Piece, Problem, Sampling, Step
from tests.engines.chat_server import (
    Answer,
    Behaviour,
    ChatServer,
    Request,
    answer,
    chat_model,
    completion,
    is_probe,
    models,
)

FAST = Backoff(base_seconds=0.001, cap_seconds=0.004, retry_after_cap_seconds=0.3)
KEY = "sk-very-secret-0123456789"
STOP = ("</think>",)


def problem(*images: bytes, question: str = "How many?") -> Problem:
    return Problem(id="p7", question=question, images=images, gold="4")


def step(*prefix: str, stop: tuple[str, ...] = STOP, max_tokens: int = 16, min_tokens: int = 0, seed: int = 5) -> Step:
    pieces = tuple(Piece(text=text) for text in prefix)
    return Step(prefix=pieces, stop=stop, max_tokens=max_tokens, min_tokens=min_tokens, seed=seed)


def ask(
    server: ChatServer | str,
    *steps: Step,
    of: Problem | None = None,
    sampling: Sampling | None = None,
    **settings: Any,
) -> list[Completion]:
    """What a fresh engine answers to the steps, one after another; a plain one when none are given."""

    async def main() -> list[Completion]:
        url = server if isinstance(server, str) else server.url
        engine = HttpEngine(url, **{"model": "m", "backoff": FAST, "timeout_seconds": 5.0, **settings})
        try:
            asked = steps or (step(),)
            return [await engine.generate(of or problem(), one, sampling or Sampling(temperature=0.0)) for one in asked]
        finally:
            await engine.close()

    return asyncio.run(main())


def always(reply: Answer) -> Behaviour:
    return lambda _request: reply


def in_turn(*replies: Answer) -> Behaviour:
    """One answer after another, the last one for ever."""
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def says(text: str) -> Callable[[str], str]:
    """A model that writes the same whatever it is asked."""
    return lambda _turn: text


def read(reply: Answer, one: Step | None = None) -> Completion:
    with ChatServer(always(reply)) as server:
        return ask(server, one or step())[0]


def picture(mode: str = "RGB") -> Image.Image:
    colours = Image.linear_gradient("L").resize((9, 7))
    return Image.merge("RGB", (colours, colours.rotate(90), colours.rotate(180))).convert(mode)


def encoded(kind: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    picture(mode).save(buffer, kind)
    return buffer.getvalue()


def sent_image(url: str) -> tuple[str, bytes]:
    head, data = url.split(",", 1)
    return head.removeprefix("data:").removesuffix(";base64"), base64.b64decode(data, validate=True)


# What is sent


def test_engine_is_an_engine() -> None:
    engine: Engine = HttpEngine("http://localhost:1")
    assert engine.name == "http"
    asyncio.run(engine.close())
    asyncio.run(engine.close())


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
        "seed": 5,
        "skip_special_tokens": False,
        "include_stop_str_in_output": True,
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
    assert "repetition_penalty" not in body


def test_repetition_penalty_is_sent_only_when_it_does_something() -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, sampling=Sampling(temperature=0.0, repetition_penalty=1.1))
    assert server.bodies()[0]["repetition_penalty"] == 1.1


@pytest.mark.parametrize("empty", [(), ("",), ("", "")])
def test_an_empty_prefix_is_no_message(empty: tuple[str, ...]) -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, step(*empty))
    assert len(server.requests) == 1
    assert len(server.requests[0].body["messages"]) == 1
    assert "add_generation_prompt" not in server.requests[0].body


def test_key_is_sent_and_never_shown() -> None:
    echo = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    with ChatServer(always(Answer(status=401, body=echo))) as server:
        with pytest.raises(EngineUnavailable, match="S1M_API_KEY") as caught:
            ask(server, api_key=f" {KEY}\n")
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(caught.value)
    assert KEY not in repr(HttpEngine(server.url, api_key=KEY))


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


def test_key_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    for key in ("sk-ä", "sk-a b", "sk-a\nb"):
        with pytest.raises(UsageError, match="S1M_API_KEY") as caught:
            HttpEngine("http://localhost:1", api_key=key)
        assert "sk-" not in str(caught.value)


# Images


@pytest.mark.parametrize(
    ("kind", "mode", "mime"),
    [
        ("PNG", "RGB", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("WEBP", "RGB", "image/webp"),
        ("GIF", "P", "image/gif"),
        ("BMP", "RGB", "image/bmp"),
    ],
)
def test_images_travel_byte_for_byte_before_the_question(kind: str, mode: str, mime: str) -> None:
    image = encoded(kind, mode)
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, of=problem(image, encoded("PNG")))
    first, second, text = server.bodies()[0]["messages"][0]["content"]
    assert sent_image(first["image_url"]["url"]) == (mime, image)
    assert sent_image(second["image_url"]["url"]) == ("image/png", encoded("PNG"))
    assert text == {"type": "text", "text": "How many?"}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_other_formats_become_png_pixel_for_pixel(mode: str) -> None:
    source = Image.new("I;16", (3, 2), 40000) if mode == "I;16" else picture(mode)
    buffer = io.BytesIO()
    source.save(buffer, "TIFF")
    mime, png = sent_image(data_url(buffer.getvalue()))
    with Image.open(io.BytesIO(png)) as sent:
        assert (mime, sent.format, sent.mode) == ("image/png", "PNG", mode)
        assert (
            sent.convert("RGBA" if mode == "P" else mode).tobytes()
            == (source.convert("RGBA") if mode == "P" else source).tobytes()
        )


def test_pixels_that_png_has_no_room_for_are_sent_as_colours_or_not_at_all() -> None:
    _, png = sent_image(data_url(encoded("TIFF", "CMYK")))
    with Image.open(io.BytesIO(png)) as sent:
        assert sent.tobytes() == picture("CMYK").convert("RGB").tobytes()
    buffer = io.BytesIO()
    Image.new("F", (2, 2), 0.5).save(buffer, "TIFF")
    with pytest.raises(ValueError, match="F pixels"):
        data_url(buffer.getvalue())


@pytest.mark.parametrize("junk", [b"", b"BMX is no bitmap", b"<html>", encoded("TIFF")[:-50]])
def test_bytes_that_are_no_image_fail_the_problem_by_name(junk: bytes) -> None:
    with (
        ChatServer(always(completion("hm", tokens=2))) as server,
        pytest.raises(EngineError, match="problem p7: image 2 of 2 is no image"),
    ):
        ask(server, of=problem(encoded("PNG"), junk))
    assert server.requests == []


def test_image_is_encoded_once_a_problem() -> None:
    engine = HttpEngine("http://localhost:1")
    image = encoded("PNG")
    assert engine._image_urls((image,)) is engine._image_urls((bytes(bytearray(image)),))


# How it ended


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


# Tokens


@pytest.mark.parametrize(("reported", "counted"), [(0, 0), (1, 1), (15, 15), (16, 16), (17, 16)])
def test_tokens_are_the_servers_count_and_never_above_the_budget(reported: int, counted: int) -> None:
    assert read(completion("hm" if reported else "", tokens=reported)).tokens == counted


@pytest.mark.parametrize("reported", [None, -1, 18, 4000])
def test_counts_that_cannot_be_true_are_an_error(reported: int | None) -> None:
    with pytest.raises(EngineError, match="no usable token usage"):
        read(completion("hm", tokens=reported))


def test_text_without_tokens_or_usage_is_an_error() -> None:
    with pytest.raises(EngineError, match="no usable token usage"):
        read(completion("hm", tokens=0))
    bare = {"choices": [{"message": {"content": "hm"}, "finish_reason": "stop"}]}
    for usage in ({}, {"usage": None}, {"usage": {"prompt_tokens": 3}}):
        with pytest.raises(EngineError, match="no usable token usage"):
            read(answer(bare | usage))


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
@pytest.mark.parametrize("content", [None, "", "The answer is 4."])
def test_thinking_that_a_parser_took_away_ends_the_run(field: str, content: str | None) -> None:
    with pytest.raises(EngineUnavailable, match="--reasoning-parser"):
        read(completion(content, tokens=9, message={field: "two and two"}))
    assert read(completion("four", tokens=2, message={field: None})).text == "four"


@pytest.mark.parametrize("finish", ["content_filter", "tool_calls", "repetition"])
def test_other_endings_are_errors(finish: str) -> None:
    with pytest.raises(EngineError, match=finish):
        read(completion("hm", tokens=2, finish=finish))


# Which model, which URL


def test_the_only_model_is_found_once() -> None:
    def behave(request: Request) -> Answer:
        return models("qwen") if request.method == "GET" else completion("hm", tokens=2)

    with ChatServer(behave) as server:
        ask(server, step(), step(), model="")
    assert [request.path for request in server.requests] == ["/v1/models", *["/v1/chat/completions"] * 2]
    assert server.bodies()[0]["model"] == "qwen"


@pytest.mark.parametrize(("names", "shown"), [((), "no model"), (("a", "b/c"), "a, b/c")])
def test_no_or_several_models_need_a_name(names: tuple[str, ...], shown: str) -> None:
    with ChatServer(always(models(*names))) as server, pytest.raises(UsageError, match=f"{shown}; .*--model"):
        ask(server, model="")


def test_many_first_steps_share_one_look_at_the_models_and_its_failure() -> None:
    async def main(url: str) -> list[Completion | BaseException]:
        engine = HttpEngine(url, backoff=FAST)
        asked = (engine.generate(problem(), step(), Sampling(temperature=0.0)) for _ in range(20))
        done = await asyncio.gather(*asked, return_exceptions=True)
        await engine.close()
        return done

    with ChatServer(chat_model(says("hm"))) as server:
        assert len(asyncio.run(main(server.url))) == 20
        assert sum(request.method == "GET" for request in server.requests) == 1
    with ChatServer(always(models("a", "b"))) as server:
        assert {type(error) for error in asyncio.run(main(server.url))} == {UsageError}
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        (" http://h:8000/v1/ ", "http://h:8000/v1"),
        ("http://h:8000/v1/chat/completions", "http://h:8000/v1"),
        ("https://h/openai", "https://h/openai/v1"),
        ("https://h/v1beta/openai/chat/completions", "https://h/v1beta/openai"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_base_url_is_taken_as_people_write_it(given_url: str, root: str) -> None:
    assert api_root(given_url) == root


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "localhost:8000",
        "ftp://h",
        "http://",
        "http://h:port",
        "http://h:99999",
        "http://a b",
        "http://h?key=k",
        "http://\u2603-.-",
    ],
)
def test_malformed_base_url_is_one_clear_line(bad: str) -> None:
    with pytest.raises(UsageError, match="base URL") as caught:
        HttpEngine(bad)
    assert "\n" not in str(caught.value)


def test_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match="S1M_API_KEY") as caught:
        HttpEngine("http://user:hunter22@h/v1")
    assert "hunter22" not in str(caught.value)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(UsageError):
        HttpEngine("http://h", timeout_seconds=0)
    with pytest.raises(UsageError):
        HttpEngine("http://h", max_concurrency=0)
    with pytest.raises(UsageError):
        HttpEngine("http://h", max_retries=-1)


# Does it continue?


def counting(continued: int | None, plain: int | None, bare: int | None) -> Behaviour:
    """A server that counts these prompt tokens for the three probes."""

    def behave(request: Request) -> Answer:
        if "continue_final_message" in request.body:
            count = continued
        else:
            count = plain if len(request.body["messages"]) > 1 else bare
        return completion("hm", tokens=1, prompt_tokens=count)  # type: ignore[arg-type]

    return behave


def test_a_server_that_continues_is_asked_twice_once() -> None:
    with ChatServer(chat_model(says(" four"))) as server:
        ask(server, step("<think>"), step("<think> four"))
    assert sum(is_probe(request) for request in server.requests) == 2


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


def test_a_server_that_takes_an_open_turn_only_to_continue_it_continues() -> None:
    def behave(request: Request) -> Answer:
        if len(request.body["messages"]) > 1 and "continue_final_message" not in request.body:
            return answer({"error": {"message": "the last message must come from the user"}}, 400)
        return completion("hm", tokens=1)

    with ChatServer(behave) as server:
        assert ask(server, step("<think>"))[0].text == "hm"


@pytest.mark.parametrize(
    ("continued", "plain", "bare", "verdict"),
    [
        (9, 14, 8, "fine"),
        (9, 9, 8, "fine"),
        (9, 9, 10, "fine"),
        (14, 14, 8, "ends"),
        (10, 10, 8, "warns"),
        (14, 9, 8, "warns"),
        (None, 9, 8, "warns"),
        (9, None, 8, "warns"),
        (9, 9, None, "warns"),
    ],
)
def test_what_prompt_counts_show(continued: int | None, plain: int | None, bare: int | None, verdict: str) -> None:
    with ChatServer(counting(continued, plain, bare)) as server:
        if verdict == "ends":
            with pytest.raises(EngineUnavailable, match="continue_final_message"):
                ask(server, step("<think>"))
        elif verdict == "warns":
            with pytest.warns(RuntimeWarning, match="continue_final_message") as seen:
                ask(server, step("<think>"), step("<think>"))
            assert len(seen) == 1
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                ask(server, step("<think>"))


# Faults that pass

GOOD = completion("four", tokens=2)
PASSING = [
    Answer(fault="reset"),
    Answer(body=GOOD.body, fault="reset mid-body"),
    *(answer({"error": {"message": "busy"}}, status) for status in (408, 425, 429, 500, 502, 503, 504, 529)),
    Answer(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>"),
    Answer(body=b"<html>please log in</html>"),
    Answer(body=GOOD.body[:-20]),
    Answer(body=b"\xff\xfe"),
    Answer(body=b""),
    answer([1, 2]),
    answer({}),
    answer({"choices": []}),
    answer({"choices": [{"finish_reason": "stop"}]}),
    answer({"error": {"message": "upstream overloaded", "code": 502}}),
    completion("half an ans", tokens=2, finish=None),
    completion("half an ans", tokens=2, finish="abort"),
]


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


def test_nobody_there_ends_the_run_and_says_how_to_check() -> None:
    with ChatServer(always(GOOD)) as server:
        pass
    for model in ("", "m"):
        with pytest.raises(EngineUnavailable, match=f"nobody answers at {server.url}/v1 .*curl {server.url}/v1/models"):
            ask(server, model=model, max_retries=2)


def test_a_server_that_goes_away_later_leaves_the_problem_owed() -> None:
    async def main() -> None:
        with ChatServer(always(answer({}, 503))) as server:
            engine = HttpEngine(server.url, "m", backoff=FAST, max_retries=1)
            with pytest.raises(GaveUp, match="503"):
                await engine.generate(problem(), step(), Sampling(temperature=0.0))
        with pytest.raises(GaveUp) as caught:
            await engine.generate(problem(), step(), Sampling(temperature=0.0))
        assert caught.value.last.unreachable
        await engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_honoured_and_capped(date: bool) -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if date else "3600"
    with ChatServer(in_turn(answer({"message": "slow down"}, 429, Retry_After=header), GOOD)) as server:
        began = time.monotonic()
        assert ask(server)[0].text == "four"
    assert 0.3 <= time.monotonic() - began < 3


def test_retry_after_is_read_in_seconds_and_dates() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    assert retry_after_seconds("7", now) == 7.0
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30.0
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 -0000", now) == 30.0
    assert retry_after_seconds("Thu, 01 Jan 2026 11:00:00 GMT", now) == 0.0
    assert retry_after_seconds("soon", now) is None
    assert retry_after_seconds(None, now) is None


@given(st.integers(1, 2000), st.none() | st.floats(-10, 1e6))
def test_waits_stay_within_their_caps(failures: int, asked: float | None) -> None:
    wait = Backoff().wait_seconds(failures, asked)
    if asked is None:
        assert 0 <= wait <= min(30, 0.5 * 2.0 ** min(failures, 60))
    else:
        assert min(max(asked, 0), 60) <= wait <= 60.5


# Faults that stay


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
        (400, "At most 1 image(s) may be provided", EngineError, "At most 1 image"),
        (400, "temperature must be non-negative", EngineError, "temperature"),
        (413, "", EngineError, "413"),
        (418, "short and stout", EngineError, "short and stout"),
        (401, "who are you", EngineUnavailable, "S1M_API_KEY"),
        (403, "not for you", EngineUnavailable, "S1M_API_KEY"),
        (404, "The model `m` does not exist", EngineUnavailable, "has no model 'm'.*does not exist.*--base-url"),
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


def test_long_messages_are_shortened_to_one_line() -> None:
    reply = answer({"detail": [{"msg": "bad\n" * 500}]}, 400)
    with ChatServer(always(reply)) as server, pytest.raises(EngineError) as caught:
        ask(server)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_half_a_character_in_the_question_fails_the_problem() -> None:
    with pytest.raises(EngineError, match="half a character"):
        ask("http://127.0.0.1:1", of=problem(question="\ud83d"))


# As a whole


def test_no_more_requests_at_once_than_allowed() -> None:
    at_once = [0, 0]

    def behave(request: Request) -> Answer:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.01)
        at_once[0] -= 1
        return GOOD

    async def main(url: str) -> None:
        engine = HttpEngine(url, "m", max_concurrency=3)
        await asyncio.gather(*(engine.generate(problem(), step(), Sampling(temperature=0.0)) for _ in range(12)))
        await engine.close()

    with ChatServer(behave) as server:
        asyncio.run(main(server.url))
    assert at_once[1] == 3


FORCING = Forcing(
    num_ignore=(0, 1, 3), ignore_strings=("Wait,",), max_thinking_tokens=60, max_answer_tokens=8, chunk_tokens=3
)


def thoughts(turn: str) -> str:
    """What the small model writes after ``turn``: another look after every "Wait,", and how often it looked."""
    if turn.endswith("Final answer: "):
        return f"looked {turn.count('Wait,') + 1} times"
    if not turn.startswith("<think>"):
        return "Hello."
    looks = turn.removeprefix("<think>\n").split("Wait,")
    whole = f" look {len(looks)}: one two three four</think>\nAnd so on."
    assert whole.startswith(looks[-1])
    return whole[len(looks[-1]) :]


def sweep(engine: Engine) -> Any:
    async def main() -> Any:
        try:
            return await drive(nested_sweep(FORCING, 3), problem(encoded("PNG")), engine, Sampling(temperature=0.0))
        finally:
            await engine.close()

    return asyncio.run(main())


@pytest.mark.parametrize("keeps_stop", [True, False])
def test_nested_sweep_through_a_chat_server(keeps_stop: bool) -> None:
    model = chat_model(thoughts, keeps_stop=keeps_stop)
    with ChatServer(model) as server:
        trace = sweep(HttpEngine(server.url, backoff=FAST))
    (chain,) = trace.chains
    assert [segment.text for segment in chain] == [f" look {n}: one two three four" for n in (1, 2, 3, 4)]
    # A server that cuts the stop string away and does not say so leaves only an end of turn to be seen.
    assert {segment.stop for segment in chain} == {"closed" if keeps_stop else "eos"}
    assert [answer.text for answer in trace.answers] == [f"looked {n} times" for n in (1, 2, 4)]
    images = {json.dumps(body["messages"][0]) for body in server.bodies()}
    assert len(images) == 1
    assert all(body["messages"][1]["content"].startswith("<think>\n") for body in server.bodies())


def test_sweep_is_the_same_as_with_a_scripted_engine_but_for_the_count_of_tokens() -> None:
    def script(asked: Problem, one: Step) -> str:
        return thoughts("".join(piece.text for piece in one.prefix))

    with ChatServer(chat_model(thoughts)) as server:
        served = sweep(HttpEngine(server.url, backoff=FAST))
    scripted = sweep(ScriptedEngine(script))
    assert [segment.text for segment in served.chains[0]] == [segment.text for segment in scripted.chains[0]]
    assert [answer.text for answer in served.answers] == [answer.text for answer in scripted.answers]


def test_sweep_through_a_failing_server_is_the_same_as_through_a_good_one() -> None:
    model = chat_model(thoughts)
    faults = [fault for fault in PASSING if fault.status != 408]
    asked = 0

    def failing(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        return faults[asked // 2 % len(faults)] if asked % 2 else model(request)

    with ChatServer(model) as good:
        clean = sweep(HttpEngine(good.url, backoff=FAST))
    with ChatServer(failing) as bad:
        rough = sweep(HttpEngine(bad.url, backoff=FAST, max_retries=9))
    assert rough == clean


def test_one_who_stops_waiting_leaves_the_others_their_answer_and_closing_ends_the_wait() -> None:
    async def main(url: str) -> None:
        engine = HttpEngine(url)
        waiting = [asyncio.create_task(engine.generate(problem(), step(), Sampling(temperature=0.0))) for _ in "123"]
        await asyncio.sleep(0.1)
        waiting[0].cancel()
        await asyncio.sleep(0.05)
        assert [task.done() for task in waiting] == [True, False, False]
        await engine.close()
        done, _ = await asyncio.wait(waiting, timeout=1)
        assert len(done) == 3
        assert all(task.cancelled() for task in done)

    with ChatServer(always(Answer(fault="hang"))) as server:
        asyncio.run(main(server.url))
    assert len(server.requests) == 1


def test_engine_can_be_closed_and_used_again() -> None:
    async def once(engine: HttpEngine) -> str:
        text = (await engine.generate(problem(), step("<think>"), Sampling(temperature=0.0))).text
        await engine.close()
        await engine.close()
        return text

    with ChatServer(chat_model(says(" four"))) as server:
        engine = HttpEngine(server.url)
        assert [asyncio.run(once(engine)), asyncio.run(once(engine))] == [" four", " four"]
