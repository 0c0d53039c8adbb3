"""A person: what a human can do in Discord, seen from their own client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import components, compose, interactions, permissions
from .commands import MESSAGE_COMMAND, USER_COMMAND
from .entities import DM, JSON, PUBLIC_THREAD, Channel, Guild, Role, User, timestamp
from .interactions import Answer, Choice
from .messages import Message

if TYPE_CHECKING:
    from .server import LoopbackDiscord


class Person:
    """A human user. What Discord's client would not let them do is an AssertionError."""

    def __init__(self, server: LoopbackDiscord, user: User) -> None:
        self._server = server
        self._world = server.world
        self.user = user
        self.answers: list[Answer] = []

    def __repr__(self) -> str:
        return f"<Person {self.name}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def locale(self) -> str:
        """The language of their client, as interactions report it."""
        return self.user.locale

    @locale.setter
    def locale(self, locale: str) -> None:
        self.user.locale = locale

    @property
    def dm_closed(self) -> bool:
        """Whether they refuse direct messages."""
        return self.user.dm_closed

    @dm_closed.setter
    def dm_closed(self, closed: bool) -> None:
        self.user.dm_closed = closed

    @property
    def dm(self) -> Channel:
        """Their direct message channel with the bot."""
        return self._world.direct_channel(self.user)

    # Belonging

    def joins(self, guild: Guild) -> None:
        """Become a member."""
        self._world.join(guild, self.user)

    def leaves(self, guild: Guild) -> None:
        """Stop being a member."""
        self._world.leave(guild, self.user)

    def gains(self, role: Role) -> None:
        """Be given a role."""
        guild = self._guild_of(role)
        self._world.set_roles(guild, self.user, [*guild.members[self.id].role_ids, role.id])

    def loses(self, role: Role) -> None:
        """Have a role taken away."""
        guild = self._guild_of(role)
        kept = [one for one in guild.members[self.id].role_ids if one != role.id]
        self._world.set_roles(guild, self.user, kept)

    def _guild_of(self, role: Role) -> Guild:
        return next(guild for guild in self._world.guilds.values() if role.id in guild.roles)

    def sees(self, channel: Channel) -> bool:
        """Whether the channel is there for them."""
        return bool(channel.permissions_of(self.id) & permissions.VIEW_CHANNEL)

    def _may(self, channel: Channel, bits: int = permissions.VIEW_CHANNEL) -> None:
        has = channel.permissions_of(self.id)
        assert has & permissions.VIEW_CHANNEL, f"{self.name} does not see {channel.name or 'this channel'!r}"
        assert has & bits == bits, f"{self.name} may not do that in {channel.name!r}"

    # Messages

    async def says(self, channel: Channel, text: str, *, reply_to: Message | None = None, ping: bool = True) -> Message:
        """Write a message; ``reply_to`` makes it a reply, which mentions the one replied to."""
        need = permissions.SEND_MESSAGES_IN_THREADS if channel.is_thread else permissions.SEND_MESSAGES
        self._may(channel, need)
        body: JSON = {"content": text}
        if reply_to is not None:
            allowed = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
            body |= {"message_reference": {"message_id": str(reply_to.id)}, "allowed_mentions": allowed}
        return self._world.post(compose.draft(self._world, channel, self.user, body))

    async def says_by_proxy(self, channel: Channel, text: str) -> Message:
        """Write a message that a bot removes and has a webhook say anew, without the marks around it (PluralKit)."""
        own = await self.says(channel, f"L: {text}")
        webhook = User(self._world.snowflake(), "Luna", bot=True)
        made = compose.draft(self._world, channel, webhook, {"content": text})
        made.webhook_id, made.application_id = webhook.id, self._world.snowflake()
        said = self._world.post(made)
        await self.deletes(own)
        return said

    async def attaches(self, channel: Channel, text: str, *files: compose.File) -> Message:
        """Write a message with files, whose kind Discord tells by their names."""
        self._may(channel, permissions.ATTACH_FILES)
        named = {str(number): file for number, file in enumerate(files)}
        return self._world.post(compose.draft(self._world, channel, self.user, {"content": text}, named))

    async def meets_automod(self, channel: Channel, text: str, *, keyword: str, posted: bool = False) -> None:
        """Write what a rule of AutoMod finds by its ``keyword``, and blocks unless it is ``posted`` all the same."""
        message = await self.says(channel, text) if posted else None
        self._world.automod_acts(channel, self.user, text, keyword, message)

    async def forwards(self, message: Message, channel: Channel) -> Message:
        """Pass a message on, without a word of their own."""
        self._may(message.channel)
        return await self.sends_without_content(channel, forwarded=message)

    async def starts_poll(self, channel: Channel, question: str, *answers: str) -> Message:
        """Ask everybody in a channel."""
        media = [{"answer_id": number, "poll_media": {"text": one}} for number, one in enumerate(answers, 1)]
        ends = timestamp(time.time() + 24 * 3600)
        poll: JSON = {"question": {"text": question}, "answers": media, "expiry": ends, "layout_type": 1}
        return await self.sends_without_content(channel, poll=poll | {"allow_multiselect": False})

    async def sends_without_content(self, channel: Channel, **parts: Any) -> Message:
        """Send a message that has no content, but something else."""
        self._may(channel, permissions.SEND_MESSAGES)
        made = Message(self._world.snowflake(), channel, self.user, created=time.time(), **parts)
        return self._world.post(made)

    async def opens_thread(self, channel: Channel, name: str, text: str | None = None) -> Channel:
        """Open a thread in a channel, or in a forum a post with that title, and write its first message."""
        self._may(channel, permissions.CREATE_PUBLIC_THREADS)
        thread = self._world.add_thread(channel, self.user, PUBLIC_THREAD, {"name": name}, self._world.snowflake())
        if text is not None:
            await self.says(thread, text)
        return thread

    async def renames(self, thread: Channel, name: str) -> None:
        """Give an own thread another name."""
        assert thread.owner_id == self.id, f"{self.name} did not open this"
        thread.name = name
        self._world.update_thread(thread)

    async def edits(self, message: Message, text: str) -> Message:
        """Change an own message."""
        assert message.author is self.user, f"{self.name} did not write this"
        compose.edit(self._world, message, {"content": text})
        return message

    async def deletes(self, message: Message) -> None:
        """Delete an own message, or anybody's with the permission for it."""
        if message.author is not self.user:
            self._may(message.channel, permissions.MANAGE_MESSAGES)
        self._world.delete(message)

    async def reacts(self, message: Message, emoji: str) -> None:
        """Add a reaction."""
        self._may(message.channel, permissions.ADD_REACTIONS)
        self._world.react(message, self.user, emoji)

    async def unreacts(self, message: Message, emoji: str) -> None:
        """Take an own reaction back."""
        self._world.unreact(message, self.user, emoji)

    async def types(self, channel: Channel) -> None:
        """Start typing."""
        self._may(channel)
        self._world.typing(channel, self.user)

    # Interactions

    async def runs(self, command: str, channel: Channel, **options: Any) -> Answer:
        """Run a slash command such as ``checkin start``; wait for its first answer."""
        self._may(channel, permissions.VIEW_CHANNEL if channel.type == DM else permissions.USE_APPLICATION_COMMANDS)
        await self._sees_a_menu(channel)
        data = self._server.commands.chat_input(command, channel, self, options)
        return await self._starts(interactions.COMMAND, channel, data)

    async def completes(
        self,
        command: str,
        channel: Channel,
        *,
        option: str,
        typed: str,
        **others: Any,
    ) -> list[Choice]:
        """Type into an option and see the suggestions."""
        self._may(channel)
        await self._sees_a_menu(channel)
        given = {**others, option: typed}
        data = self._server.commands.chat_input(command, channel, self, given, focused=option)
        return (await self._starts(interactions.AUTOCOMPLETE, channel, data, keep=False)).choices

    async def uses_message_menu(self, command: str, message: Message) -> Answer:
        """Use a command from the "Apps" menu of a message."""
        self._may(message.channel)
        await self._sees_a_menu(message.channel)
        found = self._server.commands.find(command, MESSAGE_COMMAND, message.channel, self)
        rendered = message.json(reader_id=self._world.bot.id)
        data = _menu_data(found, message.id) | {"resolved": {"messages": {str(message.id): rendered}}}
        return await self._starts(interactions.COMMAND, message.channel, data)

    async def uses_user_menu(self, command: str, person: Person, channel: Channel) -> Answer:
        """Use a command from the "Apps" menu of a person."""
        self._may(channel)
        await self._sees_a_menu(channel)
        found = self._server.commands.find(command, USER_COMMAND, channel, self)
        resolved: JSON = {}
        components.resolve(resolved, person, channel.guild)
        data = _menu_data(found, person.id) | {"resolved": resolved}
        return await self._starts(interactions.COMMAND, channel, data)

    async def presses(self, where: Message | Answer, label: str) -> Answer:
        """Press a button by its label, or choose the option of that name."""
        for message in self._in_sight(where):
            data = components.press(message, label)
            if data is not None:
                return await self._starts(interactions.COMPONENT, message.channel, data, message)
        offered = [one for message in self._in_sight(where) for one in components.labels(message)]
        raise AssertionError(f"there is nothing labelled {label!r}; there is {offered}")

    async def selects(
        self, where: Message | Answer, *values: str | Person | Role | Channel, menu: str | None = None
    ) -> Answer:
        """Choose one or more values in a select menu (found by custom_id or placeholder if named)."""
        for message in self._in_sight(where):
            component = components.menu(message, menu)
            if component is not None:
                data = components.choose(component, values, message.channel.guild)
                return await self._starts(interactions.COMPONENT, message.channel, data, message)
        raise AssertionError(f"there is no select menu {menu or ''}")

    async def submits(self, answer: Answer, values: Mapping[str, Any] | None = None, **fields: Any) -> Answer:
        """Fill in and send the modal an answer opened; fields go by custom_id or label."""
        modal = answer.modal
        assert modal is not None, f"no modal was opened, the answer is {answer.kind}: {answer.text!r}"
        before = answer.interaction
        data = components.fill_in(modal, {**(values or {}), **fields}, before.channel.guild)
        return await self._starts(interactions.MODAL_SUBMIT, before.channel, data, before.source)

    async def _sees_a_menu(self, channel: Channel) -> None:
        """Wait until the bot has registered commands: it may do so when it is connected already."""
        server, guild = self._server, channel.guild
        await server.wait_until(
            lambda: bool(server.commands_of() or (guild and server.commands_of(guild))), what="a menu of commands"
        )

    def _in_sight(self, where: Message | Answer) -> list[Message]:
        """List the messages to look at, the latest first."""
        if isinstance(where, Answer):
            assert where in self.answers or not where.ephemeral, f"{self.name} does not see that answer"
            return where.messages[::-1]
        assert not where.deleted, "the message is gone"
        own = any(where in answer.messages for answer in self.answers)
        assert own or not where.ephemeral, f"{self.name} does not see that message"
        self._may(where.channel)
        return [where]

    async def _starts(
        self, kind: int, channel: Channel, data: JSON, source: Message | None = None, *, keep: bool = True
    ) -> Answer:
        refused = len(self._server.violations)
        try:
            answer = await self._server.interactions.start(kind, self.user, channel, data, source)
        except AssertionError as error:
            # Most often the bot did answer, with something Discord would not take.
            raise AssertionError(f"{error}; refused: {self._server.violations[refused:]}") from None
        if keep:
            self.answers.append(answer)
        return answer


def _menu_data(command: JSON, target_id: int) -> JSON:
    data = {"id": command["id"], "name": command["name"], "type": command["type"], "target_id": str(target_id)}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})
