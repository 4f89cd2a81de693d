"""Which metrics a rule is about: an exact name, or ``/a regular expression/`` for the whole name. Pure."""

from collections.abc import Callable

from otel_discord.ottl.regex import compile_regex


def parse_metric_name(text: str) -> str | Callable[[str], bool]:
    """Return the exact name, or what says whether a name matches.

    Raises:
        ValueError: the regular expression is wrong.
    """
    if len(text) < 2 or not (text.startswith("/") and text.endswith("/")):
        return text
    if len(text) == 2:
        raise ValueError("the regular expression between the slashes is empty")
    compile_regex(text[1:-1])  # alone first: "a)(b" is none
    return compile_regex(f"^(?:{text[1:-1]})$").found_in
