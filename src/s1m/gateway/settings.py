"""Settings of ``s1m gateway``: those of an engine and of forcing, as ``s1m eval`` has them, and those of a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from s1m.engines.builder import EngineSettings
from s1m.errors import UsageError
from s1m.evaluate.policy import rule_from
from s1m.evaluate.settings import check_passed, strategy_of
from s1m.evaluate.settings.parts import BudgetSettings, SamplingSettings, StrategySettings, forcing_of
from s1m.files.settings import Count, FilePath
from s1m.gateway.dial import Dial

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0)]

ANSWER_CUE = "\n\n"
"""What chat models put between their thinking and their answer."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Server: where it listens, and for whom."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in, for whom keys are needed."""
    port: Port = 9000
    """Port to listen on; 0 takes a free one, which the first line of output names."""
    keys_file: FilePath = ""
    """File with an API key on every line, or a name and a key (empty: the keys in S1M_GATEWAY_KEYS, between commas;
    without any, every client is let in)."""
    page: bool = True
    """Serve the page at /."""
    pass_through: bool = False
    """Pass requests that s1m does not touch, such as /v1/embeddings, on to the first server; off: refuse them."""
    allow_image_urls: bool = False
    """Fetch images that requests give by address from public servers; off: only data: URLs."""
    log_prompts: bool = False
    """Write the text of every conversation into the log too."""


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Limits: how much a request and a client may take."""

    max_requests: Count = 256
    """Most requests under way; further ones get 429 and Retry-After."""
    max_requests_per_key: Count = 64
    """Most requests under way of one API key."""
    max_body_mb: Count = 32
    """Largest body of a request, in megabytes."""
    max_image_mb: Count = 20
    """Largest image, encoded, in megabytes."""
    max_images: Count = 16
    """Most images in one conversation."""
    max_chains: Count = 16
    """Most chains of thought that a request may ask a strategy for."""
    body_seconds: Seconds = 30.0
    """Longest time that the body of a request may take to arrive."""
    request_seconds: Seconds = 900.0
    """Longest time that a request may take in all."""
    drain_seconds: Seconds = 60.0
    """How long requests under way may take to end after SIGTERM."""


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """Settings of ``s1m gateway``."""

    server: ServerSettings = field(default_factory=ServerSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    effort: str = ""
    """Effort of requests that say nothing of it, a row of the table of efforts (empty: the flags below)."""
    efforts: FilePath = ""
    """TOML table of what efforts mean (empty: none, minimal, low, medium, high, xhigh and max of the gateway's own)."""
    strategy: StrategySettings = field(
        default_factory=lambda: StrategySettings(num_ignore=(1,), answer_cue=ANSWER_CUE),
    )
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    budget: BudgetSettings = field(default_factory=lambda: BudgetSettings(max_answer_tokens=2048))
    limits: LimitSettings = field(default_factory=LimitSettings)

    def __post_init__(self) -> None:
        check_passed(self.engine, self.sampling)
        if self.server.pass_through and not self.engine.base_url:
            raise UsageError("--pass-through needs a server to pass requests on to: add --base-url")
        # Refuses what the algorithm and the strategy refuse, before anything is loaded.
        strategy_of(self.strategy, forcing_of(self.strategy, self.budget))

    def dial(self, most_thinking_tokens: int) -> Dial:
        """What the flags say of a request that says nothing."""
        chosen = self.strategy
        return Dial(
            strategy=chosen.strategy,
            num_ignore=chosen.num_ignore,
            levels=chosen.levels,
            ignore_strings=chosen.ignore_strings,
            weight=chosen.vote_weight,
            sure=chosen.min_confidence,
            rule=rule_from(chosen.policy_rule) if chosen.policy_rule else None,
            min_thinking_tokens=min(self.budget.min_thinking_tokens, most_thinking_tokens),
            max_thinking_tokens=most_thinking_tokens,
        )
