"""The count of phrases that the project does not use: prose is read, code is not."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "language.py"
LANGUAGE: dict[str, Any] = runpy.run_path(str(SCRIPT), run_name="language")


def phrases(path: Path, shown: str) -> list[tuple[str, str]]:
    return [(hit.phrase, hit.where) for hit in LANGUAGE["hits_of"](path, shown)]


def test_phrases_are_seen_across_lines_in_docstrings_and_messages(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""What stays\n\nowed. A text that is\nno loop."""\n\nERROR = (\n    "the same command "\n    "goes on"\n)\n'
        "# nobody\n# answers\n",
        encoding="utf-8",
    )
    assert phrases(module, "src/module.py") == [
        ("the same command goes on", "src/module.py:7"),
        ("owed", "src/module.py:3"),
        ("is no X", "src/module.py:3"),
        ("nobody", "src/module.py:10"),
    ]


def test_code_keys_and_texts_of_models_are_not_prose(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'owed = rows["owed"] + f"{owed} left"\nprint("is", "no")\nsaid = "nobody knows"\n', encoding="utf-8"
    )
    names = [("name owed", "tests/module.py:1")] * (2 if sys.version_info >= (3, 12) else 1)
    assert phrases(module, "tests/module.py") == names
    assert ("nobody", "src/module.py:3") in phrases(module, "src/module.py")


def test_names_of_stored_fields_settings_and_library_errors_stay(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "one: str\nlevel = pair.one\nwarmup_share = 0.1\nraise FileNotFoundError\nself.found = 1\n", encoding="utf-8"
    )
    assert phrases(module, "src/s1m/files/module.py") == [
        ("name one", "src/s1m/files/module.py:1"),
        ("name found", "src/s1m/files/module.py:5"),
    ]
    assert phrases(module, "src/s1m/analysis/comparison/module.py") == [
        ("name found", "src/s1m/analysis/comparison/module.py:5")
    ]


@pytest.mark.parametrize(
    ("left", "flags", "code"),
    [("", ["--names"], 0), ("found = 1\n", [], 0), ("found = 1\n", ["--names"], 1), ("# nobody\n", [], 1)],
)
def test_the_check_fails_on_a_phrase_and_on_demand_on_a_name(
    tmp_path: Path,
    left: str,
    flags: list[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "module.py").write_text(f"level = 1\n{left}", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["language.py", "--check", "--root", str(tmp_path), *flags])
    assert LANGUAGE["main"]() == code
    assert ("src/module.py:2" in capsys.readouterr().out) == bool(code)


@pytest.mark.parametrize(
    "line", ["There is no loop.", "It is no longer there.", "They cannot be told apart.", "as usual"]
)
def test_ordinary_english_is_not_counted(tmp_path: Path, line: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(line, encoding="utf-8")
    assert phrases(page, "docs/page.md") == []
