"""A child that is forked in the middle of an import can import."""

from pathlib import Path

from tests.sdk.applications import run_application

SLOW = """
import threading, time
print("begins", flush=True)
time.sleep(1.5)
ready = True
"""
CODE = """
import os, sys, threading, time, faulthandler
faulthandler.dump_traceback_later(15, exit=True)
sys.path.insert(0, os.getcwd())
from otel_discord.sdk.half_imported import forget_half_imported
threading.Thread(target=lambda: __import__("slow_package.inner")).start()
time.sleep(0.5)
pid = os.fork()
if pid == 0:
    {repair}
    import slow_package.inner
    os._exit(0 if slow_package.inner.ready else 3)
ended = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(ended))
"""


def test_what_the_parent_was_importing_is_imported_anew(tmp_path: Path) -> None:
    package = tmp_path / "slow_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text(SLOW)
    done = run_application(tmp_path, CODE.format(repair="forget_half_imported()"), {})
    assert done.code == 0, done.out
    assert done.out.count("begins") == 2
