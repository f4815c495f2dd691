"""What an HTTP status means for a run: try again, give up on this problem, or end the run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from s1m.engines.remote.retry import Kind, Transient, retry_after_seconds
from s1m.errors import CannotContinue, EngineError, EngineUnavailable, PromptTooLong, Withheld
from s1m.files.decoding import Undecodable, decode_reply

TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Worth another try; content networks and hosted models answer 520 and above when they are overloaded."""

KINDS: dict[int, Kind] = {429: "busy", 503: "overloaded", 529: "overloaded"}
"""Transient statuses that say more about the server."""

EXTENSIONS = (
    "continue_final_message",
    "add_generation_prompt",
    "include_stop_str_in_output",
    "skip_special_tokens",
    "min_tokens",
    "top_k",
    "min_p",
    "repetition_penalty",
)
"""Request fields beyond OpenAI's that may be sent."""

TOO_LONG = re.compile(
    r"""
    context[ _](?:length|size|window)                                  # "exceeds the available context size"
  | maximum\ context                                                   # "This model's maximum context length is 8192"
  | maximum\ (?:model\ |sequence\ |input\ |prompt\ )?length            # "longer than the maximum model length"
  | max_model_len                                                      # "max_model_len=4096" (vLLM)
  | too\ long                                                          # "Prompt too long"
  | too\ many\ (?:\w+\ )?tokens                                       # "too many input tokens"
  | token\ limit                                                       # "exceeds the token limit"
    """,
    re.IGNORECASE | re.VERBOSE,
)

LIMIT_TOO_HIGH = re.compile(
    r"""
    max_(?:completion_|output_)?tokens\W{1,3}\d+\ cannot\ be\ greater  # "max_tokens=9 cannot be greater ..." (vLLM)
  | max_(?:completion_)?tokens\ is\ too\ large                     # "max_tokens is too large: 9" (OpenAI)
    """,
    re.VERBOSE,
)
"""Too many tokens were asked for, however short the prompt is."""

TOO_MANY_IMAGES = re.compile(r"at most \d+ image", re.IGNORECASE)
"""Of vLLM's "At most 1 image(s) may be provided"."""

UNKNOWN_FIELD = re.compile(
    r"""
    unknown                    # "Unknown name 'top_k'" (Gemini)
  | unrecogni[sz]ed            # "Unrecognized request argument supplied: min_tokens" (OpenAI)
  | unexpected                 # "unexpected keyword argument 'min_p'"
  | unsupported | not\ supported
  | not\ permitted             # "Extra inputs are not permitted" (pydantic)
  | not\ allowed
  | extra_forbidden            # the type of that error
    """,
    re.IGNORECASE | re.VERBOSE,
)


BLOCKED = re.compile(
    r"""
    content_filter                            # Azure's code of a prompt that its filter stopped
  | ResponsibleAIPolicyViolation              # the same in more detail
  | content_policy_violation | invalid_prompt # OpenAI's codes
  | flagged_input                             # OpenRouter's metadata of a prompt that moderation flagged
  | content\ filtering\ policy              # "Output blocked by content filtering policy" (Anthropic)
  | content\ management\ policy             # "... triggering Azure OpenAI's content management policy"
  | PROHIBITED_CONTENT                        # Gemini's reason to block a prompt
  | data_inspection_failed                    # Qwen's code
    """,
    re.VERBOSE,
)
"""In the body of a refusal: it concerns what this one problem says, and no other."""

NO_CREDIT = re.compile(
    r"insufficient_quota|insufficient_balance|credit balance|insufficient credits|billing_hard_limit", re.IGNORECASE
)
"""In the body of a refusal: waiting does not help, the account has to be filled. OpenAI sends it with status 429."""


UNKNOWN_KEY = re.compile(r'"type": ?"no_db_connection"')
"""In the body of a 400 of LiteLLM's proxy without a database: it looks there for any key but its own."""


class Refused(EngineError):
    """The server will not do this request as it stands."""

    kind = "refused request"


class NotOffered(EngineUnavailable):
    """The server has no such endpoint, or does not let this key use it."""


UNPRINTABLE = re.compile(r"[\ud800-\udfff\x00-\x08\x0e-\x1b\x7f]")
"""Halves of characters, which no output takes, and control characters, which move the cursor of a terminal."""


