"""From a command line to the verb that it names, and from its errors to an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import re
import sys
from collections.abc import Sequence

from s1m.errors import S1mError

INTERRUPTED = 130
_NAMES_VERB = re.compile(r"s1m(?: [a-z]+){1,2}: ")
"""How a message begins that says by itself which command it is from."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; the exit code. 0 done, 1 something failed, 2 the request was wrong, 130 interrupted."""
    # At its end Python looks for cycles in everything that is loaded: with torch that takes a second, for nothing.
    atexit.register(gc.freeze)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):  # a terminal that shows ASCII alone must not end a run
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        from s1m.cli.parser import build_parser

        try:
            parsed = build_parser().parse_args(arguments)
        except SystemExit:  # after --help and --version
            sys.stdout.flush()
            raise
        code: int = parsed.parser.verb.run(parsed)
        sys.stdout.flush()  # a full disk is noticed here, and not when Python has ended
        return code
    except S1mError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return _without_output(1)
    except OSError as error:
        where = f"cannot use {error.filename}" if error.filename else "cannot write the output"
        return _without_output(_say(f"{where}: {error.strerror or error}", 1))


def _open_closed_streams() -> None:
    """Lead to nowhere what the shell closed (``>&-``): Python has None there, and the next file would be written to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _say(message: str, code: int) -> int:
    """Print one line on standard error; the exit code."""
    from s1m.files.printing import one_line

    try:
        line = one_line(message)
        sys.stderr.write(f"{line}\n" if _NAMES_VERB.match(line) else f"s1m: {line}\n")
        sys.stderr.flush()
    except OSError:
        return _without_output(code)
    return code


def _without_output(code: int) -> int:
    """The exit code, with both streams led to nowhere: Python would fail once more when it flushes them at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):  # a stream without a descriptor, as in a test, flushes nothing
            continue
    os.close(nowhere)
    return code
