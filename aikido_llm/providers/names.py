"""The list of the providers that come with the package. All other lists are read from it."""

from enum import StrEnum


class ProviderType(StrEnum):
    """The providers that come with the package. Each has its name in capitals too (`ProviderType.OPENROUTER`)."""

    echo = ECHO = "echo"
    openai = OPENAI = "openai"
    openai_responses = OPENAI_RESPONSES = "openai-responses"
    openai_chat = OPENAI_CHAT = "openai-chat"
    openai_compatible = OPENAI_COMPATIBLE = "openai-compatible"
    anthropic = ANTHROPIC = "anthropic"
    gemini = GEMINI = "gemini"
    cohere = COHERE = "cohere"
    mistral = MISTRAL = "mistral"
    grok = GROK = "grok"
    llamacpp = LLAMACPP = "llamacpp"
    ollama = OLLAMA = "ollama"
    openrouter = OPENROUTER = "openrouter"
    chutes = CHUTES = "chutes"
    groq = GROQ = "groq"
    deepseek = DEEPSEEK = "deepseek"
    together = TOGETHER = "together"
    cerebras = CEREBRAS = "cerebras"
    vllm = VLLM = "vllm"
    azure = AZURE = "azure"
    azure_anthropic = AZURE_ANTHROPIC = "azure-anthropic"
    bedrock = BEDROCK = "bedrock"
    bedrock_converse = BEDROCK_CONVERSE = "bedrock-converse"
    vertex = VERTEX = "vertex"
    vertex_anthropic = VERTEX_ANTHROPIC = "vertex-anthropic"
    fireworks = FIREWORKS = "fireworks"
    deepinfra = DEEPINFRA = "deepinfra"
    sambanova = SAMBANOVA = "sambanova"
    nvidia = NVIDIA = "nvidia"
    moonshot = MOONSHOT = "moonshot"
    zai = ZAI = "zai"
    qwen = QWEN = "qwen"
    minimax = MINIMAX = "minimax"
    huggingface = HUGGINGFACE = "huggingface"
    cloudflare = CLOUDFLARE = "cloudflare"
    databricks = DATABRICKS = "databricks"
    vercel = VERCEL = "vercel"
    perplexity = PERPLEXITY = "perplexity"
    nebius = NEBIUS = "nebius"
    baseten = BASETEN = "baseten"
    novita = NOVITA = "novita"
    siliconflow = SILICONFLOW = "siliconflow"
    xiaomi = XIAOMI = "xiaomi"
    venice = VENICE = "venice"
    lmstudio = LMSTUDIO = "lmstudio"
    sglang = SGLANG = "sglang"
    litellm = LITELLM = "litellm"


COMPATIBLE = frozenset(
    (
        "fireworks", "deepinfra", "sambanova", "nvidia", "moonshot", "zai", "qwen", "minimax", "huggingface",
        "cloudflare", "databricks", "vercel", "perplexity", "nebius", "baseten", "novita", "siliconflow", "xiaomi",
        "venice", "lmstudio", "sglang", "litellm",
    )
)  # fmt: skip
"""Those that have no module of their own: a row in the table of compatible.py."""
