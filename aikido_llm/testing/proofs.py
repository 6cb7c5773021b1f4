"""What a test server has signed, and whether it comes back as it went out: byte for byte, beside the very words."""

from collections.abc import Iterable

from .wires.base import Proof


class Proofs:
    """The memory of one server. What it has not signed is another's, and nothing is known of it."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}  # proof -> the words that it was given for
        self._proven: set[str] = set()  # words for which a proof was given

    def remember(self, issued: Iterable[Proof]) -> None:
        for one in issued:
            self._said.setdefault(one.proof, set()).add(one.said)
            if one.said:
                self._proven.add(one.said)

    def refusal(self, returned: Iterable[Proof]) -> str | None:
        """What is wrong with the signed blocks of a request: a proof under other words, or words of ours under a proof
        that is none of ours."""
        for one in returned:
            known = self._said.get(one.proof)
            if known is not None and one.said not in known:
                return f"Invalid `signature`: the block is not what was signed ({one.said[:40]!r})"
            if known is None and one.said in self._proven:
                return f"Invalid `signature`: it is not the one of {one.said[:40]!r}"
        return None
