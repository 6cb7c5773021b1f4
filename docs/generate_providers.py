"""Writes docs/providers/README.md from the rows, and the pages of those in one table (`generate_hosts.py`):
`python docs/generate_providers.py`. A test compares them."""

import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aikido_llm.auth.base import Signing
from aikido_llm.dialects.base import FEATURES
from aikido_llm.dialects.late_system import LATE_SYSTEM
from aikido_llm.dialects.verbs import Embeds, has
from aikido_llm.errors import UnsupportedFeatureError
from aikido_llm.providers import find, providers
from aikido_llm.providers.base import WIRE, DsnOption, Provider, Wire
from aikido_llm.types.request import Request
from aikido_llm.types.server_tools import ServerTool
from aikido_llm.types.tools import CustomTool

PAGE = Path(__file__).parent / "providers" / "README.md"

_HEAD = """\
# Providers

Generated from the rows in `aikido_llm/providers` by `python docs/generate_providers.py`.
Swapping a provider changes one name; what a wire cannot carry faithfully is `UnsupportedFeatureError` before anything
is sent. Each name leads to its page.
"""

# What is asked for -> fields of a request that asks for it; the encoder itself says whether it can.
_ASKED: Mapping[str, Mapping[str, Any]] = {
    "`seed`": {"seed": 7},
    "`stop`": {"stop": ["END"]},
    "`top_k`": {"top_k": 40},
    "`n`": {"n": 2},
    "`logprobs`": {"logprobs": True},
    "`CustomTool`": {"tools": [CustomTool("note")]},
    "`ServerTool`": {"tools": [ServerTool("web_search")]},
    "`background`": {"background": True},
    "`previous_response_id`": {"previous_response_id": "resp_1"},
    "`conversation`": {"conversation": "conv_1"},
}

_CARRY = """\
What each wire can carry (a model may do less; echo takes all and answers in text). `citations`: answers say what they
stand on; `server tools`: they tell which tools the provider ran. One program holds a conversation of three turns, with
all of it that a row has, over every row, against the test server:"""

_VERBS = """\
[Vectors, rankings and counts](../guides/embeddings.md); echo has all three, a row that is not here has none:

| name | `embed` | texts a request | numbers | `dimensions` | `input_type` | `rerank` | `count_tokens` |
|---|:-:|---|---|:-:|:-:|:-:|:-:|"""

_LATE = """\
Where a system message goes that comes late ([conversations](../guides/conversations.md)); `late_system` in `open` or in
the DSN changes it:

| `late_system` | by default |
|---|---|"""

