"""What differs from Anthropic's own API, and may differ between hosts that speak this wire."""

from attrs import field, frozen
from attrs.validators import in_

from ..anthropic_messages import quirks
from ..late_system import LATE_SYSTEM, LateSystem


@frozen
class Quirks(quirks.Quirks):
    """Each field has the value that Amazon Bedrock wants."""

    path: str = "/model/{model}/invoke"
    stream_path: str = "/model/{model}/invoke-with-response-stream"
    body_version: str = "bedrock-2023-05-31"
    # Beta features for every request, comma-separated; the row's option of that name sets it. A header is not read.
    betas: str = ""
    # Of the messages in a stream that hold an event each.
    wrapper: str = "chunk"
    # What is asked for by this wire are the models up to Opus 4.6, which take no system message among the others.
    # (Claude Platform docs, "Claude on Amazon Bedrock (Opus 4.6 and earlier)", read 2026-11.)
    late_system: LateSystem = field(default="user", validator=in_(LATE_SYSTEM))
    # Counts take a wire of their own; the list of models is at another host, that of the control plane.
    count_path: str = ""
    models_path: str = ""
