"""What `doctor` says of one provider."""

from typing import Literal

from attrs import frozen

Verdict = Literal["ok", "FAIL", "--"]


@frozen
class Finding:
    """verdict: "--" is not configured, or a server of one's own that is not running."""

    provider: str
    verdict: Verdict
    text: str
