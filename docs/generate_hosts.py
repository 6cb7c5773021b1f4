"""Writes the pages of the hosts in `aikido_llm/providers/compatible.py`; `docs/generate_providers.py` runs it."""

from collections.abc import Iterator
from pathlib import Path

from aikido_llm.dialects.base import FEATURES
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.dialects.verbs import VerbName, has
from aikido_llm.providers.base import WIRE, Provider
from aikido_llm.providers.compatible import HOSTS, Host

FOLDER = Path(__file__).parent / "providers"

_THINKING = {
    "reasoning_effort": "is `reasoning_effort`; a budget is sent as the nearest effort",
    "reasoning": "is `reasoning`, by effort or by budget",
    "thinking": "is `thinking.type`, with `reasoning_effort` beside it; a budget is sent as the nearest effort",
    "switch": "is on or off there (`thinking.type`): any effort but `none`, and any budget but 0, is on",
    "enable_thinking": "is on or off there (`enable_thinking`): any effort but `none` is on",
    "chat_template_kwargs": "goes to the model's template (`chat_template_kwargs`), with the effort beside the switch",
    "chat_template_args": "goes to the model's template (`chat_template_args`), with the effort beside the switch",
    "none": "has no switch there: asking for it is `UnsupportedFeatureError`",
}
_REPLAY = {
    "details": "`reasoning_details` go back with each turn, as they came",
    "content": "thoughts go back as `reasoning_content` on turns with calls",
    "always": "thoughts go back as `reasoning_content` on every turn (the key on each turn with calls, be it empty)",
    "turn": "thoughts go back as `reasoning_content` from the first call of a user's turn on",
}
_LATE = {
    "user": "A system message that comes late is said in the user's role ([conversations](../guides/conversations.md))."
}


def page(host: Host) -> str:
    """The page of one host."""
    row = host.row
    lines = [
        f"# {row.name}",
        "",
        f"{row.title}, {_spoken(row)}, streamed as server-sent events.",
        "",
        "| | |",
        "|---|---|",
        f"| Key | {_key(row)} |",
        f"| Base URL | {_base(row)} |",
        f"| DSN options | {_options(row)} |",
        f"| Supported | {', '.join(_features(row, True))} |",
        f"| Not on this wire | {', '.join(_features(row, False))} |",
        f"| Beside answers | {_verbs(row)} |",
        "",
        "```python",
        "import aikido_llm as llm",
        "",
        _opening(row),
        "```",
        "",
        *(f"- {note}" for note in (*host.notes, *_changes(row))),
        "",
        f"Sources: {host.source}.",
        "",
    ]
    return "\n".join(lines)


def _spoken(row: Provider) -> str:
    if not row.wires:
        return f"dialect `{row.dialect.name}`"
    others = ", ".join(
        f"`{wire.dialect.name}` with `wire={name}`" for name, wire in row.wires.items() if name != row.wire
    )
    return f"dialect `{row.dialect.name}`, or {others} (or a base URL that ends in its path)"


def _key(row: Provider) -> str:
    ways = " or ".join(f"`{name}`" for name in row.key_env)
    where = f"; from <{row.key_url}>" if row.key_url else ""
    needed = "" if row.key_needed else "Usually none is needed. "
    return (
        f"{needed}{ways}, or `api_key` in the DSN, or `api_key` of `open`{where}. Sent as `{row.key_header}: Bearer`."
    )


def _base(row: Provider) -> str:
    if not row.base_url:
        return f"Yours: the DSN or `{row.base_env}` must name it; a bare host gets `{row.base_path}`"
    env = f"; `{row.base_env}` changes it" if row.base_env else ""
    return f"`{row.base_url}`{env}"


def _options(row: Provider) -> str:
    said: list[str] = []
    for option in row.options:
        if option.name == WIRE.name:
            said.append(f"`wire`: {option.about}")
        elif option.setting:
            said.append(f"`{option.name}`: {option.about} (or {', '.join(f'`{name}`' for name in option.env)})")
        else:
            said.append(f"`{option.name}`: {option.about} (body `{'.'.join(option.body)}`)")
    return "; ".join(said) or "None of its own"


def _features(row: Provider, wanted: bool) -> Iterator[str]:
    has = [feature for feature in FEATURES if row.dialect.features[feature] is wanted]
    return iter(has or ["nothing"])


def _verbs(row: Provider) -> str:
    names: tuple[VerbName, ...] = ("embed", "rerank", "count_tokens")
    had = ", ".join(f"`{verb}`" for verb in names if has(row.dialect, verb))
    return f"{had} ([guide](../guides/embeddings.md))" if had else "nothing"


def _opening(row: Provider) -> str:
    settings = [option for option in row.options if option.setting]
    given = "".join(
        f', {option.name}="..."' if option.name != "account_id" else ', account_id="0123abcd"' for option in settings
    )
    base = "" if row.base_url else ', base_url="https://my-workspace.example"'
    key = ', api_key="..."' if row.key_needed else ""
    return f'client = llm.open("{row.name}"{base}{key}{given}, model="the-model")'


def _changes(row: Provider) -> Iterator[str]:
    """What the quirks of its dialect say, in words."""
    chat = row.dialect
    if not isinstance(chat, OpenAIChat):
        yield "Nothing is stored (`store` is not sent); stop strings, seed and `n` have no place on Responses."
        return
    replay = _REPLAY.get(chat.reasoning_replay, "")
    yield f"Thinking {_THINKING[chat.thinking]}{f'; {replay}' if replay else ''}."
    if chat.max_tokens_field != "max_tokens":
        yield f"`max_tokens` is sent as `{chat.max_tokens_field}`."
    if chat.prefill_field:
        yield f"A last assistant message is continued (`{chat.prefill_field}: true`)."
    lacking = {
        "seed": chat.seed_field is None, "`n` above 1": not chat.several_answers, "logprobs": chat.logprobs is None,
        "JSON schema": not chat.json_schema,
    }  # fmt: skip
    if any(lacking.values()):
        yield f"Refused before anything is sent: {', '.join(name for name, lacks in lacking.items() if lacks)}."
    if not chat.models_path:
        yield "It has no model list on this wire: `list_models` is `UnsupportedFeatureError`."
    if chat.late_system in _LATE:
        yield _LATE[chat.late_system]


def write() -> None:
    for name, host in HOSTS.items():
        (FOLDER / f"{name}.md").write_text(page(host), encoding="utf-8")


if __name__ == "__main__":
    write()
