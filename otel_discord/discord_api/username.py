"""The name that a webhook's messages are sent under: which Discord takes."""

from otel_discord.discord_api import limits


def parse_username(value: object) -> str:
    """Return the name without white space around it; a number counts as its digits.

    Raises:
        ValueError: Discord refuses such a name.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("must be a string")
    name = value.strip()
    if len(name) > limits.USERNAME_CHARS:
        raise ValueError(f"is {len(name)} characters long; Discord takes {limits.USERNAME_CHARS}")
    for part in limits.USERNAME_FORBIDDEN_PARTS:
        if part in name.lower():
            raise ValueError(f'must not contain "{part}"; Discord refuses such names')
    if name.lower() in limits.USERNAME_FORBIDDEN:
        raise ValueError(f'must not be "{name}"; Discord refuses it')
    return name
