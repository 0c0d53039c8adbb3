"""Answering interactions within Discord's time: at once, after a stand-in, with a form, or with suggestions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord
from discord import app_commands

from bot.core.content import Content, Reply
from bot.core.faults import where
from bot.core.inbound import Inbound, Invocation, Target
from bot.core.platform import Hub
from bot.core.words import ENGLISH, Words, _
from bot.platforms.discord import wording
from bot.platforms.discord.commands import Menu
from bot.platforms.discord.delivering import Delivery
from bot.platforms.discord.errors import TROUBLE
from bot.platforms.discord.forms import TOKEN_LIMIT, form
from bot.platforms.discord.hearing import Hearing, SharedSpaces
from bot.platforms.discord.interactions import Asked, read, words_of
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.rendering import cut
from bot.platforms.discord.waiting import Waiting, asked_for

log = logging.getLogger(__name__)

Apart = Callable[[Inbound, Content], Awaitable[None]]
"""Says something to the person of an interaction by another way than the interaction."""

_SUGGESTIONS = 25
_SUGGESTION_LIMIT = 100
_READER_TIME = 1.0
"""Seconds to find out who is reading; then a form is in English, and nothing is suggested. Discord waits 3 s."""

_TARGETS = 1000
_SORRY = _(
    "Something went wrong on my side, so this was not done. Please try once more. "
    "If you are in danger, please call your local emergency number."
)

_NO_LONGER = _(
    "I no longer have it here. Please allow direct messages from members of this server and write to me. If you need "
    "a person, write “I need a person” here or to me. If you are in danger, please call your local emergency number."
)
_NOT_YOURS = _("This is for somebody else. If you need a person, write “I need a person” here or to me.")


class Answering:
    """Hands interactions to the hub and brings its answers back."""

    def __init__(
        self,
        hub: Hub,
        hearing: Hearing,
        spaces: SharedSpaces,
        waiting: Waiting,
        *,
        answer_within: float,
        apart: Apart,
    ) -> None:
        self._hub = hub
        self._hearing = hearing
        self._spaces = spaces
        self._waiting = waiting
        self._answer_within = answer_within
        self._apart = apart
        self._targets: dict[str, Target] = {}

    async def answer(self, interaction: discord.Interaction, menu: Menu) -> None:
        """Answer one interaction. Whatever happens, the person is told something, and nothing is raised."""
        asked = read(interaction, menu)
        if asked is None:
            return
        if (account := asked_for(interaction)) is not None:
            await self._hand_out(interaction, asked, account)
        elif interaction.type is discord.InteractionType.autocomplete:
            await self._suggest(interaction, asked)
        elif not await self._open_form(interaction, asked):
            await self._run(interaction, asked)

    async def _hand_out(self, interaction: discord.Interaction, asked: Asked, account: str) -> None:
        """Show them what could be sent nowhere."""
        is_theirs = account == str(interaction.user.id)
        kept = self._waiting.take(account) if is_theirs else []
        inbound = await self._inbound(interaction, asked)
        if not kept:
            words = await self._words(inbound)
            kept = [Content(text=words.render(_NO_LONGER if is_theirs else _NOT_YOURS))]
        delivery = Delivery(interaction)
        try:
            await delivery.bring(Reply(content=kept[0]))
            for content in kept[1:]:
                await delivery.add(content)
        except (*TROUBLE, ValueError) as error:
            log.error("interaction %s was not answered: %s", interaction.id, where(error))
            if is_theirs:
                await self._apart(inbound, kept[0])

    async def _suggest(self, interaction: discord.Interaction, asked: Asked) -> None:
        choices: list[app_commands.Choice[str]] = []
        command = self._hub.registry.get(asked.command)
        parameter = next((p for p in command.parameters if p.name == asked.focused), None) if command else None
        try:
            if parameter is not None:
                async with asyncio.timeout(_READER_TIME):
                    inbound = await self._inbound(interaction, replace(asked, arguments={}))
                    reader, words = await self._hub.reader(inbound)
                found = parameter.kind.suggest(asked.arguments.get(parameter.name, ""), reader)
                choices = [
                    app_commands.Choice(name=cut(label, _SUGGESTION_LIMIT), value=value)
                    for value, say in found
                    if 0 < len(value) <= _SUGGESTION_LIMIT and (label := words.render(say).strip())
                ]
        except Exception as error:
            log.warning("no suggestions for interaction %s: %s", interaction.id, where(error))
        try:
            await interaction.response.autocomplete(choices[:_SUGGESTIONS])
        except TROUBLE as error:
            log.info("suggestions for interaction %s came too late: %s", interaction.id, where(error))

    async def _open_form(self, interaction: discord.Interaction, asked: Asked) -> bool:
        """Ask for what a pressed choice lacks. A form must be the very first answer, so it comes at once."""
        command = self._hub.registry.get(asked.command)
        if command is None or asked.token is None or len(asked.token) > TOKEN_LIMIT:
            return False
        missing = command.missing(asked.arguments)
        if not missing:
            return False
        if asked.about is not None:
            if len(self._targets) >= _TARGETS:
                self._targets.clear()
            self._targets[asked.about.message_id] = asked.about
        try:
            words = await self._words(await self._inbound(interaction, asked))
            await interaction.response.send_modal(form(asked.token, command, missing, words))
        except Exception as error:
            log.warning("no form for interaction %s: %s", interaction.id, where(error))
            return interaction.response.is_done()
        return True

    async def _run(self, interaction: discord.Interaction, asked: Asked) -> None:
        delivery = Delivery(interaction)
        work = asyncio.create_task(self._work(interaction, asked))
        try:
            done, _late = await asyncio.wait({work}, timeout=self._answer_within)
            if not done:
                await self._show_at_work(interaction, delivery)
            inbound, reply = await work
        finally:
            work.cancel()
        try:
            await delivery.bring(reply)
        except (*TROUBLE, ValueError) as error:
            log.warning("interaction %s was not answered: %s", interaction.id, where(error))
            if reply is not None:
                await self._apart(inbound, reply.content)

    async def _show_at_work(self, interaction: discord.Interaction, delivery: Delivery) -> None:
        """Show the stand-in. Where Discord refuses it, the work goes on: its answer finds another way."""
        try:
            await delivery.stand_in()
        except TROUBLE as error:
            log.warning("interaction %s has no stand-in: %s", interaction.id, where(error))

    async def _work(self, interaction: discord.Interaction, asked: Asked) -> tuple[Inbound, Reply | None]:
        """The interaction as it was received, and the hub's reply, or an apology."""
        inbound = await self._inbound(interaction, asked)
        try:
            if inbound.private and not inbound.shared_spaces:
                spaces = await self._spaces.of(interaction.client, interaction.user.id, f"interaction {interaction.id}")
                inbound = replace(inbound, shared_spaces=spaces)
            if asked.about_id is not None:
                inbound = replace(inbound, about=await self._target(interaction, asked.about_id))
            return inbound, await self._hub.receive(inbound)
        except Exception as error:
            log.error("interaction %s could not be handled: %s", interaction.id, where(error))
            words = await self._words(inbound)
            return inbound, Reply(content=Content(text=words.render(_SORRY)))

    async def _inbound(self, interaction: discord.Interaction, asked: Asked) -> Inbound:
        """The interaction as the hub receives it; of the servers shared, those that are known without asking."""
        user_id = interaction.user.id
        guild = interaction.guild
        client, channel = interaction.client, interaction.channel
        place, space, private, apart = await self._hearing.whereabouts(client, channel, guild, user_id)
        spaces = () if not private else (str(guild.id),) if guild else self._spaces.cached(user_id)
        return Inbound(
            event_id=str(interaction.id),
            platform=PLATFORM,
            account=str(user_id),
            place=place,
            private=private,
            at=interaction.created_at,
            space=space,
            apart=apart,
            shared_spaces=spaces,
            text=words_of(asked),
            invocation=Invocation(command=asked.command, arguments=asked.arguments),
            about=asked.about,
            language=interaction.locale.value,
            answered_directly=True,
        )

    async def _words(self, inbound: Inbound) -> Words:
        try:
            async with asyncio.timeout(_READER_TIME):
                return (await self._hub.reader(inbound))[1]
        except Exception as error:
            log.warning("no language for interaction %s: %s", inbound.event_id, where(error))
            return ENGLISH

    async def _target(self, interaction: discord.Interaction, message_id: str) -> Target | None:
        """The message a form was opened on: remembered, or fetched where the bot started again in between."""
        if message_id in self._targets:
            return self._targets.pop(message_id)
        channel = interaction.channel
        if not isinstance(channel, discord.abc.Messageable):
            return None
        try:
            message = await channel.fetch_message(int(message_id))
        except (*TROUBLE, ValueError):
            return None
        return Target(
            message_id=message_id, account=str(message.author.id), text=wording.words_of(message), link=message.jump_url
        )
