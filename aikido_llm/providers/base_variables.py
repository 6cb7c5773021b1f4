"""The variables that hold a base URL, of the hosts in the table: a key that is meant for the address there must not go
to the public host. The first is that of the vendor's own SDK; where it has none, and behind it, those of litellm.

source: fireworks-ai 1.2.30, sambanova 1.13.0, perplexityai 0.46.1, zai-sdk 0.2.3, cloudflare 5.9.0, dashscope 2.0.2,
langchain-nvidia-ai-endpoints 1.5.0, databricks-sdk 0.162, litellm 1.110.2, read 2026-11. huggingface_hub 2.4.0 has none
for its router, and of the hosts that are not here neither was an SDK with one found.
"""

from collections.abc import Mapping
from typing import Any


def _workspace(value: str) -> str:
    """DATABRICKS_HOST, in which people write a URL or a bare host."""
    return value if "://" in value else f"https://{value}"


def _before_v1(value: str) -> str:
    """FIREWORKS_BASE_URL, behind which the vendor's SDK puts /v1 alone."""
    bare = value.rstrip("/")
    return bare if bare.endswith("/v1") else f"{bare}/v1"


def _of_account(value: str) -> str:
    """CLOUDFLARE_BASE_URL is that of the whole API; CLOUDFLARE_API_BASE leads to an account's models."""
    whole, account, rest = value.rstrip("/").partition("/accounts/")
    return f"{whole}/accounts/{rest.partition('/')[0] if account else '{account_id}'}/ai/v1"


def _beside_native(value: str) -> str:
    """DASHSCOPE_HTTP_BASE_URL is that of the API of its own at the same host."""
    bare = value.rstrip("/")
    return bare.removesuffix("/api/v1") + "/compatible-mode/v1" if bare.endswith("/api/v1") else bare


OF: Mapping[str, Mapping[str, Any]] = {
    "fireworks": {
        "base_env": "FIREWORKS_BASE_URL", "base_env_older": ("FIREWORKS_API_BASE",), "base_from_env": _before_v1,
    },
    "deepinfra": {"base_env_older": ("DEEPINFRA_API_BASE",)},
    "sambanova": {
        "base_env": "SAMBA_NOVA_BASE_URL", "base_env_older": ("SAMBANOVA_BASE_URL", "SAMBANOVA_API_BASE"),
    },
    "nvidia": {
        "base_env": "NVIDIA_BASE_URL", "base_env_older": ("NVIDIA_NIM_API_BASE",), "base_env_short": True,
    },
    "moonshot": {"base_env_older": ("MOONSHOT_API_BASE",)},
    "zai": {"base_env": "ZAI_BASE_URL", "base_env_older": ("ZAI_API_BASE",)},
    "qwen": {
        "base_env": "DASHSCOPE_HTTP_BASE_URL", "base_env_older": ("DASHSCOPE_API_BASE",),
        "base_from_env": _beside_native,
    },
    "minimax": {"base_env_older": ("MINIMAX_API_BASE",)},
    "huggingface": {"base_env_older": ("HF_API_BASE", "HUGGINGFACE_API_BASE")},
    "cloudflare": {
        "base_env": "CLOUDFLARE_BASE_URL", "base_env_older": ("CLOUDFLARE_API_BASE",), "base_from_env": _of_account,
    },
    "databricks": {
        "base_env": "DATABRICKS_HOST", "base_env_older": ("DATABRICKS_API_BASE",), "base_from_env": _workspace,
    },
    "vercel": {"base_env_older": ("VERCEL_AI_GATEWAY_API_BASE",)},
    "perplexity": {
        "base_env": "PERPLEXITY_BASE_URL", "base_env_older": ("PERPLEXITY_API_BASE",), "base_env_short": True,
    },
    "nebius": {"base_env_older": ("NEBIUS_API_BASE",)},
    "baseten": {"base_env_older": ("BASETEN_API_BASE",)},
    "novita": {"base_env_older": ("NOVITA_API_BASE",)},
    "lmstudio": {"base_env_older": ("LM_STUDIO_API_BASE",)},
    "litellm": {
        "base_env": "LITELLM_PROXY_API_BASE", "base_env_older": ("LITELLM_PROXY_URL",), "base_env_short": True,
    },
}  # fmt: skip
