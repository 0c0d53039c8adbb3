"""Forms: the parameters that a pressed choice still lacks, asked in Discord's pop-up window."""

from collections.abc import Sequence

import discord

from bot.core.commands import Command, Parameter
from bot.core.words import Words
from bot.platforms.discord.commands import value_limit
from bot.platforms.discord.rendering import cut

FIELDS = 5
"""Fields of one form. What a command lacks beyond them is asked by the bot afterwards."""

TOKEN_LIMIT = 100

_TITLE_LIMIT = 45
_LABEL_LIMIT = 45
_QUESTION_LIMIT = 100


def form(token: str, command: Command, missing: Sequence[Parameter], words: Words) -> discord.ui.Modal:
    """The form that asks for the `missing` parameters, the first five of them.

    It carries `token`, so its answer finds the command without the bot remembering anything; therefore it is
    stopped, and the library does not keep it.
    """
    modal = discord.ui.Modal(title=cut(words.render(command.summary), _TITLE_LIMIT) or "…", custom_id=token)
    for parameter in missing[:FIELDS]:
        modal.add_item(_field(parameter, words.render(parameter.ask)))
    modal.stop()
    return modal


def _field(parameter: Parameter, question: str) -> discord.ui.Label[discord.ui.Modal]:
    """One question. A label holds 45 characters; a longer question stands in full below it."""
    return discord.ui.Label(
        text=cut(question, _LABEL_LIMIT) or "…",
        description=cut(question, _QUESTION_LIMIT) if len(question) > _LABEL_LIMIT else None,
        component=discord.ui.TextInput(
            custom_id=parameter.name,
            style=discord.TextStyle.paragraph if parameter.rest else discord.TextStyle.short,
            placeholder=cut(question, _QUESTION_LIMIT) or None,
            required=parameter.required,
            max_length=value_limit(parameter),
        ),
    )
