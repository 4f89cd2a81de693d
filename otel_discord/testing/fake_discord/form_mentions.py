"""``allowed_mentions``: its form, and whom a message then pings."""

import re
from collections.abc import Mapping
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_values import Form

_KINDS = ("users", "roles", "everyone")
_PING = re.compile(r"<@(&?)!?(\d+)>|@(everyone|here)")


def check_mentions(form: Form, body: Mapping[str, Any]) -> None:
    """Note every error of ``allowed_mentions``."""
    mentions = form.mapping(body, "allowed_mentions", ())
    if mentions is None:
        return
    path = ("allowed_mentions",)
    parse = form.items(mentions, "parse", path, 1521)
    for index, kind in enumerate(parse):
        if kind not in _KINDS:
            choices = "('users', 'roles', 'everyone')"
            form.errors.add((*path, "parse", index), "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")
    for key in ("users", "roles"):
        ids = form.items(mentions, key, path, limits.MENTION_IDS)
        seen: set[str] = set()
        for index, each in enumerate(ids):
            if str(each) in seen:
                words = "The set already contains this value"
                form.errors.add((*path, key, index), "SET_TYPE_ALREADY_CONTAINS_VALUE", words)
            elif not str(each).isdecimal():
                form.errors.add((*path, key, index), "NUMBER_TYPE_COERCE", f'Value "{each}" is not snowflake.')
            seen.add(str(each))
        if ids and key in parse:
            words = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            form.errors.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words)


def pinged(content: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return whom a content pings: ``user:1``, ``role:2``, ``everyone``. Embeds never ping.

    Without ``allowed_mentions`` a webhook's message parses users; what code fences hide is not looked at.
    """
    mentions = body.get("allowed_mentions")
    if mentions is None:
        mentions = {"parse": ["users"]}
    parse = mentions.get("parse") or []
    users = {str(each) for each in mentions.get("users") or []}
    roles = {str(each) for each in mentions.get("roles") or []}
    found: list[str] = []
    for match in _PING.finditer(content):
        is_role, snowflake, everyone = match.groups()
        if everyone and "everyone" in parse:
            found.append("everyone")
        elif snowflake and is_role and ("roles" in parse or snowflake in roles):
            found.append(f"role:{snowflake}")
        elif snowflake and not is_role and ("users" in parse or snowflake in users):
            found.append(f"user:{snowflake}")
    return tuple(dict.fromkeys(found))
