"""What a test expects of the messages that its input makes, and how what was found differs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator, model_validator

from otel_discord.config import StrictModel
from otel_discord.ottl.regex import compile_regex
from otel_discord.service.preview.outcome import Outcome, PreviewedMessage


class TextForm(StrictModel):
    """What a text has to hold; written as a text alone, that text."""

    equals: str | None = None
    """The whole text."""
    contains: tuple[str, ...] = ()
    """One text or several."""
    lacks: tuple[str, ...] = ()
    """One text or several that must not be there."""
    matches: str = ""
    """A regular expression (RE2) that is found in it."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return data if isinstance(data, Mapping) else {"contains": data}

    @field_validator("contains", "lacks", mode="before")
    @classmethod
    def _several(cls, data: Any) -> Any:
        return tuple(map(str, data)) if isinstance(data, list | tuple) else (str(data),)

    @field_validator("matches")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        compile_regex(pattern)
        return pattern

    def differences(self, name: str, found: str) -> Iterator[str]:
        """Yield lines that say what is not as expected."""
        if self.equals is not None and found != self.equals.strip():
            yield from _difference(name, self.equals.strip(), found)
        for part in self.contains:
            if part not in found:
                yield from _difference(f"{name} contains", part, found)
        for part in self.lacks:
            if part in found:
                yield from _difference(f"{name} lacks", part, found)
        if self.matches and not compile_regex(self.matches).found_in(found):
            yield from _difference(f"{name} matches", self.matches, found)


