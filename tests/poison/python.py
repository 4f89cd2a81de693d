"""An interpreter in which a record that holds a word ends the process that shows it, as a fault in C would.

``sitecustomize`` is loaded by every Python that has its folder in ``PYTHONPATH``: the service, and what it starts.
"""

from pathlib import Path

WORD = "this one ends the process"
_TEXT = f"""
import os, signal, sys

if "otel_discord" in " ".join(sys.orig_argv) and "fake_discord" not in " ".join(sys.orig_argv):
    from otel_discord.exporters.discord.render import Renderer

    shown = Renderer.render

    def render(self, card, **keys):
        if {WORD.encode()!r} in card.record:
            os.kill(os.getpid(), signal.SIGSEGV)
        return shown(self, card, **keys)

    Renderer.render = render
"""


def fragile_python(directory: Path) -> dict[str, str]:
    """Return the environment of such an interpreter; ``directory`` takes its file."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sitecustomize.py").write_text(_TEXT, encoding="utf-8")
    return {"PYTHONPATH": str(directory)}
