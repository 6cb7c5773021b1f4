"""The hosts that speak one of OpenAI's wires and need no more than a few words: what differs from the common case, with
where that was read. Their pages in docs/providers are made from this table.

A source says what was opened: a host's page (mostly a stored copy, of some only its first part), its repository or its
SDK, or models.dev's notes of the page. What a row says and none of them does is named there as not read. Of the places
where keys are made (`key_url`), those of deepinfra, huggingface, perplexity and venice were seen there, the others not.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from ..dialects.openai_chat import OpenAIChat
from ..dialects.openai_responses import OpenAIResponses
from ..dialects.verbs import Embedding, Reranking
from ..errors import ConfigError
from . import base_variables
from .base import WIRE, DsnOption, Provider, Wire
from .openai_compatible import RESPONSES

_ENDINGS = ("/chat/completions", "/responses", "/models")


@frozen
class Host:
    """row: as `open` uses it. source: what it was read in, and when. notes: what else a user must know, a line each."""

    row: Provider
    source: str
    notes: tuple[str, ...] = field(default=(), kw_only=True)


def _host(
    name: str,
    title: str,
    base_url: str,
    keys: tuple[str, ...],
    key_url: str,
    dialect: OpenAIChat | OpenAIResponses,
    source: str,
    *notes: str,
    **more: Any,
) -> Host:
    row = Provider(
        name, base_url, dialect, title=title, key_env=keys, key_url=key_url, strip_base=_ENDINGS,
        docs=f"docs/providers/{name}.md", **base_variables.OF.get(name, {}), **more,
    )  # fmt: skip
    return Host(row, source, notes=notes)


_OPEN = OpenAIChat(late_system="user", audio_input=None, file_input=None)


def _open_models(**quirks: Any) -> OpenAIChat:
    """A host of open models: many of their chat templates raise on a system message that is not the first; none of
    them hears or reads files."""
    return evolve(_OPEN, **quirks)


def _both(chat: OpenAIChat, responses: OpenAIResponses) -> dict[str, Any]:
    """Chat Completions, unless the base URL or the option says otherwise."""
    wires = {
        "chat": Wire(chat, endings=("/chat/completions",)),
        "responses": Wire(responses, endings=("/responses",)),
    }
    return {"dialect": chat, "wires": wires, "options": (WIRE,)}


def _switch(value: str) -> bool:
    """`true` or `false`, as an option says it."""
    if value.lower() not in ("true", "false"):
        raise ConfigError("a switch takes true or false")
    return value.lower() == "true"


_LISTS = Embedding(numbers="")  # no word of base64 was read
_FIXED = evolve(_LISTS, dimensions="")  # nor of shorter vectors
_PASSAGES = evolve(_LISTS, input_type="input_type", input_types={"document": "passage"})
_INT8 = Embedding(most_texts=512, most_tokens=120_000, numbers="", int8=True)

_TEMPLATES = (
    "Its engines hand `chat_template_kwargs` to the model's template; which switch a template knows is its affair."
)
_RECORDED = "recorded exchanges of 2026"
_MODELS_DEV = "in models.dev's notes of it, read 2026-11"

_LMSTUDIO = _open_models(top_k_field="top_k", thinking="none", reasoning_replay="content", embedding=_FIXED)
_LITELLM = OpenAIChat(cache_marks=True, file_urls=True, metadata=True, embedding=Embedding(), reranking=Reranking())

HOSTS: Mapping[str, Host] = {
    host.row.name: host
    for host in (
        _host(
            "fireworks", "Fireworks AI", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",),
            "https://app.fireworks.ai/settings/users/api-keys",
            _open_models(top_k_field="top_k", reasoning_replay="content", embedding=_LISTS, reranking=Reranking()),
            f'Fireworks docs, "Reasoning" and "Chat completions", {_MODELS_DEV}; "Embeddings and reranking", read'
            " 2026-11",
            "Models are named in full: `accounts/fireworks/models/NAME`.",
            'A budget of thinking is `extra={"thinking": {"type": "enabled", "budget_tokens": N}}`, alone.',
        ),
        _host(
            "deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", ("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
            "https://deepinfra.com/dash/api_keys",
            _open_models(top_k_field="top_k", reasoning_replay="content", embedding=_LISTS),
            'DeepInfra docs, "Chat completions" and its API reference (top_k, n, logprobs, seed), read 2026-11;'
            " DEEPINFRA_API_KEY"
            f' by litellm 1.110.2; "Reasoning", {_MODELS_DEV}',
        ),
        _host(
            "sambanova", "SambaNova", "https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",),
            "https://cloud.sambanova.ai/apis",
            _open_models(
                top_k_field="top_k", thinking="chat_template_kwargs", embedding=evolve(_FIXED, numbers="base64")
            ),
            'SambaNova docs, "OpenAI compatibility" (1.0.57) and "Create embeddings", and sambanova 1.13.0, _client.py'
            " and types/chat/completion_create_params.py, read 2026-11; no recorded exchange",
            "Its model of vectors is served by SambaStack, not by SambaCloud.",
            _TEMPLATES,
            "`n` is 1 to 8, and 1 beside tools (else a 400). gpt-oss models take"
            ' `extra={"reasoning_effort": "low" | "medium" | "high"}`.',
        ),
        _host(
            "nvidia", "NVIDIA NIM", "https://integrate.api.nvidia.com/v1", ("NVIDIA_API_KEY",),
            "https://build.nvidia.com/settings/api-keys",
            _open_models(thinking="chat_template_kwargs", reasoning_replay="content", embedding=_PASSAGES),
            f'NVIDIA NIM API reference, "LLM APIs", {_MODELS_DEV}; "Use the API" of its embedding NIM, read 2026-11; no'
            " recorded exchange",
            _TEMPLATES,
            "Each model has a closed schema of its own: what it does not know is a 400.",
        ),
        _host(
            "moonshot", "Moonshot AI (Kimi)", "https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",),
            "https://platform.moonshot.ai/console/api-keys",
            _open_models(
                thinking="switch", reasoning_replay="always", prefill_field="partial", late_system="role",
                count_path="/tokenizers/estimate-token-count",
            ),
            f'Kimi API docs, "Chat" and "Partial mode", {_MODELS_DEV}; no recorded exchange',
            'In China: `base_url="https://api.moonshot.cn/v1"`, with a key of that platform.',
            'A model that thinks takes no `temperature` but 1 and no `tool_choice="required"`.',
        ),
        _host(
            "zai", "Z.AI (GLM)", "https://api.z.ai/api/paas/v4", ("ZAI_API_KEY", "ZHIPU_API_KEY"),
            "https://z.ai/manage-apikey/apikey-list",
            _open_models(
                thinking="switch", reasoning_replay="always", several_answers=False, logprobs=None, json_schema=False,
                citations=True,
            ),
            f'Z.AI docs, "Thinking mode" and "Chat completion", {_MODELS_DEV}; {_RECORDED}',
            'For a coding plan: `base_url="https://api.z.ai/api/coding/paas/v4"`;'
            " in China `https://open.bigmodel.cn/api/paas/v4`.",
            "`tool_choice` is `auto` there.",
        ),
        _host(
            "qwen", "Alibaba Cloud (Qwen)", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            ("DASHSCOPE_API_KEY",), "https://modelstudio.console.alibabacloud.com",
            _open_models(
                top_k_field="top_k", thinking="enable_thinking", thinking_budget_field="thinking_budget",
                prefill_field="partial", cache_marks=True, reasoning_replay="content", audio_input="object",
                citations=True, embedding=evolve(_LISTS, most_texts=10),
            ),
            f'Alibaba Cloud Model Studio docs, "Deep thinking", "Context cache", {_MODELS_DEV}; "OpenAI compatible:'
            f' Embedding", read 2026-11; {_RECORDED}',
            'In China: `base_url="https://dashscope.aliyuncs.com/compatible-mode/v1"`; in the US'
            " `https://dashscope-us.aliyuncs.com/compatible-mode/v1`. A key belongs to one of them.",
        ),
        _host(
            "minimax", "MiniMax", "https://api.minimax.io/v1", ("MINIMAX_API_KEY",),
            "https://platform.minimax.io/user-center/basic-information/interface-key",
            _open_models(
                max_tokens_field="max_completion_tokens", thinking="switch", thinking_on="adaptive", seed_field=None,
                several_answers=False, logprobs=None, reasoning_replay="details",
            ),
            'MiniMax API docs, "Compatible OpenAI API" (its first part: base URLs, reasoning_split, reasoning_details)'
            " and the"
            " head of its Chat Completions reference (thinking adaptive), read 2026-11; that seed, n and logprobs are"
            " missing was not read there, n and"
            f" max_completion_tokens are by docs of CAMEL and AgentScope; {_RECORDED}",
            'In China: `base_url="https://api.minimaxi.com/v1"`.',
            "Models before M3 think whatever is asked.",
            options=(
                DsnOption(
                    "reasoning_split", body=("reasoning_split",), convert=_switch, default="true",
                    about="`true` keeps the thinking out of the text; `false` leaves it there between think tags",
                ),
            ),
        ),
        _host(
            "huggingface", "Hugging Face Inference Providers", "https://router.huggingface.co/v1", ("HF_TOKEN",),
            "https://huggingface.co/settings/tokens", _open_models(reasoning_replay="content"),
            "huggingface/hub-docs of 2026-08-22 (242f4a1), docs/inference-providers, index, tasks/chat-completion and"
            " guides,"
            " read 2026-11; how thoughts go back was not read; recorded exchanges of 2025 and 2026",
            "`MODEL:PROVIDER` names who runs it (`:fastest`, which is the default, `:cheapest` and `:preferred`"
            " choose);"
            " what it cannot do is its error.",
            'The token needs the right "Make calls to Inference Providers".',
        ),
        _host(
            "cloudflare", "Cloudflare Workers AI", "https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1",
            ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY"), "https://dash.cloudflare.com/profile/api-tokens",
            _open_models(models_path="", embedding=_FIXED),
            'cloudflare/cloudflare-docs, workers-ai, "OpenAI compatible API endpoints" (161af78) and "REST API"'
            " (0c50ffa), and"
            f" cloudflare 5.9.0, _client.py, read 2026-11; {_RECORDED}",
            'The token needs the rights "Workers AI - Read" and "Workers AI - Edit"; the Workers AI page of the'
            " dashboard makes"
            " one and tells the account's id.",
            options=(
                DsnOption(
                    "account_id", setting=True, env=("CLOUDFLARE_ACCOUNT_ID",), about="whose account is asked",
                ),
            ),
        ),
        _host(
            "databricks", "Databricks", "", ("DATABRICKS_TOKEN",), "https://docs.databricks.com/dev-tools/auth/pat",
            OpenAIChat(
                top_k_field="top_k", audio_input=None, file_input=None, speaker_names=False, models_path="",
                embedding=_FIXED,
            ),
            'Databricks docs, "Foundation model REST API reference" and "Use model services", databricks-sdk 0.162,'
            " config.py,"
            " and databricks-openai 0.18, utils/clients.py, read 2026-11; whether it takes names of speakers was not"
            f" read; {_RECORDED}",
            "The model is the name of a serving endpoint. `n` above 1 is for provisioned throughput; only GPT models"
            " take"
            " strict tools.",
            'Unity AI Gateway is `base_url="https://WORKSPACE/ai-gateway/mlflow/v1"`; its models are `system.ai.NAME`.',
            base_path="/serving-endpoints",
        ),
        _host(
            "vercel", "Vercel AI Gateway", "https://ai-gateway.vercel.sh/v1",
            ("AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"), "https://vercel.com/docs/ai-gateway/authentication",
            OpenAIChat(
                thinking="reasoning", reasoning_replay="details", cache_marks=True, audio_input=None, embedding=_LISTS,
                reranking=Reranking(),
            ),
            f'Vercel docs, "AI Gateway: OpenAI Chat Completions, advanced", {_MODELS_DEV}; "Cohere Rerank API", read'
            f" 2026-11; {_RECORDED}",
            options=(
                DsnOption(
                    "provider_order", body=("providerOptions", "gateway", "order"), split=True,
                    about="hosts to try, comma-separated",
                ),
            ),
        ),
        _host(
            "perplexity", "Perplexity", "https://api.perplexity.ai/v1", ("PERPLEXITY_API_KEY",),
            "https://console.perplexity.ai/group/keys",
            evolve(RESPONSES, replays_open_reasoning=False, embedding=_INT8, reranking=None),
            'Perplexity docs, "OpenAI compatibility", "Presets" and "Effort" of its Agent API, and perplexityai'
            " 0.46.1, read"
            " 2026-11; that Sonar's chat ended on 2026-09-27 by release notes of @ai-sdk/perplexity 3.1.0",
            "Its presets (`fast`, `low` to `xhigh`: model, search, steps and tools) and the search's own settings go"
            " into"
            ' `extra` (`{"preset": "low"}`; its newest pages call the key `effort`).',
        ),
        _host(
            "nebius", "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1", ("NEBIUS_API_KEY",),
            "https://tokenfactory.nebius.com",
            _open_models(top_k_field="top_k", reasoning_replay="content", embedding=Embedding()),
            f'Nebius Token Factory API reference, "Create chat completion", {_MODELS_DEV}; "Create embeddings"'
            " (20260506), read 2026-11; no recorded exchange",
        ),
        _host(
            "baseten", "Baseten", "https://inference.baseten.co/v1", ("BASETEN_API_KEY",),
            "https://app.baseten.co/settings/api_keys",
            _open_models(thinking="chat_template_args", reasoning_replay="content"),
            f'Baseten docs, "Reasoning" and "Chat completions", {_MODELS_DEV}; {_RECORDED}',
            "Its engines hand `chat_template_args` to the model's template; some models take"
            ' `extra={"reasoning_effort": ...}` instead.',
        ),
        _host(
            "novita", "Novita AI", "https://api.novita.ai/openai/v1", ("NOVITA_API_KEY",),
            "https://novita.ai/settings/key-management",
            _open_models(
                top_k_field="top_k", thinking="enable_thinking", reasoning_replay="content", embedding=_FIXED,
                reranking=Reranking(),
            ),
            f'Novita docs, "Create chat completion", {_MODELS_DEV}; "Create embeddings" and "Create rerank", read'
            " 2026-11; no recorded exchange",
        ),
        _host(
            "siliconflow", "SiliconFlow", "https://api.siliconflow.com/v1", ("SILICONFLOW_API_KEY",),
            "https://cloud.siliconflow.com/account/ak",
            _open_models(
                top_k_field="top_k", thinking="enable_thinking", thinking_budget_field="thinking_budget",
                reasoning_replay="content", embedding=Embedding(), reranking=Reranking(),
            ),
            f'SiliconFlow docs, "Chat completions", {_MODELS_DEV}; no recorded exchange',
            'In China: `base_url="https://api.siliconflow.cn/v1"`.',
            "A budget of thinking is 128 to 32,768 tokens.",
        ),
        _host(
            "xiaomi", "Xiaomi MiMo", "https://api.xiaomimimo.com/v1", ("XIAOMI_API_KEY", "XIAOMI_MIMO_API_KEY"),
            "https://platform.xiaomimimo.com",
            _open_models(max_tokens_field="max_completion_tokens", thinking="switch", reasoning_replay="always"),
            f'MiMo docs, "OpenAI API", {_MODELS_DEV}; {_RECORDED}',
        ),
        _host(
            "venice", "Venice AI", "https://api.venice.ai/api/v1", ("VENICE_API_KEY",),
            "https://venice.ai/settings/api",
            _open_models(
                top_k_field="top_k", metadata=True, audio_input="object", file_input="file", file_urls=True,
                cache_marks=True, reasoning_replay="content", citations=True, embedding=_FIXED,
            ),
            "veniceai/api-docs of 2026-08-22 (601b7bb), swagger.yaml (20260821), guides on reasoning and prompt"
            " caching, and"
            f' "Quick start", read 2026-11; {_RECORDED}',
            'Its own settings go into `extra={"venice_parameters": {...}}`.',
        ),
        _host(
            "lmstudio", "LM Studio", "http://127.0.0.1:1234/v1", ("LM_API_TOKEN", "LMSTUDIO_API_KEY"), "",
            source="lmstudio-ai/docs of 2026-04-29 (c6854fb), Chat Completions, Responses, Authentication and API"
            " changelog, read"
            f" 2026-11; how thoughts go back was not read; {_RECORDED}",
            key_needed=False, **_both(_LMSTUDIO, evolve(RESPONSES, embedding=_FIXED, reranking=None)),
        ),
        _host(
            "sglang", "SGLang", "http://127.0.0.1:30000/v1", ("SGLANG_API_KEY",), "",
            _open_models(
                top_k_field="top_k", thinking="chat_template_kwargs", reasoning_replay="content", embedding=_LISTS
            ),
            'SGLang docs, "OpenAI APIs: completions" and "Reasoning parser", and sgl-project/sglang,'
            " entrypoints/openai/protocol.py"
            " (004c82e), read 2026-11; SGLANG_API_KEY is ours, the port was not read; no recorded exchange",
            _TEMPLATES,
            "Start it with `--reasoning-parser` for thoughts apart from the text, and `--tool-call-parser` for calls.",
            key_needed=False,
        ),
        _host(
            "litellm", "LiteLLM Proxy", "http://127.0.0.1:4000/v1", ("LITELLM_PROXY_API_KEY", "LITELLM_API_KEY"), "",
            source='LiteLLM docs, "Quickstart" and "LiteLLM Proxy (LLM Gateway)" (2026-10), and litellm 1.110.2,'
            " proxy_cli.py and"
            " llms/litellm_proxy, read 2026-11; whether every model behind it takes cache marks, URLs of files and"
            " labels was not read",
            key_needed=False, **_both(_LITELLM, RESPONSES),
        ),
    )
}  # fmt: skip
