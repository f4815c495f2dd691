"""Count the phrases that this project does not use, by file and line; with --check, fail when one is left.

Prose is what a reader sees: Markdown, settings files, pages, and of Python comments, docstrings and strings. In tests
and in the synthetic sets strings are texts of models and are left out. Names in code are counted apart, and fail
with --check --names alone.
"""

from __future__ import annotations

import argparse
import io
import keyword
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "src",
    "docs",
    "configs",
    "scripts",
    "perf",
    "tests",
)
PROSE_SUFFIXES = {".md", ".toml", ".yaml", ".sh", ".slurm", ".jinja", ""}
LEFT_OUT = (
    "scripts/language.py",  # quotes every phrase
    "docs/cli.md",  # generated from the help texts, which are counted
    "tests/data_runs/",  # recorded runs
)
MODEL_TEXTS = ("tests/", "src/s1m/synthetic/")

PHRASES = {
    "the same command goes on": (r"same command (goes|tries|asks|continues|gives|resumes)", r"command goes on"),
    "owed": (r"\bow(es|ed)\b",),  # "stay owed"
    # "as it is told"; not "cannot be told apart"
    "told": (r"\b(is|are|was|be|been|being|it|were) told\b(?! apart)", r"\btold (of|by|step)\b"),
    "so many": (r"\bso many\b(?! (that|as|words)\b)",),  # "the first so many problems"
    # "is no loop", "are none of a known format"; not "there is no", "is no longer"
    "is no X": (
        r"(?<!there )(?<!here )\b(is|are|was|were|be) no(?! (longer|(?:few|high|larg|small|low|bett|slow|wid)\w+)\b)"
        r"(?! (more|less|worse|further|earlier|later)\b)\b",
        r"(?<!there )(?<!here )\b(is|are|was|were|be) (?-i:none)\b",
    ),
    "nobody": (r"(?<!~)\bnobody\b",),  # "nobody answers"; ~nobody is a home folder
    # "copies behind each other", "the letter behind the last Answer"; not "behind one address", "leaves nothing behind"
    "behind": (
        r"\bbehind (each|every|an answer|it\b(?! is)|its header|them\b|others|words|that one|S1-M|an? ignored)",
        r"\bbehind the (other|last|thinking|rule|text|first|delimiter|real)",
        r"\bbehind a (loop|turn|word|beginning|colon)",
        r"\b(stands?|comes?|written|letters?|words?|texts?|breaks?|blank|images?) behind\b(?! (the )?one address)",
        r"\b(goes on|asks anything|are|and) behind\b(?! (the )?one address)",
    ),
    "on the spot": (r"\bon the spot\b",),  # "made on the spot"
    "usual": (r"(?<!as )\busual\b",),  # "its usual split"
    "the same news": (r"\bsame news\b",),
    "honest": (r"\bhonest(ly)?\b",),  # "honest intervals"
    # "ends of thinking ignored", "at an ignored end", "a refused end"
    "ends ignored": (
        r"\b(ignored|refused) ends?\b",
        r"\bends? (of (its )?thinking )?(is |are |that is |that are )?(ignored|refused)\b",
    ),
    "bears, borne": (r"\b(bears?|borne)\b",),  # "what a server bears"
    "prove itself": (r"\bprove itself\b", r"\bprov(en|ed) (before|on every)\b"),
    "dearest, as cheap": (r"\bdear(est|er)\b", r"\bas cheap\b"),
    "a quiet run": (r"\bquiet run\b", r"\bin peace\b"),
    "thought on": (r"\bthought on\b(?! \d)",),  # "cut and thought on from there"
    "does with": (r"\bdo(es)? with\b(?= [`-]*-)",),  # "does with `--engine http`"
}
PATTERNS = {phrase: re.compile("|".join(patterns), re.IGNORECASE) for phrase, patterns in PHRASES.items()}
NAMES = ("comes", "comings", "places", "one", "found", "share", "told", "dearest", "owed", "usual", "nobody", "news")
# Names that files of users have already: settings, and fields of what is kept, which are read wherever they are used.
SETTINGS = {"solved_share", "warmup_share"}
FIELDS = {"one": "src/s1m/analysis/comparison/", "places": "src/s1m/data/contamination/"}
LIBRARY_ERROR = re.compile(r"\w*NotFoundError")  # FileNotFoundError, PackageNotFoundError


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A phrase or a name, and where it stands."""

    phrase: str
    where: str
    text: str


def _blank(text: str) -> str:
    """Code in the way of prose: anything but blanks becomes a sign that no phrase goes across."""
    return re.sub(r"[^\s]", "\0", text)


def _prose_of_string(token: str, *, model_texts: bool) -> str:
    """A string literal as prose, as long as it was: without prefix and quotes, and in f-strings without the code."""
    match = re.fullmatch(r"""(?s)([a-zA-Z]*)("{3}|'{3}|"|')(.*)(\2)""", token)
    if not match:
        return _blank(token)
    prefix, quotes, body, _ = match.groups()
    single_word = re.fullmatch(r"\w+", body)  # a key or a column: a name
    if single_word or (model_texts and len(quotes) == 1):
        return _blank(token)
    if "f" in prefix.lower():
        body = re.sub(r"\{[^{}]*\}", lambda code: "\0" * len(code.group()), body)
    body = body.replace("\\n", "  ")
    return " " * len(prefix + quotes) + body + " " * len(quotes)


def prose_of_python(source: str, *, model_texts: bool) -> tuple[str, list[tuple[int, str]]]:
    """The prose of a module, each character where it was, and its names with their lines."""
    lines = source.splitlines(keepends=True)
    masked = [list(_blank(line)) for line in lines]
    names: list[tuple[int, str]] = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, column), (end_row, end_column) = token.start, token.end
        is_field = before == "." and token.string in FIELDS
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string) and not is_field:
            names.append((row, token.string))
        before = token.string
        if token.type == tokenize.COMMENT:
            text = " " + token.string[1:]
        elif token.type == tokenize.STRING:
            text = _prose_of_string(token.string, model_texts=model_texts)
        elif tokenize.tok_name[token.type] == "FSTRING_MIDDLE":  # Python 3.12 takes f-strings apart
            text = _blank(token.string) if model_texts else token.string
        else:
            continue
        for number, part in enumerate(text.splitlines(keepends=True), row):
            start = column if number == row else 0
            stop = end_column if number == end_row else len(masked[number - 1])
            masked[number - 1][start:stop] = part[: stop - start].ljust(stop - start)
    return "".join("".join(line) for line in masked), names


