"""Servers that are asked over HTTP: routing, concurrency limit, retry policy, and what their failures mean."""

from s1m.engines.remote.retry import Backoff, Patience
from s1m.engines.remote.server import Request, Server
from s1m.engines.remote.servers import Servers

__all__ = ["Backoff", "Patience", "Request", "Server", "Servers"]
