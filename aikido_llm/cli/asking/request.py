"""What a person typed -> a Request: the prompt's pieces, attachments, tools. Reads files, prints nothing."""

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click

import aikido_llm as llm
from aikido_llm.codecs import json

from . import media


def prompt_text(arguments: Sequence[str]) -> str:
    """The words, joined by blanks; a word that is `@PATH` stands for that file's text, `@@word` for `@word`."""
    pieces: list[str] = []
    inline = True  # the piece before is a word: the next one follows it on the same line
    for argument in arguments:
        from_file = len(argument) > 1 and argument[0] == "@" and argument[1] != "@" and not _has_blank(argument)
        text = (
            _file_text(argument[1:])
            if from_file
            else typed(argument.removeprefix("@") if argument[:2] == "@@" else argument)
        )
        if pieces:
            pieces.append(" " if inline and not from_file else "\n\n")
        pieces.append(text)
        inline = not from_file
    return "".join(pieces)


def typed(text: str, what: str = "the prompt") -> str:
    """What a person typed. Where the locale could not read it, Python hands its bytes on as lone surrogates, which are
    no text: they are read as UTF-8. Raises click.UsageError for what is none."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        pass
    try:
        return media.text_of(os.fsencode(text))
    except ValueError:
        raise click.UsageError(f"{what} is not text in UTF-8") from None


def stdin_text(wanted: bool) -> str:
    """What comes on stdin, "" on a terminal. wanted: there is no other prompt; else only a pipe or a file is read, for
    what a service has as its stdin may never end."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    if not wanted:
        mode = os.fstat(sys.stdin.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
            return ""
    try:
        return media.text_of(media.read("-"))
    except OSError as error:
        raise click.UsageError(f"what is piped in: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(f"what is piped in {error}: attach it with --file - or --image -") from None


def is_stdin(source: str) -> bool:
    """Whether an attachment is stdin: `-`, or `-;type=image/png`."""
    return source.partition(";")[0] == "-"


def messages(
    system: str | None, text: str, images: Sequence[str], files: Sequence[str], attached: Sequence[str] = ()
) -> list[llm.Message]:
    """The conversation: instructions, then one turn of the user with all that is attached.

    A text file goes as text under its name; alone it is the prompt. raises: click.UsageError when nothing is asked.
    """
    if sum(map(is_stdin, (*files, *images, *attached))) > 1:
        raise click.UsageError("stdin can be attached once")
    documents = [("stdin" if path == "-" else Path(path).name, media.document(path)) for path in files]
    documents += map(media.attachment, attached)
    question = turn(text, documents, [media.image(source) for source in images])
    return [llm.system(typed(system, "--system")), question] if system else [question]


def turn(
    text: str, documents: Sequence[tuple[str, media.Shown]], pictures: Sequence[llm.ImagePart] = ()
) -> llm.Message:
    """What the user says, after what is shown: (name, part). Raises click.UsageError when nothing is asked."""
    parts: list[llm.Part] = []
    for name, part in documents:
        alone = len(documents) == 1 and not text.strip()
        parts.append(
            llm.TextPart(f"{name}:\n\n{part.text}\n") if isinstance(part, llm.TextPart) and not alone else part
        )
    if text.strip():
        parts.append(llm.TextPart(text))
    if not any(isinstance(part, llm.TextPart) for part in parts):
        raise click.UsageError("there is no prompt: give it as an argument, as @FILE or on stdin")
    plain = parts[0].text if len(parts) == 1 and isinstance(parts[0], llm.TextPart) else None
    return llm.user(parts if plain is None else plain, images=pictures)


def tools(paths: Sequence[str]) -> list[llm.ToolDef]:
    """Tool definitions from JSON files: one or a list, in our form (name, description, parameters), OpenAI's
    ({"type": "function", "function": {...}}) or Anthropic's (input_schema). Raises click.BadParameter."""
    found: list[llm.ToolDef] = []
    for path in paths:
        try:
            value: Any = json.loads(media.read(path))
        except OSError as error:
            raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--tool-schema") from None
        except ValueError as error:
            raise click.BadParameter(f"{path} is not JSON: {error}", param_hint="--tool-schema") from None
        found += [_tool(path, entry) for entry in _list(value)]
    return found


def _tool(path: str, entry: Any) -> llm.ToolDef:
    fields = _object(_object(entry).get("function")) or _object(entry)
    if not isinstance(fields.get("name"), str):
        raise click.BadParameter(f"{path}: a tool is an object with a name", param_hint="--tool-schema")
    schema = fields.get("parameters", fields.get("input_schema"))
    if schema is not None and not isinstance(schema, dict):
        raise click.BadParameter(f"{path}: parameters must be a JSON Schema, an object", param_hint="--tool-schema")
    given: dict[str, Any] = {} if schema is None else {"parameters": schema}
    return llm.ToolDef(fields["name"], str(fields.get("description") or ""), **given)


def _list(value: Any) -> list[Any]:
    match value:
        case [*items]:
            return items
        case _:
            return [value]


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if type(value) is dict else {}


def absolute(path: str) -> Path:
    """A file that shall be found from elsewhere too."""
    return Path(path).expanduser().absolute()


def _has_blank(text: str) -> bool:
    return any(c.isspace() for c in text)


def _file_text(path: str) -> str:
    try:
        return media.text_of(media.read(path))
    except OSError as error:
        raise click.UsageError(f"@{path}: {error.strerror} (@@{path} is the word itself)") from None
    except ValueError as error:
        raise click.UsageError(f"@{path} {error}: attach it with --file or --image") from None
