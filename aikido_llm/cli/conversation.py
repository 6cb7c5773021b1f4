"""What a `repl` holds between two answers, and how it is kept in a file. No terminal, no network."""

import json
import os
from pathlib import Path
from typing import Any, cast

from attrs import define, field

import aikido_llm as llm

_FORMAT = 1


def _no_messages() -> list[llm.Message]:
    return []


@define
class Conversation:
    """system: instructions, "" for none. messages: the turns, without the instructions. asked, totals: of this run."""

    system: str = ""
    messages: list[llm.Message] = field(factory=_no_messages)
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def request(self, text: str) -> llm.Request:
        """What is asked when the user says text; the conversation stays as it is until `took`."""
        start = [llm.system(self.system)] if self.system else []
        return llm.Request(messages=[*start, *self.messages, llm.user(text)])

    def took(self, text: str, answer: llm.Message) -> None:
        """An answer has come: both turns stay."""
        self.messages += [llm.user(text), answer]

    def count(self, usage: llm.Usage) -> None:
        self.answers += 1
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.cost += usage.cost_usd or 0.0

    def take_back(self) -> str:
        """Drop the last question with all that followed it, and return its text; "" when there is none."""
        for at in range(len(self.messages) - 1, -1, -1):
            if self.messages[at].role == llm.Role.user:
                text = self.messages[at].text
                del self.messages[at:]
                return text
        return ""

    def save(self, path: Path, provider: str, model: str | None) -> None:
        """Write it whole or not at all; only the user may read it. Signatures and encrypted reasoning are kept."""
        data = {
            "aikido_llm_conversation": _FORMAT,
            "provider": provider,
            "model": model,
            "system": self.system,
            "messages": [llm.serialize.to_dict(message) for message in self.messages],
        }
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def load(self, path: Path) -> tuple[str, str | None]:
        """Take over what a file holds, and return its provider and model.

        raises: OSError; InvalidRequestError for another kind of file, and then nothing has changed.
        """
        try:
            data: Any = json.loads(path.read_bytes())
        except ValueError:
            data = None
        fields = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        if fields.get("aikido_llm_conversation") != _FORMAT:
            raise llm.InvalidRequestError(f"{path} is no conversation that /save wrote")
        messages = llm.serialize.from_dict(fields.get("messages"), list[llm.Message])
        self.system = str(fields.get("system") or "")
        self.messages = messages
        model = fields.get("model")
        return str(fields.get("provider") or ""), model if isinstance(model, str) else None

    def totals(self) -> str:
        """`3 answers, 120 in, 456 out, $0.01`."""
        cost = f", ${self.cost:.6g}" if self.cost else ""
        return (
            f"{self.answers} answer{'' if self.answers == 1 else 's'}, "
            f"{self.input_tokens:,} in, {self.output_tokens:,} out{cost}"
        )