class Expectation(StrictModel):
    """The key ``expect`` of a test; what is left out is not looked at."""

    destinations: tuple[str, ...] | None = None
    """Where messages go, all of them, in any order."""
    destination: str = ""
    """Look only at messages to this destination; there must be one."""
    messages: int | None = Field(default=None, ge=0)
    """How many messages there are."""
    dropped: bool | None = None
    """true: there is no message at all."""
    template: str = ""
    """Name of the template that was used."""
    title: TextForm | None = None
    description: TextForm | None = None
    content: TextForm | None = None
    author: TextForm | None = None
    footer: TextForm | None = None
    fields: dict[str, TextForm] = Field(default_factory=dict)
    """Values of fields by their names."""
    color: int | None = None
    """As in `0xE74C3C` or `"#e74c3c"`."""
    mention: tuple[str, ...] | None = None
    """Ids of the roles and users that are pinged, all of them; an empty list: nobody."""
    masked: tuple[str, ...] | None = None
    """What was masked: `body`, or names of attributes."""
    files: tuple[str, ...] | None = None
    """Names of the files that go along."""
    username: str | None = None
    thread_name: str | None = None
    edited: bool | None = None
    """Whether the message was edited."""

    @field_validator("destinations", "mention", "masked", "files", mode="before")
    @classmethod
    def _list(cls, data: Any) -> Any:
        if data is None or isinstance(data, list | tuple):
            return tuple(str(each) for each in data or ())
        return (str(data),)

    @field_validator("color", mode="before")
    @classmethod
    def _number(cls, data: Any) -> Any:
        return int(data.removeprefix("#"), 16) if isinstance(data, str) and data.startswith("#") else data

    def differences(self, outcome: Outcome) -> list[str]:
        """Return lines that say what is not as expected; none where all is.

        What is expected of a message has to hold, all of it together, for one of the messages.
        """
        lines = list(self._of_all(outcome))
        candidates = [each for each in outcome.messages if self.destination in ("", each.destination)]
        if self.destination and not candidates:
            lines += _difference("destination", self.destination, ", ".join(_names(outcome)) or "no message")
        tried = [list(self._of_one(message)) for message in candidates]
        if tried:
            fewest = min(len(each) for each in tried)
            lines += next(each for each in tried if len(each) == fewest)
        elif self._looks_at_a_message and not self.destination:
            lines.append("there is no message")
        return lines

    def _of_all(self, outcome: Outcome) -> Iterator[str]:
        names = _names(outcome)
        if self.destinations is not None and sorted(set(self.destinations)) != names:
            yield from _difference("destinations", ", ".join(sorted(self.destinations)), ", ".join(names))
        if self.messages is not None and self.messages != len(outcome.messages):
            yield from _difference("messages", str(self.messages), str(len(outcome.messages)))
        if self.dropped is not None and self.dropped != (not outcome.messages):
            yield from _difference("dropped", str(self.dropped).lower(), str(not outcome.messages).lower())
        if self.masked is not None:
            found = sorted({name for view in outcome.exporters for way in view.ways for name in way.masked})
            if sorted(self.masked) != found:
                yield from _difference("masked", ", ".join(sorted(self.masked)), ", ".join(found))

    @property
    def _looks_at_a_message(self) -> bool:
        whole = {"destinations", "destination", "messages", "dropped", "masked"}
        return bool(self.model_fields_set - whole)

    def _of_one(self, message: PreviewedMessage) -> Iterator[str]:
        payload = message.last.whole
        embed: Mapping[str, Any] = next(iter(payload.get("embeds") or ()), {})
        texts: dict[str, object] = {
            "title": embed.get("title"),
            "description": embed.get("description"),
            "content": payload.get("content"),
            "author": (embed.get("author") or {}).get("name"),
            "footer": (embed.get("footer") or {}).get("text"),
        }
        for name, found in texts.items():
            form: TextForm | None = getattr(self, name)
            if form is not None:
                yield from form.differences(name, str(found or "").strip())
        fields = {str(each.get("name")): str(each.get("value")) for each in embed.get("fields") or ()}
        for name, form in self.fields.items():
            if name not in fields:
                yield from _difference("fields", name, ", ".join(fields) or "none")
            else:
                yield from form.differences(f"field {name}", fields[name])
        yield from self._of_the_rest(message, embed)

    def _of_the_rest(self, message: PreviewedMessage, embed: Mapping[str, Any]) -> Iterator[str]:
        payload = message.last.whole
        if self.color is not None and embed.get("color") != self.color:
            yield from _difference("color", f"#{self.color:06x}", _color(embed.get("color")))
        mentions = message.states[0].request.payload.get("allowed_mentions") or {}
        pinged = sorted([*mentions.get("roles", ()), *mentions.get("users", ())])
        if self.mention is not None and sorted(self.mention) != pinged:
            yield from _difference(
                "mention", ", ".join(sorted(self.mention)) or "nobody", ", ".join(pinged) or "nobody"
            )
        files = sorted(file.name for file in message.last.files)
        if self.files is not None and sorted(self.files) != files:
            yield from _difference("files", _all(self.files, "none"), _all(files, "none"))
        for key in ("username", "thread_name"):
            wanted: str | None = getattr(self, key)
            if wanted is not None and wanted != (payload.get(key) or ""):
                yield from _difference(key, wanted, str(payload.get(key) or ""))
        if self.edited is not None and self.edited != (len(message.states) > 1):
            yield from _difference("edited", str(self.edited).lower(), str(len(message.states) > 1).lower())
        used = message.states[0].request.templates
        if self.template and self.template not in used:
            yield from _difference("template", self.template, ", ".join(used) or "not known")


def _all(names: Sequence[str], none: str) -> str:
    return ", ".join(sorted(names)) or none


def _names(outcome: Outcome) -> list[str]:
    return sorted({message.destination for message in outcome.messages})


def _color(color: object) -> str:
    return f"#{color:06x}" if isinstance(color, int) else "none"


def _difference(name: str, expected: str, found: str) -> Sequence[str]:
    wanted, shown = expected or "(nothing)", found or "(nothing)"
    return [name, *(f"  - {line}" for line in wanted.split("\n")), *(f"  + {line}" for line in shown.split("\n"))]
