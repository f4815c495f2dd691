"""The ``s1m`` command: its parser, and one file for each verb."""

from s1m.cli.main import main

__all__ = ["main"]
