# Everything a newcomer needs: `make demo` and `make test`. Both set up what they need first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# Decisions without a loop, a clock or dice: whatever they can do, a test has seen.
PURE := $(addprefix otel_discord/, \
  config/* ottl/* redaction/* signals/* templating/* store/* \
  component/errors.py \
  discord_api/answer_text.py discord_api/bodies.py discord_api/filenames.py discord_api/html_*.py discord_api/limits.py \
  discord_api/multipart.py discord_api/outcome_types.py discord_api/outcomes.py discord_api/ratelimit/* \
  discord_api/retry_after.py discord_api/routes.py discord_api/username.py discord_api/validation.py discord_api/webhook_url.py \
  exporterhelper/* \
  exporters/discord/attachments.py exporters/discord/cards.py exporters/discord/cause.py exporters/discord/compose.py \
  exporters/discord/dead_letters/file_names.py exporters/discord/dead_letters/letter.py \
  exporters/discord/dead_letters/line.py exporters/discord/dead_letters/notice.py \
  exporters/discord/charts/shapes.py exporters/discord/charts/points.py exporters/discord/charts/breaches.py \
  exporters/discord/charts/value_axis.py exporters/discord/charts/time_axis.py exporters/discord/charts/plan.py \
  exporters/discord/charts/sparkline.py exporters/discord/delivery.py exporters/discord/destinations.py exporters/discord/doubt.py \
  exporters/discord/folding/book.py exporters/discord/folding/crowd.py exporters/discord/folding/draft.py \
  exporters/discord/folding/editing.py exporters/discord/folding/note.py exporters/discord/folding/problem.py \
  exporters/discord/folding/history.py exporters/discord/addressing.py exporters/discord/foreign_keys.py \
  exporters/discord/mentions.py exporters/discord/mutes/* exporters/discord/posts.py exporters/discord/quiet_hours.py \
  exporters/discord/retention_book.py exporters/discord/route_marks.py exporters/discord/routes.py \
  exporters/discord/storm_warnings.py exporters/discord/thread_names.py \
  exporters/discord/mining/* exporters/discord/packing_fit.py exporters/discord/render_digest*.py \
  exporters/discord/render_folded.py exporters/discord/render_variable_parts.py exporters/discord/noted_ways.py \
  exporters/discord/last_words.py exporters/discord/lateness.py exporters/discord/outage.py \
  exporters/discord/overflow_notice.py exporters/discord/packing.py exporters/discord/pressure.py exporters/discord/routed.py exporters/discord/routing.py \
  exporters/discord/seen.py exporters/discord/shelf.py exporters/discord/tombstones.py \
  extensions/file_storage/condition.py extensions/file_storage/space.py \
  receivers/otlp/answers.py receivers/otlp/decompress.py receivers/otlp/http_requests.py receivers/otlp/ingest.py \
  sdk/buffer.py sdk/capture.py sdk/freeze.py sdk/lightening.py sdk/settings_conceal.py sdk/severity.py sdk/snapshot.py \
  sdk/waiting.py service/fanout.py service/graph.py service/ids.py service/reload_diff.py \
  service/references.py)
comma := ,
space := $(subst ,, )

.PHONY: demo test coverage lint bench bench-peers simulate proto interop test-live setup clean docs faults soak

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup        ## the main job on this machine: OTLP in, Discord (or its stand-in) out
	$(BIN)/otel-discord demo $(DEMO_ARGS)

test: setup lint   ## all tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

coverage: setup    ## all tests, measured: every branch of the pure cores, 90 % of everything
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n 2 --cov --cov-report= $(PYTEST_ARGS)
	$(BIN)/coverage report --include '$(subst $(space),$(comma),$(strip $(PURE)))' --fail-under 100
	$(BIN)/coverage report --fail-under 90

bench: setup       ## how quick it is; one table, compared with benchmarks/results/stored.json
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-peers: setup ## ours beside Alertmanager, apprise and others, six minutes (OTELCOL=… adds a Collector); tables in docs/explanation/performance.md
	$(BIN)/python -m benchmarks peers

simulate: setup    ## a fleet of up to 100 replicas in virtual time, ten minutes; tables in docs/explanation/scale.md
	$(BIN)/python -m benchmarks simulation

faults: setup      ## the fault matrix, whole (FAULTS_ARGS='--rows 33,41-44'); writes the table in docs/explanation/reliability.md
	$(BIN)/python -m tests.faults $(FAULTS_ARGS)

soak: setup        ## everything goes wrong at random for two minutes (SOAK_ARGS='--seconds 600 --seed 7'), then the books
	$(BIN)/python -m tests.faults.soak $(SOAK_ARGS)

lint: setup        ## style, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

interop: setup     ## OTLP clients in JavaScript, Go and Java (what is installed of them) deliver through the service
	OTEL_DISCORD_INTEROP=1 $(BIN)/python -m pytest tests/interop --timeout 900 $(PYTEST_ARGS)

docs: setup        ## tables of docs/reference, made from the code
	$(BIN)/python docs/generate.py

test-live: setup   ## opt-in: what FakeDiscord believes, compared with Discord itself; needs DISCORD_WEBHOOK_URL
	$(BIN)/python -m pytest -m live tests/testing -s -p no:xdist $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov dist build

# Generated code runs with the protobuf it was made for and newer ones only: so by the generator of an old one.
PROTOC = grpcio-tools==1.75.1

proto: setup       ## regenerate otel_discord/_proto from proto/
	@tmp=$$(mktemp -d) && $(BIN)/python -m venv $$tmp/venv && $$tmp/venv/bin/pip install --quiet --disable-pip-version-check '$(PROTOC)' \
	  && $$tmp/venv/bin/python -m grpc_tools.protoc -Iproto --python_out=$$tmp --pyi_out=$$tmp otel_discord/v1/queue.proto otel_discord/v1/dead_letter.proto otel_discord/v1/run_channels.proto \
	  && cp $$tmp/otel_discord/v1/*_pb2.py $$tmp/otel_discord/v1/*_pb2.pyi otel_discord/_proto/ && rm -r $$tmp
