"""Every place at which the code can be killed by name, found in the code: a new one without a scene is noticed."""

import ast
from functools import cache
from pathlib import Path

import otel_discord
from otel_discord.store.schema import MIGRATIONS

_SOURCE = Path(otel_discord.__file__).parent
_OF_WORKS = (".before_commit", ".after_commit")
_OF_THE_STORE = "from otel_discord.store.work import"
"""What has another ``Work`` does not import it from there."""

_ELSEWHERE = (
    "extensions/db_storage/",
    "store/gathering.py",
    "store/operations_arrivals.py",
    "store/rehoming.py",
    "store/spreading.py",
    "store/transfer.py",
    "store/united_parts.py",
)
"""Not of a service with its disk: tests/extensions/db_storage kills servers, and who moves or divides stores."""


class UnknownFormError(Exception):
    """A place whose name this module cannot tell from the code; teach it."""


def places() -> frozenset[str]:
    """Return the names of all places.

    Raises:
        UnknownFormError: a name is put together in a way that is not known here.
    """
    works = work_names()
    return frozenset(name for call in _calls("reach") for name in _names(call.args[0], works))


def work_names() -> frozenset[str]:
    """Return the names of all works: transactions, each with a place before and one after its commit."""
    found = set()
    for call in _calls("Work", _OF_THE_STORE):
        name = call.args[0] if call.args else None
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            raise UnknownFormError(f"a Work without a plain name: {ast.unparse(call)}")
        found.add(name.value)
    return frozenset(found)


def _names(name: ast.expr, works: frozenset[str]) -> list[str]:
    text = ast.unparse(name)
    if text.startswith(("'runs.", "f'runs.")):
        return []  # between the steps of a run channel's life, whose kills are played with them
    if isinstance(name, ast.Constant):
        return [str(name.value)]
    if isinstance(name, ast.JoinedStr) and len(name.values) == 2:
        first, last = name.values
        suffix = last.value if isinstance(last, ast.Constant) else ""
        if isinstance(first, ast.FormattedValue) and suffix in _OF_WORKS and ast.unparse(first.value).endswith(".name"):
            return [f"{work}{suffix}" for work in works]
    if text == "f'migrate.{version}.{number}'":
        return [
            f"migrate.{version}.{number}"
            for version, statements in enumerate(MIGRATIONS, start=1)
            for number, _ in enumerate(statements, start=1)
        ]
    raise UnknownFormError(f"reach({text})")


@cache
def _calls(function: str, beside: str = "") -> list[ast.Call]:
    """Return the calls of a function in the files that hold ``beside`` as well."""
    return [
        node
        for path in sorted(_SOURCE.rglob("*.py"))
        if not path.relative_to(_SOURCE).as_posix().startswith(_ELSEWHERE)
        if function in (text := path.read_text(encoding="utf-8")) and beside in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _name_of(node.func) == function
    ]


def _name_of(called: ast.expr) -> str:
    match called:
        case ast.Subscript(value=inner):  # a generic type
            return _name_of(inner)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
