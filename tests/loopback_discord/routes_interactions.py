"""Routes that answer interactions: the callback, follow-ups, and changes to what was answered."""

from __future__ import annotations

from . import compose, errors
from .entities import JSON
from .interactions import (
    AUTOCOMPLETE,
    CHOICES,
    COMPONENT,
    DEFERRED_REPLY,
    DEFERRED_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    Choice,
    Interaction,
)
from .messages import EPHEMERAL, LOADING, Message
from .rest import Call, route

_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", token_in_path=True)
def callback(call: Call) -> JSON | None:
    world = call.server.world
    interaction = call.server.interactions.by_token.get(call.params["interaction_token"])
    if interaction is None or str(interaction.id) != call.params["interaction_id"] or interaction.expired:
        raise errors.unknown("interaction")
    if interaction.callback is not None:
        raise errors.ApiError(400, 40060, "Interaction has already been acknowledged.")
    kind, data = call.body["type"], call.body.get("data") or {}
    _check_kind(interaction, kind)
    if kind == REPLY:
        interaction.original = _new(call, interaction, data)
    elif kind == DEFERRED_REPLY:
        message = Message(world.snowflake(), interaction.channel, world.bot)
        message.flags = LOADING | int(data.get("flags") or 0) & EPHEMERAL
        _publish(call, interaction, message)
        interaction.original = message
    elif kind in (DEFERRED_UPDATE, UPDATE):
        interaction.original = interaction.source
        if kind == UPDATE and interaction.source is not None:
            compose.edit(world, interaction.source, data, call.files)
    elif kind == CHOICES:
        interaction.choices = [Choice(one["name"], one["value"]) for one in data["choices"]]
    elif kind == MODAL:
        interaction.modal = data
    interaction.callback = kind
    world.changed.notify()
    return _resource(call, interaction) if call.query.get("with_response") in ("1", "true") else None


def _check_kind(interaction: Interaction, kind: int) -> None:
    allowed = {REPLY, DEFERRED_REPLY, MODAL}
    if interaction.type == AUTOCOMPLETE:
        allowed = {CHOICES}
    elif interaction.type in (COMPONENT, MODAL_SUBMIT):
        allowed |= {DEFERRED_UPDATE, UPDATE} if interaction.source is not None else {DEFERRED_UPDATE}
    if interaction.type == MODAL_SUBMIT:
        allowed.discard(MODAL)
    if kind not in allowed:
        raise errors.invalid_form("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")


def _resource(call: Call, interaction: Interaction) -> JSON:
    about: JSON = {"id": str(interaction.id), "type": interaction.type}
    answer: JSON = {"interaction": about}
    message = interaction.original
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        rendered = message.json(reader_id=call.server.world.bot.id)
        answer["resource"] = {"type": interaction.callback, "message": rendered}
    return answer


def _new(call: Call, interaction: Interaction, body: JSON) -> Message:
    message = compose.draft(call.server.world, interaction.channel, call.server.world.bot, body, call.files)
    _publish(call, interaction, message)
    return message


def _publish(call: Call, interaction: Interaction, message: Message) -> None:
    """Put an answer where its readers are: in the channel, or only before the person's eyes."""
    world = call.server.world
    message.webhook_id = world.bot.id
    message.interaction = call.server.interactions.metadata(interaction)
    message.type = 20 if interaction.type != COMPONENT else 0
    message.created = message.created or call.server.now()
    interaction.messages.append(message)
    if message.ephemeral:
        world.record(message)
    else:
        world.post(message)


def _interaction(call: Call) -> Interaction:
    interaction = call.server.interactions.by_token.get(call.params["webhook_token"])
    if interaction is None or call.params["webhook_id"] != str(call.server.world.bot.id):
        raise errors.unknown("Webhook")
    if interaction.callback is None:
        # Nothing was answered yet, so there is no webhook to write to.
        raise errors.unknown("Webhook")
    if interaction.token_expired:
        raise errors.ApiError(401, 50027, "Invalid Webhook Token")
    return interaction


def _message(call: Call) -> Message:
    message = _interaction(call).find(call.params.get("message_id", "@original"))
    if message is None or message.deleted:
        raise errors.unknown("Message")
    return message


@route("POST", _WEBHOOK, token_in_path=True)
def follow_up(call: Call) -> JSON:
    interaction, world = _interaction(call), call.server.world
    first = interaction.original
    if first is not None and first.loading and not first.deleted:
        # The first follow-up after deferring takes the place of "thinking", with the visibility chosen then.
        _resolve(call, first)
        return first.json(reader_id=world.bot.id)
    return _new(call, interaction, call.body).json(reader_id=world.bot.id)


@route("GET", _WEBHOOK + "/messages/@original", token_in_path=True)
@route("GET", _WEBHOOK + "/messages/{message_id}", token_in_path=True)
def answered(call: Call) -> JSON:
    return _message(call).json(reader_id=call.server.world.bot.id)


@route("PATCH", _WEBHOOK + "/messages/@original", token_in_path=True)
@route("PATCH", _WEBHOOK + "/messages/{message_id}", token_in_path=True)
def change_answer(call: Call) -> JSON:
    message = _message(call)
    _resolve(call, message)
    return message.json(reader_id=call.server.world.bot.id)


@route("DELETE", _WEBHOOK + "/messages/@original", token_in_path=True)
@route("DELETE", _WEBHOOK + "/messages/{message_id}", token_in_path=True)
def delete_answer(call: Call) -> None:
    call.server.world.delete(_message(call))


def _resolve(call: Call, message: Message) -> None:
    before = message.flags
    message.flags &= ~LOADING
    try:
        compose.edit(call.server.world, message, call.body, call.files)
    except errors.ApiError:
        message.flags = before
        raise
