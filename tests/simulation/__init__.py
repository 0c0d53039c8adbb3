"""The real escalation service on a clock moved by hand, with people and faults that a seed decides."""

from simulation.simulation import simulate
from simulation.watching import Broken, Result

__all__ = ["Broken", "Result", "simulate"]
