"""The loopback server gives and takes interactions as Discord does."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from loopback_bots import Bot, room, running, serving
from loopback_discord import LoopbackDiscord
from loopback_discord.notifier import PATIENCE

Interaction = discord.Interaction["Bot"]


# Interactions


def checkin_commands(bot: Bot) -> None:
    group = app_commands.Group(name="checkin", description="Check-ins")

    @group.command(name="start", description="Start")
    @app_commands.describe(time="When")
    async def start(interaction: Interaction, time: str, zone: str = "UTC", days: int = 7) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"every day at {time} in {zone}, {days} days")
        await interaction.followup.send("you can stop at any time", ephemeral=True)

    @start.autocomplete("zone")
    async def zones(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        offered = ["Europe/Berlin", "Europe/Paris"]
        return [app_commands.Choice(name=one, value=one) for one in offered if current.lower() in one.lower()]

    @group.command(name="who", description="Who")
    async def who(interaction: Interaction, person: discord.Member) -> None:
        await interaction.response.send_message(f"{person.name} in {interaction.locale.value}")

    bot.tree.add_command(group)


async def test_a_slash_command_is_deferred_and_followed_up(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, checkin_commands):
        answer = await alice.runs("checkin start", lobby, time="08:00")
        assert answer.kind == "deferred"
        await answer.settled()
        assert answer.ephemeral
        await server.wait_until(lambda: len(answer.messages) == 2)
        assert answer.text == "every day at 08:00 in UTC, 7 days\nyou can stop at any time"
        assert server.messages(lobby) == []
        assert alice.answers == [answer]
        assert len(server.bot_messages) == 2


async def test_commands_are_checked_against_what_was_registered(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("checkout", {}),
        ("checkin", {}),
        ("checkin stop", {}),
        ("checkin start", {}),
        ("checkin start", {"time": 8}),
        ("checkin start", {"time": "08:00", "days": "seven"}),
        ("checkin start", {"time": "08:00", "colour": "blue"}),
    ]
    async with running(server, checkin_commands):
        assert [command["name"] for command in server.commands_of()] == ["checkin"]
        for command, options in wrong:
            with pytest.raises(AssertionError):
                await alice.runs(command, lobby, **options)
        assert alice.answers == []


async def test_a_person_given_to_a_command_is_resolved(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)
    alice.locale = "de"
    async with running(server, checkin_commands):
        answer = await alice.runs("checkin who", lobby, person=bob)
        assert (answer.kind, answer.text, answer.ephemeral) == ("message", "bob in de", False)
        assert server.messages(lobby) == answer.messages


async def test_autocomplete_gives_choices(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, checkin_commands):
        choices = await alice.completes("checkin start", lobby, option="zone", typed="berl")
        assert [choice.value for choice in choices] == ["Europe/Berlin"]


class NoteForm(discord.ui.Modal, title="A note"):
    note: discord.ui.TextInput["NoteForm"] = discord.ui.TextInput(label="Note", max_length=20)
    mood: discord.ui.Label["NoteForm"] = discord.ui.Label(
        text="Mood",
        component=discord.ui.Select(
            options=[discord.SelectOption(label="Good", value="3"), discord.SelectOption(label="Bad", value="1")],
            required=False,
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        chosen = self.mood.component
        assert isinstance(chosen, discord.ui.Select)
        await interaction.response.send_message(f"{self.note.value}: {chosen.values}", ephemeral=True)


def note_command(bot: Bot) -> None:
    @bot.tree.command(name="note", description="Write a note")
    async def note(interaction: Interaction) -> None:
        await interaction.response.send_modal(NoteForm())


async def test_a_modal_is_filled_in_and_submitted(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, note_command):
        form = await alice.runs("note", alice.dm)
        assert form.kind == "modal"
        with pytest.raises(AssertionError):
            await alice.submits(form)
        with pytest.raises(AssertionError):
            await alice.submits(form, Note="x" * 21)
        answer = await alice.submits(form, Note="slept well", Mood="Good")
        assert answer.text == "slept well: ['3']"
        form = await alice.runs("note", lobby)
        answer = await alice.submits(form, note="alone")
        assert answer.text == "alone: []"


class PeerView(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="I'm on it", custom_id="claim")
    async def claim(self, interaction: discord.Interaction, _: discord.ui.Button["PeerView"]) -> None:
        await interaction.response.edit_message(content=f"{interaction.user.name} is on it", view=None)

    @discord.ui.button(label="Tell me more", custom_id="more")
    async def more(self, interaction: discord.Interaction, _: discord.ui.Button["PeerView"]) -> None:
        await interaction.response.defer()
        await interaction.followup.send("more", ephemeral=True)

    @discord.ui.select(
        custom_id="when",
        options=[discord.SelectOption(label="Now", value="0"), discord.SelectOption(label="Later", value="1")],
    )
    async def when(self, interaction: discord.Interaction, select: discord.ui.Select["PeerView"]) -> None:
        await interaction.response.send_message(f"value {select.values[0]}", ephemeral=True)


async def test_a_button_still_works_after_the_bot_was_restarted(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        await room(bot, lobby.id).send("Someone asks for a peer", view=PeerView())
    [asked] = server.messages(lobby)
    async with running(server, lambda bot: bot.add_view(PeerView())):
        more = await alice.presses(asked, "Tell me more")
        assert (more.kind, (await more.settled()).text) == ("deferred_update", "Someone asks for a peer\nmore")
        later = await alice.presses(asked, "Later")
        assert later.text == "value 1"
        answer = await alice.presses(asked, "I'm on it")
        assert (answer.kind, asked.content, answer.labels) == ("update", "alice is on it", [])
        with pytest.raises(AssertionError):
            await alice.presses(asked, "I'm on it")


async def test_a_command_in_the_message_menu_gets_the_message(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)

    def setup(bot: Bot) -> None:
        @bot.tree.context_menu(name="Get a peer")
        async def get_a_peer(interaction: Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"for {message.author.name}: {message.content}", ephemeral=True)

    async with running(server, setup):
        said = await bob.says(lobby, "I cannot any more")
        answer = await alice.uses_message_menu("Get a peer", said)
        assert answer.text == "for bob: I cannot any more"


async def test_an_interaction_answered_too_late_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch, interaction_timeout=0.2) as server:
        guild = server.add_guild("Recovery")
        lobby = guild.add_text_channel("lobby")
        alice = server.add_user("alice", guild)
        go = asyncio.Event()
        results: asyncio.Queue[int] = asyncio.Queue()

        def setup(bot: Bot) -> None:
            @bot.tree.command(name="slow", description="Slow")
            async def slow(interaction: Interaction) -> None:
                await go.wait()
                try:
                    await interaction.response.send_message("at last")
                except discord.NotFound as error:
                    results.put_nowait(error.code)

        async with running(server, setup):
            with pytest.raises(AssertionError, match="did not respond"):
                await alice.runs("slow", lobby)
            go.set()
            assert await asyncio.wait_for(results.get(), PATIENCE) == 10062
        assert server.bot_messages == []


async def test_a_second_answer_to_an_interaction_is_refused(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    results: asyncio.Queue[int] = asyncio.Queue()

    def setup(bot: Bot) -> None:
        @bot.tree.command(name="twice", description="Twice")
        async def twice(interaction: Interaction) -> None:
            await interaction.response.send_message("once")
            # Another process would not know that this one has answered already.
            other = discord.InteractionResponse(interaction)
            try:
                await other.send_message("twice")
            except discord.HTTPException as error:
                results.put_nowait(error.code)
            original = await interaction.original_response()
            await original.edit(content="edited")

    async with running(server, setup):
        answer = await alice.runs("twice", lobby)
        assert await asyncio.wait_for(results.get(), PATIENCE) == 40060
        await server.wait_for_message(lobby, "edited")
        assert answer.text == "edited"


async def test_a_modal_opened_by_a_command_can_be_answered_later(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)

    class Form(discord.ui.Modal, title="Form"):
        why: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Why now", custom_id="reason")

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.defer()
            await interaction.followup.send(self.why.value, ephemeral=True)

    def setup(bot: Bot) -> None:
        @bot.tree.command(name="form", description="Form")
        async def form(interaction: Interaction) -> None:
            await interaction.response.send_modal(Form())

    async with running(server, setup):
        for fields in ({"reason": "a"}, {"why_now": "b"}, {"Why now": "c"}):
            opened = await alice.runs("form", lobby)
            answer = await alice.submits(opened, fields)
            assert (await answer.settled()).text == next(iter(fields.values()))
        assert server.messages(lobby) == []


async def test_the_words_of_layouts_and_embeds_are_text(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.Container(discord.ui.TextDisplay("in a layout")))
        await room(bot, lobby.id).send(view=view)
        await room(bot, lobby.id).send(embed=discord.Embed(title="in an", description="embed"))
        laid_out = await server.wait_for_message(lobby, "in a layout")
        embedded = await server.wait_for_message(lobby, after=laid_out)
        assert embedded.text == "in an\nembed"


async def test_two_components_of_one_custom_id_are_refused(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        view = discord.ui.View()
        for label in ("Yes", "No"):
            view.add_item(discord.ui.Button(label=label, custom_id="same"))
        with pytest.raises(discord.HTTPException) as refused:
            await room(bot, lobby.id).send("?", view=view)
        assert refused.value.code == 50035


# The published document


async def test_a_misspelt_key_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LoopbackDiscord()
    if not server.schema.available:
        pytest.skip("Discord's published document is not here")
    await server.start()
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{server.api_base}/channels/{lobby.id}/messages"
        async with session.post(url, json={"content": "hello", "noonce": "1"}) as answer:
            assert answer.status == 400
            assert (await answer.json())["code"] == 50035
        async with session.get(f"{server.api_base}/nowhere") as answer:
            assert answer.status == 404
    await server.stop()
    assert len(server.violations) == 1
    assert "noonce" in server.violations[0]
    assert server.unknown_requests == [("GET", "/nowhere")]
