"""The Discord adapter: commands, buttons, forms, suggestions."""

import discord_scene
import pytest
from discord_scene import TAKE, TAKE_WITH_NOTE, Scene
from loopback_discord import LoopbackDiscord
from recording_hub import private, public

from bot.core.content import Choice, Content
from bot.platforms.discord.account import DiscordAccount

discord, scene = discord_scene.discord, discord_scene.scene


def registered(discord: LoopbackDiscord) -> dict[str, list[str]]:
    """The commands by name, with their subcommands or options."""
    return {one["name"]: [option["name"] for option in one.get("options") or ()] for one in discord.commands_of()}


# Commands


async def test_commands_are_registered_and_hidden_ones_are_not(scene: Scene) -> None:
    await scene.discord.wait_until(lambda: bool(scene.discord.commands_of()))
    assert registered(scene.discord) == {
        "checkin": ["start"],
        "help": [],
        "meetings": ["add", "list"],
        "Ask for a peer": [],
        "Tell the moderators": [],
    }


async def test_a_required_option_comes_first_and_completes(scene: Scene) -> None:
    await scene.discord.wait_until(lambda: bool(scene.discord.commands_of()))
    meetings = next(one for one in scene.discord.commands_of() if one["name"] == "meetings")
    add = next(one for one in meetings["options"] if one["name"] == "add")
    shown = [(o["name"], o["required"], o["autocomplete"]) for o in add["options"]]
    assert shown == [("zone", True, True), ("note", False, False)]


