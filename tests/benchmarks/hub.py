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
            status = 200
            name = self.path.partition("/resolve/")[2].partition("/")[2]
            if name and name not in names:
                body, status = b"", 404
                headers = {"X-Error-Code": "EntryNotFound"}
            elif name:
                body = (folder / name).read_bytes()
                headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
                if self.command == "GET":
                    asked.append(name)
            elif "/tree/" in self.path:
                body = json.dumps(self._entries()).encode()
                headers = {"Content-Type": "application/json"}
            else:
                body = json.dumps({"id": "org/set", "sha": COMMIT, "private": False, "tags": []}).encode()
                headers = {"Content-Type": "application/json"}
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            return body

        def _entries(self) -> list[dict[str, object]]:
            """What a listing shows: all files, or with ``recursive=false`` those of one folder and its folders."""
            place, _, query = self.path.partition("?")
            within = folder / place.partition(f"/tree/{COMMIT}")[2].strip("/")
            entries = within.iterdir() if "recursive=false" in query else folder.rglob("*")
            return [
                {
                    "type": "directory" if path.is_dir() else "file",
                    "path": path.relative_to(folder).as_posix(),
                    "size": 0 if path.is_dir() else path.stat().st_size,
                    "oid": "0",
                }
                for path in sorted(entries)
            ]

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
