"""Where an application's records come from: the resource, as OpenTelemetry's specification says. No SDK needed."""

import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from otel_discord.sdk.freeze import freeze, freeze_attributes

SERVICE_NAME: Final = "service.name"
_ENVIRONMENT_NAME: Final = "deployment.environment.name"
_NAMELESS: Final = "python"
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})|%")

_log: Final = logging.getLogger("otel_discord.sdk")


def resource_attributes(
    service_name: str | None,
    environment: str | None,
    extra: Mapping[str, Any] | None,
    environ: Mapping[str, str],
) -> dict[str, Any]:
    """Return the attributes of the resource, plain values.

    What counts more comes later: what is found out (host, name of the script), ``OTEL_RESOURCE_ATTRIBUTES``,
    ``OTEL_SERVICE_NAME``, ``extra``, then ``service_name`` and ``environment``. An empty text is as good as none.
    """
    attributes: dict[str, Any] = {SERVICE_NAME: service_of_process()}
    if host := _host_name():
        attributes["host.name"] = host
    attributes |= environment_attributes(environ)
    attributes |= freeze_attributes(extra or {})
    if service_name:
        attributes[SERVICE_NAME] = freeze(str(service_name))
    if environment:
        attributes[_ENVIRONMENT_NAME] = freeze(str(environment))
    return attributes


def environment_attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the two variables of the specification say.

    A list that cannot be read is left out as a whole, with a warning, as the specification asks for.
    """
    try:
        attributes = parsed_attributes(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    except ValueError as error:
        _log.warning("OTEL_RESOURCE_ATTRIBUTES is left out: %s", error)
        attributes = {}
    if name := environ.get("OTEL_SERVICE_NAME", "").strip():
        attributes[SERVICE_NAME] = name
    return attributes


def parsed_attributes(text: str) -> dict[str, str]:
    """Read ``key=value,key=value``; comma, equals sign and percent are percent-encoded within keys and values.

    Raises:
        ValueError: a part is no pair, or its encoding is wrong.
    """
    attributes: dict[str, str] = {}
    for place, part in enumerate(text.split(","), 1):
        key, equals, value = part.partition("=")
        if not part.strip():
            continue
        if not equals or not key.strip():
            raise ValueError(f"part {place} is not of the form key=value")
        try:
            attributes[_decoded(key.strip())] = _decoded(value.strip())
        except ValueError:
            raise ValueError(f"part {place} is not percent-encoded as it should be (a % itself is %25)") from None
    return {key: value for key, value in attributes.items() if value or key != SERVICE_NAME}


def service_of_process() -> str:
    """Return the name of the script or module that runs, or "python"."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    argv = sys.argv if isinstance(getattr(sys, "argv", None), list) else []
    return service_of(str(argv[0]) if argv else "", getattr(spec, "name", None) or "", sys.orig_argv)


def service_of(script: str, module: str, command: Sequence[str]) -> str:
    """Return what to call a service by the way it was started.

    Args:
        script: ``sys.argv[0]``.
        module: name of the module that ``python -m`` runs, "" for a script.
        command: ``sys.orig_argv``, for the time before ``python -m`` knows its module.
    """
    if script == "-m" and not module and "-m" in command[:-1]:
        module = command[command.index("-m") + 1]
    name = module.removesuffix(".__main__")
    if name and name != "__main__":
        return name
    if script in ("", "-", "-c", "-m"):
        return _NAMELESS
    path = PurePath(script)
    return (path.parent.name if path.stem == "__main__" else path.stem) or _NAMELESS


def _decoded(text: str) -> str:
    def octet(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            raise ValueError("a lone %")
        return bytes.fromhex(found[1].decode())

    if "%" not in text:
        return text
    return _ESCAPED.sub(octet, text.encode("utf-8", "surrogateescape")).decode()


def _host_name() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "")
