"""Amazon Bedrock, over OpenAI's two wires, Anthropic's Messages and InvokeModel at its runtime endpoint. Ids of models
begin with their maker, so `anthropic.claude-...`, also behind a geography (`us.`) or in an ARN, is spoken to over
Messages; models that make vectors over InvokeModel, others over Chat Completions. The `bedrock-mantle` endpoint is a
base URL of the same row.

source: Amazon Bedrock User Guide, "Endpoints", "Inference using Anthropic Messages API", "Responses API", "API keys",
read 2026-11.
"""

from collections.abc import Mapping

from attrs import evolve

from ..auth import aws
from ..dialects.anthropic_messages import AnthropicMessages
from ..dialects.bedrock_invoke import BedrockInvoke
from ..dialects.openai_chat import OpenAIChat
from ..dialects.openai_responses import OpenAIResponses
from .anthropic import BETA, VERSION
from .base import WIRE, DsnOption, Provider, Wire

REGION = DsnOption(
    "region", setting=True, env=("AWS_REGION", "AWS_DEFAULT_REGION"), about="the AWS region; else the profile's own"
)
PROFILE = DsnOption("profile", setting=True, about="a profile of the AWS configuration; default: AWS_PROFILE")

_CHAT = OpenAIChat(max_tokens_field="max_completion_tokens", audio_input=None, file_input=None, models_path="")
_RESPONSES = OpenAIResponses(draws_images=False, models_path="")
_MESSAGES = AnthropicMessages(models_path="", count_path="")
_INVOKE = BedrockInvoke()
_INVOKE_PATHS = ("/model/*/invoke-with-response-stream", "/model/*/invoke")

ADVICE = {
    # Amazon Bedrock User Guide, "Inference profiles", read 2026-11; the apostrophe is typed in two ways
    "on-demand throughput": "name an inference profile: the id with `us.`, `eu.`, `apac.` or `global.` in front",
    "isn't supported on this route": "another base URL serves it: see the model's card, `/v1` or `/openai/v1`",
    # What AWS says of a path that a host does not have; of a body that is not the one of the model's maker.
    "unknownoperationexception": "this host has no such wire: Claude is spoken to over wire=invoke too",
    "malformed input request": "it is not the body of that model's maker: bedrock-converse speaks to all of them",
}


# Where a cloud of its own has another name for its hosts, by what its regions begin with. Source: botocore 1.44.8,
# data/partitions.json, read 2026-11.
_DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}


def domain(settings: Mapping[str, str]) -> dict[str, str]:
    """Under which name a region's hosts are."""
    region = settings.get("region", "")
    names = (name for prefix, name in _DOMAINS.items() if region.startswith(prefix))
    return {"domain": next(names, "amazonaws.com")} if region else {}


PROVIDER = Provider(
    name="bedrock",
    title="Amazon Bedrock",
    base_url="https://bedrock-runtime.{region}.{domain}/openai/v1",
    places=domain,
    base_env="AWS_ENDPOINT_URL_BEDROCK_RUNTIME",  # AWS SDKs and Tools guide, "Service-specific endpoints", read 2026-11
    strip_base=("/chat/completions", "/responses", "/v1/messages", *_INVOKE_PATHS, "/model"),
    dialect=_CHAT,
    wires={
        "chat": Wire(_CHAT, endings=("/chat/completions",), base_path="/openai/v1"),
        "responses": Wire(_RESPONSES, endings=("/responses",), base_path="/openai/v1"),
        "messages": Wire(
            _MESSAGES, endings=("/anthropic", "/v1/messages"), base_path="/anthropic", models=("anthropic.",)
        ),
        "invoke": Wire(_INVOKE, endings=("/invoke", "/invoke-with-response-stream"), base_path="", models=("embed",)),
    },
    auth=aws.SIGNING,
    advice=ADVICE,
    key_env=("AWS_BEARER_TOKEN_BEDROCK",),
    key_url="https://console.aws.amazon.com/bedrock/home#/api-keys",
    list_headers=("anthropic-beta",),
    request_id_headers=("x-amzn-requestid", "x-request-id", "request-id"),
    options=(
        REGION,
        PROFILE,
        evolve(WIRE, about="`chat`, `responses`, `messages` or `invoke`, whatever the base URL and the model's id say"),
        evolve(VERSION, quirk="", about="the version of Anthropic's API, for Messages"),
        evolve(BETA, quirk="betas"),
    ),
    docs="docs/providers/bedrock.md",
)
