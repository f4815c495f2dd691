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


def test_what_is_made_meanwhile_is_old_at_once_and_the_next_collection_does_not_look_through_it() -> None:
    with libraries.without_collecting():
        made = [[number] for number in range(100)]
    assert not any(each is made[0] for age in (0, 1) for each in gc.get_objects(generation=age))
    assert any(each is made[0] for each in gc.get_objects(generation=2))
    assert gc.get_freeze_count() == 0


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineUnavailable, match=r"needs torch: pip install 's1m\[local\]'"):
        libraries.libraries()


def test_the_first_word_waits_for_nothing_that_is_not_needed_for_it() -> None:
    code = """
import os, sys
from s1m.ask.terminal import Live

def first(self, event):
    print(type(event).__name__, *sys.modules, sep="\\n", flush=True)
    os._exit(0)

Live.show = first
from s1m.cli import main
main(["ask", "What is the sum of the digits?"])
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    event, *modules = shown.stdout.splitlines()
    assert event == "ThinkingText"
    assert "transformers.models.qwen2_vl.modeling_qwen2_vl" in modules
    servers = {"aiohttp", "s1m.engines.chat", "s1m.engines.remote"}
    others = {"datasets", "matplotlib", "pandas", "peft", "pyarrow", "scipy", "sklearn", "torchvision", "trl"}
    assert not {*servers, *others, "s1m.analysis", "s1m.benchmarks", "s1m.train"} & set(modules)
