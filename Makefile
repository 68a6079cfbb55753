.PHONY: check format lint types imports test docs

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
	python -m pytest

# Rewrite what is generated: the command line reference.
docs:
	python -m tests.architecture.cli_reference docs/cli.md
