"""What differs between the hosts and the models that speak generateContent."""

from typing import Literal

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LateSystem
from ..verbs import Embedding
from ..words import NO_WORDS, Words

EMBEDDING = Embedding(
    "",  # by the model's name
    most_texts=100,  # google-genai and others send no more; the service answers 400 "at most 100 requests"
    numbers="float",
    dimensions="outputDimensionality",
    input_type="taskType",
    input_types={"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"},
)


@frozen
class Quirks:
    """The fields, each with why it is there.

    schema_form: where JSON Schemas go. "json_schema" (`parametersJsonSchema`, `responseJsonSchema`) takes them as they
    are; "openapi" (`parameters`, `responseSchema`) is the older subset, into which `schema.to_openapi` rewrites them.

    effort_field: the newer models take an effort as a level; those before them know a budget of tokens only, and get
    the one that `encode.EFFORT_BUDGETS` has for it.

    system_instruction: False for models that refuse `systemInstruction` (the open Gemma ones): the system text then
    leads the first user turn.

    late_system: the wire has one place for system text, at the front; later ones are the user's words, or join it
    there.

    media_in_results: True puts a tool's pictures into `functionResponse.parts`, which older models refuse; False puts
    them into a user turn behind the results, which all understand.

    placeholder_signature: what stands in for the thought signature of a call that was made elsewhere, "" for none. The
    newer models refuse a step whose first call has no signature; this is the value that their documentation gives for
    such history. A call that came from this wire unsigned is sent back unsigned: its model does not sign.

    tells_server_tools: beside functions, what the service runs is told by `includeServerSideToolInvocations`,
    without which the newer models refuse the mixture. The enterprise API refuses the field.

    embedding: what it takes of texts. embed_form: `batch` sends requests of their own for each text, `predict` is the
    enterprise API's. count_form: the `request` whole, or some of its `fields`; "" for a host that counts nothing.

    models_path: where the models are listed, "" for a host that has no list on this wire.

    error_words: what a host's own codes and sentences mean.
    """

    schema_form: Literal["json_schema", "openapi"] = "json_schema"
    effort_field: Literal["level", "budget"] = "level"
    system_instruction: bool = True
    late_system: LateSystem = field(default="user", validator=in_(("user", "front")))
    media_in_results: bool = False
    placeholder_signature: str = "skip_thought_signature_validator"
    tells_server_tools: bool = True
    embedding: Embedding | None = EMBEDDING
    embed_form: Literal["batch", "predict"] = "batch"
    count_form: Literal["request", "fields", ""] = "request"
    models_path: str = "/models"
    error_words: Words = NO_WORDS
