"""From text to tree, or to an error that says where and what was expected. The only importer of lark."""

from functools import lru_cache
from typing import Any, Final

from otel_discord.ottl.errors import OttlSyntaxError
from otel_discord.ottl.grammar import GRAMMAR, WORDS
from otel_discord.ottl.syntax import Parsed
from otel_discord.ottl.tree_builder import RefusedError, TreeBuilder

MAX_TEXT_LENGTH: Final = 10_000
"""Characters in one condition or statement."""


def parse(text: str) -> Parsed:
    """Parse a condition or a statement.

    Raises:
        OttlSyntaxError: it is none.
    """
    import lark

    if len(text) > MAX_TEXT_LENGTH:
        raise OttlSyntaxError(f"longer than {MAX_TEXT_LENGTH} characters", text, MAX_TEXT_LENGTH + 1)
    try:
        text.encode()
        found: Any = _parser().parse(text)
    except UnicodeEncodeError as error:
        raise OttlSyntaxError("half of a surrogate pair is no character", text, error.start + 1) from None
    except lark.UnexpectedToken as error:
        raise OttlSyntaxError(*_unexpected_token(error, text)) from None
    except lark.UnexpectedCharacters as error:
        offset: Any = error.pos_in_stream
        raise OttlSyntaxError(_unexpected_character(text, offset), text, offset + 1) from None
    except RefusedError as error:
        raise OttlSyntaxError(str(error), text, error.offset + 1) from None
    if isinstance(found, tuple):
        return Parsed(text, *found)
    return Parsed(text, found, None)


@lru_cache(maxsize=1)
def _parser() -> Any:
    import lark

    return lark.Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=TreeBuilder(), maybe_placeholders=False)


def _unexpected_token(error: Any, text: str) -> tuple[str, str, int]:
    expected = _listed(error.accepts or error.expected)
    unexpected = error.token
    kind = str(unexpected.type)
    if kind == "$END":
        return f"expected {expected}, but the text ends here", text, len(text.rstrip()) + 1
    found = str(unexpected) if kind == "STRING" else f'"{unexpected}"'
    advice = "; equality is ==" if kind == "EQUAL" else ""
    return f"expected {expected}, found {found}{advice}", text, unexpected.start_pos + 1


def _listed(terminals: Any) -> str:
    accepted = set(terminals)
    if "INT" in accepted:  # where a value may stand, a sign or a list begins one too
        accepted -= {"PLUS", "MINUS", "LSQUARE"}
    else:
        accepted.discard("LPAR")
    words = [word for name, word in WORDS.items() if name in accepted]
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _unexpected_character(text: str, offset: int) -> str:
    character = text[offset]
    if character == '"':
        return "this string has no closing quote"
    if character == "'":
        return 'strings stand in double quotes ("…")'
    word = {"&": 'and is written "and"', "|": 'or is written "or"', "!": 'not is written "not"'}.get(character)
    return f"unexpected character {character!r}" + (f"; {word}" if word else "")
