"""Duty: the roster, the rotas, who is on, and what those on duty are told."""

from bot.services.duty.breaks import Breaks
from bot.services.duty.duty import Duty
from bot.services.duty.rotas import Rotas
from bot.services.duty.telling import DutyRounds

__all__ = ["Breaks", "Duty", "DutyRounds", "Rotas"]
