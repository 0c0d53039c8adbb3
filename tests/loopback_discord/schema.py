"""Checks request bodies against Discord's published OpenAPI document, with its objects closed."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .entities import JSON

_DOCUMENT = Path(__file__).parents[2] / ".." / "shared" / "data" / "discord" / "openapi.json"
_SNOWFLAKE = {"type": ["string", "integer", "null"]}
#: What discord.py sends and Discord takes, although the document does not have it.
_ALLOWED: dict[str, JSON] = {
    "MessageReferenceRequest": {
        "message_id": _SNOWFLAKE,
        "channel_id": _SNOWFLAKE,
        "guild_id": _SNOWFLAKE,
    },
    "CreatePrivateChannelRequest": {"recipient_id": _SNOWFLAKE},
    "MessageAttachmentRequest": {"id": _SNOWFLAKE},
    "MessageAllowedMentionsRequest": {
        "users": {"type": ["array", "null"], "items": _SNOWFLAKE, "maxItems": 100},
        "roles": {"type": ["array", "null"], "items": _SNOWFLAKE, "maxItems": 100},
    },
    "RichEmbed": {"flags": {"type": "integer"}},
    "MessageEditRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"type": "boolean"}},
    "ApplicationCommandCreateRequest": {"nsfw": {"type": "boolean"}},
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": "boolean"}},
}


@functools.cache
def _document() -> JSON | None:
    """Read the document once, close its objects and add the allowances; None when it is not there."""
    if not _DOCUMENT.is_file():
        return None
    document: JSON = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    for name, properties in _ALLOWED.items():
        document["components"]["schemas"][name]["properties"].update(properties)
    _close(document["components"]["schemas"])
    _close(document["paths"])
    return document


def _close(node: Any) -> None:
    """Forbid keys an object does not declare, so that a misspelt one is noticed."""
    if isinstance(node, list):
        for part in node:
            _close(part)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and node.get("type") == "object":
            node.setdefault("additionalProperties", False)
        for part in node.values():
            _close(part)


@functools.cache
def _validator(method: str, template: str, kind: object) -> Draft202012Validator | None:
    document = _document()
    if document is None:
        return None
    operation = document["paths"].get(template, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    schema = content["application/json"]["schema"]
    if kind is not None and "anyOf" in schema:
        # Only the alternative that is meant makes a readable complaint.
        meant = [one for one in schema["anyOf"] if kind in _kinds(document, one)]
        schema = {"anyOf": meant or schema["anyOf"]}
    return Draft202012Validator({**schema, "components": document["components"]})


def _kinds(document: JSON, reference: JSON) -> list[object]:
    """List the values of ``type`` that an alternative stands for."""
    properties = document["components"]["schemas"][reference["$ref"].rpartition("/")[2]].get("properties", {})
    kinds: list[object] = properties.get("type", {}).get("enum", [])
    return kinds


class Schema:
    """The check, which can be switched off."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    @property
    def available(self) -> bool:
        """Whether there is a document to check against."""
        return self.enabled and _document() is not None

    def check(self, method: str, template: str, body: Any) -> str | None:
        """Say what is wrong with a body, or None."""
        if not self.enabled or body is None:
            return None
        validator = _validator(method, template, body.get("type") if isinstance(body, dict) else None)
        error = None if validator is None else best_match(validator.iter_errors(body))
        return None if error is None else f"{error.json_path}: {error.message[:300]}"
