"""What binds the answer, and never the thinking: a JSON schema, or tools that the answer may call.

Tools are a schema too, so that they work with every model whose engine binds answers: the answer is one of

    {"tool": "weather", "arguments": {"city": "Paris"}}
    {"answer": "It is sunny."}

The first is handed to the client as a call of the tool, the second as the text of the message. Where the request
has a format for its answers too, the second holds JSON of that format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.fields import Fields, shown
from s1m.gateway.requests.messages import Conversation
from s1m.types import Turn

MOST_SCHEMA = 100_000
"""Characters of a schema or of all tools; a server compiles it for every request."""
ANY_OBJECT = {"type": "object"}
TEXT = {"type": "string"}
DEFINITIONS = ("$defs", "definitions")
"""Where a schema keeps what its references point to, by its age."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function that the client offers."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What an answer is bound to; ``field`` is the field of the request that says so."""

    field: str = ""
    schema: str = ""
    """A JSON schema as text; empty for none."""
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    answer_schema: str = ""
    """Beside tools, the schema of an answer that calls none; empty for text."""

    @property
    def is_bound(self) -> bool:
        """Whether the answer is not free text."""
        return bool(self.schema)

    def instructed(self, conversation: Conversation) -> Conversation:
        """The conversation, in which a system turn says what the answer must be like."""
        if not self.is_bound:
            return conversation
        text = self._instruction()
        turns = conversation.turns
        if turns and turns[0].role == "system":
            return replace(conversation, turns=(replace(turns[0], text=f"{turns[0].text}\n\n{text}"), *turns[1:]))
        return replace(conversation, turns=(Turn(role="system", text=text), *turns))

    def _instruction(self) -> str:
        if not self.tools:
            return f"Give the final answer as JSON that fits this schema: {self.schema}"
        offered = [
            {"tool": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in self.tools
        ]
        if self.must_call:
            choice = ""
        elif self.answer_schema:
            choice = f' or {{"answer": JSON}} when no tool is needed, with JSON that fits {self.answer_schema}'
        else:
            choice = ' or {"answer": TEXT} when no tool is needed'
        return (
            f"You can call these tools: {json.dumps(offered, ensure_ascii=False)}\nGive the final answer as JSON: "
            f'{{"tool": NAME, "arguments": {{...}}}}{choice}.'
        )


FREE = Structure()


def read_format(fields: Fields | None) -> Structure:
    """The structure in ``response_format`` or ``text.format``. Raises ``ApiError``."""
    if fields is None:
        return FREE
    kind = fields.text("type", ("text", "json_object", "json_schema"))
    if kind is None:
        raise ApiError(f"{fields.at('type')} is missing", fields.at("type"), code="missing_parameter")
    field = fields.at("type")
    if kind == "json_schema":
        # A chat request has the schema one level deeper than a responses request.
        holder = fields.object("json_schema") or fields
        schema = holder.object("schema")
        if schema is None:
            raise ApiError(f"{holder.at('schema')} is missing", holder.at("schema"), code="missing_parameter")
        field = holder.at("schema")
        holder.passed_over("name", "description", "strict")
        holder.done()
        fields.done()
        return Structure(field=field, schema=_text(holder.any("schema"), field))
    fields.done()
    return Structure(field=field, schema=_text(ANY_OBJECT, field)) if kind == "json_object" else FREE


def read_tools(fields: Fields, formatted: Structure) -> Structure:
    """The structure with the tools of a request, if it has any. Raises ``ApiError``."""
    offered, choice = fields.any("tools"), fields.any("tool_choice")
    if not offered or choice == "none":
        return formatted
    where = fields.at("tools")
    if not isinstance(offered, list):
        raise ApiError(f"{where} must be a list, not {shown(offered)}", where, code="invalid_value")
    tools = tuple(_tool(each, f"{where}[{index}]") for index, each in enumerate(offered))
    named = _named(choice, fields)
    if named is not None:
        tools = tuple(tool for tool in tools if tool.name == named)
        if not tools:
            raise ApiError(f"tool_choice names {shown(named)}, which is not among the tools", "tool_choice")
    must_call = named is not None or choice == "required"
    schema = _text(_schema_of(tools, None if must_call else formatted.schema), where)
    return Structure(field=where, schema=schema, tools=tools, must_call=must_call, answer_schema=formatted.schema)


def _tool(given: Any, where: str) -> Tool:
    if not isinstance(given, dict) or given.get("type", "function") != "function":
        raise ApiError(f"{where} must be a function; s1m has no tools of its own", where, code="unsupported_parameter")
    function = given.get("function", given)
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise ApiError(f"{where} has no name", where, code="invalid_value")
    parameters = function.get("parameters") or ANY_OBJECT
    if not isinstance(parameters, dict):
        raise ApiError(f"{where}.parameters must be a JSON schema", where, code="invalid_value")
    return Tool(name=name, description=str(function.get("description") or ""), parameters=parameters)


def _named(choice: Any, fields: Fields) -> str | None:
    if choice in (None, "auto", "required"):
        return None
    function = choice.get("function", choice) if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise fields.wrong("tool_choice", "must be auto, required, none or the name of a function", choice)
    return name


def _schema_of(tools: Sequence[Tool], answer: str | None) -> dict[str, Any]:
    """One of the calls, or an answer: text, or JSON of the schema ``answer``; None where a tool must be called."""
    definitions: dict[str, Any] = {}
    options = [
        _object(tool={"const": tool.name}, arguments=moved(dict(tool.parameters), f"tool{index}", definitions))
        for index, tool in enumerate(tools)
    ]
    if answer is not None:
        options.append(_object(answer=moved(json.loads(answer), "answer", definitions) if answer else TEXT))
    return {"anyOf": options} | ({"$defs": definitions} if definitions else {})


def _object(**properties: Any) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def moved(schema: dict[str, Any], name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema as a part of another: what it defines goes into ``definitions``, the other's, below ``name``.

    References are paths from the root of the whole schema: {"$ref": "#/$defs/City"} would point to nothing there.
    """
    if '"$ref"' not in json.dumps(schema):
        return schema
    for holder in DEFINITIONS:
        for key, value in dict(schema.get(holder) or {}).items():
            definitions[f"{name}_{key}"] = _renamed(value, name)
    part: dict[str, Any] = _renamed({key: value for key, value in schema.items() if key not in DEFINITIONS}, name)
    if f'"#/$defs/{name}"' in json.dumps([part, definitions]):  # it holds itself
        definitions[name] = part
    return part


def _renamed(value: Any, name: str) -> Any:
    """A part of a schema, its references renamed."""
    if isinstance(value, list):
        return [_renamed(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _reference(each, name) if key == "$ref" and isinstance(each, str) else _renamed(each, name)
        for key, each in value.items()
    }


def _reference(target: str, name: str) -> str:
    for holder in DEFINITIONS:
        if target.startswith(f"#/{holder}/"):
            return f"#/$defs/{name}_{target.removeprefix(f'#/{holder}/')}"
    return f"#/$defs/{name}" if target == "#" else target


def _text(schema: Any, where: str) -> str:
    text = json.dumps(schema, ensure_ascii=False)
    if len(text) > MOST_SCHEMA:
        raise ApiError(f"{where} has more than {MOST_SCHEMA:,} characters; make it smaller", where)
    return text
