"""``s1m serve``: serve a model with vLLM, set up for long thinking and for continuing it."""

from __future__ import annotations

import sys
from argparse import Namespace

from s1m.cli.flags import add_settings, file_and_flags
from s1m.cli.parser import Parser

summary = "Serve a model with vLLM, set up for long thinking and for continuing it."
examples = """Every flag is also a key of a settings file, with underscores; extra is what follows a --.
Standard output says when the server is ready and how to use it; vLLM's own output goes to standard error.

examples:
  s1m serve Qwen/Qwen2-VL-7B-Instruct                                        one GPU
  s1m serve PKU-Alignment/s1-m_7b_beta --tensor-parallel-size 4 --dry-run    four; only print the command
  s1m serve ./my-checkpoint --served-model-name mine --port 8001 -- --max-num-seqs 64
  s1m serve MODEL --tensor-parallel-size 16 --nodes 2 --head-address 10.0.0.1                 on the first of two nodes
  s1m serve MODEL --tensor-parallel-size 16 --nodes 2 --head-address 10.0.0.1 --node-rank 1   on the second
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.serve.settings import ServeSettings

    verb.passes_on = True
    verb.usage = "s1m serve [-h] [flags] MODEL [-- flags of vllm serve]"
    verb.add_argument("model", metavar="MODEL", help="folder or Hub id of the model")
    add_settings(verb, ServeSettings, but=("model", "extra"))
    verb.add_argument("--dry-run", action="store_true", help="print the command that would be run; start nothing")


def run(parsed: Namespace) -> int:
    """Serve until interrupted, or with ``--dry-run`` print the command; the exit code."""
    from s1m.files.settings import settings_from
    from s1m.serve.command import shell_line
    from s1m.serve.launch import serve_model
    from s1m.serve.resolve import resolve
    from s1m.serve.settings import ServeSettings

    values = file_and_flags(ServeSettings, parsed, subject="model")
    dry_run = values.pop("dry_run")
    settings = settings_from(ServeSettings, values, "s1m serve")
    if dry_run:
        sys.stdout.write(shell_line(resolve(settings)) + "\n")
        return 0
    return serve_model(settings)
