"""The embedded engine: a model in this process, its requests batched continuously where its class allows it."""

from s1m.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
