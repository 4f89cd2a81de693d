"""What stands in the variable parts of a template (``<*>``) in the messages that it was made of. Pure functions."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from otel_discord.exporters.discord.mining.tokens import MARK
from otel_discord.templating.cutting import ELLIPSIS

GAP: Final = f" {ELLIPSIS} "
"""Between two parts of a message whose words between are known."""
_QUOTES: Final = ("''", '""', "``", "“”", "„“", "«»", "„”", "「」", "『』")


class Sample(NamedTuple):
    """The message of a further record on one line; of a long one only the beginning."""

    text: str
    is_cut: bool = False


def variable_parts(template: str, told: Sequence[str], samples: Sequence[Sample]) -> list[str]:
    """Return for each sample its variable parts, as ``'5 %'`` or ``eu-3 … 4.2 s``; "" where the template does not fit.

    Parts that are as in the first of ``told`` that fits, in every sample, are left out: they say nothing new. What is
    in quotation marks keeps them. Each sample shows the same parts, so that a reader knows which is which.
    """
    words = " ".join(template.split())
    if MARK not in words:
        return [""] * len(samples)
    is_long = any(sample.is_cut for sample in samples)
    found = [values_in(words, sample.text, is_cut=sample.is_cut) for sample in samples]
    known = next((values for text in told if (values := values_in(words, text, is_cut=is_long))), ())
    fitting = [values for values in (known, *found) if values]
    columns = list(zip(*fitting, strict=False))
    places = [place for place, values in enumerate(columns) if len(set(values)) > 1]
    if not places and not known:
        places = list(range(len(columns)))
    return [GAP.join(values[place] for place in places) if values and values != known else "" for values in found]


def values_in(template: str, text: str, *, is_cut: bool) -> tuple[str, ...]:
    """Return what a text has for each ``<*>`` of a template; () where the text is not made of the template.

    Of a text that is cut, the ones that it still has whole.
    """
    first, *others = template.split(MARK)
    if not others or not text.startswith(first):
        return ()
    values, at, before = list[str](), len(first), first
    for number, literal in enumerate(others, start=1):
        is_last = number == len(others)
        until = (len(text) - len(literal) if text.endswith(literal) else -1) if is_last else text.find(literal, at)
        if until < at:
            return tuple(values) if is_cut else ()
        values.append(_with_quotes(before, text[at:until], literal))
        at, before = until + len(literal), literal
    return tuple(values)


def _with_quotes(before: str, value: str, after: str) -> str:
    quotes = before[-1:] + after[:1]
    return f"{quotes[0]}{value}{quotes[1]}" if quotes in _QUOTES else value
