"""The embeds of a message: every limit, the sum of all, and the form in which Discord stores them."""

from collections.abc import Mapping
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_errors import Path
from otel_discord.testing.fake_discord.form_values import Form

Json = dict[str, Any]

_VISIBLE = ("title", "description", "fields", "author", "footer", "image", "thumbnail")


def check_embeds(form: Form, body: Mapping[str, Any]) -> list[Json]:
    """Return the embeds as stored; errors of each are noted in the form, then the one about their sum."""
    items = form.items(body, "embeds", (), limits.EMBEDS)
    embeds: list[Json] = []
    for index, item in enumerate(items):
        path: Path = ("embeds", index)
        if not isinstance(item, dict):
            form.errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        embed = _embed(form, item, path)
        if not any(embed.get(key) for key in _VISIBLE) and form.switches.empty_embed == "description_required":
            form.required((*path, "description"))
        embeds.append(embed)
    if sum(_text_chars(embed) for embed in embeds) > limits.EMBEDS_TOTAL:
        words = f"Embed size exceeds maximum size of {limits.EMBEDS_TOTAL}"
        form.errors.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", words)
    return embeds


def visible(embed: Json) -> bool:
    """Return whether an embed shows anything."""
    return any(embed.get(key) for key in _VISIBLE)


def _embed(form: Form, item: Mapping[str, Any], path: Path) -> Json:
    embed: Json = {
        "type": "rich",
        "title": form.text(item, "title", path, limits.TITLE),
        "description": form.text(item, "description", path, limits.DESCRIPTION),
        "url": form.url(item, "url", path),
        "color": form.integer(item, "color", path, limits.COLOR),
        "timestamp": form.timestamp(item, "timestamp", path),
        "fields": _fields(form, item, path),
        "author": _author(form, item, path),
        "footer": _footer(form, item, path),
        "image": _picture(form, item, "image", path),
        "thumbnail": _picture(form, item, "thumbnail", path),
    }
    return {key: value for key, value in embed.items() if value or (key == "color" and value is not None)}


def _fields(form: Form, item: Mapping[str, Any], path: Path) -> list[Json]:
    fields: list[Json] = []
    for index, entry in enumerate(form.items(item, "fields", path, limits.FIELDS)):
        here: Path = (*path, "fields", index)
        if not isinstance(entry, dict):
            form.errors.add(here, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        name = form.text(entry, "name", here, limits.FIELD_NAME)
        value = form.text(entry, "value", here, limits.FIELD_VALUE)
        for key, text in (("name", name), ("value", value)):
            if not text:
                form.required((*here, key))
        fields.append({"name": name, "value": value, "inline": form.flag(entry, "inline", here)})
    return fields


def _author(form: Form, item: Mapping[str, Any], path: Path) -> Json | None:
    author = form.mapping(item, "author", path)
    if author is None:
        return None
    here: Path = (*path, "author")
    name = form.text(author, "name", here, limits.AUTHOR)
    if not name:
        form.required((*here, "name"))
    icon_url = form.url(author, "icon_url", here, attachment=True)
    return _present({"name": name, "url": form.url(author, "url", here), "icon_url": icon_url})


def _footer(form: Form, item: Mapping[str, Any], path: Path) -> Json | None:
    footer = form.mapping(item, "footer", path)
    if footer is None:
        return None
    here: Path = (*path, "footer")
    text = form.text(footer, "text", here, limits.FOOTER)
    icon_url = form.url(footer, "icon_url", here, attachment=True)
    return _present({"text": text, "icon_url": icon_url}) if text else None


def _picture(form: Form, item: Mapping[str, Any], key: str, path: Path) -> Json | None:
    picture = form.mapping(item, key, path)
    if picture is None:
        return None
    url = form.url(picture, "url", (*path, key), attachment=True)
    return {"url": url} if url else None


def _text_chars(embed: Json) -> int:
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    texts += [part for entry in embed.get("fields", []) for part in (entry["name"], entry["value"])]
    return sum(map(len, texts))


def _present(json: Json) -> Json:
    return {key: value for key, value in json.items() if value}
