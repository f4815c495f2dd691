"""Send the model back to the picture: a stop is ignored with words about it, or by showing it again.

Looking again is what helps vision-language models where blind reflection does not (arXiv 2603.00207, 2511.15613).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from s1m.forcing.base import Options
from s1m.forcing.flow import Forcing
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies.sequential import Sequential


@dataclass(frozen=True, kw_only=True)
class Lookback(Sequential):
    """Budget forcing with ignore strings about the picture, unless the user has chosen others."""

    name: ClassVar[str] = "lookback"
    replayable: ClassVar[bool] = False
    shows_images_again: ClassVar[bool] = False

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        if forcing.ignore_strings == IGNORE_STRINGS["s1"]:  # the default of the settings, so not chosen
            forcing = replace(forcing, ignore_strings=IGNORE_STRINGS["lookback"])
        forcing = replace(forcing, show_images_again=cls.shows_images_again)
        return cls(forcing=forcing, levels=options.levels, sweep=options.sweep)

    @property
    def is_replay_source(self) -> bool:
        return False

    @property
    def can_be_whole(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class LookbackImage(Lookback):
    """The same, and the problem's images are shown again after every ignore string."""

    name: ClassVar[str] = "lookback-image"
    shows_images_again: ClassVar[bool] = True
