"""The http engine: any OpenAI-compatible chat server."""

from s1m.engines.chat.engine import ChatEngine

__all__ = ["ChatEngine"]
