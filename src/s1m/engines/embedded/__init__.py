"""The embedded engine: a Qwen2-VL-class model in this process, its requests batched continuously."""

from s1m.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
