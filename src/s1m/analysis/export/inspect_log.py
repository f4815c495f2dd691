"""A log of inspect_ai at one level, through its own classes and writer; a problem's samples are epochs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from s1m.analysis.export.answers import Exported
from s1m.errors import UsageError
from s1m.evaluate.store import Run

Form = Literal["eval", "json"]


def as_inspect(run: Run, answers: Sequence[Exported], form: Form) -> bytes:
    """The log as a file of inspect_ai. Raises ``UsageError`` where inspect_ai is not installed."""
    try:
        from inspect_ai import log as logs
    except ImportError:
        raise UsageError("--to inspect needs: pip install inspect_ai") from None
    ids = list(dict.fromkeys(each.record.id for each in answers))
    epochs = max(each.record.sample for each in answers) + 1
    spec = logs.EvalSpec(
        created=datetime.fromtimestamp(min(each.record.started for each in answers), UTC).isoformat(),
        task=str(run.settings.get("benchmark", "s1m")),
        dataset=logs.EvalDataset(
            name=str(run.settings.get("benchmark", "")), samples=len(ids), sample_ids=list(ids), shuffled=False
        ),
        model=f"s1m/{run.settings.get('model', '')}",
        config=logs.EvalConfig(epochs=epochs),
        metadata={"s1m": dict(run.settings), "level": answers[0].answer.level},
    )
    log = logs.EvalLog(
        status="success",
        eval=spec,
        results=logs.EvalResults(
            total_samples=len(answers),
            completed_samples=len(answers),
            scores=[_score(logs, name, answers) for name in _scorers(answers)],
        ),
        samples=[_sample(each) for each in answers],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"log.{form}"
        logs.write_eval_log(log, path, format=form)
        return path.read_bytes()


def _scorers(answers: Sequence[Exported]) -> tuple[str, ...]:
    return ("strict", *(("official",) if any(each.verdict.official is not None for each in answers) else ()))


def _score(logs: Any, name: str, answers: Sequence[Exported]) -> Any:
    """The accuracy by one verdict, over the answers that have it."""
    verdicts = [each.verdict.correct if name == "strict" else each.verdict.official for each in answers]
    given = [verdict for verdict in verdicts if verdict is not None]
    accuracy = logs.EvalMetric(name="accuracy", value=sum(given) / len(given))
    return logs.EvalScore(
        name=name,
        scorer=name,
        scored_samples=len(given),
        unscored_samples=len(verdicts) - len(given),
        metrics={"accuracy": accuracy},
    )


def _sample(each: Exported) -> Any:
    from inspect_ai.log import EvalSample
    from inspect_ai.scorer import CORRECT, INCORRECT, Score

    record, verdict = each.record, each.verdict
    scores = {"strict": verdict.correct, "official": verdict.official}
    output = _output(each)
    return EvalSample(
        id=record.id,
        epoch=record.sample + 1,
        input=record.question,
        target=record.gold,
        messages=_messages(record.question, output),
        output=output,
        scores={
            name: Score(value=CORRECT if right else INCORRECT, answer=verdict.prediction, explanation=verdict.rule)
            for name, right in scores.items()
            if right is not None
        },
        metadata={**record.metadata, "level": each.answer.level, "stop": each.answer.stop},
        total_time=record.seconds,
    )


def _output(each: Exported) -> Any:
    from inspect_ai.model import (
        ChatCompletionChoice,
        ChatMessageAssistant,
        ContentReasoning,
        ContentText,
        ModelOutput,
        ModelUsage,
    )

    reasoning = [ContentReasoning(reasoning=each.thinking)] if each.thinking else []
    message = ChatMessageAssistant(content=[*reasoning, ContentText(text=each.answer.text)])
    total = each.thinking_tokens + each.answer_tokens
    return ModelOutput(
        choices=[
            ChatCompletionChoice(
                message=message, stop_reason="max_tokens" if each.answer.finish == "length" else "stop"
            )
        ],
        usage=ModelUsage(output_tokens=total, total_tokens=total, reasoning_tokens=each.thinking_tokens),
    )


def _messages(question: str, output: Any) -> list[Any]:
    from inspect_ai.model import ChatMessageUser

    return [ChatMessageUser(content=question), output.message]
