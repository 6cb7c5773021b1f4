"""The google-genai SDK."""

import importlib
from typing import Any

from . import report

TOLD = report.told()
genai: Any = importlib.import_module("google.genai")
types: Any = importlib.import_module("google.genai.types")
CONFIG = types.GenerateContentConfig(
    tools=[
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(
                    name=report.TOOL_NAME,
                    description=report.TOOL_ABOUT,
                    parameters_json_schema=report.TOOL_PARAMETERS,
                )
            ]
        )
    ],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)


def client(key: str | None = None) -> Any:
    root, _, version = TOLD["url"].rpartition("/")
    options = types.HttpOptions(base_url=root, api_version=version)
    return genai.Client(api_key=key or TOLD["key"], http_options=options)


class GenerateContent:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        held = client(key)
        answer = held.models.generate_content(model=model, contents=report.QUESTION)
        return {"text": answer.text, "usage": _usage(answer)}

    def stream(self, model: str) -> dict[str, Any]:
        text, usage = "", None
        held = client()
        for chunk in held.models.generate_content_stream(model=model, contents=report.QUESTION):
            text += chunk.text or ""
            usage = _usage(chunk) or usage
        return {"text": text, "usage": usage}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        contents: list[Any] = [types.Content(role="user", parts=[types.Part(text=report.QUESTION)])]
        parts = self._turn(model, contents, stream)
        calls = [part.function_call for part in parts if part.function_call]
        results = [_result(call) for call in calls]
        contents += [types.Content(role="model", parts=parts), types.Content(role="user", parts=results)]
        then = self._turn(model, contents, stream)
        said = "".join(part.text or "" for part in then)
        return {"calls": [[call.name, call.args] for call in calls], "then": said}

    def _turn(self, model: str, contents: list[Any], stream: bool) -> list[Any]:
        held = client()
        if not stream:
            answer = held.models.generate_content(model=model, contents=contents, config=CONFIG)
            return list(answer.candidates[0].content.parts)
        parts: list[Any] = []
        for chunk in held.models.generate_content_stream(model=model, contents=contents, config=CONFIG):
            parts += chunk.candidates[0].content.parts or []
        return parts

    def models(self) -> list[str]:
        held = client()
        return [model.name.removeprefix("models/") for model in held.models.list()]


def _usage(answer: Any) -> list[int] | None:
    usage = answer.usage_metadata
    return usage and [usage.prompt_token_count, usage.candidates_token_count]


def _result(call: Any) -> Any:
    response = types.FunctionResponse(id=call.id, name=call.name, response={"output": report.RESULT})
    return types.Part(function_response=response)


report.run(GenerateContent())
