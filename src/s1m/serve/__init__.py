"""Serve a model with vLLM: the flags that test-time scaling needs, and a child process that is cleaned up."""

from __future__ import annotations
