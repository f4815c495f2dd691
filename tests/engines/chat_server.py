"""A real HTTP server on the loopback whose answer to every request is a function, and a small chat model for it.

    with ChatServer(lambda request: completion("Paris.", tokens=2)) as server:
        engine = ChatEngine(server.url, model="m")

Answers can also go wrong the way servers do: reset the connection, break off, hang, trickle.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the server was asked; ``body`` is the decoded JSON, empty for a GET."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What it answers. ``fault`` happens to the connection instead of, or in the middle of, sending ``body``."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "reset", "reset mid-body", "hang", "hang mid-body", "trickle"] = ""


Behaviour = Callable[[Request], Answer]


class ChatServer:
    """The server, listening while the ``with`` block lasts; ``requests`` are those it got, in order."""

    def __init__(self, behaviour: Behaviour, *, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._behaviour = behaviour
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ChatServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.die()

    def die(self) -> None:
        """Stop listening and hang up on everybody. Safe to do twice."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join()

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the chat requests, probes of one token left out."""
        return [request.body for request in self.requests if request.method == "POST" and not is_probe(request)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._respond()

            def do_POST(self) -> None:
                self._respond()

            def log_message(self, *args: object) -> None:
                pass

            def _respond(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(
                    method=self.command,
                    path=self.path,
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=json.loads(content) if content else {},
                )
                outer.requests.append(request)
                outer._send(self, outer._behaviour(request))

        return Handler

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} Status", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        if answer.fault in ("hang", "hang mid-body"):
            if answer.fault == "hang mid-body":
                handler.wfile.write(head + answer.body[: len(answer.body) // 2])
            self._stopping.wait(10)
            handler.close_connection = True
        elif answer.fault == "trickle":
            handler.wfile.write(head)
            for byte in answer.body:
                if self._stopping.wait(0.05):
                    break
                handler.wfile.write(bytes([byte]))
            handler.close_connection = True
        elif answer.fault:
            if answer.fault == "reset mid-body":
                handler.wfile.write(head + answer.body[: len(answer.body) // 2])
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
        else:
            handler.wfile.write(head + answer.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self._connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep alive."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=json.dumps(body).encode(), headers=named)


def completion(
    content: str | None,
    *,
    tokens: int | None,
    finish: str | None = "stop",
    prompt_tokens: int | None = 10,
    message: Mapping[str, Any] | None = None,
    **choice: Any,
) -> Answer:
    """A chat completion; further fields of the choice such as ``stop_reason`` as keywords."""
    return answer(
        {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content, **(message or {})},
                    "finish_reason": finish,
                    **choice,
                }
            ],
            "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": tokens},
        }
    )


def models(*names: str) -> Answer:
    """The answer of /v1/models."""
    return answer({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def is_probe(request: Request) -> bool:
    """Whether a request only asks for one token, to see how prompts are counted, or how a delimiter is spelled."""
    if request.path == "/tokenize":
        return True
    return request.body.get("max_tokens") == 1 and request.body["messages"][0]["content"] == "Hi"


TOKEN = re.compile(r"</think>|<\|im_start\|>|<\|im_end\|>|\s*[^\s<]+|\s+|<")


def tokens_of(text: str) -> list[str]:
    """A text in the tokens of the small model: words with the blanks before them, and the special ones."""
    return TOKEN.findall(text)


def chat_model(
    write: Callable[[str], str], *, continues: bool = True, keeps_stop: bool = True, strict: bool = False
) -> Behaviour:
    """A chat server with the template ChatML around a model: ``write`` is given the assistant's open turn.

    ``continues``: knows ``continue_final_message``; otherwise it starts a new turn and says nothing of it.
    ``keeps_stop``: knows ``include_stop_str_in_output``, and says what stopped it, as vLLM does.
    ``strict``: refuses fields it does not know instead of passing over them.
    """

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return models("small")
        body = request.body
        if strict and "continue_final_message" in body:
            return answer({"detail": [{"msg": "Extra inputs are not permitted: continue_final_message"}]}, 422)
        turn, prompt = render(body, continues)
        text, count, finish, stop_reason = generate(body, write(turn), keeps_stop)
        reasons: dict[str, Any] = {"stop_reason": stop_reason} if keeps_stop else {}
        return completion(text, tokens=count, finish=finish, prompt_tokens=len(tokens_of(prompt)), **reasons)

    return behave


def render(body: Mapping[str, Any], continues: bool) -> tuple[str, str]:
    """The assistant's open turn, and the whole prompt."""
    content = body["messages"][0]["content"]
    question = content if isinstance(content, str) else content[-1]["text"]
    prompt = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    if len(body["messages"]) == 1:
        return "", prompt
    turn = body["messages"][1]["content"]
    if continues and body.get("continue_final_message"):
        assert body.get("add_generation_prompt", False) is False
        return turn, prompt + turn
    return "", f"{prompt}{turn}<|im_end|>\n<|im_start|>assistant\n"


def generate(
    body: Mapping[str, Any], text: str, keeps_stop: bool
) -> tuple[str, int, Literal["stop", "length"], str | None]:
    """The text that is sent, its tokens, why it ended, and the stop string that ended it."""
    written = ""
    for count, token in enumerate([*tokens_of(text), "<|im_end|>"], start=1):
        written += token
        if token == "<|im_end|>":
            keep = keeps_stop and body.get("skip_special_tokens") is False
            return (written if keep else text), count, "stop", None
        for stop in body.get("stop", ()):
            if stop in written and count > body.get("min_tokens", 0):
                return (written if keeps_stop else written[: written.index(stop)]), count, "stop", stop
        if count >= body["max_tokens"]:
            return written, count, "length", None
    raise AssertionError("unreachable: the end of the turn is always a token")
