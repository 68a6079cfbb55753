"""Decisions about polygons, kept in the result file itself. SQLite only: no Qt, no QGIS.

A column of text is added to each layer of polygons before QGIS opens the file, so that the plugin
makes no fields (their types differ between versions of QGIS).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

COLUMN = "review"
ACCEPTED, REJECTED = "accepted", "rejected"


def quoted(name: str) -> str:
    """A table's name inside a statement."""
    return '"' + name.replace('"', '""') + '"'


def add_column(path: str, tables: list[str]) -> None:
    """Make room for decisions in these tables of a GeoPackage, where there is none.

    Raises sqlite3.Error when the file cannot be written.
    """
    with closing(sqlite3.connect(path)) as database, database:
        for table in tables:
            columns = database.execute(f"PRAGMA table_info({quoted(table)})")
            if COLUMN not in {row[1] for row in columns}:
                database.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {COLUMN} TEXT")


def polygon_tables(path: str) -> list[str]:
    """Layers of polygons in a GeoPackage, in the order of their names."""
    query = (
        "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' AND table_name IN "
        "(SELECT table_name FROM gpkg_geometry_columns WHERE geometry_type_name LIKE '%POLYGON') "
        "AND table_name != 'answers' "
        "ORDER BY table_name"
    )
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute(query)]
