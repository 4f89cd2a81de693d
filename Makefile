# Everything a newcomer needs: `make demo` and `make test`. Both set up what they need first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint bench proto interop test-live setup clean docs

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup        ## the main job on this machine: OTLP in, Discord (or its stand-in) out
	$(BIN)/otel-discord demo $(DEMO_ARGS)

test: setup lint   ## all tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

bench: setup       ## how quick it is; one table, compared with benchmarks/results/stored.json
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

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

proto: setup       ## regenerate otel_discord/_proto from proto/
	@tmp=$$(mktemp -d) && $(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$$tmp --pyi_out=$$tmp otel_discord/v1/queue.proto otel_discord/v1/dead_letter.proto \
	  && cp $$tmp/otel_discord/v1/*_pb2.py $$tmp/otel_discord/v1/*_pb2.pyi otel_discord/_proto/ && rm -r $$tmp
