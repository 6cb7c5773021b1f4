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
