"""``--family``: delimiters from the template at hand unless they are given; kept with the run, and why."""

from __future__ import annotations

import asyncio
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
from s1m.evaluate.settings.parts import FAMILIES, ProblemSettings, StrategySettings
from s1m.evaluate.store import load_run
from s1m.families import THINKING_DELIMITERS
from s1m.families.template import ChatTemplate
from s1m.files.settings import changed, written
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, models

pytestmark = pytest.mark.usefixtures("unrendered_figures")

SHOWS = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content %}<mull>\n"
    "{{ m.reasoning_content }}</mull>{% endif %}{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SILENT = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
DEFAULTS = ("<think>\n", "</think>")


def model(folder: Path, template: str = SHOWS) -> str:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return str(folder)


def chosen(*, asking: bool = True, **values: Any) -> Chosen[EvalSettings]:
    settings = eval_settings({"benchmark": "digits", **values})
    return asyncio.run(chosen_for(settings, settings, asking=asking))


def pair(result: Chosen[EvalSettings]) -> tuple[str, str]:
    return result.settings.strategy.thinking_open, result.settings.strategy.thinking_close


def why(result: Chosen[EvalSettings]) -> str:
    return result.reasons["delimiters"]


def test_the_templates_delimiters_are_taken_unasked_and_it_is_said(tmp_path: Path) -> None:
    result = chosen(model=model(tmp_path))
    assert (pair(result), why(result)) == (("<mull>\n", "</mull>"), "from chat_template.jinja")
    assert result.notices == (r'thinking stands between "<mull>\n" and "</mull>", from chat_template.jinja',)
    assert pair(chosen(model=model(tmp_path), family="auto")) == ("<mull>\n", "</mull>")


def test_delimiters_that_are_given_win(tmp_path: Path) -> None:
    given: dict[str, Any] = {"thinking_open": "<t>", "thinking_close": "</t>"}
    named: list[dict[str, Any]] = [{}, {"family": "auto"}, {"family": "given"}, {"family": "kimi-vl"}]
    for family in named:
        result = chosen(model=model(tmp_path), **family, **given)
        assert (pair(result), why(result), result.notices) == (("<t>", "</t>"), "as given", ())
    assert pair(chosen(model=model(tmp_path), thinking_open="<think>\n")) == DEFAULTS  # given, if as the default is
    assert pair(chosen(model=model(tmp_path), family="given")) == DEFAULTS
    own = StrategySettings(thinking_open="<t>")  # built without the spelling of a file
    settings = EvalSettings(problems=ProblemSettings(benchmark="digits"), strategy=own)
    assert pair(asyncio.run(chosen_for(settings, settings))) == ("<t>", "</think>")


def test_a_family_that_is_named_wins_over_the_template(tmp_path: Path) -> None:
    result = chosen(model=model(tmp_path), family="gemma4")
    assert (pair(result), why(result)) == (("<|channel>thought\n", "<channel|>"), "of the family gemma4")
    assert {each.family for each in THINKING_DELIMITERS} < set(FAMILIES)
    assert len(FAMILIES) == len(THINKING_DELIMITERS) + 2
    with pytest.raises(UsageError, match="there is no family 'gema4'; did you mean gemma4"):
        chosen(family="gema4")


def test_a_family_on_the_command_line_replaces_the_delimiters_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('thinking_open = "<t>"\nthinking_close = "</t>"\nlimit = 1\n', encoding="utf-8")
    for flags, expected in (([], "<t>"), (["--family", "kimi-vl"], "◁think▷")):
        assert main(["eval", "digits", "--config", str(file), "--dry-run", *flags]) == 0
        assert f'thinking_open = "{expected}"' in capsys.readouterr().out


def test_a_template_without_thinking_leaves_the_defaults_and_says_so(tmp_path: Path) -> None:
    result = chosen(model=model(tmp_path, SILENT))
    assert (pair(result), why(result)) == (DEFAULTS, "by default, for chat_template.jinja shows no thinking")
    assert result.notices[0].endswith("give --thinking-open and --thinking-close if the model has others")
    of_the_toy = chosen(model=BUNDLED)
    assert (pair(of_the_toy), why(of_the_toy)) == (DEFAULTS, why(result))
    assert chosen().notices == of_the_toy.notices == ()


def test_a_template_that_cannot_be_read_leaves_the_defaults_and_says_so(tmp_path: Path) -> None:
    result = chosen(model=str(tmp_path))
    assert pair(result) == DEFAULTS
    assert "the chat template cannot be read" in result.notices[0]
    assert "has no chat template" in result.notices[0]


