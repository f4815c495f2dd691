"""Servers that are asked over HTTP: which takes a request, how much it bears, what its failures mean."""

from s1m.engines.remote.retry import Backoff, Patience
from s1m.engines.remote.servers import Servers

__all__ = ["Backoff", "Patience", "Servers"]
