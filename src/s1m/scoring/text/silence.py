"""Decide which texts commit to nothing: blanks, place-holders, apologies, refusals and error messages.

A failure is never an answer: none of these may score, whatever the type of the question.
"""

from __future__ import annotations

import re

_BLANK = re.compile(
    r"""[\W_]*(?:
      none|null|nan|n/?\s?a|nil|undefined|unknown|not[ ]available|no[ ]answer|empty|tbd|error|failed    # N/A
    | (?:the[ ]|my[ ])?(?:final[ ]|correct[ ]|short[ ]|extracted[ ])*answer(?:[ ]is)?                    # The answer is
    | 答案                                                                                               # "answer"
    )?[\W_]*""",
    re.IGNORECASE | re.VERBOSE,
)
_ERROR = re.compile(
    r"""
      maximum\ context\ length
    | context[ _](?:window|length)[ _]?exceeded
    | rate\ limit
    | too\ many\ requests
    | quota\ exceeded
    | (?:error|status)[ _]?code\s?[:=]?\s?\d{3}                       # error code: 429
    | \bHTTP(?:/1\.1)?\s?(?:Error\s?)?[45]\d\d\b                      # HTTP 500
    | internal\ server\ error
    | bad\ gateway
    | service\ (?:temporarily\ )?unavailable
    | gateway\ time-?out
    | Traceback\ \(most\ recent                                       # Traceback (most recent call last)
    | (?:connection|read|request)\ (?:error|refused|reset|aborted|timed\ out)  # read timed out
    | time-?out\ error
    | invalid_request
    | (?:api|server|openai|http|runtime|value|key)_?\s?error          # API error
    | API\ key
    | [\"']error[\"']\s?:                                             # {"error": ...}
    | CUDA\ out\ of\ memory
    | content\ (?:policy|filter|management)                           # content filter
    | failed\ to\ obtain\ answer
    | <!doctype\ html
    | <html
    """,
    re.IGNORECASE | re.VERBOSE,
)
_APOLOGY = re.compile(
    r"""[\W_]{0,40}(?:
      (?:i['a ]?a?m[ ]|we[ ]are[ ]|my[ ])?(?:(?:very[ ]|so[ ]|truly[ ]|terribly[ ])?sorry|apologi[sz]e|apologies|
      unfortunately|regret)                                   # I'm very sorry, my apologies
    | as[ ]an[ ]ai\b                                          # As an AI, I
    | i[ ](?:can(?:not|'t|[ ]not)|am[ ](?:unable|not[ ]able)|do(?:n't|[ ]not)[ ](?:know|have)|
      won't|could[ ]?n[o']t)                                  # I do not know
    | i'm[ ](?:unable|not[ ]able|not[ ]sure)                  # I'm unable to
    | (?:抱歉|对不起|很遗憾|无法)                             # "sorry", "cannot"
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_UNKNOWABLE = re.compile(
    r"""
      \b(?:can(?:not|'t|\ not)|could(?:n't|\ not)|impossible|unable|not\ possible|
        difficult|hard|no\ way)\b[^.\n]{0,40}?\b(?:determin|answer|provid|calculat|tell|
        know|say|solv|find|infer|comput|identif|give)                 # cannot be determined
    | \b(?:not|n't|without|no|insufficient|lacks?|need|requires?)\b[^.\n]{0,40}?\b(?:enough|
        sufficient|specific|additional|more|any|further|necessary|actual)?\s?(?:information|
        data|context|details)\b                                       # not enough information
    | \bnot\ (?:provided|specified|mentioned|given|available|visible|listed|among|
        one\ of|an\ option|in\ the)\b                                 # is not given
    | \bplease\ provide\b                                             # please provide the picture
    | \bnone\ of\ the\ (?:given\ |above\ |provided\ |answer\ )*(?:options|choices|
        answers)                                                      # none of the options
    | \bthere\ (?:might|may|seems\ to|must)\ be\ an?\ (?:mistake|error)  # there may be a mistake
    | \bno\ (?:correct|matching)\ (?:answer|option|choice)            # no correct answer
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_blank(text: str) -> bool:
    """Whether ``text`` says nothing: empty, a place-holder such as "N/A", or "Final answer:" with nothing after it."""
    return len(text) < 80 and _BLANK.fullmatch(text) is not None


def is_failure(text: str) -> bool:
    """Whether ``text`` is a machine's error message, or a short text that holds one."""
    return _ERROR.search(text[:2000] if len(text) < 2000 else text[:300]) is not None


def is_apology(text: str) -> bool:
    """Whether ``text`` begins with an apology or a refusal."""
    return _APOLOGY.match(text) is not None


def is_undecided(sentence: str) -> bool:
    """Whether a sentence says that no answer can be given."""
    return _UNKNOWABLE.search(sentence[:600]) is not None
