"""Whether a question with its images is one of a benchmark's: the index of benchmarks, and the check of a row.

    index = ContaminationIndex.build({"mathvision": find_benchmark("mathvision").load(...)})
    index.save(path); index = ContaminationIndex.load(path)
    index.check(question, images)    a Match, or None

Text alone decides where it is worth enough; an image alone, unless it is a drawing of a few straight lines; a template
and a drawing that are weak evidence each decide together. A check changes nothing, so processes can share the file.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from s1m.data.contamination.appearance import Look, look
from s1m.data.contamination.overlay import Likeness
from s1m.data.contamination.pictures import Pictures
from s1m.data.contamination.questions import asked
from s1m.data.contamination.texts import Shared, Texts
from s1m.errors import DataError
from s1m.files.writing import writing
from s1m.types import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["text exact", "text n-gram", "image exact", "image near", "text and image"]
Arrays = TypeVar("Arrays", Texts, Pictures)

VERSION = 1
"""Of the file."""
WORTH = 60.0
"""Bits that shared words must be worth to decide alone. The five thresholds for texts were chosen after reading the
matches among all questions of MathVision: lower ones pair templates, higher ones lose short questions."""
WORTH_WHOLE = 35.0
"""The same for a question that is all there, in a text at most twice as long."""
WORTH_TEMPLATE = 120.0
"""The same for a question made from a template."""
SHARE = 0.65
"""Fraction of a question's bits that a text must have."""
CORRELATED = 0.9
"""Correlation from which two pictures are the same: JPEG, another size and a crop stay above it."""
DIFFERENT = 0.5
"""Mean squared difference, in units of the variance, up to which a part of them agrees."""
CORRELATED_ALTERED = 0.93
"""The same for a picture that was first mirrored, turned, inverted, rotated or cut out: sixty guesses are made there,
so that chance agrees more often. With this and ..."""
DIFFERENT_ALTERED = 0.33
"""... this, 2,736 other pictures of MathVision's test, checked against testmini, gave no match beside those of plain
views. At 0.4 there were three: the same figure turned, the same one without its letters, and a lookalike."""
STRETCHED = 0.1
"""Logarithm of the stretch that cropping and rounding can make of a shape."""
TOGETHER = 0.75
"""Correlation from which a picture agrees with a text that asks the same."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """The problem of a benchmark that a row repeats, by what it was found, and how near it is, in words."""

    benchmark: str
    problem: str
    kind: Kind
    detail: str


@dataclass(frozen=True, kw_only=True)
class ContaminationIndex:
    """Problems of several benchmarks: their names, questions and pictures."""

    benchmarks: tuple[str, ...]
    """The benchmark of every problem."""
    ids: tuple[str, ...]
    """The id of every problem."""
    texts: Texts
    pictures: Pictures

    @classmethod
    def build(cls, problems: Mapping[str, Sequence[Problem]], *, background: Iterable[str] = ()) -> ContaminationIndex:
        """The index of some benchmarks, by name.

        ``background`` are questions of the sets to be checked, some thousands of them: what stands in many of these is
        template, not evidence. Raises ``DataError`` for an image that cannot be read.
        """
        questions = [question for own in problems.values() for question in asked(own)]
        names = [(name, problem.id) for name, own in problems.items() for problem in own]
        every = (problem for own in problems.values() for problem in own)
        images = ((number, image) for number, problem in enumerate(every) for image in problem.images)
        return cls(
            benchmarks=tuple(name for name, _ in names),
            ids=tuple(problem for _, problem in names),
            texts=Texts.build(questions, background),
            pictures=Pictures.build(images),
        )

    def check(self, question: str, images: Sequence[bytes]) -> Match | None:
        """The problem that a row repeats. Raises ``DataError`` for an image that cannot be read."""
        for image in images:
            same = self.pictures.same_file(image)
            if same is not None:
                return self._match(self._owner(same), "image exact", "the same file")
        shared = self.texts.shared(question)
        match = self._by_text(shared)
        if match is not None:
            return match
        seen = [look(image) for image in images]
        return self._by_image(seen) or self._together(shared, seen) or self._by_altered_image(seen)

    def _by_text(self, shared: Sequence[Shared]) -> Match | None:
        for candidate in shared:
            if not candidate.agree or candidate.fraction < SHARE or candidate.bits < _needed(candidate):
                continue
            detail = f"{candidate.bits:.0f} bits, {candidate.fraction:.0%} of the question"
            return self._match(candidate.problem, "text exact" if candidate.whole else "text n-gram", detail)
        return None

    def _by_image(self, seen: Sequence[Look]) -> Match | None:
        for picture in seen:
            same = self.pictures.same_pixels(picture)
            if same is not None:
                return self._match(self._owner(same), "image exact", "the same pixels")
        for picture in seen:
            for like in self.pictures.nearest(picture):
                if not like.straight and _alike(like, CORRELATED, DIFFERENT):
                    return self._match(self._owner(like.picture), "image near", f"correlation {like.correlation:.2f}")
        return None

    def _by_altered_image(self, seen: Sequence[Look]) -> Match | None:
        for picture in seen:
            for like in self.pictures.nearest_altered(picture):
                if not like.straight and _alike(like, CORRELATED_ALTERED, DIFFERENT_ALTERED):
                    detail = f"{like.name}, correlation {like.correlation:.2f}"
                    return self._match(self._owner(like.picture), "image near", detail)
        return None

    def _together(self, shared: Sequence[Shared], seen: Sequence[Look]) -> Match | None:
        """A question and a picture that are weak evidence each are, together, the problem that has both."""
        for candidate in shared:
            if not candidate.agree or candidate.fraction < SHARE:
                continue
            for like in (like for picture in seen for like in self.pictures.nearest(picture, candidate.problem)):
                if _alike(like, TOGETHER, 2 * DIFFERENT):
                    detail = f"{candidate.fraction:.0%} of the question, correlation {like.correlation:.2f}"
                    return self._match(candidate.problem, "text and image", detail)
        return None

    def _owner(self, picture: int) -> int:
        return int(self.pictures.problems[picture])

    def _match(self, problem: int, kind: Kind, detail: str) -> Match:
        return Match(benchmark=self.benchmarks[problem], problem=self.ids[problem], kind=kind, detail=detail)

    def save(self, path: Path) -> None:
        """Write the index as one file. Raises ``DataError`` when the disk does not take it."""
        import numpy as np

        names = {"version": VERSION, "benchmarks": self.benchmarks, "ids": self.ids}
        header = np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)
        with writing(path) as file:
            arrays = {"names": header, **_arrays(self.texts), **_arrays(self.pictures)}
            np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> ContaminationIndex:
        """The index in a file. Raises ``DataError`` when it is damaged or of another version."""
        import numpy as np

        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
                names = json.loads(archive["names"].tobytes())
                if names["version"] != VERSION:
                    raise DataError(f"{path} has version {names['version']} of the index, not {VERSION}: remove it")
                return cls(
                    benchmarks=tuple(names["benchmarks"]),
                    ids=tuple(names["ids"]),
                    texts=_read(Texts, archive),
                    pictures=_read(Pictures, archive),
                )
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{path} is not an index of benchmarks, or is damaged: {error}; remove it") from None


def _needed(candidate: Shared) -> float:
    """Bits from which a text decides alone."""
    if candidate.template:
        return WORTH_TEMPLATE
    return WORTH_WHOLE if candidate.whole and candidate.fills else WORTH


def _alike(like: Likeness, correlated: float, different: float) -> bool:
    return like.correlation >= correlated and like.worst <= different and like.stretch <= STRETCHED


def _arrays(part: Texts | Pictures) -> dict[str, NDArray[Any]]:
    kind = type(part).__name__.lower()
    return {f"{kind}.{field.name}": getattr(part, field.name) for field in fields(part)}


def _read(kind: type[Arrays], archive: Mapping[str, NDArray[Any]]) -> Arrays:
    name = kind.__name__.lower()
    return kind(**{field.name: archive[f"{name}.{field.name}"] for field in fields(kind)})
