"""The server of the live page: two addresses, on the loopback interface alone, and nothing can be changed there."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from s1m.analysis.live.page import live_page, policy
from s1m.analysis.live.state import LiveState
from s1m.errors import UsageError

HOST = "127.0.0.1"
READ_SECONDS = 10.0
"""Longest wait for a request; a browser keeps connections open that it does not use."""
LAST_LOOK_SECONDS = 3.0
"""Longest wait at the end of a run for pages that are open to fetch how it ended; they ask every second."""


class LiveServer:
    """Serves ``state`` at ``port`` (0: a free one) while the ``with`` block lasts.

    Raises ``UsageError`` when it cannot listen there.
    """

    def __init__(self, state: LiveState, port: int) -> None:
        self._state = state
        self._asked_at: float | None = None
        self._saw_end = threading.Event()
        try:
            self._server = _Server((HOST, port), self._handler())
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"cannot listen on port {port}: {reason}; choose another with --live") from None
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="s1m-live", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        looked = self._asked_at is not None and time.monotonic() - self._asked_at < LAST_LOOK_SECONDS
        if looked and self._state.has_ended:
            self._saw_end.wait(LAST_LOOK_SECONDS)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = READ_SECONDS
            server_version, sys_version = "s1m", ""

            def do_GET(self) -> None:
                # Another site's page that resolves its own name to this machine must not read the run.
                if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):
                    outer._send(self, 403, "text/plain", "this page is for this machine")
                elif self.path == "/":
                    outer._send(self, 200, "text/html; charset=utf-8", live_page())
                elif self.path == "/state":
                    outer._send(self, 200, "application/json", json.dumps(outer._seen()))
                else:
                    outer._send(self, 404, "text/plain", "there are / and /state")

            def log_message(self, *_: object) -> None:
                """The run's own lines are what the terminal shows."""

        return Handler

    def _seen(self) -> dict[str, Any]:
        self._asked_at = time.monotonic()
        shown = self._state.as_json()
        if shown["ended"]:
            self._saw_end.set()
        return shown

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, kind: str, text: str) -> None:
        body = text.encode("utf-8", "replace")
        handler.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy()),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up concerns no run."""
