"""The sglang engine: SGLang's own generation endpoint, text in, images included."""

from s1m.engines.sglang.engine import SglangEngine

__all__ = ["SglangEngine"]
