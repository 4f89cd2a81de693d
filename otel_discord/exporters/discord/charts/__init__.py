"""Pictures for alerts: what is to be drawn (:mod:`plan`, pure), drawn (:mod:`drawing`), off the loop (:mod:`charting`).

Where nothing can be drawn there is :mod:`sparkline`: the same series in a line of text.
"""

from otel_discord.exporters.discord.charts.charting import Charting
from otel_discord.exporters.discord.charts.plan import plan_chart
from otel_discord.exporters.discord.charts.shapes import ChartPlan
from otel_discord.exporters.discord.charts.sparkline import sparkline

__all__ = ["ChartPlan", "Charting", "plan_chart", "sparkline"]
