"""What vLLM's worker does step by step: written down by a few lines that its Python loads at its start.

    with recorded_steps() as steps, own_server() as server:
        ...
        steps.between(began, ended)

Times are those of `time.time()`. It reads internals of vLLM 0.32's first model runner, for measuring and nothing else.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOOK = """
import os, sys, threading, time

def patch(runner, path):
    execute, sample = runner.execute_model, runner.sample_tokens
    begun = []
    def execute_model(self, planned, *more, **named):
        began = time.time()
        result = execute(self, planned, *more, **named)
        new = sum(planned.num_scheduled_tokens[each.req_id] for each in planned.scheduled_new_reqs)
        begun[:] = [
            began, time.time(), planned.total_num_scheduled_tokens, len(planned.num_scheduled_tokens),
            len(planned.scheduled_new_reqs), new, len(planned.preempted_req_ids or ()),
        ]
        return result
    def sample_tokens(self, *more, **named):
        result = sample(self, *more, **named)
        if begun:
            with open(path, "a") as file:
                print(*begun, time.time(), file=file)
            begun.clear()
        return result
    runner.execute_model, runner.sample_tokens = execute_model, sample_tokens

def wait(path):
    for _ in range(3000):
        module = sys.modules.get("vllm.v1.worker.gpu_model_runner")
        if hasattr(module, "GPUModelRunner"):
            return patch(module.GPUModelRunner, path)
        time.sleep(0.1)

if os.environ.get("S1M_STEPS"):
    threading.Thread(target=wait, args=(os.environ["S1M_STEPS"],), daemon=True).start()
"""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the worker did in some stretch of time; all but the counts in seconds."""

    steps: int
    tokens: int
    """That went through the model, the prompts' included."""
    first: int
    """Of these, those of requests in their first step: what of a prompt was not cached."""
    requests: int
    preempted: int
    decoding: float
    """In the model, in steps in which every request writes its next token."""
    beginning: float
    """In the model, in steps in which a request begins or is resumed."""
    sampling: float
    between: float
    """From the end of a step to the next one's begin: the scheduler, and waiting for the client where all are done."""


@dataclass(frozen=True)
class Steps:
    """The file that the server's worker writes."""

    path: Path

    def between(self, began: float, ended: float) -> Work:
        """What was done from one moment to another."""
        lines = [[float(word) for word in line.split()] for line in self.path.read_text().splitlines()]
        rows = [row for row in lines if began <= row[0] <= ended]
        plain = [row for row in rows if row[2] == row[3]]
        other = [row for row in rows if row[2] != row[3]]
        return Work(
            steps=len(rows),
            tokens=int(sum(row[2] for row in rows)),
            first=int(sum(row[5] for row in rows)),
            requests=int(sum(row[4] for row in rows)),
            preempted=int(sum(row[6] for row in rows)),
            decoding=sum(row[1] - row[0] for row in plain),
            beginning=sum(row[1] - row[0] for row in other),
            sampling=sum(row[7] - row[1] for row in rows),
            between=sum(after[0] - row[7] for row, after in itertools.pairwise(rows)),
        )


@contextlib.contextmanager
def recorded_steps() -> Iterator[Steps]:
    """Servers that are started in the block write down their steps."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(HOOK)
        path = Path(folder) / "steps.txt"
        path.touch()
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [before.get("PYTHONPATH", ""), folder]))
        os.environ["S1M_STEPS"] = str(path)
        try:
            yield Steps(path)
        finally:
            os.environ.clear()
            os.environ.update(before)
