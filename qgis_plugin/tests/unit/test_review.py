import sqlite3

from geoseg_qgis.core.review import COLUMN, add_column, polygon_tables


def test_room_for_decisions_is_made_once(tmp_path, fakechild):
    path = str(tmp_path / "é.gpkg")
    fakechild.write(path, ["houses", 'with "quotes"'], 3)
    tables = polygon_tables(path)
    assert len(tables) == 2
    add_column(path, tables)
    add_column(path, tables)
    with sqlite3.connect(path) as database:
        for table in tables:
            name = table.replace('"', '""')
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{name}")')]
            assert columns.count(COLUMN) == 1
            assert database.execute(f'SELECT count(*) FROM "{name}"').fetchone() == (3,)