def test_a_chat_server_shows_no_template_unless_its_model_is_a_folder_here(tmp_path: Path) -> None:
    served: dict[str, Any] = {"engine": "http", "base_url": "http://127.0.0.1:9/v1"}
    result = chosen(model="m", **served)
    assert (pair(result), why(result)) == (DEFAULTS, "by default, for --engine http shows no chat template")
    assert pair(chosen(model=model(tmp_path), **served)) == ("<mull>\n", "</mull>")


def rendering(template: str, *, offers: str) -> Behaviour:
    """A server of vLLM or llama.cpp with this template; vLLM's tokens are characters."""

    def behave(request: Request) -> Answer:
        body: dict[str, Any] = request.body
        if request.path == offers == "/props":
            return answer({"chat_template": template, "eos_token": "<|end|>", "default_generation_settings": {}})
        if request.path == offers == "/tokenize":
            rendered = ChatTemplate(template, options=body.get("chat_template_kwargs", {}))
            text = rendered.render(body["messages"], generation=body["add_generation_prompt"])
            return answer({"tokens": [ord(character) for character in text]})
        if request.path == "/detokenize":
            return answer({"prompt": "".join(map(chr, body["tokens"]))})
        return models("m") if request.path.endswith("/models") else answer({"error": "no such path"}, 404)

    return behave


@pytest.mark.parametrize(("engine", "offers"), [("vllm", "/tokenize"), ("llamacpp", "/props")])
def test_a_servers_own_template_is_read(engine: str, offers: str) -> None:
    with ChatServer(rendering(SHOWS, offers=offers)) as server:
        served: dict[str, Any] = {"engine": engine, "base_url": server.url, "model": "m"}
        result = chosen(**served)
        assert pair(result) == ("<mull>\n", "</mull>")
        assert why(result).startswith("from the chat template of http://127.0.0.1:")
        dry = chosen(asking=False, **served)
        assert pair(dry) == DEFAULTS
        assert "asks the server" in dry.notices[0]
    with ChatServer(rendering(SHOWS, offers="nothing")) as server:
        result = chosen(engine=engine, base_url=server.url, model="m")
        assert (pair(result), why(result)) == (DEFAULTS, f"by default, for --engine {engine} shows no chat template")


def test_settings_of_earlier_versions_keep_their_digest() -> None:
    settings = eval_settings({"benchmark": "digits"})
    assert "family" not in written(settings)
    assert settings.digest() == changed(settings, family="given").digest()
    assert settings.digest() == chosen().settings.digest()


def thinking_checkpoint(folder: Path) -> Path:
    """The bundled checkpoint with a template that shows thinking, without a line break."""
    shutil.copytree(place_of(BUNDLED), folder)
    template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    header = "<|im_start|>{{ message['role'] }}\n"
    thinks = "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}"
    assert template.count(header) == 1
    model(folder, template.replace(header, header + thinks))
    return folder


def test_a_run_keeps_the_delimiters_that_were_found_and_is_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, out = thinking_checkpoint(tmp_path / "checkpoint"), tmp_path / "run"
    flags = ["--model", str(checkpoint), "--limit", "2", "--num-ignore", "0", "--max-thinking-tokens", "100"]
    run = ["eval", "digits", *flags, "--out", str(out)]
    assert main(run) == 0
    assert capsys.readouterr().err.count("thinking stands between") == 1
    assert main(run) == 0
    result = load_run(out)
    assert result.settings["thinking_open"] == "<think>"  # no line break, as the template writes it
    (entry,) = result.provenance
    assert entry["delimiters"] == "from chat_template.jinja"
    assert '"delimiters": "from chat_template.jinja"' in (out / "summary.json").read_text(encoding="utf-8")
    assert main(["eval", "digits", "--config", str(out / "settings.toml")]) == 0
    assert len((out / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_a_run_that_began_with_the_defaults_goes_on_with_them(tmp_path: Path) -> None:
    checkpoint, out = thinking_checkpoint(tmp_path / "checkpoint"), tmp_path / "run"
    flags = ["--model", str(checkpoint), "--limit", "1", "--num-ignore", "0", "--max-thinking-tokens", "100"]
    run = ["eval", "digits", *flags, "--out", str(out)]
    assert main([*run, "--family", "given"]) == 0  # what versions did that read no template
    assert main(run) == 0
    assert load_run(out).settings["thinking_open"] == "<think>\n"
    assert len((out / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 1
