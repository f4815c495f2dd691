"""Where examples come from: files, folders and the Hub, or generators; all of them as one sequence."""

from s1m.datasets.sources.examples import Examples, load_examples

__all__ = ["Examples", "load_examples"]
