"""How torch and transformers are imported."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from s1m.engines.embedded import libraries
from s1m.errors import EngineUnavailable


def test_collecting_goes_on_afterwards_where_it_was_on() -> None:
    assert gc.isenabled()
    with libraries.without_collecting():
        assert not gc.isenabled()
        with libraries.without_collecting():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineUnavailable, match=r"needs torch: pip install 's1m\[local\]'"):
        libraries.libraries()


def test_a_question_to_a_model_in_this_process_waits_for_nothing_that_speaks_to_servers() -> None:
    code = (
        "import sys; from s1m.ask.settings import AskSettings; AskSettings(); "
        "print([name for name in sys.modules if name.startswith(('s1m.engines.remote', 'aiohttp', 'torch'))])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
