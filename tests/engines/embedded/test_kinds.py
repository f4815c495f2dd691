"""A checkpoint for every way of treating thinking: delimiters from its template, thinking opened once, exact ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.row import Row
from s1m.errors import EngineUnavailable
from s1m.evaluate.store import load_run
from s1m.families.finding import read_files
from s1m.forcing import Forcing
from s1m.types import Piece, RequestOptions, Step, Trace
from tests.engines.embedded.test_templates import FORCING, GREEDY, PROBLEMS, answers, sweep
from tests.thinking_checkpoints import KINDS, Kind, write_checkpoint

pytestmark = pytest.mark.usefixtures("unrendered_figures")


@contextmanager
def engine_of(kind: Kind, folder: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(str(folder), max_rows=8, options=RequestOptions(template=kind.options))
    try:
        yield engine
    finally:
        asyncio.run(engine.close())


def forcing_of(kind: Kind, folder: Path) -> Forcing:
    """What ``--family auto`` makes of the checkpoint."""
    reading = read_files(str(folder), kind.options).reading
    assert reading.delimiters is not None
    assert reading.keeps_earlier is not kind.drops
    return replace(FORCING, thinking_open=reading.opening, thinking_close=reading.delimiters.closing)


def written(trace: Trace) -> list[tuple[str, tuple[int, ...] | None]]:
    """The longest chain, token for token."""
    return [(segment.text, segment.token_ids) for segment in max(trace.chains, key=len)]


@pytest.mark.parametrize("name", KINDS)
def test_forced_sweeps_open_thinking_once_and_nested_equals_independent(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, folder = KINDS[name], write_checkpoint(KINDS[name], tmp_path / "checkpoint")
    forcing = forcing_of(kind, folder)
    assert (forcing.thinking_open, forcing.thinking_close) == (kind.opening, kind.closing)
    rows: list[Row] = []
    with engine_of(kind, folder) as engine:
        submit = engine._batcher.submit

        def noting(row: Row) -> None:
            rows.append(row)
            submit(row)

        monkeypatch.setattr(engine._batcher, "submit", noting)
        nested, independent = sweep(engine, forcing), sweep(engine, forcing, nested=False)
        given = [engine._decode(row.ids) for row in rows]
        check_ids(rows, nested, forcing, engine)
    assert {text.count(kind.opening.strip()) for text in given} == {1}
    assert all(text.count(kind.closing) == (not row.step.stop) for row, text in zip(rows, given, strict=True))
    assert answers(nested) == answers(independent)
    for chained, alone in zip(nested, independent, strict=True):
        assert written(chained) == written(alone)
        assert {segment.stop for segment in chained.chains[0]} == {"closed"}


def check_ids(rows: list[Row], traces: list[Trace], forcing: Forcing, engine: EmbeddedEngine) -> None:
    """Every last answer was asked for after exactly the ids of its chain, each injected text spelled by itself."""
    asked = {row.ids for row in rows if not row.step.stop}
    for problem, trace in zip(PROBLEMS, traces, strict=True):
        prompt = engine._prompts.now(problem)
        opened = prompt.ending.rstrip().endswith(forcing.thinking_open.strip())
        ids = [*prompt.ids, *([] if opened else engine._ids(forcing.thinking_open, None))]
        for segment in trace.chains[0]:
            assert segment.token_ids is not None
            assert engine._decode(segment.token_ids) == segment.text
            ids += [*engine._ids(segment.injected, None), *segment.token_ids]
        assert tuple(ids + list(engine._ids(forcing.thinking_close + forcing.answer_cue, None))) in asked


def test_delimiters_of_several_tokens_are_cut_off_exactly_wherever_a_request_ends(tmp_path: Path) -> None:
    kind = KINDS["several tokens"]
    folder = write_checkpoint(kind, tmp_path / "checkpoint")
    forcing = replace(forcing_of(kind, folder), num_ignore=(1,))
    with engine_of(kind, folder) as engine:
        close = engine._ids(kind.closing, None)
        assert len(close) == len(engine._ids(kind.opening, None)) == 2
        whole = sweep(engine, forcing)
        lengths = [segment.tokens - len(close) for trace in whole for segment in trace.chains[0]]
        # The last token of a request is the first of the delimiter: it is given back, and written again.
        for length in sorted(set(lengths))[:2]:
            parts = sweep(engine, replace(forcing, chunk_tokens=length + 1))
            assert answers(parts) == answers(whole)
            for part, other in zip(parts, whole, strict=True):
                assert [(s.text, s.token_ids) for s in part.chains[0]] == [
                    (s.text, s.token_ids) for s in other.chains[0]
                ]


@pytest.mark.parametrize("name", ["closes an empty thought", "channels"])
def test_a_thought_that_the_template_ends_is_refused_with_the_option_to_give(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    folder = write_checkpoint(kind, tmp_path / "checkpoint")
    step = Step(prefix=(Piece(text=kind.opening),), stop=(kind.closing,), max_tokens=2)
    refused = pytest.raises(EngineUnavailable, match="add --template-kwargs enable_thinking=true")
    with engine_of(replace(kind, options={}), folder) as engine, refused:
        asyncio.run(engine.generate(PROBLEMS[0], step, GREEDY))


def test_a_run_takes_all_of_it_from_the_checkpoint(tmp_path: Path) -> None:
    kind, out = KINDS["several tokens"], tmp_path / "run"
    folder = write_checkpoint(kind, tmp_path / "checkpoint")
    flags = ["--limit", "2", "--num-ignore", "0,1", "--max-thinking-tokens", "200", "--temperature", "0"]
    assert main(["eval", "digits", "--model", str(folder), *flags, "--out", str(out)]) == 0
    run = load_run(out)
    assert (run.settings["thinking_open"], run.settings["thinking_close"]) == (kind.opening, kind.closing)
    assert {segment.stop for record in run.records for segment in record.trace.chains[0]} == {"closed"}
    assert all(verdict.prediction is not None for record in run.records for verdict in record.verdicts)
