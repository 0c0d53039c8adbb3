"""Duty: who of the peers is on, by rotas in local wall time, and who of them can be called.

A **rota** says on which weekdays, from and until which wall time, who takes turns. A **shift** is one dated instance
of it. A **swap** hands a shift from one person to another, an **override** puts somebody on for a while whatever the
rota says. A **span** is what follows: these people are on, from one instant to another.
"""

from bot.core.duty.changes import Handed, Override, check_override, check_swap
from bot.core.duty.plan import Gap, Plan, Span
from bot.core.duty.roster import Credential, Entry, Hours, Ready, ready, rest_until
from bot.core.duty.rota import Rota, Shift, Turns, shift_on, shifts

__all__ = [
    "Credential",
    "Entry",
    "Gap",
    "Handed",
    "Hours",
    "Override",
    "Plan",
    "Ready",
    "Rota",
    "Shift",
    "Span",
    "Turns",
    "check_override",
    "check_swap",
    "ready",
    "rest_until",
    "shift_on",
    "shifts",
]
