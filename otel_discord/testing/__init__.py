"""Rehearsal room, public for plugin authors: a strict Discord, sinks, a host, OTLP builders, contract checks.

Where to look: ``fake_discord`` (Discord itself), ``sinks`` (the end of a pipeline), ``host`` and ``telemetry`` (what a
component is given), ``otlp`` (data), ``exporter_contract``, ``receiver_contract``, ``storage_contract`` and
``component_contract`` (what every component must pass), ``leaks`` (no task outlives it).
"""