def refusal(status: int, retry_after: str | None, message: str, url: str, body: bytes = b"") -> EngineError | Transient:
    """The error to raise for a status other than 200; ``message`` is what the server says, on one line.

    ``body`` is all of it, since codes stand beside the message.
    """
    said = f"HTTP {status}" + (f": {message}" if message else "")
    details = body.decode("utf-8", "replace")
    if status < 500 and BLOCKED.search(details):
        return Withheld(f"a content filter blocked the request ({said})", kind="content filter")
    if status == 402 or (status < 500 and NO_CREDIT.search(details)):
        return EngineUnavailable(f"the account at {url} has no credit left ({said}); fill it, then re-run the command")
    if status in TRANSIENT_STATUSES:
        return Transient(
            said,
            retry_after_seconds=retry_after_seconds(retry_after, datetime.now(UTC)),
            kind=KINDS.get(status, "broken"),
        )
    unknown_key = status == 400 and UNKNOWN_KEY.search(details)
    if status in (401, 403) or unknown_key:
        refused = f"{url} refused the key ({said}); set S1M_API_KEY to one that it accepts"
        return EngineUnavailable(refused) if status != 403 else NotOffered(refused)
    if status in (404, 405) or 300 <= status < 400:
        return NotOffered(f"{url} is not a chat endpoint or has no such model ({said}); check --base-url and --model")
    if status in (400, 413, 422):
        return _refused_request(said, message, too_large=status == 413)
    return Refused(f"the server refused the request ({said})")


def _refused_request(said: str, message: str, *, too_large: bool) -> EngineError:
    if LIMIT_TOO_HIGH.search(message):
        return PromptTooLong(
            f"the server writes fewer tokens than a reply may take ({said}); lower --max-thinking-tokens"
        )
    if TOO_LONG.search(message):
        return PromptTooLong(f"the prompt does not fit the server's context ({said})")
    if TOO_MANY_IMAGES.search(message):
        return Refused(f"the server takes fewer images a prompt ({said}); start it with --limit-mm-per-prompt")
    if too_large:
        return Refused(f"the images are too large for the server ({said}); see --max-image-pixels")
    unknown = [name for name in EXTENSIONS if re.search(rf"\b{name}\b", message)]
    if unknown and UNKNOWN_FIELD.search(message):
        return CannotContinue(
            f"the server does not know {unknown[0]}, without which no turn can be forced; use vLLM or SGLang ({said})"
        )
    return Refused(f"the server refused the request ({said})")


ERROR_NAMES = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "overloaded_error": 529,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "insufficient_quota": 402,
    "billing_error": 402,
    "content_filter": 400,
    "api_error": 500,
    "timeout_error": 504,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "model_not_found": 404,
}
"""What error objects say in words where they give no status: OpenAI's codes and Anthropic's types."""


def reported(body: bytes, message: str, url: str) -> EngineError | Transient | None:
    """The error to raise for a reply of status 200 that is an error object; None for one that is not.

    Gateways answer ``{"error": {"code": 502, "message": "Provider returned error"}}`` with status 200 where the server
    after them failed. The status that such an object gives means what it would have meant as the reply's own.
    """
    try:
        error = find_error(decode_reply(body, object))
    except Undecodable:
        return None
    if not error:
        return None
    given = [error[key] for key in ("code", "status", "status_code", "type") if key in error]
    statuses = [ERROR_NAMES.get(str(value)) or (int(str(value)) if str(value).isdecimal() else 0) for value in given]
    status = next((status for status in statuses if 400 <= status < 600), None)
    if status is None:
        return Transient(f"the server reports an error: {message}")
    return refusal(status, None, message, url, body)


def find_error(reply: object) -> dict[str, object]:
    """The error object of a reply, whose message may stand alone; empty for a reply without one."""
    if not isinstance(reply, dict):
        return {}
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    inner = first.get("error") if isinstance(first, dict) else None
    error = reply.get("error") or inner or (reply if reply.get("object") == "error" else None)
    if not error:
        return {}
    return error if isinstance(error, dict) else {"message": error}


def server_message(body: bytes, limit: int = 300) -> str:
    """What an error body says, on one line of at most ``limit`` characters; empty for HTML, whose text says nothing."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""
    try:
        message = find_message(decode_reply(body, object))
    except (Undecodable, RecursionError):
        message = text
    line = " ".join(UNPRINTABLE.sub("\ufffd", message).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def find_message(value: object) -> str:
    """The message in the JSON of an error, in the shapes of OpenAI, vLLM, SGLang, FastAPI and llama.cpp."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in ("error", "message", "msg", "detail"):
            if value.get(key):
                return find_message(value[key])
        if (error := find_error(value)) and error is not value:
            return find_message(error)
    if isinstance(value, list) and value:
        return find_message(value[0])
    return json.dumps(value)
