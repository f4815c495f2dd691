"""``--sampling recommended``: the checkpoint's own values, else its card's; what is given wins, the unknown is said."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import UsageError
from s1m.evaluate.chosen import Chosen
from s1m.evaluate.family import chosen_for
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import load_run
from s1m.families.sampling import CARDS, NEUTRAL, recommended
from s1m.files.settings import flat, written
from tests.engines.chat_server import ChatServer, answer

pytestmark = pytest.mark.usefixtures("unrendered_figures")

CARD = "Qwen/Qwen3-VL-8B-Thinking"


def model(folder: Path, **config: object) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "generation_config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(folder)


def chosen(**values: object) -> Chosen[EvalSettings]:
    settings = eval_settings({"benchmark": "digits", "sampling": "recommended", **values})
    return asyncio.run(chosen_for(settings, settings))


def sampling(result: Chosen[EvalSettings]) -> dict[str, Any]:
    values = flat(result.settings)
    return {name: values[name] for name in NEUTRAL}


def test_the_checkpoints_own_values_are_taken_and_the_rest_is_off(tmp_path: Path) -> None:
    result = chosen(model=model(tmp_path, do_sample=True, temperature=0.7, top_k=20, eos_token_id=2))
    assert sampling(result) == {**NEUTRAL, "temperature": 0.7, "top_k": 20}
    assert result.reasons["sampling"] == f"recommended by generation_config.json of {tmp_path}"
    assert result.notices[-1].startswith("sampling: temperature 0.7, top_k 20, recommended by")
    assert sampling(chosen(model=model(tmp_path, do_sample=False, temperature=1.0))) == {**NEUTRAL, "temperature": 0.0}


def test_what_is_given_wins_also_where_it_is_the_default(tmp_path: Path) -> None:
    result = chosen(model=model(tmp_path, temperature=0.9, top_p=0.5), temperature=0.6)
    assert sampling(result) == {**NEUTRAL, "temperature": 0.6, "top_p": 0.5}
    assert result.reasons["sampling"].endswith("; given: temperature")


def test_a_model_that_is_not_here_has_the_values_of_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    result = recommended([CARD])
    assert result is not None
    assert result.values == {**NEUTRAL, "temperature": 1.0, "top_p": 0.95, "top_k": 20}
    assert result.source == f"the card of {CARD}"
    assert all(set(values) <= set(NEUTRAL) for _, values in CARDS)


def test_what_is_unknown_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["eval", "digits", "--sampling", "recommended", "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "nothing is known of bundled" in said
    assert said.count("\n") == 1


class Plain:
    """An engine that knows temperature and top-p alone."""

    name = "plain"
    needs_server = False
    default_concurrency = 1
    default_model = ""
    ready_checks_continuation = False

    @classmethod
    def build(cls, settings: object) -> None:
        raise NotImplementedError


def test_an_engine_that_does_not_pass_a_value_on_is_refused(tmp_path: Path) -> None:
    engine = "tests.evaluate.test_recommended:Plain"
    name = model(tmp_path, temperature=0.7, top_k=20)
    with pytest.raises(UsageError, match=r"needs --top-k 20, which --engine .*Plain does not take; give --temperature"):
        chosen(engine=engine, model=name)
    assert sampling(chosen(engine=engine, model=name, top_k=0))["temperature"] == 0.7


def test_an_impossible_value_of_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--sampling recommended \(generation_config.json of .*\): .*top_p"):
        chosen(model=model(tmp_path, top_p=7.0))


def test_a_servers_model_is_where_the_server_says(tmp_path: Path) -> None:
    listed = {"data": [{"id": "other", "root": "/"}, {"id": "m", "root": model(tmp_path, temperature=0.3)}]}
    with ChatServer(lambda _: answer(listed)) as server:
        result = chosen(engine="http", base_url=server.url, model="m")
    assert sampling(result)["temperature"] == 0.3


def test_a_run_keeps_the_values_and_is_repeated_from_its_settings(tmp_path: Path) -> None:
    checkpoint, out = tmp_path / "checkpoint", tmp_path / "run"
    shutil.copytree(place_of(BUNDLED), checkpoint)
    model(checkpoint, temperature=0.8, top_k=5, eos_token_id=429)
    flags = ["--model", str(checkpoint), "--limit", "1", "--num-ignore", "0", "--max-thinking-tokens", "60"]
    run = ["eval", "digits", *flags, "--out", str(out), "--sampling", "recommended"]
    assert main(run) == 0
    assert main(run) == 0
    result = load_run(out)
    assert (result.settings["temperature"], result.settings["top_p"], result.settings["top_k"]) == (0.8, 1.0, 5)
    assert {"sampling", "sampling_given"}.isdisjoint(result.settings)
    (entry,) = result.provenance
    assert entry["sampling"].startswith("recommended by generation_config.json of ")
    (checkpoint / "generation_config.json").unlink()
    assert main(["eval", "digits", "--config", str(out / "settings.toml")]) == 0
    assert len((out / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_settings_of_earlier_versions_keep_their_digest() -> None:
    assert {"sampling", "sampling_given"}.isdisjoint(written(eval_settings({"benchmark": "digits"})))
