"""What `import s1m` offers, and that it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import s1m


def test_the_public_names_are_these() -> None:
    assert s1m.__all__ == sorted(s1m.__all__, key=lambda name: (name[0].islower() or name[0] == "_", name))
    assert set(s1m.__all__) == {
        "Answer", "Completion", "Engine", "Forcing", "Loop", "LoopWatch", "Piece", "Problem", "Record", "S1mError",
        "Sampling", "Segment", "Step", "Trace", "Verdict", "__version__", "athink", "drive", "engine", "find_loop",
        "follow", "independent_sweep", "load_run", "nested_sweep", "stream", "think",
    }  # fmt: skip
    assert all(hasattr(s1m, name) for name in s1m.__all__)


def test_importing_touches_no_library_beyond_python() -> None:
    heavy = {"numpy", "torch", "aiohttp", "msgspec", "PIL"}
    code = f"import sys, s1m; print(sorted({{m.split('.')[0] for m in sys.modules}} & {heavy}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
