"""Masking: what must not be shown is found in texts and batches, and a word put in its place. Pure."""

from otel_discord.redaction.batches import mask_batch, mask_logs, mask_metrics, mask_traces
from otel_discord.redaction.catalogue import PATTERNS, UnknownPatternError, select_patterns
from otel_discord.redaction.custom import blocked_value, custom_pattern
from otel_discord.redaction.engine import Expression, PatternError
from otel_discord.redaction.finding import Category, Finding, Pattern
from otel_discord.redaction.masker import Masker, Walk
from otel_discord.redaction.plan import Action, MaskingPlan, PlanError
from otel_discord.redaction.replacement import NOT_EXAMINED, marker, pseudonym
from otel_discord.redaction.user_ids import USER_ID_KEYS

__all__ = [
    "NOT_EXAMINED",
    "PATTERNS",
    "USER_ID_KEYS",
    "Action",
    "Category",
    "Expression",
    "Finding",
    "Masker",
    "MaskingPlan",
    "Pattern",
    "PatternError",
    "PlanError",
    "UnknownPatternError",
    "Walk",
    "blocked_value",
    "custom_pattern",
    "marker",
    "mask_batch",
    "mask_logs",
    "mask_metrics",
    "mask_traces",
    "pseudonym",
    "select_patterns",
]
