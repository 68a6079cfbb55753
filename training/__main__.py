"""``python -m training VERB``: one verb per task of the lab."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from types import ModuleType

from geoseg.errors import GeosegError
from training import verbs


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.verb(options)
    except GeosegError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_status
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    known = parser.add_subparsers(required=True, metavar="VERB")
    for name, module in _verbs().items():
        about = (module.__doc__ or "").strip()
        verb = known.add_parser(name, help=about.partition("\n")[0], description=about)
        module.add(verb)
        verb.set_defaults(verb=module.run)
    return parser


def _verbs() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(verbs.__path__))
    return {
        name.replace("_", "-"): importlib.import_module(f"{verbs.__name__}.{name}")
        for name in names
    }


if __name__ == "__main__":
    sys.exit(main())
