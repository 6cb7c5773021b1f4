"""The options of `chat` -> what is asked, of whom, and with what else at hand."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

import aikido_llm as llm

from ..access.details import pairs
from ..access.options import Access
from . import request as asking
from . import schema
from .conversation import Conversation
from .saved import Saved

if TYPE_CHECKING:
    from ..log.past import Past

A = TypeVar("A")
B = TypeVar("B")


@frozen
class Question:
    """access: who is asked. own: keywords of `open` that only this question has. tools: files of functions to run."""

    access: Access
    request: llm.Request
    own: Mapping[str, Any]
    tools: tuple[str, ...] = ()


def question(
    access: Access, words: tuple[str, ...], options: Mapping[str, Any], template: Saved, past: "Past | None"
) -> Question:
    """Flags beat the template, the template beats the conversation that goes on, and that beats the settings.

    raises: click.UsageError for what cannot be meant, ConfigError, InvalidRequestError.
    """
    if template.provider or template.model:
        access = access.preferring(template.provider, template.model)
    elif past is not None:
        access = access.preferring(past.provider or None, past.model)
    chosen = access.details([*template.options.items(), *options["said"]])
    offered = asking.tools(options["tools"])
    names = {tool.name for tool in offered}
    request = llm.Request(
        _messages(words, options, template, past),
        model=access.asked_model,
        tools=[*offered, *(tool for tool in (past.tools if past else ()) if tool.name not in names)],
        response_format=_format(options, template),
    )
    return Question(access, chosen.ask(request), chosen.own, (*options["functions"], *template.tools))


def kept(words: tuple[str, ...], options: Mapping[str, Any], access: Access) -> dict[str, Any]:
    """What `--save` keeps of the flags, as a template has it. Raises click.UsageError for what a template has not."""
    for name in ("attached", "images", "files", "tools"):
        if options[name]:
            raise click.UsageError(f"a template keeps no attachments and no --tool-schema: {options[name][0]}")
    values = {
        "prompt": " ".join(words),
        "system": options["system"],
        "provider": access.flags.provider,
        "model": access.flags.model,
        "schema": _kept_schema(options["schema"], several=options["schema_multi"]),
        "tools": [str(asking.absolute(path)) for path in options["functions"]],
        "options": dict(options["said"]),
        "defaults": dict(pairs(options["variables"], "--var")),
    }
    return {name: value for name, value in values.items() if value}


def _kept_schema(said: str | None, *, several: bool) -> str | dict[str, Any] | None:
    """What it means from any folder."""
    if said is None:
        return None
    if several:
        return dict(_told(partial(schema.response_format, several=True), said, "--schema").schema or {})
    return str(asking.absolute(said)) if schema.is_file(said) else said


def _messages(
    words: tuple[str, ...], options: Mapping[str, Any], template: Saved, past: "Past | None"
) -> list[llm.Message]:
    attached = (*options["files"], *options["images"], *options["attached"])
    text = asking.prompt_text(words)
    needless = text or attached or template.prompt
    piped = "" if any(map(asking.is_stdin, attached)) else asking.stdin_text(wanted=not needless)
    typed = "\n\n".join(piece for piece in (text, piped) if piece.strip())
    variables = dict(pairs(options["variables"], "--var"))
    text, system = _told(lambda typed: template.filled(typed, variables), typed, "--template")
    system = options["system"] or system
    turns = asking.messages(system, text, options["images"], options["files"], options["attached"])
    if past is None:
        return turns
    before = Conversation.of(past.messages)
    return [*([llm.system(system)] if system else before.start), *before.messages, turns[-1]]


def _format(options: Mapping[str, Any], template: Saved) -> llm.ResponseFormat | None:
    wanted: str | dict[str, Any] | None = options["schema"] or template.schema
    if wanted is None:
        return None
    read: Callable[[Any], llm.ResponseFormat] = partial(schema.response_format, several=options["schema_multi"])
    return _told(read, wanted, "--schema")


def _told(read: Callable[[A], B], value: A, hint: str) -> B:
    try:
        return read(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None
