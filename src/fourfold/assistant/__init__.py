"""The request path: guard, retrieve, prompt, complete, guard."""

from fourfold.assistant.assistant import Assistant
from fourfold.assistant.base import AnswerPiece, FollowUp, Reader, Retriever
from fourfold.assistant.task import TaskAssistant

__all__ = ["AnswerPiece", "Assistant", "FollowUp", "Reader", "Retriever", "TaskAssistant"]
