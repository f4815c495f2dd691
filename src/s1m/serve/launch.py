"""Run ``vllm serve`` as a child until a signal stops it: start, wait until it answers, say how to use it, clean up.

vLLM is never imported: it may live in another environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

from s1m.errors import EngineUnavailable
from s1m.serve.command import ENVIRONMENT, local_address, local_host, serve_command
from s1m.serve.diagnosis import why
from s1m.serve.plugin import with_plugin, without_plugin
from s1m.serve.process import ProcessFamily
from s1m.serve.resolve import find_vllm, resolve
from s1m.serve.settings import ServeSettings

GRACE_SECONDS = 30.0
"""How long vLLM may take to end by itself before it is killed: it frees GPU memory and shared memory on its way."""
POLL_SECONDS = 0.25
"""Between two looks at the server; the longest that a signal waits."""
PROGRESS_SECONDS = 15.0
"""Between two messages while the server is not ready."""
HEALTH_SECONDS = 5.0
"""How long one question whether the server is well may take."""
STATUS_BYTES = 1024
"""Within which the status line of a reply must end."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stops:
    """The signals that asked this command to stop, passed on to the server; a second signal kills it."""

    def __init__(self) -> None:
        self.asked = False
        self.family: ProcessFamily | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """A signal arrived. A terminal that is closed counts as a polite request."""
        if self.family is not None:
            polite = signal.SIGINT if number == signal.SIGINT else signal.SIGTERM
            self.family.signal(signal.SIGKILL if self.asked else polite)
        self.asked = True


def serve_model(settings: ServeSettings, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """``s1m serve``: exit code 0 after a server that a signal stopped, 130 when that was before it was ready.

    Raises ``EngineUnavailable`` in one line when it cannot start, ends by itself, or is not ready in time. In every
    case no process of the server remains.
    """
    settings = resolve(settings)
    command = serve_command(settings)
    command[0] = find_vllm(command[0])
    if not settings.headless:
        check_port(settings)
    with stopping() as stops, environment_of(settings) as environment:
        _say(f"starting {command[0]} for {settings.model}; Ctrl-C stops it")
        family = start(command, environment)
        stops.family = family
        ready = False
        try:
            ready = settings.headless or wait_until_ready(settings, family, stops)
            if ready:
                _print_address(settings)
            while not stops.asked:
                raise_if_ended(family, stops, wait_seconds=POLL_SECONDS)
        finally:
            # A signal that came before there was a family was passed on to none.
            if not ready or not stops.asked:
                family.signal(signal.SIGTERM)
            if family.exit_code() is None:
                _say("stopping the server")
            family.outlast(grace_seconds)
    return 0 if ready else 130


@contextlib.contextmanager
def environment_of(settings: ServeSettings) -> Iterator[Mapping[str, str]]:
    """The environment of the server, for as long as the block lasts."""
    environment = {**os.environ, **ENVIRONMENT}
    with (with_plugin if settings.plugin else without_plugin)(environment) as extended:
        yield extended


def start(command: Sequence[str], environment: Mapping[str, str]) -> ProcessFamily:
    """The server, started, writing to standard error. Raises ``EngineUnavailable`` when it cannot be run."""
    try:
        return ProcessFamily(command, environment, sys.stderr.buffer)
    except OSError as error:
        raise EngineUnavailable(f"cannot run {command[0]}: {error.strerror}") from None


def wait_until_ready(settings: ServeSettings, family: ProcessFamily, stops: Stops) -> bool:
    """Whether the server answers; False when a signal stopped it before. Raises ``EngineUnavailable`` otherwise."""
    began = time.monotonic()
    progress = PROGRESS_SECONDS
    while not stops.asked:
        left = settings.ready_seconds - (time.monotonic() - began)
        if is_healthy(settings, min(HEALTH_SECONDS, left)):
            return True
        raise_if_ended(family, stops, wait_seconds=max(0.0, min(POLL_SECONDS, left)))
        waited = time.monotonic() - began
        if waited >= settings.ready_seconds:
            raise EngineUnavailable(
                f"the server is not ready after {settings.ready_seconds:g} s: allow more with --ready-seconds"
            )
        if waited > progress:
            _say(f"not ready yet after {waited:.0f} s; at most {settings.ready_seconds:g} s")
            progress += PROGRESS_SECONDS
    return False


def is_healthy(settings: ServeSettings, seconds: float = HEALTH_SECONDS) -> bool:
    """Whether the server says within ``seconds`` that it is well.

    Over a bare socket: the timeout of ``http.client`` is one of every read, so that a server that sends a byte now and
    then would hold it for ever.
    """
    deadline = time.monotonic() + seconds
    address = (local_host(settings), settings.port)
    line = b""
    try:
        with socket.create_connection(address, timeout=max(0.001, seconds)) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while b"\n" not in line and len(line) < STATUS_BYTES:
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                received = connection.recv(STATUS_BYTES)
                if not received:
                    break
                line += received
    except OSError:  # not there yet, or not done yet
        return False
    return line.startswith(b"HTTP/") and line.split(maxsplit=2)[1:2] == [b"200"]


def raise_if_ended(family: ProcessFamily, stops: Stops, *, wait_seconds: float) -> None:
    """Raises ``EngineUnavailable`` with the reason when the server ends within ``wait_seconds``, unasked."""
    code = family.exit_code(wait_seconds)
    if code is not None and not stops.asked:
        raise EngineUnavailable(why(family.last_lines(), code))


def check_port(settings: ServeSettings) -> None:
    """Raises ``EngineUnavailable`` when the server could not listen there, before a model is loaded in vain."""
    try:
        addresses = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(addresses[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(addresses[0][4])
    except OSError as error:
        where = f"port {settings.port} of {settings.host}"
        raise EngineUnavailable(f"cannot listen on {where}: {error.strerror}; choose another with --port") from None


@contextlib.contextmanager
def stopping() -> Iterator[Stops]:
    """Signals that would end this process only note that they came, while the block lasts."""
    stops = Stops()
    before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
    for number in STOPS:
        before[number] = signal.signal(number, stops)
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_address(settings: ServeSettings) -> None:
    """The server's address and how to use it, on standard output, where nothing else is written."""
    if settings.headless:
        _say(f"node {settings.node_rank} of {settings.nodes} works for {settings.head_address}")
        return
    url = f"{local_address(settings)}/v1"
    server = f"--engine vllm --base-url {url}"
    sys.stdout.write(
        f'ready: {url}\ns1m ask "What is 17 * 23?" {server} --num-ignore 3\ns1m eval digits {server} --num-ignore 0-7\n'
    )
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stderr.write(f"s1m: {text}\n")
    sys.stderr.flush()
