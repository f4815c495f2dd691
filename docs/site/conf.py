"""The documentation as a site: ``make site``. Pages are the Markdown files of the repository, where they are."""

import shutil
from pathlib import Path
from typing import Any

from s1m import __version__

project = "s1m"
author = "the s1m authors"
copyright = "2025-2026, the s1m authors"  # noqa: A001 - Sphinx asks for this name
release = version = __version__

# The source folder is the repository, so that links between docs, results and the README hold as they are written.
root_doc = "docs/site/index"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**.md", "perf/results/*.md"]
source_suffix = {".md": "markdown"}

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # results begin with a table

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# A name of this package is written short in signatures: Sequence[Problem], not s1m.types.Problem.
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = f"s1m {release}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e6e", "color-brand-content": "#0b6e6e"},
    "dark_css_variables": {"color-brand-primary": "#5fc7c0", "color-brand-content": "#5fc7c0"},
}


def setup(app: Any) -> None:
    """The README's figure is HTML, with a narrow variant for phones: Sphinx copies no picture of HTML by itself."""

    def copy_images(app: Any, error: Exception | None) -> None:
        if error is None:
            source = Path(app.srcdir) / "docs" / "images"
            shutil.copytree(source, Path(app.outdir) / "docs" / "images", dirs_exist_ok=True)

    app.connect("build-finished", copy_images)
