"""Hold the rooms that decide results to 95 % branch coverage: `coverage_floor.py .coverage.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = 95.0
ROOMS = (
    "src/s1m/forcing/",
    "src/s1m/scoring/",
    "src/s1m/evaluate/store.py",
    "src/s1m/evaluate/settings/",
    "src/s1m/files/settings.py",
)


def covered(files: dict[str, dict[str, dict[str, int]]], room: str) -> float:
    """Per cent of the lines and branches of a room that tests ran."""
    summaries = [entry["summary"] for name, entry in files.items() if name.startswith(room)]
    ran = sum(s["covered_lines"] + s["covered_branches"] for s in summaries)
    all_parts = sum(s["num_statements"] + s["num_branches"] for s in summaries)
    return 100 * ran / all_parts if all_parts else 0.0


def main() -> int:
    """Print a line a room; 1 when one is below the floor."""
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    per_room = {room: covered(files, room) for room in ROOMS}
    for room, percent in per_room.items():
        print(f"{room:32} {percent:6.2f} % of lines and branches{'' if percent >= FLOOR else f'  below {FLOOR} %'}")
    return int(min(per_room.values()) < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