def _words(name: str) -> list[str]:
    """The words of a name in snake or camel case."""
    return [word.lower() for word in re.findall(r"[A-Za-z][a-z]*|[A-Z]+(?![a-z])", name)]


def _named(name: str, shown: str) -> str | None:
    """Which of the names to avoid ``name`` is or holds. "one" counts where it is the whole name."""
    words = _words(name)
    if name in SETTINGS or LIBRARY_ERROR.fullmatch(name) or (name in FIELDS and shown.startswith(FIELDS[name])):
        return None
    for avoided in NAMES:
        if avoided in words and (avoided != "one" or words == ["one"]):
            return avoided
    return None


def _flowing(prose: str) -> tuple[str, list[int]]:
    """``prose`` with every run of blanks and line breaks as one blank, and the line of each character."""
    parts, line_of, line = [], list[int](), 1
    for match in re.finditer(r"(\s+)|\S+", prose):
        part = " " if match[1] else match[0]
        parts.append(part)
        line_of += [line] * len(part)
        line += match[0].count("\n")
    return "".join(parts), line_of


def hits_of(path: Path, shown: str) -> Iterator[Hit]:
    """Every phrase in a file, and in Python every name to avoid."""
    source = path.read_text(encoding="utf-8")
    prose, names = source, list[tuple[int, str]]()
    if path.suffix == ".py":
        prose, names = prose_of_python(source, model_texts=shown.startswith(MODEL_TEXTS))
    elif path.suffix == ".jinja":
        prose = re.sub(r"(?s)\{%.*?%\}", lambda code: _blank(code.group()), source)
    elif path.suffix != ".md":
        prose = re.sub(r"(?m)^(\s*)#", r"\1 ", source)
    lines = source.splitlines()
    flowing, line_of = _flowing(prose)
    for phrase, pattern in PATTERNS.items():
        for match in pattern.finditer(flowing):
            line = line_of[match.start()]
            yield Hit(phrase=phrase, where=f"{shown}:{line}", text=lines[line - 1].strip())
    for line, name in names:
        avoided = _named(name, shown)
        if avoided:
            yield Hit(phrase=f"name {avoided}", where=f"{shown}:{line}", text=name)


def files_of(root: Path) -> Iterator[Path]:
    """The tracked and new files that hold prose, in order."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "--", *ROOMS]
    for shown in sorted(set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())):
        path = root / shown
        if (
            path.is_file()
            and (path.suffix == ".py" or path.suffix in PROSE_SUFFIXES)
            and not shown.startswith(LEFT_OUT)
        ):
            yield path


def main() -> int:
    """Print every hit and the counts; with --check 1 when a phrase is left, with --names also when a name is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="exit with 1 when a phrase is left, with --names also when a name is"
    )
    parser.add_argument("--counts", action="store_true", help="the counts alone")
    parser.add_argument("--names", action="store_true", help="also print every name to avoid")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to read (default: this one)")
    parser.add_argument("paths", nargs="*", help="only files whose path begins so, e.g. src/s1m/scoring")
    flags = parser.parse_args()
    hits = [
        hit
        for path in files_of(flags.root)
        if not flags.paths or path.relative_to(flags.root).as_posix().startswith(tuple(flags.paths))
        for hit in hits_of(path, path.relative_to(flags.root).as_posix())
    ]
    phrases = [hit for hit in hits if hit.phrase in PHRASES]
    if not flags.counts:
        for hit in hits if flags.names else phrases:
            print(f"{hit.where}: {hit.phrase}: {hit.text}")
    counts = Counter(hit.phrase for hit in hits)
    for phrase in (*PHRASES, *(f"name {name}" for name in NAMES)):
        if counts[phrase] or not flags.check:
            print(f"{counts[phrase]:6} {phrase}")
    print(f"{len(phrases):6} phrases to avoid, {len(hits) - len(phrases)} names to avoid")
    return int(flags.check and bool(hits if flags.names else phrases))


if __name__ == "__main__":
    sys.exit(main())
