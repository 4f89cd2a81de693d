"""Several sources become one: maps merge, everything else is replaced by the later source, as in the Collector."""

from typing import Any

from otel_discord.config.problem import KeyPath
from otel_discord.config.yaml_file import Document


def merge_documents(documents: list[Document]) -> Document:
    """Return one document; the position of each path is that of the source which gave its value."""
    merged = Document(None)
    for document in documents:
        if document.data is None:
            continue
        positions = dict(merged.positions)
        data = _merge(merged.data, document.data, (), merged, document, positions)
        merged = Document(data, positions)
    return merged


def _merge(earlier: Any, later: Any, path: KeyPath, old: Document, new: Document, positions: dict[Any, Any]) -> Any:
    if path in new.positions:
        positions[path] = new.positions[path]
    if isinstance(earlier, dict) and isinstance(later, dict):
        result = dict(earlier)
        for key, value in later.items():
            if key in earlier:
                result[key] = _merge(earlier[key], value, (*path, key), old, new, positions)
            else:
                result[key] = value
                _copy_positions(value, (*path, key), new, positions)
        return result
    _drop_positions(earlier, path, positions)
    _copy_positions(later, path, new, positions)
    return later


def _children(value: Any, path: KeyPath) -> list[tuple[Any, KeyPath]]:
    if isinstance(value, dict):
        return [(item, (*path, key)) for key, item in value.items()]
    if isinstance(value, list):
        return [(item, (*path, index)) for index, item in enumerate(value)]
    return []


def _drop_positions(value: Any, path: KeyPath, positions: dict[Any, Any]) -> None:
    for item, inner in _children(value, path):
        positions.pop(inner, None)
        _drop_positions(item, inner, positions)


def _copy_positions(value: Any, path: KeyPath, document: Document, positions: dict[Any, Any]) -> None:
    if path in document.positions:
        positions[path] = document.positions[path]
    for item, inner in _children(value, path):
        _copy_positions(item, inner, document, positions)
