"""Small real programs in the place of vllm: a server with /health, and others that do what a bad one does."""

from __future__ import annotations

import sys
from pathlib import Path

SERVER = """
import http.server, os, subprocess, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass

print("loading", sys.argv[2], os.environ["VLLM_NO_USAGE_STATS"], *sys.argv[-2:], flush=True)
{before}
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""

DEAF = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""

WITH_CHILD = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
"""


def program(folder: Path, body: str) -> str:
    """The path of a command that runs ``body``."""
    path = folder / "vllm"
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return str(path)


def server(folder: Path, before: str = "") -> str:
    """A command that runs a server which is healthy at once, after running ``before``."""
    return program(folder, SERVER.format(before=before))
