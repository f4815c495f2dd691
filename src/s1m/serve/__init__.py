"""Serve a model with vLLM: the flags that test-time scaling needs, and a child process that leaves nothing behind."""

from __future__ import annotations
