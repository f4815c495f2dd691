"""``POST /v1/chat/completions``: the body as a request.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.asked import Asked, Form, Rules, asked_from
from s1m.gateway.requests.fields import NO_LOGPROBS, Fields
from s1m.gateway.requests.messages import read_messages
from s1m.gateway.requests.structure import Structure, read_format, read_tools

PASSED_OVER = (
    "user", "metadata", "store", "service_tier", "stream_options", "prompt_cache_key", "safety_identifier",
    "parallel_tool_calls", "include_reasoning", "verbosity", "prompt_cache_retention",
)  # fmt: skip
"""Fields that clients send and that change nothing about the answer."""


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
    options = fields.object("stream_options")
    usage = options.flag("include_usage") if options else None
    conversation = await read_messages(fields.any("messages"), "messages", rules.pictures)
    form = Form(
        prefix="chatcmpl-",
        most_tokens=next((each for each in most if each is not None), None),
        limit_name=limit_name,
        echoed={"include_usage": bool(usage)},
        choices=fields.whole("n", 1, MOST_CHOICES) or 1,
        stop=_read_stop(fields, structure),
    )
    return asked_from(fields, conversation, structure, rules, form)


def _read_stop(fields: Fields, structure: Structure) -> tuple[str, ...]:
    """The strings at which the answer is cut."""
    given = fields.any("stop")
    stops = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(stops, list) or len(stops) > MOST_STOPS or not all(isinstance(s, str) and s for s in stops):
        raise fields.wrong("stop", f"must be a text or a list of at most {MOST_STOPS} texts, none of them empty", given)
    if stops and structure.is_bound:
        raise ApiError(f"stop would cut the JSON that {structure.field} asks for; leave one out", "stop")
    return tuple(stops)
