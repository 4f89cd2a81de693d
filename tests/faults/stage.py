"""Where a row is played: FakeDiscord behind a real socket, the service as a process, clients, books at the end."""

import asyncio
import json
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from otel_discord.service.control.client import call
from otel_discord.testing.fake_discord import FakeDiscord, FakeWebhook, serve_fake_discord
from otel_discord.testing.fake_discord.oracles import assert_no_token_in, assert_nobody_pinged, markers_of
from otel_discord.testing.fake_discord.server import FakeDiscordServer
from tests.end_to_end.processes import free_port
from tests.faults.books import Books, Ledger
from tests.faults.clients import Client
from tests.faults.meddling import Meddling
from tests.faults.row import UnplayableError
from tests.faults.service import READY, Service, command, launch, scrape, write
from tests.faults.settings import Json, exporter_settings, merged, service_settings
from tests.sending.markers import markers_in

LIVE_S = 30.0
"""How long a fresh record may take after the fault has ended."""


@dataclass(slots=True)
class Clock:
    """Discord's clock, which leaps where the service's is made to."""

    leapt_s: float = 0.0

    def now(self) -> float:
        """Return seconds."""
        return time.monotonic() + self.leapt_s


@dataclass(slots=True)
class Stage:
    """What a row has to play with."""

    directory: Path
    dice: random.Random
    whole: bool
    fake: FakeDiscord
    server: FakeDiscordServer
    webhooks: dict[str, FakeWebhook]
    clock: Clock
    ledger: Ledger = field(default_factory=Ledger)
    services: list[Service] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=lambda: {kind: free_port() for kind in ("http", "grpc", "metrics")})
    live_s: float | None = None
    _clients: int = 0
    _shown: dict[str, list[int]] = field(default_factory=dict)
    _read: int = 0

    # ------------------------------------------------------------------------------------------ what is said about it

    def note(self, figure: str) -> None:
        """Add a figure to the row's result."""
        self.figures.append(figure)

    def remark(self, words: str) -> None:
        """Say what this run left out, and why."""
        self.remarks.append(words)

    def need(self, condition: object, why: str) -> None:
        """End the row as not playable on this machine.

        Raises:
            UnplayableError: the condition does not hold.
        """
        if not condition:
            raise UnplayableError(why)

    def of(self, small: Any, whole: Any) -> Any:
        """Return a size: that of ``make test``, or that of ``make faults``."""
        return whole if self.whole else small

    # ------------------------------------------------------------------------------------------ configuration

    @property
    def storage_directory(self) -> Path:
        """Where the queue is on disk."""
        return self.directory / "storage"

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return self.directory / "config.yaml"

    def webhook_url(self, name: str, base_url: str = "") -> str:
        """Return a webhook's address, on another server if one is given."""
        url = self.server.webhook_url(self.webhooks[name])
        return url.replace(self.server.base_url, base_url) if base_url else url

    def exporter(self, *, base_url: str = "", **changes: Any) -> Json:
        """Return the settings of the discord exporter for this stage; ``changes`` are laid over them."""
        base_url = base_url or self.server.base_url
        urls = {name: self.webhook_url(name, base_url) for name in self.webhooks}
        return merged(exporter_settings(base_url, urls, self.directory / "dead-letters"), changes)

    def configuration(self, *, exporter: Json | None = None, storage: Json | None = None, **changes: Any) -> Json:
        """Return a configuration; ``storage`` and ``changes`` are laid over it."""
        made = service_settings(self.ports, exporter or self.exporter(), self.storage_directory)
        return merged(made, {"extensions": {"file_storage": storage or {}}, **changes})

    # ------------------------------------------------------------------------------------------ the service

    @property
    def service(self) -> Service:
        """The service that was started last."""
        return self.services[-1]

    async def start(
        self,
        configuration: Json | None = None,
        *,
        environment: dict[str, str] | None = None,
        before: Iterable[str] = (),
        ready: bool = True,
    ) -> Service:
        """Start the service, with the former configuration if none is given, and wait until it is ready."""
        if configuration is not None or not self.config_path.exists():
            write(self.config_path, configuration or self.configuration())
        service = launch(self.config_path, environment=environment or {}, before=list(before))
        self.services.append(service)
        if ready:
            await service.said(READY)
        return service

    async def restart(self, number: signal.Signals = signal.SIGTERM, **how: Any) -> Service:
        """End the service by a signal and start it again."""
        await self.service.stop(number)
        return await self.start(**how)

    async def leap(self, meddling: Meddling, seconds: float) -> None:
        """Let time pass at once, for the service and for Discord; the service notices."""
        meddling.leap(wall_s=seconds, monotonic_s=seconds)
        self.clock.leapt_s += seconds
        await scrape(self.ports["metrics"])

    async def metric(self, name: str, *labels: str) -> float:
        """Return a metric of the running service, summed over the series that show all ``labels``."""
        found = await scrape(self.ports["metrics"])
        return sum(
            value
            for series, value in found.items()
            if series.partition("{")[0] == name and all(label in series for label in labels)
        )

    @property
    def log(self) -> str:
        """What all services of the row wrote."""
        return "".join(service.log for service in self.services)

    # ------------------------------------------------------------------------------------------ records

    def client(self) -> Client:
        """Return a sender of its own."""
        self._clients += 1
        return Client(self.ledger, self._clients, self.ports["http"], self.ports["grpc"])

    def delivered(self) -> dict[str, list[int]]:
        """Return the ids that each destination shows now, in order; each message is read once."""
        messages = self.fake.messages
        names = {webhook.id: name for name, webhook in self.webhooks.items()}
        for message in messages[self._read :]:
            if name := names.get(message.webhook_id, ""):
                self._shown.setdefault(name, []).extend(map(int, markers_of(message)))
        self._read = len(messages)
        return {name: list(self._shown.get(name, ())) for name in self.webhooks}

    def copies(self) -> int:
        """Return how many deliveries there are beyond the first of each record, over all destinations."""
        return sum(len(ids) - len(set(ids)) for ids in self.delivered().values())

    def arrived(self, ids: Iterable[int], destination: str = "") -> bool:
        """Return whether ids are at a destination, or at all of them."""
        wanted = set(ids)
        shown = self.delivered()
        return all(wanted <= set(numbers) for name, numbers in shown.items() if destination in ("", name))

    async def deliver(self, client: Client, count: int = 1, *, deadline_s: float = LIVE_S, **how: Any) -> float:
        """Send records and wait until every destination has them; return how long that took after they were sent."""
        ids = await client.send(count, **how)
        return await self.until(lambda: self.arrived(ids), f"{count} records arrive", deadline_s)

    async def letters(self) -> list[Json]:
        """Return the dead letters: of a running service in a small run by its socket, else by the command."""
        if not self.whole and not self.service.is_over:
            question = partial(call, self.storage_directory / "control.sock", "dead-letters/list", {}, timeout_s=20)
            return await asyncio.to_thread(lambda: list(question()))
        code, text = await command("dead-letters", "list", "--json", "--config", str(self.config_path))
        assert code == 0, text
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    async def dead(self) -> dict[str, set[int]]:
        """Return the ids among the dead letters, by destination."""
        found: dict[str, set[int]] = {name: set() for name in self.webhooks}
        for letter in await self.letters():
            found[letter["destination"]] |= set(markers_in(json.dumps(letter)))
        return found

    async def until(self, is_so: Callable[[], bool], what: str, deadline_s: float = LIVE_S) -> float:
        """Wait until something is so; return how long it took.

        Raises:
            AssertionError: it did not come true in time.
        """
        started_s = time.monotonic()
        while not is_so():
            if time.monotonic() - started_s > deadline_s:
                raise AssertionError(f"{what}: not within {deadline_s:g} s\n{self.log[-2500:]}")
            await asyncio.sleep(0.03)
        return time.monotonic() - started_s

    # ------------------------------------------------------------------------------------------ the end

    def posts(self, destination: str = "") -> int:
        """Return how many POSTs Discord has had, of one destination or of all."""
        wanted = {webhook.id for name, webhook in self.webhooks.items() if destination in ("", name)}
        return sum(each.method == "POST" and each.webhook_id in wanted for each in self.fake.exchanges)

    def limited(self) -> int:
        """Return how many requests were answered 429."""
        return sum(each.status == 429 for each in self.fake.exchanges)

    async def live(self, deadline_s: float = LIVE_S, gone: Iterable[str] = ()) -> None:
        """Send one fresh record and see it arrive at every destination that is not gone."""
        ids = await self.client().send(deadline_s=deadline_s)
        names = [name for name in self.webhooks if name not in set(gone)]
        self.live_s = await self.until(
            lambda: all(self.arrived(ids, name) for name in names), "a fresh record arrives", deadline_s
        )

    async def close_books(
        self,
        *,
        duplicates: int = 0,
        dead: dict[str, set[int]] | None = None,
        gone: Iterable[str] = (),
        moved: dict[str, str] | None = None,
        ordered: bool = True,
        live: bool = True,
        deadline_s: float = LIVE_S,
        tolerated: Iterable[str] = (),
    ) -> Books:
        """See a fresh record arrive, wait until nothing is on its way any more, and hold the books.

        Args:
            duplicates: deliveries that may be there twice.
            dead: ids that must be dead letters, by destination; nothing else may be one.
            gone: destinations whose records must be dead letters where they were not delivered before.
            moved: destinations whose records may be at another one, their fallback, instead.
            ordered: first deliveries must be in the order of acceptance.
            live: whether a fresh record must arrive.
            deadline_s: how long what is accepted may need to its end.
            tolerated: FakeDiscord's rules whose violation the fault itself provokes.

        Raises:
            AssertionError: the books do not add up.
        """
        if live:
            await self.live(deadline_s, [*gone, *(moved or {})])
        dead = dict(dead or {})
        for name in gone:
            dead[name] = set(self.ledger.accepted) - set(self.delivered()[name])
        wanted = {name: set(self.ledger.accepted) - dead.get(name, set()) for name in self.webhooks}

        def shown_now() -> dict[str, list[int]]:
            shown = self.delivered()
            for name, fallback in (moved or {}).items():
                shown[name] = [*shown[name], *shown[fallback]]
            return shown

        def complete() -> bool:
            shown = shown_now()
            return all(ids <= set(shown[name]) for name, ids in wanted.items())

        with suppress(AssertionError):  # the books below say it more clearly
            await self.until(complete, "everything accepted arrives", deadline_s)
        buried = await self.dead()
        ends_at = time.monotonic() + 5
        while any(dead.get(name, set()) - ids for name, ids in buried.items()) and time.monotonic() < ends_at:
            await asyncio.sleep(0.3)
            buried = await self.dead()
        held = Books(self.ledger.accepted, self.ledger.offered, shown_now(), buried)
        self._hold(held, dead, duplicates, ordered=ordered, tolerated=set(tolerated))
        return held

    def _hold(
        self, held: Books, dead: dict[str, set[int]], duplicates: int, *, ordered: bool, tolerated: set[str]
    ) -> None:
        lost = {name: f"{len(ids)} of {len(held.accepted)}, such as {ids[:5]}" for name, ids in held.open().items()}
        assert not lost, f"accepted and nowhere: {lost}\n{self.log[-3000:]}"
        buried = {name: ids for name, ids in held.dead.items() if ids}
        expected = {name: ids for name, ids in dead.items() if ids}
        assert buried == expected, f"dead letters are {buried}, expected {expected}\n{self.log[-3000:]}"
        assert not held.dead_and_delivered(), f"dead and delivered: {held.dead_and_delivered()}"
        assert not held.never_sent(), f"nobody sent {held.never_sent()}"
        copies = held.copies_too_many()
        assert copies <= duplicates, f"{copies} copies too many, at most {duplicates} may be there"
        if ordered:
            assert not held.out_of_order(), f"out of order: {held.out_of_order()}"
        violations = [each for each in self.fake.violations if each.rule not in tolerated]
        assert not violations, f"Discord would mind: {violations[:3]}"
        self._hold_log()
        self.note(f"{len(held.accepted)} accepted")
        if copies or duplicates:
            self.note(f"{copies} repeated of at most {duplicates}")
        if any(buried.values()):
            self.note(f"{sum(map(len, buried.values()))} dead letters")

    def _hold_log(self) -> None:
        assert_nobody_pinged(self.fake)
        assert_no_token_in(self.fake, self.log)
        for webhook in self.webhooks.values():
            assert webhook.token not in self.log, "a token is in the log"
        assert "Traceback (most recent call last)" not in self.log, f"a stack trace in the log\n{self.log[-4000:]}"

    async def close(self) -> None:
        """End every process that still runs."""
        for service in self.services:
            await asyncio.to_thread(service.stack.close)


@asynccontextmanager
async def opened_stage(
    directory: Path, *, seed: int, whole: bool, destinations: int = 1, profile: str = "unlimited"
) -> AsyncIterator[Stage]:
    """Set a stage; everything that was started on it ends with the block."""
    async with AsyncExitStack() as stack:
        clock = Clock()
        fake = FakeDiscord(profile, seed=seed, now=clock.now)
        names = ["default"] if destinations == 1 else [f"d{n}" for n in range(destinations)]
        webhooks = {name: fake.add_webhook() for name in names}
        server = await stack.enter_async_context(serve_fake_discord(fake))
        stage = Stage(directory, random.Random(seed), whole, fake, server, webhooks, clock)
        stack.push_async_callback(stage.close)
        yield stage
