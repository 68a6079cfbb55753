"""`geoseg info`: versions, devices and checkpoints, for people and for bug reports."""

from __future__ import annotations

import json
import locale
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from geoseg.cli.console import installed_version
from geoseg.cli.options import verbose_option

PACKAGES = (
    "torch",
    "transformers",
    "timm",
    "safetensors",
    "tokenizers",
    "rasterio",
    "shapely",
    "pyogrio",
    "pyproj",
    "pyarrow",
    "geopandas",
    "numpy",
    "scipy",
)
"""Packages whose versions decide how a run turns out."""

SETTINGS = (
    "CUDA_VISIBLE_DEVICES",
    "GDAL_CACHEMAX",
    "GDAL_DATA",
    "HF_HUB_OFFLINE",
    "OMP_NUM_THREADS",
    "PROJ_DATA",
    "PROJ_LIB",
)
"""Variables that change how a run turns out, and hold no secrets."""


@click.command("info", short_help="Show versions, devices and checkpoints.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option(
    "--report",
    is_flag=True,
    help="Text for a bug report, with settings that matter; the home folder is written as ~.",
)
@verbose_option
def command(as_json: bool, report: bool) -> None:
    """Show versions, devices and the checkpoints that come with this installation."""
    if as_json and report:
        raise click.UsageError("--json and --report are two forms; give one of them.")
    facts = collect()
    if report:
        click.echo(as_report(facts))
    else:
        click.echo(json.dumps(facts, ensure_ascii=False) if as_json else as_text(facts))


def collect() -> dict[str, Any]:
    """Everything `geoseg info` tells, as plain JSON values. Imports torch and rasterio."""
    import pyogrio
    import rasterio
    import shapely

    from geoseg.engines.devices import devices

    return {
        "geoseg": installed_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "gdal": {
            "raster": rasterio.__gdal_version__,
            "vector": ".".join(map(str, pyogrio.__gdal_version__)),
        },
        "geos": shapely.geos_version_string,
        "devices": [
            {"name": device.name, "label": device.label, "memory_bytes": device.memory_bytes}
            for device in devices()
        ],
        "checkpoints": [*shipped_checkpoints(), {"name": "color", "stored_bytes": 0}],
    }


def shipped_checkpoints() -> list[dict[str, Any]]:
    """Checkpoints that lie inside the package: name and bytes on disk."""
    assets = Path(__file__).resolve().parents[1] / "assets"
    return [
        {
            "name": config.parent.name,
            "stored_bytes": sum(file.stat().st_size for file in config.parent.iterdir()),
        }
        for config in sorted(assets.glob("*/config.json"))
    ]


def as_text(facts: dict[str, Any]) -> str:
    """The same, for people."""
    lines = [
        f"geoseg {facts['geoseg']}, Python {facts['python']}, {facts['platform']}",
        f"GDAL {facts['gdal']['raster']} (rasters), {facts['gdal']['vector']} (vectors), "
        f"GEOS {facts['geos']}",
        ", ".join(f"{name} {version or 'missing'}" for name, version in facts["packages"].items()),
        "",
        "Devices (--device auto takes the first):",
        *(f"  {device['name']}: {device['label']}" for device in facts["devices"]),
        "Checkpoints:",
        *(
            f"  {checkpoint['name']} ({checkpoint['stored_bytes'] / 1e6:.1f} MB)"
            for checkpoint in facts["checkpoints"]
        ),
    ]
    return "\n".join(lines)


def as_report(facts: dict[str, Any]) -> str:
    """The same and where it lies, with nothing in it that tells whose machine this is."""
    import pyproj

    lines = [
        as_text(facts),
        "",
        f"Installed in {Path(__file__).resolve().parents[1]}",
        f"Python is {sys.executable}",
        f"PROJ {pyproj.proj_version_str}, data in {pyproj.datadir.get_data_dir()}",
        f"Locale {locale.setlocale(locale.LC_CTYPE)}, files {sys.getfilesystemencoding()}",
        *(f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ),
    ]
    return "\n".join(lines).replace(str(Path.home()), "~")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
