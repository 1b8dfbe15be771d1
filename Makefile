# The two commands: `make run` and `make test`. Both install what this machine lacks; see server/bootstrap.sh.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test jitter soak fuzz bench bench-boundaries bench-dispatch bench-pages screenshots lint format lock

BIN := .venv/bin

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, then serve the demo ward on http://127.0.0.1:8000
	@server/bootstrap.sh run
	@exec $(BIN)/phuongso run

# Three test processes on two cores, for each waits a third of its time for a browser, a server or the database; a slow
# first start of PostgreSQL is shared. Compiled modules are kept even where the environment says not to: each of the
# many servers that are started would compile them all anew.
test: ## install what is missing, then run every test (ARGS="tests/geo -k merge" for some)
	@server/bootstrap.sh dev
	@exec env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

jitter: ## run the pages' tests with answers and steps that come late by chance: what fails passed by luck (JITTER=7)
	@server/bootstrap.sh dev
	@exec $(BIN)/python -m pytest -p tests.browser.jitter -n 4 --dist loadfile tests/browser $(ARGS)

fuzz: ## send a served process many made-up requests, others each time (CASES=20000)
	@server/bootstrap.sh dev
	@env -u CI FUZZ_CASES=$(or $(CASES),20000) $(BIN)/python -m pytest -s tests/server/test_fuzzing.py $(ARGS)

soak: ## break a deployment at random for minutes and count what became of its promises (ARGS="--minutes 10 --seed 7")
	@server/bootstrap.sh dev
	@exec $(BIN)/python -m tests.faults.soak $(ARGS)

bench: ## measure it beside its own SQL and beside plain Strawberry (ARGS="--main ward --cases crew")
	@server/bootstrap.sh dev
	@exec $(BIN)/python -m benchmarks $(ARGS)

bench-dispatch: ## time the planning of a whole queue, and play days under several ways of dispatching
	@server/bootstrap.sh dev
	@exec $(BIN)/python -m benchmarks.dispatch $(ARGS)

bench-boundaries: ## time saving boundaries in a ward of 200 neighbourhoods of 500 vertices (SERVER=postgresql://… with room for databases)
	@server/bootstrap.sh dev
	@test -n "$(SERVER)" || { echo "Give SERVER: see docs/performance.md" >&2; exit 2; }
	@exec $(BIN)/python -m benchmarks.boundaries --url $(SERVER) $(ARGS)

bench-pages: ## measure the pages in a browser (URL=http://… of a running server, SERVER=postgresql://… for the map and the console)
	@server/bootstrap.sh dev
	@test -z "$(URL)" || $(BIN)/python -m benchmarks.lighthouse $(URL)
	@test -z "$(SERVER)" || $(BIN)/python -m benchmarks.map_open --url $(SERVER)
	@test -z "$(SERVER)" || $(BIN)/python -m benchmarks.console_open --url $(SERVER)
	@test -n "$(URL)$(SERVER)" || { echo "Give URL, SERVER or both: see docs/performance.md" >&2; exit 2; }

screenshots: ## take the pictures of every page that docs/screenshots keeps
	@server/bootstrap.sh dev
	@exec $(BIN)/python -m pytest -q tests/browser/screenshots.py

# Left out of squawk: prefer-bigint-over-int, for our integers are counts with an upper bound, never keys;
# prefer-text-field, for only Alembic's own table has a varchar; require-statement-timeout, for a migration may take its
# time once it has its locks, and waits for those five seconds at most (tests/geo/test_migrations.py).
SQUAWK := --pg-version 15 --exclude prefer-bigint-over-int,prefer-text-field,require-statement-timeout

lint: ## check formatting, style, types, security, migrations, layering and the published schema
	@server/bootstrap.sh dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r server schema geo maps
	$(BIN)/phuongso migrate --sql | $(BIN)/squawk $(SQUAWK)
	! command -v docker-compose >/dev/null || POSTGRES_PASSWORD=x PHUONGSO_SECRET_KEY=x docker-compose config -q
	$(BIN)/python -m pytest -q tests/test_layering.py $(wildcard tests/schema/test_sdl.py)

format: ## format the code and mend what ruff can mend
	@server/bootstrap.sh dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The locks name no index: pip takes the packages from wherever it is told to. `make lock ARGS=--upgrade` renews all.
COMPILE := var/uv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet
lock: ## write requirements.lock and requirements-dev.lock from pyproject.toml
	python3 -m venv var/uv
	var/uv/bin/pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(ARGS) -o requirements.lock
	$(COMPILE) $(ARGS) --extra dev -c requirements.lock -o requirements-dev.lock
