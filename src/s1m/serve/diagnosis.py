"""Why a server did not come up: the line of its output that says so, and what to do where that is known."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

PREFIX = re.compile(
    r"""^
    (?: \([^)]*\) \s* )?                               # "(EngineCore pid=7) "
    (?: (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \s+
        [\d-]+ \s+ [\d:]+ \s+                          # "ERROR 11-22 16:30:00 "
        (?: \[[^\]]*\] \s* )?                          # "[core.py:700] "
    )?
    """,
    re.VERBOSE,
)
"""What vLLM puts before a message: ``(EngineCore pid=7) ERROR 11-22 16:30:00 [core.py:700]``."""

ERROR = re.compile(
    r"""^(?:
        [\w.]*(?:Error|Exception)\b:[ ]*      # "torch.OutOfMemoryError: CUDA out of memory."
      | Value[ ]error,[ ]                     # "Value error, User-specified max_model_len (...)": pydantic's
      | .*\berror:[ ]                         # "api_server.py: error: unrecognized arguments: --x": argparse's
    )\S""",
    re.ASCII | re.VERBOSE,
)
ONLY_POINTS_ELSEWHERE = re.compile(r"See root cause above")
"""Of "RuntimeError: Engine core initialization failed. See root cause above.": nearly every failure ends in it."""

# A pattern is looked for in one line of error; of several that fit, the first decides.
FIXES = (
    (r"[Aa]ddress already in use|EADDRINUSE", "the port is taken: choose another with --port"),
    (
        r"larger than the available KV cache",
        "lower --max-model-len, raise --gpu-memory-utilization, or use more GPUs with --tensor-parallel-size",
    ),
    (
        r"No available memory for the cache blocks",
        "raise --gpu-memory-utilization, lower --max-model-len, or use more GPUs with --tensor-parallel-size",
    ),
    (
        r"is less than desired \w+ memory utilization",
        "something else uses that memory: lower --gpu-memory-utilization",
    ),
    (
        r"[Oo]ut of memory|OutOfMemoryError|Cannot allocate memory",
        "lower --gpu-memory-utilization or --max-model-len, or use more GPUs with --tensor-parallel-size",
    ),
    (r"is greater than the derived max_model_len", "lower --max-model-len"),
    (
        r"World size \(\d+\) is larger than the number of available GPUs|invalid device ordinal",
        "this machine has fewer GPUs: lower --tensor-parallel-size, or use several --nodes",
    ),
    (r"No module named 'ray'|import Ray", "pip install ray into vLLM's environment"),
    (r"unrecognized arguments", "this vLLM does not know that flag; s1m is made for vLLM 0.32"),
    (
        r"not a valid model identifier|RepositoryNotFound|GatedRepo|401 Client Error|couldn't connect to",
        "check MODEL's name; a private one needs HF_TOKEN, one without a network a local folder",
    ),
)


def errors_in(lines: Iterable[str]) -> list[str]:
    """The lines that name an error, without vLLM's prefixes; when there is none, the last line of all."""
    plain = [text for text in (PREFIX.sub("", line).strip() for line in lines) if text]
    return [text for text in plain if ERROR.match(text) and not ONLY_POINTS_ELSEWHERE.search(text)] or plain[-1:]


def why(lines: Iterable[str], exit_code: int) -> str:
    """One line: how the server ended, the last error that it named, and what to do about it.

    An earlier error with a known remedy is preferred to a later one without, which is often only its echo.
    """
    ended, fix = f"vLLM ended with exit code {exit_code}", ""
    if exit_code < 0:
        ended = f"vLLM was killed by {signal.Signals(-exit_code).name}"
        fix = "the machine may have run out of memory" if exit_code == -signal.SIGKILL else ""
    errors = errors_in(lines)[::-1]
    said = errors[0] if errors else ""
    known = ((text, advice) for text in errors for pattern, advice in FIXES if re.search(pattern, text))
    said, fix = next(known, (said, fix))
    return f"{ended}{f': {said[:400]}' if said else ''}{f'; {fix}' if fix else ''}"
