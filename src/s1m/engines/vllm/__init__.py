"""The vllm engine: token ids in, token ids out, each image sent once."""

from s1m.engines.vllm.engine import VllmEngine

__all__ = ["VllmEngine"]
