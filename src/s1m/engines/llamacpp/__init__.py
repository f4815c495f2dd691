"""The llamacpp engine: llama.cpp's own completion, images included."""

from s1m.engines.llamacpp.engine import LlamaCppEngine

__all__ = ["LlamaCppEngine"]
