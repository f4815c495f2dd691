"""Texts that loop and texts that only look like it: seeded families, some of them held out, and recorded responses."""

from tests.forcing.corpus.assemble import corpus
from tests.forcing.corpus.labelled import Labelled

__all__ = ["Labelled", "corpus"]
