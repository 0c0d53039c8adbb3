"""Escalations: a case from its opening to a person's word that it has ended, and the relay in between."""

from bot.services.escalations.cases import Escalations

__all__ = ["Escalations"]
