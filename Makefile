# Everything a newcomer runs. `make demo` and `make test` need nothing done beforehand.

PYTHON = .venv/bin/python
# Three workers suit two processors, since tests wait for servers; a test file stays on one, and so shares its fixtures.
# Files are handed out in the order of tests/conftest.py: the longest first.
PYTEST = $(PYTHON) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

# Prefect neither phones home nor counts us, whatever this Makefile starts.
export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false

.PHONY: install system test lint demo bench chaos screenshots lock clean

install: .venv/installed

system:
	@sh tools/system.sh

test: install system
	$(PYTEST) $(ARGS)

lint: install
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy $(wildcard tracker flows)

demo: install
	.venv/bin/tracker demo

bench: install system
	$(PYTHON) -m bench $(ARGS)

# Every simulation in its long form, one after the other: hours. `make chaos ARGS=faults` runs one of them, ARGS=--quick
# a short form of each: minutes.
chaos: install system
	$(PYTHON) -m tests.simulation $(ARGS)

# Every page in three languages, wide and as on a phone, into var/screenshots.
screenshots: install system
	$(PYTHON) -m tools.screenshots $(ARGS)

# The only target that needs uv: choose newer versions within the ranges of pyproject.toml; for the image, without
# what only development needs.
lock:
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --upgrade --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev pyproject.toml requirements.in -o requirements.txt
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" -c requirements.txt pyproject.toml requirements.in -o deploy/requirements.txt

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/locked: requirements.txt tools/venv.sh
	@sh tools/venv.sh
	@touch $@

# The packages are listed too: a new one is not seen until the project is installed again.
.venv/installed: .venv/locked pyproject.toml $(wildcard tracker/__init__.py flows/__init__.py)
	@$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
