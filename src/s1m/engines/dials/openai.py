"""OpenAI: ``reasoning_effort``. It takes no thinking budget; the thinking is counted and not shown."""

from __future__ import annotations

from typing import ClassVar

from s1m.engines.chat.dial import Dial


class OpenAI(Dial):
    """OpenAI's own fields alone, which any other chat server knows too."""

    name: ClassVar[str] = "openai"
    summary: ClassVar[str] = "reasoning_effort"
    hosts: ClassVar[tuple[str, ...]] = ("openai.com", "openai.azure.com")
    most_tokens_field: ClassVar[str] = "max_completion_tokens"  # its reasoning models refuse max_tokens
