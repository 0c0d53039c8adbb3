"""Bringing one reply to one interaction."""

import discord

from bot.core.content import Content, Reply
from bot.platforms.discord.errors import ALREADY_ANSWERED
from bot.platforms.discord.rendering import Piece, pieces


class Delivery:
    """The answer to an interaction, with or without a "thinking" stand-in before it.

    A private reply in a server is ephemeral: only the person sees it. In a direct message all of it is private,
    and an answer that stays is worth more than one that vanishes.
    """

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._in_server = interaction.guild_id is not None
        self._stands_in = False

    async def stand_in(self) -> None:
        """Show that the bot is at work. It is not known yet whether the reply is private, so this is."""
        try:
            await self._interaction.response.defer(ephemeral=self._in_server, thinking=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
        self._stands_in = True

    async def bring(self, reply: Reply | None) -> None:
        """Show the reply; None leaves nothing behind. Raises what discord.py raises."""
        if reply is None:
            await self._leave_nothing()
            return
        ephemeral = reply.private and self._in_server
        first, *more = pieces(reply.content)
        if not self._stands_in:
            await self._answer(first, ephemeral=ephemeral)
        elif ephemeral == self._in_server:
            await self._edit(first)
        else:
            # A private stand-in cannot become a public answer.
            await self._interaction.delete_original_response()
            more = [first, *more]
        for piece in more:
            await self._interaction.followup.send(piece.text, **piece.parts, ephemeral=ephemeral, suppress_embeds=True)

    async def add(self, content: Content) -> None:
        """Show one thing more to them alone; raises what discord.py raises."""
        for piece in pieces(content):
            await self._interaction.followup.send(
                piece.text, **piece.parts, ephemeral=self._in_server, suppress_embeds=True
            )

    async def _answer(self, piece: Piece, *, ephemeral: bool) -> None:
        """Answer at once. The library tries again by itself; then the first try may turn out to have worked."""
        try:
            await self._interaction.response.send_message(
                piece.text, **piece.parts, ephemeral=ephemeral, suppress_embeds=True
            )
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise

    async def _edit(self, piece: Piece) -> None:
        """Put the answer in the stand-in's place."""
        parts = piece.parts
        file = parts.pop("file", None)
        await self._interaction.edit_original_response(
            content=piece.text, attachments=[] if file is None else [file], **parts
        )

    async def _leave_nothing(self) -> None:
        interaction = self._interaction
        if self._stands_in:
            await interaction.delete_original_response()
        elif interaction.message is not None:
            await interaction.response.defer()  # a press is acknowledged without a message
        else:
            await interaction.response.defer(ephemeral=self._in_server)
            await interaction.delete_original_response()
