"""The request path: guard, retrieve, prompt, complete, guard."""

from fourfold.assistant.assistant import Assistant
from fourfold.assistant.base import AnswerPiece, FollowUp, Reader, Retriever

__all__ = ["AnswerPiece", "Assistant", "FollowUp", "Reader", "Retriever"]
