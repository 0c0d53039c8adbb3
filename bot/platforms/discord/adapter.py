"""Discord as one of the bot's platforms."""

import asyncio
import logging

import discord

from bot.core.content import Content
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.platform import Address, Finding, Hub, Receipt, SendError, TryAgain
from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.answering import Answering
from bot.platforms.discord.checking import check
from bot.platforms.discord.commands import Menu, menu_of
from bot.platforms.discord.connection import Connection, may_read_content, without_gateway
from bot.platforms.discord.errors import send_error
from bot.platforms.discord.hearing import Hearing, SharedSpaces
from bot.platforms.discord.progress import PLATFORM, Progress
from bot.platforms.discord.sending import Sending
from bot.platforms.discord.threads import PrivateThreads

log = logging.getLogger(__name__)

_LOGIN_PATIENCE = 10.0
_SEND_PATIENCE = 30.0
_REGISTER_PATIENCE = 30.0


class DiscordPlatform:
    """One Discord application. `ready` is set while the gateway is connected."""

    name = PLATFORM

    def __init__(self, account: DiscordAccount, hub: Hub) -> None:
        self.ready = asyncio.Event()
        self._account = account
        self._hub = hub
        self._menu = Menu(payload=[], by_path={}, by_label={})
        self._threads = PrivateThreads(hub)
        self._spaces = SharedSpaces(hub)
        self._hearing = Hearing(self._spaces, self._threads)
        self._sending = Sending(hub, self._threads)
        self._progress = Progress(hub)
        self._answering = Answering(
            hub, self._hearing, self._spaces, answer_within=account.answer_within, apart=self._say_apart
        )
        self._connection: Connection | None = None
        self._logged_in = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self._warned = False

    async def run(self) -> None:
        """Connect and hear until cancelled.

        Returns after `close`. Raises `LoginRefused` for a wrong token, and whatever else ends the connection for
        good; it may be called again then.
        """
        if self._serving is not None:
            raise RuntimeError("the Discord platform is running already")
        self._ended.clear()
        self._serving = asyncio.create_task(self._connect())
        writing = asyncio.create_task(self._progress.keep_writing())
        task = asyncio.current_task()
        try:
            await self._serving
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            # `close` was called: this is how a run ends then.
        finally:
            self._serving = None
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            try:
                await self._progress.write()
            finally:
                self._ended.set()

    async def _connect(self) -> None:
        read_content = await self._content_granted()
        try:
            await self._serve(read_content=read_content)
        except discord.PrivilegedIntentsRequired:
            # It was taken away between the question and the connection.
            self._warn_about_content()
            await self._serve(read_content=False)

    async def _content_granted(self) -> bool:
        """Whether to ask for the message content intent: asking in vain closes the gateway."""
        if self._account.message_content:
            async with without_gateway(self._account) as client:
                if may_read_content(client):
                    return True
        self._warn_about_content()
        return False

    def _warn_about_content(self) -> None:
        if self._warned:
            return
        self._warned = True
        log.warning(
            "The bot cannot read ordinary messages in Discord's channels, so it cannot notice there that somebody "
            "is in danger. Commands, buttons, direct messages and mentions work. To mend it, switch on the "
            "Message Content Intent in the developer portal (Bot, Privileged Gateway Intents), allow it in the "
            "configuration, and start the bot again."
        )

    async def _serve(self, *, read_content: bool) -> None:
        connection = Connection(self._account, self, read_content=read_content)
        self._connection = connection
        try:
            await connection.serve()
        finally:
            self.ready.clear()
            try:
                await connection.end()
            finally:
                self._logged_in.clear()
                self._connection = None

    async def logged_in(self, connection: Connection) -> None:
        """Register the commands, if they are others than the last time. Hearing people does not wait for that."""
        self._logged_in.set()
        try:
            self._menu = menu_of(self._hub.registry)
            known = f"{connection.application_id}:{self._menu.digest}"
            if await self._hub.remembered(PLATFORM, "commands") == known:
                return
            async with asyncio.timeout(_REGISTER_PATIENCE):
                await connection.http.bulk_upsert_global_commands(connection.application_id or 0, self._menu.payload)
            await self._hub.remember(PLATFORM, "commands", known)
        except Exception as error:
            log.error("the commands could not be registered with Discord: %s", where(error))

    def connected(self, connection: Connection, *, up: bool) -> None:
        """The gateway came or went."""
        if connection is not self._connection:
            return
        if up:
            self.ready.set()
        else:
            self.ready.clear()

    async def heard(self, message: discord.Message, *, edited: bool) -> None:
        """Hand a message to the hub."""
        connection = self._connection
        if connection is None:
            return
        if not edited:
            self._progress.begin(message.channel.id, message.id)
        try:
            inbound = await self._hearing.inbound(connection, message, edited=edited)
            if inbound is not None:
                await self._hub.receive(inbound)
        except Exception as error:
            log.error("message %s could not be handled: %s", message.id, where(error))
            return
        if not edited:
            self._progress.done(message.channel.id, message.id)

    async def asked(self, interaction: discord.Interaction) -> None:
        """Answer an interaction."""
        await self._answering.answer(interaction, self._menu)

    async def _say_apart(self, inbound: Inbound, content: Content) -> None:
        """What an interaction could not be answered with, as a direct message."""
        to = Address(
            platform=PLATFORM,
            kind="direct",
            id=inbound.account,
            fallback=None if inbound.private else inbound.place,
        )
        try:
            await self.send(to, content, f"answer:{inbound.event_id}", retried=False)
        except SendError as error:
            log.error("interaction %s has no answer: %s", inbound.event_id, error)

    async def send(self, to: Address, content: Content, key: str, *, retried: bool) -> Receipt:
        """Say the rendered `content` at `to`, once per `key`.

        Discord itself refuses a second message of the same key for a few minutes; with `retried`, the last hundred
        messages of the destination are looked through as well. Works from the login on, also while the gateway is
        lost: waits 10 s for it. A person whose direct messages are closed is written to in a private thread under
        `to.fallback`. Raises `SendError`; after 30 s, `TryAgain`.
        """
        try:
            async with asyncio.timeout(_LOGIN_PATIENCE):
                await self._logged_in.wait()
        except TimeoutError:
            raise TryAgain("the bot is not connected to Discord") from None
        connection = self._connection
        if connection is None:
            raise TryAgain("the bot is not connected to Discord")
        try:
            async with asyncio.timeout(_SEND_PATIENCE):
                return await self._sending.send(connection, to, content, key, retried=retried)
        except Exception as error:
            # Without the cause: it may quote what was said.
            raise send_error(error) from None

    async def check(self) -> list[Finding]:
        """What is right and wrong with the token, the intents, the servers; without connecting to the gateway."""
        return await check(self._account, self._hub.registry)

    async def close(self) -> None:
        """Let go of everything: a `run` in progress returns. May be called twice."""
        if self._serving is not None:
            self._serving.cancel()
        await self._ended.wait()
