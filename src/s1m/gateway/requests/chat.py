"""``POST /v1/chat/completions``: the body as a request.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.asked import Asked, Form, Rules, asked_from
from s1m.gateway.requests.fields import NO_LOGPROBS, Fields
from s1m.gateway.requests.messages import read_messages
from s1m.gateway.requests.structure import read_format, read_tools

PASSED_OVER = (
    "user", "metadata", "store", "service_tier", "stream_options", "prompt_cache_key", "safety_identifier",
    "parallel_tool_calls", "include_reasoning", "verbosity", "prompt_cache_retention",
    "provider", "transforms", "session_id", "trace",
)  # fmt: skip
"""Fields that clients send and that change nothing about the answer; those of the last line are OpenRouter's."""


MOST_CHOICES = 16
MOST_STOPS = 4
"""As OpenAI's."""


async def read_chat(body: dict[str, Any], rules: Rules) -> Asked:
    """The request in a chat body. Raises ``ApiError``."""
    fields = Fields(body)
    fields.passed_over(*PASSED_OVER)
    fields.refuse("logprobs", NO_LOGPROBS, unless=(False,))
    fields.refuse("top_logprobs", NO_LOGPROBS, unless=(0,))
    fields.refuse("logit_bias", "it would change the thinking too", unless=({},))
    fields.refuse("frequency_penalty", "use presence_penalty", unless=(0, 0.0))
    fields.refuse("functions", "use tools")
    fields.refuse("function_call", "use tool_choice")
    fields.refuse("audio", "the model writes text")
    fields.refuse("modalities", "the model writes text", unless=(["text"],))
    fields.refuse("prediction", "the answer follows the thinking")
    fields.refuse("web_search_options", "s1m has no tools of its own")
    structure = read_tools(fields, read_format(fields.object("response_format")))
    most = [fields.whole(name, 1) for name in ("max_completion_tokens", "max_tokens")]
    limit_name = "max_completion_tokens" if most[0] is not None else "max_tokens"
    conversation = await read_messages(fields.any("messages"), "messages", rules.pictures)
    form = Form(
        prefix="chatcmpl-",
        most_tokens=next((each for each in most if each is not None), None),
        limit_name=limit_name,
        echoed={"include_usage": _wants_usage(fields)},
        choices=fields.whole("n", 1, MOST_CHOICES) or 1,
        stop=_read_stop(fields),
    )
    return asked_from(fields, conversation, structure, rules, form)


def _wants_usage(fields: Fields) -> bool:
    """Whether a stream says what it cost: as OpenAI's clients ask for it, or as OpenRouter's do."""
    options, usage = fields.object("stream_options"), fields.object("usage")
    return bool((options and options.flag("include_usage")) or (usage and usage.flag("include")))


def _read_stop(fields: Fields) -> tuple[str, ...]:
    """The strings at which the answer is cut."""
    given = fields.any("stop")
    stops = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(stops, list) or not all(isinstance(s, str) and s for s in stops):
        raise fields.wrong("stop", f"must be a text or a list of at most {MOST_STOPS} texts, none of them empty", given)
    if len(stops) > MOST_STOPS:
        raise ApiError(f"stop has {len(stops)} texts, more than {MOST_STOPS}", "stop", code="invalid_value")
    return tuple(stops)
