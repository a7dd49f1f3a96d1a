"""An answer while it comes, from whichever provider: pieces in, checked deltas out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fourfold.core.errors import ModelError
from fourfold.core.records import (
    CompletionOptions,
    Delta,
    FinishReason,
    TokenLogprob,
    Usage,
)
from fourfold.core.tools import ToolCall
from fourfold.models.schema import check_text
from fourfold.models.tools import CallPiece, calls_of
from fourfold.models.trouble import broken_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one event of a stream adds, or all that a whole reply holds.

    `error` is why the answer does not count although it has come: it waits until its usage is
    known. `ends` is set where a protocol names its last event.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    calls: tuple[CallPiece, ...] = ()
    error: ModelError | None = None
    ends: bool = False


class Arriving:
    """An answer while it comes. `charge` puts the price to its tokens.

    `cuts` are stops of blanks alone that a protocol does not take: the text ends before the first
    of them, and what the model wrote beyond is neither wanted nor counted.
    """

    def __init__(
        self,
        options: CompletionOptions,
        *,
        charge: Callable[[Usage], Usage],
        new_id: Callable[[], str],
        cuts: Sequence[str] = (),
    ) -> None:
        self._options = options
        self._charge = charge
        self._new_id = new_id
        self._cuts = cuts
        self._texts: list[str] = []
        self._calls: list[CallPiece] = []
        self._finish_reason: FinishReason | None = None
        self._usage = Usage()
        self._error: ModelError | None = None
        self.has_ended = False

    def add(self, pieces: Sequence[Piece]) -> Delta:
        """Take in what arrived together, and give what goes on of it to whoever asked."""
        for piece in pieces:
            self._finish_reason = piece.finish_reason or self._finish_reason
            self._usage = piece.usage or self._usage
            self._error = self._error or piece.error
            self._calls.extend(piece.calls)
            self.has_ended = self.has_ended or piece.ends
        new = self._uncut("".join(piece.text for piece in pieces))
        self._texts.append(new)
        return Delta(text=new, logprobs=tuple(one for piece in pieces for one in piece.logprobs))

    def last(self) -> Delta:
        """What ends the answer, when it is whole and as it was asked for.

        Raises `ModelOverloaded` when it broke off, and else an error with its usage.
        """
        if self._finish_reason is None and self._error is None:
            raise broken_off()
        usage = self._charge(self._usage)
        try:
            calls = self._checked(self._finish_reason or "stop")
        except ModelError as error:
            error.usage = usage
            raise
        return Delta(
            finish_reason=_reason(self._finish_reason, calls), usage=usage, tool_calls=calls
        )

    def _checked(self, finish_reason: FinishReason) -> tuple[ToolCall, ...]:
        if self._error is not None:
            raise self._error
        calls = calls_of(self._calls, self._options, finish_reason, self._new_id)
        if self._options.json_schema is not None and not calls:
            check_text("".join(self._texts), self._options.json_schema, finish_reason)
        return calls

    def _uncut(self, new: str) -> str:
        """The new text, up to where the answer is to be cut."""
        if not self._cuts:
            return new
        before = "".join(self._texts)
        ends = [end for cut in self._cuts if (end := (before + new).find(cut)) >= 0]
        if not ends:
            return new
        if self._finish_reason is None:
            self._usage = Usage()  # the rest, which tells what it took, is not waited for
        self._finish_reason, self.has_ended = "stop", True
        return (before + new)[len(before) : min(ends)]


def _reason(said: FinishReason | None, calls: tuple[ToolCall, ...]) -> FinishReason:
    """Not all servers say that they stopped for a call, and some say it without one."""
    if said == "length":
        return "length"
    return "tool_calls" if calls else "stop"
