"""Who answers, as settings say it, and what has to be known of an engine before it is built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from msgspec import Meta

from s1m.engines.dials import AUTO, DIALS, find_dial
from s1m.errors import UsageError
from s1m.extensions import Extensions
from s1m.families.finding import Read
from s1m.files.settings import LATER, Count
from s1m.types import Engine, RequestOptions

if TYPE_CHECKING:
    from s1m.engines.chat.dial import Dial

BUNDLED = "bundled"
"""The name of the checkpoint that comes with the package."""
EXAMPLE_URL = "http://127.0.0.1:8000/v1"

RESERVED = ("messages", "conversation", "add_generation_prompt", "continue_final_message", "tokenize", "chat_template")
"""Arguments of the functions that render a chat template, which no template takes."""

ENGINES = Extensions(
    noun="engine",
    folder="s1m.engines.by_name",
    group="s1m.engines",
    needs=("needs_server", "default_concurrency", "default_model", "build"),
)


def find_engine(name: str) -> type[EngineBuilder]:
    """What builds the engine called ``name``. Raises ``UsageError`` when there is none."""
    builder: type[EngineBuilder] = ENGINES.find(name)
    return builder


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """Engine: who thinks."""

    engine: str = field(default="embedded", metadata={"names": ENGINES})
    """What answers."""
    model: str = ""
    """Folder or Hub id (empty: the bundled tiny model), or the name that a server gives it (empty: its only one)."""
    trust_remote_code: bool = False
    """Run the Python code that a model in this process brings along; read it first."""
    device: str = field(default="", metadata=LATER)
    """Where a model in this process computes: cuda, cuda:1, mps, cpu (empty: the fastest there is)."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = field(default="auto", metadata=LATER)
    """Type of its weights (auto: float32 on a CPU, elsewhere the checkpoint's own)."""
    attention: Literal["sdpa", "eager", "flash_attention_2"] = field(default="sdpa", metadata=LATER)
    """How it computes attention; with flash_attention_2 the vision tower alone, since rows of a batch need masks."""
    quantize: Literal["", "4bit", "8bit"] = field(default="", metadata=LATER)
    """Load its weights in fewer bits, 4bit or 8bit; needs bitsandbytes or torchao."""
    base_url: tuple[str, ...] = ()
    """Address of the server, or of several, such as http://127.0.0.1:8000/v1; the key is read from S1M_API_KEY."""
    template_kwargs: tuple[str, ...] = field(default=(), metadata=LATER)
    """Options of the chat template, such as enable_thinking=true reasoning_effort=high; values are JSON or text."""
    system_prompt: str = field(default="", metadata=LATER)
    """A system turn before every question (empty: none, or the chat template's own)."""
    dial: str = field(default=AUTO, metadata={**LATER, "names": DIALS})
    """strategies effort and budget: how the server is asked for them (auto: by its address, or what it refuses)."""
    concurrency: Count | None = None
    """Most problems in flight (empty: 64 in this process, at most 256 a server, of which s1m finds out how many it
    can work on at once)."""
    timeout_seconds: Annotated[float, Meta(gt=0)] = 600.0
    """Longest wait for one answer of a server, before it is asked again."""

    @property
    def is_bundled(self) -> bool:
        """Whether the tiny model answers that comes with the package."""
        return not self.builder.needs_server and (self.model or self.builder.default_model) == BUNDLED

    def __post_init__(self) -> None:
        options = self.request_options  # refuses what is not key=value
        if (options.template or options.system_prompt) and not passes_options(self.builder):
            raise UsageError(
                f"--engine {self.engine} takes neither --template-kwargs nor --system-prompt; leave it out"
            )
        self._check_in_this_process()
        needs_server = self.builder.needs_server
        if needs_server and not self.base_url:
            raise UsageError(f"--engine {self.engine} needs --base-url, such as {EXAMPLE_URL}")
        if not needs_server and self.base_url:
            served = [f"--engine {name}" for name, builder in ENGINES.built_in().items() if builder.needs_server]
            raise UsageError(f"--base-url is the address of a server: add {' or '.join(served)}")
        if self.dial != AUTO:
            if not takes_dial(self.builder):
                raise UsageError(f"--engine {self.engine} has no server to ask: leave out --dial")
            self._check_dial(find_dial(self.dial))
        if self.base_url and self.engine in ENGINES.built_in():  # another engine may have addresses of another kind
            from s1m.engines.remote.endpoint import check_addresses

            check_addresses(self.base_url)

    def _check_in_this_process(self) -> None:
        """Raises ``UsageError`` for a setting of a model in this process where a server has the model."""
        names = ("device", "dtype", "attention", "quantize")
        default = {each.name: each.default for each in fields(self)}
        given = [f"--{name}" for name in names if getattr(self, name) != default[name]]
        if given and self.builder.needs_server:
            raise UsageError(
                f"{' and '.join(given)}: a server loads its model itself; leave it out, or use --engine embedded"
            )

    def _check_dial(self, dial: type[Dial]) -> None:
        if self.template_kwargs and not dial.takes_template:
            raise UsageError(f"--dial {self.dial} takes no options of a chat template: leave out --template-kwargs")

    @property
    def builder(self) -> type[EngineBuilder]:
        """What builds the engine. Raises ``UsageError`` when there is none of this name."""
        return find_engine(self.engine)

    @property
    def request_options(self) -> RequestOptions:
        """What every request is given. Raises ``UsageError`` for options that are not ``key=value``."""
        return RequestOptions(template=template_options(self.template_kwargs), system_prompt=self.system_prompt)

    @property
    def concurrency_each(self) -> int:
        """Problems that one server, or this process, works on at once."""
        return self.concurrency or self.builder.default_concurrency

    @property
    def most_in_flight(self) -> int:
        """Problems that are worked on at once, by all servers together."""
        return self.concurrency_each * max(1, len(self.base_url))


