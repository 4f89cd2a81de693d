"""What a caller's token must look like to be one. Pure."""

from typing import Final

MIN_TOKEN_CHARS: Final = 16


def unfit_token(text: str) -> str:
    """Return what is wrong with a token, in words; "" where nothing is."""
    if not text:
        return "is empty; nobody is let in by it"
    if len(text) < MIN_TOKEN_CHARS:
        return f"is shorter than {MIN_TOKEN_CHARS} characters; take a random one"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "holds characters that no header carries"
    return ""
