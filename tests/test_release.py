"""What a release is made of agrees with the code: one version, every page on the site, every figure in the gallery."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from s1m import __version__
from s1m.cli.parser import build_parser

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "site"


def test_the_citation_has_the_version_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_the_site_has_every_page(page: Path) -> None:
    assert f"\n../{page.stem}\n" in (SITE / "index.md").read_text(encoding="utf-8")


def test_the_gallery_shows_every_figure() -> None:
    shown = re.findall(r"\.\./images/(\S+)", (SITE / "gallery.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(figure.name for figure in (ROOT / "docs" / "images").iterdir())


def test_the_services_of_the_compose_file_are_commands_of_s1m() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert build_parser().parse_args(["serve", *services["vllm"]["command"]]).verb == "serve"
    assert build_parser().parse_args(services["gateway"]["command"]).verb == "gateway"
