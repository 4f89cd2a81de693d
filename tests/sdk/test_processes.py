"""Forks, spawned children, pools, gunicorn: each process sends what it logged, once."""

import threading
from pathlib import Path

import pytest

from otel_discord.sdk import processes
from otel_discord.sdk.sender import the_sender
from tests.sdk.applications import discord_served, run_application
from tests.sdk.test_exits import HANDLER, PROVIDER, WAYS

FORK = """
def child(number):
    for each in range(5):
        log.error("child %d says word%s", number, "abcde"[each] * 4)

log.error("before the fork, parent only")
if {warm}:
    time.sleep(1.2)
children = []
for number in range(3):
    pid = os.fork()
    if pid == 0:
        child(number)
        sys.exit(0)
    children.append(pid)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
log.error("after the forks, parent only")
"""


@WAYS
@pytest.mark.parametrize("warm", [False, True], ids=["not yet started", "running"])
def test_forked_children(tmp_path: Path, way: str, warm: bool) -> None:
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, way + FORK.format(warm=warm), discord.environment)
        assert done.code == 0, done.out
        assert discord.records == 2 + 3 * 5, (discord.text, done.out)
        assert discord.text.count("parent only") >= 2
        assert "Traceback" not in done.out


def test_a_fork_in_the_middle_of_the_first_import(tmp_path: Path) -> None:
    code = HANDLER + "log.error('first')\ntime.sleep(0.25)\n" + FORK.format(warm=False)
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records) == (0, 3 + 3 * 5), (discord.text, done.out)


def test_many_forks_while_records_come(tmp_path: Path) -> None:
    code = (
        HANDLER
        + """
import threading
stop = threading.Event()
def chatter():
    while not stop.is_set():
        log.error("chatter of the parent")
        figures.append(1)
        time.sleep(0.002)
figures = []
thread = threading.Thread(target=chatter)
thread.start()
for number in range(20):
    pid = os.fork()
    if pid == 0:
        log.error("greetings of a child")
        logging.shutdown()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    time.sleep(0.02)
stop.set()
thread.join()
figure("parent", len(figures))
"""
    )
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert done.code == 0, done.out
        assert discord.records == done.figures["parent"] + 20, (discord.titles, done.out)


MULTIPROCESSING = """
import multiprocessing
{way}
def work(number):
    log.error("worker %d says word%s", number, "abcde"[number] * 4)
    return number

if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    log.error("the parent says hello")
    {run}
"""
PROCESSES = """processes = [context.Process(target=work, args=(number,)) for number in range(3)]
    for process in processes: process.start()
    for process in processes: process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]"""
POOL = """from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(work, range(3))) == [0, 1, 2]"""


@pytest.mark.parametrize(
    ("way", "run", "method"),
    [
        pytest.param(HANDLER, PROCESSES, "spawn", id="handler-processes-spawn"),
        pytest.param(HANDLER, POOL, "fork", id="handler-pool-fork"),
        pytest.param(PROVIDER, PROCESSES, "fork", id="provider-processes-fork"),
        pytest.param(PROVIDER, POOL, "spawn", id="provider-pool-spawn"),
        pytest.param(PROVIDER, PROCESSES, "forkserver", id="provider-processes-forkserver"),
    ],
)
def test_multiprocessing(tmp_path: Path, way: str, run: str, method: str) -> None:
    code = MULTIPROCESSING.format(way=way, run=run, method=method)
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert done.code == 0, done.out
        assert discord.records == 4, (discord.text, done.out)


GUNICORN = """
import gunicorn.app.base, urllib.request, threading, signal
{way}
log.error("the application is loaded")

def application(environ, start_response):
    log.error("request failed in worker, path %s", environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]

class Server(gunicorn.app.base.BaseApplication):
    def load_config(self):
        settings = dict(bind="127.0.0.1:0", workers=3, preload_app=True, when_ready=ready, loglevel="error")
        for key, value in settings.items():
            self.cfg.set(key, value)
    def load(self):
        return application

def ready(server):
    host, port = server.LISTENERS[0].sock.getsockname()
    def ask():
        for number in range(12):
            with urllib.request.urlopen(f"http://{{host}}:{{port}}/shelf", timeout=10) as answer:
                assert answer.read() == b"ok"
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
    threading.Thread(target=ask).start()

Server().run()
"""


@WAYS
def test_gunicorn_with_preload(tmp_path: Path, way: str) -> None:
    pytest.importorskip("gunicorn")
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, GUNICORN.format(way=way), discord.environment)
        assert done.code == 0, done.out
        assert discord.records == 1 + 12, (discord.text, done.out)


def test_an_asyncio_program(tmp_path: Path) -> None:
    code = (
        HANDLER
        + """
import asyncio
async def main():
    await asyncio.gather(*(work(number) for number in range(20)))
    assert await handler.aflush(10)
    log.error("one more")
    assert await handler.aclose()

async def work(number):
    await asyncio.sleep(0.001 * number)
    try:
        raise ValueError("lamp")
    except ValueError:
        log.exception("task failed")

asyncio.run(main())
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records) == (0, 21), (discord.text, done.out)
        discord.assert_clean()


def test_four_threads(tmp_path: Path) -> None:
    code = (
        HANDLER
        + """
import threading
def work(number):
    for each in range(15):
        log.error("thread %d failed in step %s", number, "abcdefghijklmno"[each] * 3)
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    )
    with discord_served() as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records) == (0, 60), (discord.text, done.out)
        discord.assert_clean()
        assert "Traceback" not in done.out


def test_a_signals_handler_that_forks_while_its_thread_does() -> None:
    """Both forks are over in the end: nobody stands still, and others may import."""
    processes._before_fork()
    processes._before_fork()
    processes._after_in_parent()
    processes._after_in_parent()
    free: list[bool] = []

    def take() -> None:
        importing = the_sender().importing
        free.append(importing.acquire(timeout=0.1))
        if free[0]:
            importing.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert free == [True]


def test_a_server_that_forks_without_telling_python(tmp_path: Path) -> None:
    """As uWSGI does."""
    code = (
        HANDLER
        + """
import ctypes
log.error("the parent")
for each in (*log.handlers, *logging.getLogger().handlers):
    each.flush()  # until what sends is loaded: Python cannot mend a lock that is held at such a fork
time.sleep(1.2)
pid = ctypes.PyDLL(None).fork()
if pid == 0:
    log.error("the child")
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
log.error("the parent again")
"""
    )
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records) == (0, 3), (discord.text, done.out)
        assert done.own_lines == []


def test_a_worker_of_celery(tmp_path: Path) -> None:
    """It says so in a signal of Celery's when it ends, and leaves by ``os._exit``."""
    code = """
import sys, types
class Signal:
    def __init__(self): self.receivers = {}
    def connect(self, receiver, *, weak, dispatch_uid): self.receivers[dispatch_uid] = receiver
sys.modules["celery.signals"] = signals = types.SimpleNamespace(worker_process_shutdown=Signal())
"""
    code += (
        HANDLER
        + """
pid = os.fork()
if pid == 0:
    log.error("a task of the worker")
    for receiver in signals.worker_process_shutdown.receivers.values():
        receiver(sender=None, pid=os.getpid(), exitcode=0, signal=signals.worker_process_shutdown)
    os._exit(0)
os.waitpid(pid, 0)
"""
    )
    with discord_served("unlimited") as discord:
        done = run_application(tmp_path, code, discord.environment)
        assert (done.code, discord.records) == (0, 1), (discord.text, done.out)
