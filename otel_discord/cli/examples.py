"""Examples at the end of a command's help."""


def examples(*commands: str) -> str:
    """Return an epilog for click: each command on a line of its own, as it is typed after ``otel-discord``."""
    return "\n".join(["\b", "Examples:", *(f"  otel-discord {command}" for command in commands)])
