"""Send the model back to the picture: the end of thinking is ignored with words about it, or by showing it again.

Looking again is what helps vision-language models where blind reflection does not (arXiv 2603.00207, 2511.15613).
"""

from __future__ import annotations

from dataclasses import replace

from s1m.forcing.flow import Forcing
from s1m.forcing.strategies.sequential import Sequential


def lookback(forcing: Forcing, *, show_images_again: bool) -> Sequential:
    """Budget forcing whose ignore strings are followed by the problem's images, where they are to be shown again."""
    return Sequential(forcing=replace(forcing, show_images_again=show_images_again))
