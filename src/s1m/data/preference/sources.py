"""The runs that pairs are made of: their settings, their problems, and all candidates by problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s1m.benchmarks import Page, find_benchmark
from s1m.benchmarks.reading.rows import without_images
from s1m.data.preference.candidates import Candidate, delimiters_of, reader_of
from s1m.data.preference.settings import PairSettings
from s1m.datasets.source import label_of
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.evaluate.benchmark import load_problems
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import Run, load_run
from s1m.files.settings import keys_of
from s1m.types import Problem


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A problem as runs asked it: the number of the first of them, and its index among that run's problems."""

    run: int
    index: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A run, its benchmark, and the benchmark's problems in their order."""

    run: Run
    settings: EvalSettings
    page: Page
    problems: Sequence[Problem]

    @property
    def name(self) -> str:
        """What messages call it."""
        return label_of(str(self.run.folder))

    @property
    def split(self) -> str:
        """The part of the benchmark that it asked."""
        return self.settings.problems.split or self.page.splits[0]

    def question(self, problem: Problem) -> str:
        """A question as the model was asked it."""
        prompt = self.settings.problems.reasoning_prompt
        return f"{problem.question}\n{prompt}" if prompt else problem.question


def open_sources(settings: PairSettings) -> list[Source]:
    """The runs. Raises ``UsageError`` for one that no pairs can be made of, or that others cannot be mixed with."""
    sources = [_opened(Path(folder).expanduser(), settings) for folder in settings.runs]
    first = sources[0]
    for source in sources[1:]:
        if delimiters_of(source.settings.strategy) != delimiters_of(first.settings.strategy):
            raise UsageError(f"{first.name} and {source.name} have other delimiters; make their pairs one by one")
    return sources


def _opened(folder: Path, settings: PairSettings) -> Source:
    run = load_run(folder)
    origin = run.settings["origin"]
    if origin != "generated":
        raise UsageError(f"{folder} is {origin}; name the run that an engine generated")
    if run.settings.get("describer_engine"):
        raise UsageError(f"{folder} was asked with descriptions in place of pictures; name a run that saw the pictures")
    known = {name: value for name, value in run.settings.items() if name in keys_of(EvalSettings)}
    of_run = eval_settings(known, f"{folder}/settings.toml")
    if of_run.build_strategy().forcing.show_images_again:
        raise UsageError(f"{folder} is of strategy {of_run.strategy.strategy}, which no response in words can tell")
    page = find_benchmark(of_run.problems.benchmark)
    split = of_run.problems.split or page.splits[0]
    if "train" in page.splits and split != "train" and not settings.any_split:
        raise UsageError(
            f"{folder} is of split {split} of {page.name}, on which models are measured; run s1m eval {page.name} "
            "--split train, or add --any-split"
        )
    return Source(run=run, settings=of_run, page=page, problems=load_problems(of_run.problems, page))


def gathered(sources: Sequence[Source], counter: TokenCounter) -> dict[Asked, list[Candidate]]:
    """All candidates of every recorded problem, in the order of the runs' problems.

    The same problem in several runs is one, where it was asked in the same words. Raises ``DataError`` for a record of
    a problem that its benchmark does not have, or has with another question.
    """
    names: dict[tuple[str, str, str, str], Asked] = {}
    candidates: dict[Asked, list[Candidate]] = defaultdict(list)
    for number, source in enumerate(sources):
        reader = reader_of(source.settings, number, counter)
        texts = without_images(source.problems)
        indices: Mapping[str, int] = {problem.id: index for index, problem in enumerate(texts)}
        for record in source.run.records:
            index = indices.get(record.id)
            if index is None or texts[index].question != record.question:
                raise DataError(
                    f"{source.run.folder}: problem {record.id} is not in {source.page.name} {source.split} as it was "
                    "recorded: its data has changed since; run it again"
                )
            problem = texts[index]
            system = source.settings.engine.system_prompt
            name = (source.page.name, problem.id, source.question(problem), system)
            asked = names.setdefault(name, Asked(run=number, index=index))
            candidates[asked] += reader.candidates(record)
    return {asked: candidates[asked] for asked in sorted(candidates, key=lambda each: (each.run, each.index))}
