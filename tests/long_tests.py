"""Tests that take long and whose siblings show the same in less: played with OTEL_DISCORD_FAULTS=all."""

import os
from typing import Final

import pytest

LONG: Final = (
    "fleet/test_measures.py::test_a_storm_over_three_replicas_is_told_once",
    "fleet/test_faults.py::test_nothing_is_lost_and_all_flows_again[72a]",
    "exporters/discord/fleet/test_questions_letters.py::test_every_replica_lists_shows_and_purges_the_letters_of_all_shards",
    "exporters/discord/fleet/test_one_and_many.py::test_what_waits_is_sent_by_who_comes_next[fewer shards]",
    "extensions/db_storage/test_faults.py::test_the_answers_to_commits_are_lost",
    "extensions/db_storage/test_run_channels_fleet.py::test_a_run_passes_through_the_hands_of_three_replicas",
    "sdk/test_processes.py::test_multiprocessing[handler-processes-spawn]",
    "sdk/test_processes.py::test_multiprocessing[provider-processes-forkserver]",
    "sdk/test_processes.py::test_multiprocessing[provider-pool-spawn]",
    "sdk/test_processes.py::test_multiprocessing[handler-pool-fork]",
    "sdk/test_processes.py::test_gunicorn_with_preload[handler]",
    "sdk/test_processes.py::test_forked_children[not yet started-provider]",
    "sdk/test_metric_exporter.py::test_the_declarative_file",
    "sdk/test_span_exporter.py::test_discord_is_away_at_the_end[nowhere]",
    "sdk/test_exits.py::test_discord_is_away[provider-silent]",
    "sdk/test_exits.py::test_discord_is_away[handler-no-such-name]",
    "kills/test_random_ends.py::test_kills_under_the_limits_of_discord",
    "kills/test_fold_ends.py::test_counts_are_exact_over_orderly_ends",
    "receivers/alertmanager_webhook/test_real_alertmanager.py::test_a_group_fires_is_repeated_and_ends_in_one_message",
    "receivers/otlp/test_hostile.py::test_eight_hostile_requests_at_once_cost_little_more_than_one[empty messages-413]",
    "collector_config/test_alert_sources.py::test_a_machine_that_watches_itself_says_what_is_short",
    "end_to_end/test_demo.py::test_the_demo_ends_by_itself_and_leaves_nothing_behind",
    "end_to_end/test_dead_letters.py::test_a_crash_leaves_a_letter_in_one_place_at_most[bury.before_commit-0]",
    "interop/test_overload.py::test_a_refused_client_delivers_in_the_end[python-http/protobuf]",
    "interop/test_overload.py::test_a_refused_client_delivers_in_the_end[javascript-http/json]",
    "exporters/discord/test_alert_storm.py::test_all_are_told_and_all_turn_green[True-group_by3-500]",
    "exporters/discord/test_alert_chain.py::test_days_at_a_discord_that_takes_no_edits_of_old_messages[5m]",
    "exporters/discord/test_status.py::test_for_long_with_seldom_edits_once_it_is_old[unfolded]",
    "sdk/test_span_exporter.py::test_discord_is_away_at_the_end[spool]",
    "sdk/test_span_exporter.py::test_failures_and_slow_spans[declarative file]",
    "sdk/test_exits.py::test_discord_is_away[handler-refused]",
    "sdk/test_exits.py::test_flush_keeps_its_deadline[provider]",
    "sdk/test_exits.py::test_other_ends[logging.shutdown(); sys.exit(3)-handler]",
    "sdk/test_exits.py::test_a_burst_and_the_end[provider]",
    "sdk/test_no_circle.py::test_one_record_stays_one[none-handler]",
    "sdk/test_no_circle.py::test_one_record_stays_one[gone-provider]",
    "sdk/test_metric_exporter.py::test_in_code_and_with_a_fork",
    "interop/test_overload.py::test_a_client_is_not_refused_where_the_queue_blocks[javascript-grpc]",
    "interop/test_overload.py::test_a_client_is_not_refused_where_the_queue_blocks[python-http/protobuf]",
    "receivers/otlp/test_hostile.py::test_eight_hostile_requests_at_once_cost_little_more_than_one[zeros-400]",
    "kills/test_alert_lives.py::test_a_kill_while_its_edit_is_in_flight[it has come]",
    "kills/test_random_ends.py::test_orderly_ends_repeat_nothing",
    "end_to_end/test_dead_letters.py::test_a_stopped_services_letters_are_still_there[files]",
    "extensions/db_storage/test_faults.py::test_the_server_has_no_connection_left",
    "extensions/db_storage/test_faults.py::test_the_server_is_paused",
    "extensions/db_storage/test_faults.py::test_the_network_swallows_everything_for_a_while",
    "exporters/discord/test_alert_crash.py::test_the_next_run_goes_on_in_the_message[worse]",
    "exporters/discord/test_alert_crash.py::test_the_next_run_goes_on_in_the_message[told]",
    "benchmarks/test_runs.py::test_a_benchmark_runs_and_prints_its_lines[latency]",
    "benchmarks/test_runs.py::test_a_benchmark_runs_and_prints_its_lines[charts]",
    "end_to_end/test_control_socket.py::test_a_changed_file_is_read_again",
    "exporters/discord/test_alert_life.py::test_simulated_days",
    "exporters/discord/test_alert_chain.py::test_days_at_a_discord_that_takes_no_edits_of_old_messages[12h]",
    "exporters/discord/test_alert_crash.py::test_the_next_run_goes_on_in_the_message[updated]",
    "kills/test_alert_lives.py::test_a_kill_while_alerts_are_in_every_state",
    "kills/test_fold_ends.py::test_counts_are_exact_over_kills",
    "sdk/test_exits.py::test_a_program_that_logs_nothing_and_ends_at_once_sends_the_spool",
    "sdk/test_exits.py::test_without_a_spool_one_line_says_what_is_lost",
    "sdk/test_span_exporter.py::test_far_too_many_spans",
    "sdk/test_processes.py::test_forked_children[not yet started-handler]",
    "cli/test_top.py::test_the_addresses_of_webhooks_are_not_needed_to_ask",
    "cli/test_top.py::test_on_a_terminal_it_lives_through_a_restart",
    "receivers/alertmanager_webhook/test_receiver.py::test_a_body_that_does_not_come_in_time",
    "end_to_end/test_maintenance.py::test_what_is_held_outlives_the_process",
    "benchmarks/test_runs.py::test_a_benchmark_runs_and_prints_its_lines[startup]",
    "benchmarks/test_runs.py::test_a_benchmark_runs_and_prints_its_lines[memory]",
    "service/control/test_server_and_client.py::test_a_service_that_says_nothing_or_dies",
    "exporters/discord/watching/test_checks.py::test_many_do_not_go_at_once",
    "extensions/file_storage/test_wal_file.py::test_a_torn_last_transaction_is_no_damage",
    "faults/test_soak.py::test_the_books_add_up_after_a_few_bad_seconds",
)
"""What follows ``tests/`` in their names."""


def skip_long(items: list[pytest.Item]) -> None:
    """Mark those that are not to be played now."""
    if os.environ.get("OTEL_DISCORD_FAULTS") == "all" or os.environ.get("OTEL_DISCORD_INTEROP"):
        return
    long = frozenset(f"tests/{name}" for name in LONG)
    skip = pytest.mark.skip(reason="takes long: played with OTEL_DISCORD_FAULTS=all")
    for item in items:
        if item.nodeid in long:
            item.add_marker(skip)
