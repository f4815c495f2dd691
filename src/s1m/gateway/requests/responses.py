"""``POST /v1/responses``: the body as a request.

https://platform.openai.com/docs/api-reference/responses
Nothing is kept between requests, so a conversation is sent whole, as ``input``.
"""

from __future__ import annotations

from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.asked import Asked, Form, Rules, asked_from
from s1m.gateway.requests.fields import NO_LOGPROBS, Fields
from s1m.gateway.requests.messages import read_messages
from s1m.gateway.requests.structure import read_format, read_tools

PASSED_OVER = (
    "user", "metadata", "store", "service_tier", "truncation", "parallel_tool_calls", "prompt_cache_key",
    "safety_identifier", "stream_options", "max_tool_calls", "prompt_cache_retention",
)  # fmt: skip
LOGPROBS = "message.output_text.logprobs"
ECHOED = ("instructions", "max_output_tokens", "metadata", "temperature", "top_p", "user")
SUMMARIES = ("auto", "concise", "detailed")


async def read_response(body: dict[str, Any], rules: Rules) -> Asked:
    """The request in a body. Raises ``ApiError``."""
    fields = Fields(body)
    fields.passed_over(*PASSED_OVER)
    fields.refuse("previous_response_id", "nothing is kept; send the conversation as input", unless=("",))
    fields.refuse("conversation", "nothing is kept; send it as input")
    fields.refuse("prompt", "nothing is kept; send instructions and input")
    fields.refuse("background", "nothing is kept; wait for the reply, or stream it", unless=(False,))
    fields.refuse("top_logprobs", NO_LOGPROBS, unless=(0,))
    included = fields.any("include")
    if isinstance(included, list) and LOGPROBS in included:
        fields.refuse("include", f"{LOGPROBS}: {NO_LOGPROBS}")
    text = fields.object("text") or Fields({}, "text")
    structure = read_tools(fields, read_format(text.object("format")))
    text.passed_over("verbosity")
    text.done()
    given = fields.any("input")
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
    conversation = await read_messages(messages, "input", rules.pictures, fields.text("instructions") or "")
    if not conversation.question and not conversation.images:
        raise ApiError("input is empty; write a question", "input", code="invalid_value")
    form = Form(
        prefix="resp_",
        most_tokens=fields.whole("max_output_tokens", 1),
        limit_name="max_output_tokens",
        echoed={**{name: body.get(name) for name in ECHOED}, "reasoning": _read_reasoning(fields)},
    )
    return asked_from(fields, conversation, structure, rules, form)


def _read_reasoning(fields: Fields) -> dict[str, str | None]:
    """The effort as the reply repeats it, and how a summary of the thinking is wanted; None for none."""
    reasoning = fields.object("reasoning") or Fields({}, "reasoning")
    summary = reasoning.text("summary", SUMMARIES) or reasoning.text("generate_summary", SUMMARIES)
    return {"effort": reasoning.text("effort"), "summary": summary}
