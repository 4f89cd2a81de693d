"""What a record costs in time of a processor: a sample of texts goes through the real redaction and the real miner."""

import random
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.simulation.problems import Catalogue
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.problem import ProblemFinder, who
from otel_discord.redaction import Masker, mask_logs
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import logs_request

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class RecordCost:
    """Microseconds of a processor, and how many groups the miner made of how many problems."""

    masking_us: float
    recognising_us: float
    records: int
    problems: int
    groups: int

    @property
    def us(self) -> float:
        """Both."""
        return self.masking_us + self.recognising_us


def record_cost(catalogue: Catalogue, records: int, seed: int) -> RecordCost:
    """Measure; texts are those of the catalogue, each with a number of its own."""
    dice = random.Random(seed)
    texts: list[str] = []
    told: set[str] = set()
    for _ in range(records):
        services = dice.choice(catalogue.samples)
        chosen = services[min(len(services) - 1, int(dice.paretovariate(0.5)) - 1)]
        told.add(chosen.problem.text)
        texts.append(f"{chosen.problem.text} after {dice.randrange(10**6)} ms")
    masker = Masker(DiscordConfig.model_validate({"webhook_url": _WEBHOOK}).redaction.plan())
    finder = ProblemFinder()
    masking_s = recognising_s = 0.0
    groups: set[bytes] = set()
    for first in range(0, records, _AT_ONCE):
        some = texts[first : first + _AT_ONCE]
        batch = LogsBatch(logs_request(len(some), body=some.__getitem__))
        began_s = time.process_time()
        batch = mask_logs(masker, batch)
        masked_s = time.process_time()
        for resource in batch.request.resource_logs:
            whose = who(source_facts(resource.resource.SerializeToString()))
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    found = finder.find(whose, record, record.severity_number, is_critical=False)
                    groups.add(found.fingerprint)
        recognising_s += time.process_time() - masked_s
        masking_s += masked_s - began_s
    scale = 1e6 / max(1, records)
    return RecordCost(masking_s * scale, recognising_s * scale, records, len(told), len(groups))


_WEBHOOK: Final = "https://discord.com/api/webhooks/1/token"