_RULES = """\
## What is the same on every wire

- **Nothing is dropped in silence** but hints: cache marks, metadata and speakers' names, where a wire has no place
  for them.
- **Ranges.** `temperature` and `top_p` outside a wire's range are sent as the nearest number that it takes
  (`temperature=1.5` is 1 on Anthropic and Cohere; `top_p=1` is 0.99 on Cohere). What a caller relies on to the letter
  (`max_tokens`, `stop`, `seed`) is never changed: it is sent, or refused.
- **Thinking** is asked for by effort or by budget; a wire that knows one of the two gets the nearest of it.
- **The conversation** is put in the order that the wire wants: system text where it belongs, results after their
  calls and in their order, wherever they stood. What was sent of it stays as it was when it goes on, and a system
  message that comes late stays where it was said ([conversations](../guides/conversations.md)). Pictures that the
  assistant made, or that a tool returned, are shown by the next user turn where only the user may show any.
- **A conversation begun elsewhere** goes on: tool-call ids are rewritten where a wire is strict, signatures,
  encrypted reasoning and thinking of another provider are left out. A provider's own turns go back as they came.
- **Arguments** of a past call that are no JSON object go back inside one (`{"input": ...}`): servers that parse them
  would refuse the whole conversation.
- **Base URLs** are taken as people write them: the scheme in any case, an endpoint at the end (`/chat/completions`,
  `/v1/messages`) is taken off, a bare host gets the version segment of the table. Of the variables named there a blank
  one says nothing and a wrong one is a `ConfigError`. `http+unix://%2Frun%2Fllm.sock` (or `unix:///run/llm.sock`) opens
  a Unix socket.
- **Two wires.** `openai` and `azure` speak Responses at their own hosts and Chat Completions at any other base URL; one
  that ends in `/responses` or `/chat/completions`, or holds `/deployments/`, has said which, and `wire=chat` or
  `wire=responses` decides; `bedrock` has a third, `messages`, which ids of Claude choose. What a turn carries of one
  wire (encrypted reasoning, ids) never goes over the other. What the wire in use cannot carry and the other can is
  refused with a message that names the option, and so is a model that the server serves over the other alone.
- **Sound** of which only the transcript is known is text, on every wire.
- **`extra`** goes over what the other fields became, at every depth: objects key by key, lists at `tools` (on every
  wire), `include` (Responses) and `betas` (Anthropic, where they become the header) entry by entry; one of the same
  name, or of the same type when it has no name, replaces. Anything else of `extra` wins. `llm.OMIT` as a value takes
  out a key that would be sent: `extra={"stream_options": llm.OMIT}`. A client's `extra` lies under the request's, the
  row's own options under both. `messages`, `input`, `contents`, `model` and `stream` are `InvalidRequestError` there.
- **`extra_headers`** replace those of the client, whatever their case; `anthropic-beta` (on OpenRouter:
  `x-anthropic-beta`) is a list, to which they add.
- **Refusals** before sending: `UnsupportedFeatureError` where the wire has no word for a thing, `InvalidRequestError`
  where the server would certainly refuse the value (a `tool_choice` that names no tool, too many stop strings).
"""


_INDEX = """
```{toctree}
:hidden:
:glob:

[a-z]*
```
"""


def page() -> str:
    """The whole page."""
    rows = [(name, find(name)) for name in providers() if find(name).docs]  # ours, not those registered since
    return "\n".join(
        [
            _HEAD,
            *_keys(rows),
            "",
            *_features(rows),
            "",
            *_fields(rows),
            "",
            *_verbs(rows),
            "",
            *_options(rows),
            "",
            *_late(rows),
            "",
            _RULES,
            _INDEX,
        ]
    )


