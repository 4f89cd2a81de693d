"""What the docstrings below the keys of a section say: the text of the reference and of the JSON schema.

They are read from the source when somebody asks. Pydantic would read all of them at each start, a tenth of it.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def key_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what is said of a section's keys, its bases' among them, by the names of their attributes.

    A key without a docstring is left out, and so is all of a class whose source is not there.
    """
    words: dict[str, str] = {}
    for section in reversed(model.__mro__):
        if issubclass(section, BaseModel) and section is not BaseModel:
            words |= _docs_by_class(section.__module__).get(section.__qualname__, {})
    return {name: words[name] for name in model.model_fields if name in words}


@cache
def _docs_by_class(module: str) -> Mapping[str, Mapping[str, str]]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, KeyError):
        return {}
    return {each.name: _below_attributes(each) for each in tree.body if isinstance(each, ast.ClassDef)}


def _below_attributes(section: ast.ClassDef) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for attribute, below in pairwise(section.body):
        if not (isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            words[attribute.target.id] = inspect.cleandoc(below.value.value)
    return words
