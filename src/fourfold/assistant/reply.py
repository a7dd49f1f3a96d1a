"""What has been said so far in one reply, and how it ends."""

from __future__ import annotations

from fourfold.assistant.base import AnswerPiece
from fourfold.assistant.citations import Citations
from fourfold.assistant.language import ask_me, not_allowed, not_found
from fourfold.core.records import Answer, Citation, Hit, Usage

NOT_IN_DOCUMENTS = "not in the documents"
NO_QUESTION = "no question"
_SENTENCES = {NOT_IN_DOCUMENTS: not_found, NO_QUESTION: ask_me}


class Reply:
    """Collects the sentences of one answer; what was shown is never taken back."""

    def __init__(self, *, question: str, language: str, model: str) -> None:
        self.asked = question  # in the user's own words, without thanks and greetings
        self.question = question  # standing alone
        self.language = language
        self.model = model
        self.hits: tuple[Hit, ...] = ()
        self.usage = Usage()
        self.citations = Citations(())
        self.withheld = ""  # why a guard kept back what was to be said next
        self._text = ""

    def say(self, sentence: str) -> AnswerPiece:
        """Show one more sentence."""
        piece = f" {sentence}" if self._text else sentence
        self._text += piece
        return AnswerPiece(text=piece)

    def end(self) -> AnswerPiece:
        """The whole answer, or the refusal when nothing could be said."""
        if not self._text:
            return self.refuse(self.withheld or NOT_IN_DOCUMENTS)
        return AnswerPiece(answer=self._answer(self._text, self.citations.all()))

    def refuse(self, reason: str) -> AnswerPiece:
        """The honest sentence instead of an answer."""
        text = self._sentence(reason)
        return AnswerPiece(text=text, answer=self._answer(text, (), refused_because=reason))

    def _sentence(self, reason: str) -> str:
        say = _SENTENCES.get(reason)
        return say(self.language) if say else not_allowed(self.language, reason)

    def _answer(
        self, text: str, citations: tuple[Citation, ...], *, refused_because: str | None = None
    ) -> Answer:
        return Answer(
            text=text,
            model=self.model,
            citations=citations,
            refused_because=refused_because,
            usage=self.usage,
            hits=self.hits,
            standalone_question=self.question,
            language=self.language,
        )
