"""What has to be decided to read one kind of answer: five questions, from the strictest to the loosest."""

from __future__ import annotations

from collections.abc import Sequence


class Reader:
    """How one kind of answer is read. Every method gives None where it reads nothing, as they all do here."""

    keeps_markup = False
    """Whether it reads the text as written, LaTeX and all, not as plain text."""

    recognisable = True
    """Whether its answers differ in form from other text: a last line in that form is the last answer stated."""

    chooses = False
    """Whether it reads choices: then "I choose" states an answer."""

    def whole(self, text: str) -> str | None:  # noqa: ARG002
        """The answer that ``text`` is and nothing else."""
        return None

    def stated(self, span: str) -> str | None:  # noqa: ARG002
        """The answer in a span that is said to be one."""
        return None

    def torn(self, span: str) -> bool:  # noqa: ARG002
        """Whether a span that is said to be the answer names several."""
        return False

    def opening(self, sentences: Sequence[str]) -> str | None:  # noqa: ARG002
        """The answer that a text begins with."""
        return None

    def restated(self, sentences: Sequence[str]) -> str | None:  # noqa: ARG002
        """The answer that is given by saying the question's or a choice's own words."""
        return None

    def concluded(self, sentence: str) -> str | None:  # noqa: ARG002
        """The answer that a sentence comes to."""
        return None

    def overruling(self, sentence: str) -> str | None:
        """The answer that a concluding sentence sets against one that was stated before it."""
        return self.concluded(sentence)