async def test_unchanged_commands_are_not_registered_again(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    for _run in range(2):
        async with scene.running():
            await discord.wait_until(lambda: "discord:commands" in scene.hub.memory)
    assert [one.path for one in discord.requests if one.method == "PUT"].count(
        f"/applications/{discord.world.bot.id}/commands"
    ) == 1


async def test_people_are_heard_when_the_commands_are_refused(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    discord.fail_next("PUT", "/commands", status=400)
    async with scene.running():
        await scene.ana.says(scene.channel, "hello")
        await scene.hub.hears("hello")


# Interactions


async def test_a_slash_command_is_answered_at_once_and_only_to_the_asker(scene: Scene) -> None:
    scene.hub.replies["checkin start"] = private("How are you?")
    answer = await scene.ana.runs("checkin start", scene.channel, note="tired today")
    assert (answer.kind, answer.text, answer.ephemeral) == ("message", "How are you?", True)
    heard = scene.hub.received[0]
    assert heard.invocation is not None
    assert (heard.invocation.command, heard.invocation.arguments) == ("checkin start", {"note": "tired today"})
    assert (heard.text, heard.answered_directly, heard.private) == ("tired today", True, False)
    assert (heard.space, heard.place) == (str(scene.guild.id), str(scene.channel.id))
    assert heard.language == "en-US"


async def test_a_command_that_is_also_a_group_runs_under_its_own_name(scene: Scene) -> None:
    scene.hub.replies["meetings"] = public("Nothing today.")
    answer = await scene.ana.runs("meetings list", scene.channel)
    assert (answer.text, answer.ephemeral) == ("Nothing today.", False)


async def test_a_slow_command_is_answered_after_a_stand_in(discord: LoopbackDiscord) -> None:
    scene = Scene(discord, answer_within=0.0)
    scene.hub.gate.clear()
    scene.hub.replies["help"] = private("Here I am.")
    async with scene.running():
        answer = await scene.ana.runs("help", scene.channel)
        assert answer.kind == "deferred"
        scene.hub.gate.set()
        await answer.settled()
        assert (answer.text, answer.ephemeral) == ("Here I am.", True)


async def test_the_stand_in_of_a_slow_command_comes_within_discords_three_seconds() -> None:
    discord = LoopbackDiscord(interaction_timeout=3.0)
    await discord.start()
    scene = Scene(discord, answer_within=DiscordAccount(token="unused").answer_within)
    scene.hub.gate.clear()
    async with scene.running():
        assert (await scene.ana.runs("help", scene.channel)).kind == "deferred"
        scene.hub.gate.set()
    await discord.stop()


async def test_a_slow_public_answer_is_seen_by_all(discord: LoopbackDiscord) -> None:
    scene = Scene(discord, answer_within=0.0)
    scene.hub.gate.clear()
    scene.hub.replies["help"] = public("Here I am.")
    async with scene.running():
        await scene.ana.runs("help", scene.channel)
        scene.hub.gate.set()
        seen = await discord.wait_for_message(scene.channel, "Here I am.")
        assert not seen.ephemeral


async def test_a_long_answer_comes_in_several_messages(scene: Scene) -> None:
    scene.hub.replies["help"] = private("One sentence. " * 300)
    answer = await scene.ana.runs("help", scene.channel)
    await scene.discord.wait_until(lambda: len(answer.messages) == 3)
    assert all(message.ephemeral for message in answer.messages)


async def test_no_reply_to_a_command_leaves_nothing_behind(scene: Scene) -> None:
    answer = await scene.ana.runs("help", scene.channel)
    await scene.discord.wait_until(lambda: not answer.messages)


async def test_a_failing_command_is_answered_kindly_and_logged_without_words(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.hub.failure = RuntimeError("the secret note")
    answer = await scene.ana.runs("checkin start", scene.channel, note="the secret note")
    assert answer.text.startswith("Something went wrong on my side")
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_direct_message_command_knows_the_shared_servers(scene: Scene) -> None:
    scene.hub.replies["help"] = private("Here I am.")
    scene.discord.add_guild("Elsewhere")
    answer = await scene.ana.runs("help", scene.ana.dm)
    assert not answer.ephemeral
    heard = scene.hub.received[0]
    assert (heard.private, heard.space, heard.shared_spaces) == (True, None, (str(scene.guild.id),))


async def test_suggestions_are_cut_to_what_discord_shows(scene: Scene) -> None:
    choices = await scene.ana.completes("meetings add", scene.channel, option="zone", typed="city")
    assert len(choices) == 25
    assert choices[0] == ("Europe/City0 time", "Europe/City0")


async def test_a_failure_while_suggesting_is_an_empty_list(scene: Scene) -> None:
    assert await scene.ana.completes("meetings add", scene.channel, option="zone", typed="!") == []


async def test_a_message_menu_names_the_message(scene: Scene) -> None:
    scene.hub.replies["peer"] = private("A peer is asked.")
    message = await scene.ben.says(scene.channel, "I am not well")
    await scene.hub.hears("I am not well")
    answer = await scene.ana.uses_message_menu("Ask for a peer", message)
    assert answer.text == "A peer is asked."
    about = scene.hub.received[-1].about
    assert about is not None
    assert (about.message_id, about.account, about.text) == (str(message.id), str(scene.ben.id), "I am not well")
    assert about.link is not None
    assert about.link.endswith(f"{scene.channel.id}/{message.id}")


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_form_from_a_message_menu_still_names_the_message(scene: Scene, restarted: bool) -> None:
    scene.hub.replies["report"] = private("Told.")
    message = await scene.ben.says(scene.channel, "something unkind")
    answer = await scene.ana.uses_message_menu("Tell the moderators", message)
    if restarted:
        scene.platform._answering._targets.clear()
    assert (await scene.ana.submits(answer, note="please look")).text == "Told."
    about = scene.hub.received[-1].about
    assert about is not None
    assert (about.message_id, about.text) == (str(message.id), "something unkind")


# Buttons and forms


async def test_a_button_works_after_a_restart(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.send(scene.place, Content(text="A case", choices=(TAKE,)))
    message = await discord.wait_for_message(scene.channel, "A case")
    again = Scene(discord)
    again.hub.replies["case take"] = private("It is yours.")
    async with again.running():
        answer = await scene.ana.presses(message, "Take it")
    assert answer.text == "It is yours."
    heard = again.hub.received[0]
    assert heard.invocation is not None
    assert (heard.invocation.command, heard.invocation.arguments) == ("case take", {"case": "7", "note": "-"})
    assert heard.text == ""  # a press is no words


async def test_a_pressed_choice_that_lacks_something_opens_a_form(scene: Scene) -> None:
    scene.hub.replies["case take"] = private("It is yours.")
    await scene.send(scene.place, Content(text="A case", choices=(TAKE_WITH_NOTE,)))
    message = await scene.discord.wait_for_message(scene.channel, "A case")
    opened = await scene.ana.presses(message, "Take it")
    assert opened.kind == "modal"
    assert scene.hub.received == []
    answer = await scene.ana.submits(opened, note="I know them\nfrom before")
    assert answer.text == "It is yours."
    heard = scene.hub.received[0]
    assert heard.invocation is not None
    assert heard.invocation.arguments == {"case": "7", "note": "I know them\nfrom before"}
    assert heard.text == "I know them\nfrom before"


async def test_a_press_without_a_reply_is_acknowledged(scene: Scene) -> None:
    await scene.send(scene.place, Content(text="A case", choices=(TAKE,)))
    message = await scene.discord.wait_for_message(scene.channel, "A case")
    answer = await scene.ana.presses(message, "Take it")
    assert answer.kind == "deferred_update"


async def test_more_choices_than_buttons_become_menus(scene: Scene) -> None:
    scene.hub.replies["help"] = private("Number 30.")
    many = tuple(Choice(label=f"No {n}", command="help", arguments={"n": str(n)}) for n in range(40))
    await scene.send(scene.place, Content(text="Many", choices=many))
    message = await scene.discord.wait_for_message(scene.channel, "Many")
    assert (await scene.ana.presses(message, "No 30")).text == "Number 30."
    heard = scene.hub.received[0].invocation
    assert heard is not None
    assert heard.arguments == {"n": "30"}


async def test_an_answer_that_comes_too_late_arrives_as_a_direct_message() -> None:
    discord = LoopbackDiscord(interaction_timeout=0.3)
    await discord.start()
    scene = Scene(discord)
    scene.hub.replies["help"] = private("Here I am.")
    async with scene.running():
        discord.fail_next("POST", "/callback", status=404)
        with pytest.raises(AssertionError, match="did not respond"):
            await scene.ana.runs("help", scene.channel)
        await discord.wait_for_message(scene.ana, "Here I am.")
    await discord.stop()


async def test_an_answer_that_no_way_takes_at_once_is_left_to_the_outbox(scene: Scene) -> None:
    scene.hub.replies["help"] = private("Here I am.")
    scene.discord.fail_next("POST", "/callback", status=503)
    scene.discord.fail_next("POST", "/messages$", status=503)
    scene.discord.interactions.answer_within = 0.3
    with pytest.raises(AssertionError, match="did not respond"):
        await scene.ana.runs("help", scene.channel)
    await scene.hub.until_later()
    ((inbound, content, key),) = scene.hub.later
    assert (inbound.account, content.text, key) == (str(scene.ana.id), "Here I am.", f"answer:{inbound.event_id}")


async def test_work_goes_on_when_its_stand_in_is_refused() -> None:
    discord = LoopbackDiscord(interaction_timeout=0.3)
    await discord.start()
    scene = Scene(discord, answer_within=0.0)
    scene.hub.gate.clear()
    scene.hub.replies["help"] = private("Here I am.")
    async with scene.running():
        discord.fail_next("POST", "/callback", status=404, times=2)
        with pytest.raises(AssertionError, match="did not respond"):
            await scene.ana.runs("help", scene.channel)
        scene.hub.gate.set()
        await discord.wait_for_message(scene.ana, "Here I am.")
    await discord.stop()


async def test_a_form_has_five_fields_and_the_rest_is_left_to_the_bot(scene: Scene) -> None:
    scene.hub.replies["plan"] = private("What else?")
    await scene.send(scene.place, Content(text="A plan", choices=(Choice(label="Write it", command="plan"),)))
    message = await scene.discord.wait_for_message(scene.channel, "A plan")
    opened = await scene.ana.presses(message, "Write it")
    assert opened.modal is not None
    assert len(opened.modal["components"]) == 5
    answer = await scene.ana.submits(opened, {f"step{n}": "walk" for n in range(5)})
    assert answer.text == "What else?"


async def test_a_long_question_stands_in_full_in_the_form(scene: Scene) -> None:
    await scene.send(scene.place, Content(text="A case", choices=(TAKE_WITH_NOTE,)))
    message = await scene.discord.wait_for_message(scene.channel, "A case")
    opened = await scene.ana.presses(message, "Take it")
    assert opened.modal is not None
    field = opened.modal["components"][0]
    assert len(field["label"]) <= 45
    assert field["description"] == "What would you like the peer to know before they write?"
    assert field["component"]["style"] == 2


async def test_an_answer_that_got_through_without_its_receipt_is_not_repeated(scene: Scene) -> None:
    scene.hub.replies["help"] = private("Here I am.")
    scene.discord.fail_next("POST", "/callback", status=503, after_commit=True)
    answer = await scene.ana.runs("help", scene.channel)
    await scene.discord.wait_until(lambda: sum("/callback" in one.path for one in scene.discord.requests) == 2)
    await scene.platform.close()
    assert answer.text == "Here I am."
    assert scene.discord.messages(scene.ana.dm) == []


async def test_an_answer_whose_connection_breaks_arrives_as_a_direct_message(scene: Scene) -> None:
    scene.hub.replies["help"] = private("Here I am.")
    scene.discord.fail_next("POST", "/callback", drop=True, after_commit=True)
    await scene.ana.runs("help", scene.channel)
    await scene.discord.wait_for_message(scene.ana, "Here I am.")


async def test_people_who_never_wrote_are_known_by_id_and_by_name_in_the_servers_that_are_asked(scene: Scene) -> None:
    other = scene.discord.add_guild("Other")
    stranger = scene.discord.add_user("benedict", other)
    by_name = await scene.platform.people("@ben", [str(scene.channel.id), str(scene.guild.id)])
    assert [(one.account, "ben" in one.names) for one in by_name] == [(str(scene.ben.id), True)]
    (by_id,) = await scene.platform.people(str(scene.ben.id), [str(scene.guild.id)])
    assert by_id.account == str(scene.ben.id)
    assert await scene.platform.people(str(stranger.id), [str(scene.guild.id)]) == []
    assert await scene.platform.people("nobody", [str(scene.guild.id)]) == []
