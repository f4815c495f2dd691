"""A small Hub on the loopback: one dataset repository in a folder, at the addresses that huggingface_hub asks."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" + 34 * "0"


@contextmanager
def hub(folder: Path, asked: list[str]) -> Iterator[str]:
    """The address of a Hub whose only dataset is ``folder``; every file that is fetched is put down in ``asked``."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._reply()

        def do_GET(self) -> None:
            self.wfile.write(self._reply())

        def log_message(self, *arguments: object) -> None:
            """Silent."""

        def _reply(self) -> bytes:
            if "/resolve/" in self.path:
                name = self.path.partition(f"/resolve/{COMMIT}/")[2]
                body = (folder / name).read_bytes()
                headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
                if self.command == "GET":
                    asked.append(name)
            elif "/tree/" in self.path:
                body = json.dumps([{"type": "file", "path": name, "size": 1, "oid": "0"} for name in names]).encode()
                headers = {"Content-Type": "application/json"}
            else:
                body = json.dumps({"id": "org/set", "sha": COMMIT, "private": False, "tags": []}).encode()
                headers = {"Content-Type": "application/json"}
            self.send_response(200)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            return body

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