def _keys(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    yield "| name | key | base URL | wire |"
    yield "|---|---|---|---|"
    for name, row in rows:
        also = f" (also {', '.join(f'`{alias}`' for alias in row.aliases)})" if row.aliases else ""
        base = f"`{row.base_url}`" if row.base_url else "yours"
        if row.base_variables:
            base += f", or {' or '.join(f'`{variable}`' for variable in row.base_variables)}"
        keys = " or ".join(f"`{variable}`" for variable in row.key_env)
        nearby = "" if row.key_needed_nearby else "; none needed at a loopback or private address"
        if isinstance(row.auth, Signing):
            keys = " or ".join(filter(None, (keys, f"{row.auth.cloud} credentials (extra `{row.auth.extra}`)")))
        key = f"{keys}{nearby}" if row.key_needed or row.auth else f"none needed{f' ({keys})' if keys else ''}"
        yield f"| {_link(name)}{also} | {key} | {base} | {_wires(row)} |"


def _late(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    yield _LATE
    for place in LATE_SYSTEM:
        names = [name for name, row in rows if getattr(row.dialect, "late_system", None) == place]
        yield f"| `{place}` | {', '.join(map(_link, names)) or 'none'} |"


def _features(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    yield _CARRY
    yield ""
    yield f"| name | {' | '.join(FEATURES)} |"
    yield f"|---|{':-:|' * len(FEATURES)}"
    for name, row in _spoken(rows):
        marks = ("yes" if row.dialect.features[feature] else "" for feature in FEATURES)
        yield f"| {name} | {' | '.join(marks)} |"


def _fields(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    yield "What a request may ask for that not every wire has; elsewhere it is `UnsupportedFeatureError`:"
    yield ""
    yield f"| name | {' | '.join(_ASKED)} |"
    yield f"|---|{':-:|' * len(_ASKED)}"
    for name, row in _spoken(rows):
        yield f"| {name} | {' | '.join('yes' if _takes(row, fields) else '' for fields in _ASKED.values())} |"


def _verbs(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    yield _VERBS
    for name, row in _spoken(rows):
        had = [has(row.dialect, verb) for verb in ("embed", "rerank", "count_tokens")]
        if any(had):
            embed, rerank, count = ("yes" if one else "" for one in had)
            yield f"| {name} | {embed} | {' | '.join(_of_vectors(row))} | {rerank} | {count} |"


def _of_vectors(row: Provider) -> tuple[str, str, str, str]:
    """Texts of a request, how numbers come, whether vectors can be shortened, what says what texts are for."""
    table = row.dialect.embedding if isinstance(row.dialect, Embeds) else None
    if table is None:
        return ("", "", "", "")
    most = f"{table.most_texts:,}" + (f" ({table.most_tokens:,} tokens)" if table.most_tokens else "")
    numbers = "int8" if table.int8 else "base64" if table.numbers == "base64" else "lists"
    return most, numbers, "yes" if table.dimensions else "", "yes" if table.input_type else ""


def _takes(row: Provider, fields: Mapping[str, Any]) -> bool:
    request = Request(messages=("hi",), model="m", max_tokens=1000, **fields)
    try:
        row.dialect.encode(request, stream=False, provider=row.name)
    except UnsupportedFeatureError:
        return False
    return True


def _spoken(rows: list[tuple[str, Provider]]) -> Iterator[tuple[str, Provider]]:
    """Each row on each wire that it chooses between. Without echo: nothing is carried anywhere."""
    for name, row in rows:
        if row.transport is not None:
            continue
        chosen = [wire for wire in row.wires if any(_chooses(one) for one in row.wires.values())]
        spoken = {f", {wire}": row.speaking(wire) for wire in chosen} or {"": row}
        for wire, one in spoken.items():
            yield f"{_link(name)}{wire}", one


def _options(rows: list[tuple[str, Provider]]) -> Iterator[str]:
    """Options that only one provider has."""
    yield "Options of single providers, in the DSN or as keywords of `open`:"
    yield ""
    yield "| name | option | goes to | what it does |"
    yield "|---|---|---|---|"
    for name, row in rows:
        if row.key_param != "api_key":
            yield f"| {_link(name)} | `{row.key_param}` | header `{row.key_header}` | the key, in place of `api_key` |"
        for option in row.options:
            default = f"; default `{option.default}`" if option.default else ""
            default += f"; or {', '.join(f'`{name}`' for name in option.env)}" if option.env else ""
            yield f"| {_link(name)} | `{option.name}` | {_target(option)} | {option.about}{default} |"


def _wires(row: Provider) -> str:
    """The wire, or each of them with what chooses it."""
    at_home = [
        f"`{wire.dialect.name}` at {' and '.join(f'`{host}`' for host in wire.hosts)}"
        for wire in row.wires.values()
        if wire.hosts
    ]
    return ", ".join((*at_home, f"{'else ' if at_home else ''}`{row.dialect.name}`"))


def _chooses(wire: Wire) -> bool:
    """Whether a base URL may be for this wire."""
    return bool(wire.hosts or wire.endings or wire.within)


def _target(option: DsnOption) -> str:
    if option.name == WIRE.name:
        return "the wire"
    if option.fields is not None:
        return "who signs"
    if option.setting:
        return "the base URL, or who signs"
    if option.header:
        return f"header `{option.header}`"
    return f"query `{option.query}`" if option.query else f"body `{'.'.join(option.body)}`"


def _link(name: str) -> str:
    return f"[{name}]({name}.md)"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    runpy.run_path(str(PAGE.parent.parent / "generate_hosts.py"), run_name="__main__")
