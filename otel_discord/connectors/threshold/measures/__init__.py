"""From data points to one value for each group over a sliding window: temporality, resets, rates, quantiles."""

from otel_discord.connectors.threshold.measures.aggregation import Across, Aggregate, Aggregation, parse_aggregation
from otel_discord.connectors.threshold.measures.measure import Measure
from otel_discord.connectors.threshold.measures.reading import Labels, Reading

__all__ = ["Across", "Aggregate", "Aggregation", "Labels", "Measure", "Reading", "parse_aggregation"]
