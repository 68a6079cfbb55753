.PHONY: check format lint types imports test soak docs picture

# Everything a change must pass.
check: lint types imports test

format:
	ruff format .
	ruff check --fix .

lint:
	ruff format --check .
	ruff check .

types:
	mypy

imports:
	lint-imports

test:
	python -m pytest -n 2

# An hour of bad luck: runs killed at random moments, and scenes with damaged headers. The default
# tests hold 2 % of it.
soak:
	python -m tests.soak.kill_restart --cycles 1000 --results benchmarks/results/soak.json
	python -m tests.soak.mutated_headers --files 10000 --results benchmarks/results/soak.json

# Rewrite what is generated: the command line reference.
docs:
	python -m tests.architecture.cli_reference docs/cli.md

# Make the README's picture again, with the shipped checkpoint.
picture:
	mkdir -p build
	python -m geoseg run examples/data/banepa_sample.tif "buildings" -o build/buildings.gpkg --overwrite
	python examples/render_result.py examples/data/banepa_sample.tif build/buildings.gpkg docs/images/buildings.png
