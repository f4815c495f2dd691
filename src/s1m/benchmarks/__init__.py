"""The benchmarks, one page each: rows become problems, answers become verdicts."""

from __future__ import annotations

from s1m.benchmarks.ai2d import Ai2d
from s1m.benchmarks.chartqa import ChartQa
from s1m.benchmarks.custom import Custom
from s1m.benchmarks.digits import Digits
from s1m.benchmarks.dynamath import DynaMath
from s1m.benchmarks.logicvista import LogicVista
from s1m.benchmarks.longvision import LongVision
from s1m.benchmarks.m3cot import M3Cot
from s1m.benchmarks.mathverse import MathVerse
from s1m.benchmarks.mathvision import MathVision
from s1m.benchmarks.mathvista import MathVista
from s1m.benchmarks.measured import Measured, Measures
from s1m.benchmarks.mmmu import Mmmu
from s1m.benchmarks.mmmu_pro import MmmuPro
from s1m.benchmarks.olympiadbench import OlympiadBench
from s1m.benchmarks.page import Page
from s1m.benchmarks.reading.files import cached
from s1m.benchmarks.scienceqa import ScienceQa
from s1m.benchmarks.wemath import WeMath
from s1m.errors import UsageError, did_you_mean

_PAGES: tuple[Page, ...] = (
    Digits(),
    LongVision(),
    MathVista(),
    MathVision(),
    MathVerse(),
    Mmmu(),
    MmmuPro(),
    WeMath(),
    DynaMath(),
    LogicVista(),
    OlympiadBench(),
    ScienceQa(),
    Ai2d(),
    ChartQa(),
    M3Cot(),
    Custom(),
)

BENCHMARKS: dict[str, Page] = {page.name: page for page in _PAGES}


def find_benchmark(name: str) -> Page:
    """The benchmark called ``name``. Raises ``UsageError`` with the nearest name when there is none."""
    if name not in BENCHMARKS:
        raise UsageError(f"there is no benchmark {name!r}{did_you_mean(name, BENCHMARKS)}; see: s1m benchmarks")
    return BENCHMARKS[name]


def where_is_data(page: Page) -> str:
    """Whether a benchmark's data is at hand: bundled, given by the user, in the Hub's cache, or not yet."""
    if page.source.startswith("bundled"):
        return "bundled"
    if page.name == "custom":
        return "--data FILE"
    return "in the Hub's cache" if cached(page.source) else "not here: downloaded when used, or --data"


__all__ = ["BENCHMARKS", "Measured", "Measures", "Page", "find_benchmark", "where_is_data"]