def template_options(given: Sequence[str]) -> dict[str, Any]:
    """Options from ``key=value`` pairs, values read as JSON where they are JSON, else as text.

    Raises ``UsageError`` for anything else, and for a key that is given twice.
    """
    options: dict[str, Any] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"--template-kwargs {pair!r} is not key=value; write, for example, enable_thinking=true")
        if key in options:
            raise UsageError(f"--template-kwargs gives {key} twice; leave one out")
        if key in RESERVED:
            raise UsageError(f"--template-kwargs cannot set {key}, which s1m sets itself; leave it out")
        try:
            options[key] = json.loads(value)
        except (ValueError, RecursionError):
            options[key] = value
    return options


def passes_options(builder: type[EngineBuilder]) -> bool:
    """Whether an engine passes options of templates, a system prompt and all sampling settings to its model."""
    return getattr(builder, "passes_options", False)


async def read_template(settings: EngineSettings) -> Read | None:
    """What the chat template of the settings' model does about thinking; None where the engine cannot show it.

    Raises ``S1mError`` where it could, and the template cannot be read.
    """
    reader = getattr(settings.builder, "read_template", None)
    read: Read | None = None if reader is None else await reader(settings)
    return read


async def model_sources(settings: EngineSettings) -> Sequence[str]:
    """Folders or Hub ids at which files of the settings' model may be, the likeliest first."""
    finder = getattr(settings.builder, "model_sources", None)
    sources: Sequence[str] = [settings.model] if finder is None else await finder(settings)
    return sources


def takes_dial(builder: type[EngineBuilder]) -> bool:
    """Whether an engine can ask its server for an effort or a thinking budget."""
    return getattr(builder, "takes_dial", False)


class EngineBuilder(Protocol):
    """What a class must have whose name can follow ``--engine``."""

    name: str
    summary: str
    """What it is, in a few words for the help of ``--engine``; may be left out."""
    needs_server: bool
    """Whether it answers at the addresses of ``--base-url``; without them it cannot be named."""
    default_concurrency: int
    """Problems that it works on at once where ``--concurrency`` says nothing: of each server, or of this process."""
    default_model: str
    """The model where ``--model`` says nothing; empty where the server has to be asked."""
    ready_checks_continuation: bool
    """Whether being ready means that a turn can be continued, which a request without a beginning does not need."""
    takes_dial: bool
    """Whether its server can be asked for an effort or a thinking budget, as ``--dial`` spells them; it then has
    ``served_dial``. May be left out."""
    passes_options: bool
    """Whether it passes on ``request_options``, ``top_k``, ``min_p`` and ``presence_penalty``; may be left out by an
    engine that does not, for which they are refused."""

    # Both may be left out as well:
    # async def read_template(cls, settings: EngineSettings) -> Read | None
    # async def model_sources(cls, settings: EngineSettings) -> Sequence[str]

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        """The engine. Raises ``EngineUnavailable`` or ``UsageError`` when it cannot be had."""
        ...

    @classmethod
    async def served_model(cls, settings: EngineSettings) -> str:
        """The model that answers where none is named. Asked only of an engine that ``needs_server``."""
        ...

    @classmethod
    async def served_context(cls, settings: EngineSettings) -> int | None:
        """The context that its servers state, in tokens; may be left out."""
        ...

    @classmethod
    async def served_dial(cls, settings: EngineSettings) -> str:
        """The dial of its servers, ``auto`` where it shows only in what they refuse. Only where it ``takes_dial``."""
        ...
