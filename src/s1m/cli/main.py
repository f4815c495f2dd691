"""From a command line to the verb that it names, and from its errors to an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from s1m.errors import S1mError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; the exit code. 0 done, 1 something failed, 2 the request was wrong, 130 interrupted."""
    try:
        from s1m.cli.parser import build_parser

        parsed = build_parser().parse_args(arguments)
        code: int = parsed.parser.verb.run(parsed)
        return code
    except S1mError as error:
        sys.stderr.write(f"s1m: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("s1m: interrupted\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
