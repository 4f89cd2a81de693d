#!/bin/sh
# A channel for this training run while it lasts. Needs OTEL_DISCORD_RUNS_TOKEN and OTEL_DISCORD_RUNS_GUILD_ID.
set -eu

run=$(otel-discord runs create --output env \
  --task-id "${TASK_ID:-mnist}" --attempt "${ATTEMPT:-1}" --short-id "$(date +%H%M%S)" \
  --title "Training of ${TASK_ID:-mnist}" --metadata "host=$(hostname)" --retention-hours 48)
set -a; eval "$run"; set +a   # RUN_CHANNEL_ID, RUN_ID, OTEL_RESOURCE_ATTRIBUTES

end() {
  code=$?
  trap - EXIT
  otel-discord runs finalize "$RUN_CHANNEL_ID" --exit-code "$code" || true   # how the run ended is what counts
  exit "$code"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"${PYTHON:-python3}" "$(dirname "$0")/train.py"
