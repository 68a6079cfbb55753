"""Polygons on the way: of truth that is known, those alone that nothing to come can change."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

import geoseg
from geoseg.engines.color import ColorEngine
from geoseg.events import Partial
from geoseg.pipeline import partial
from geoseg.tiling import plan_tiles

PLATES = [(100, 100, 300, 300), (900, 1300, 1100, 1500), (600, 2600, 900, 2800)]
"""(left, top, right, bottom): in the first row of windows, across two, and in the last."""


@pytest.fixture
def drawn(draw_scene, tmp_path, monkeypatch):
    """A run in which every commit is followed by a drawing; gives each as its polygons."""
    image = np.full((3, 3000, 1800), 100, np.uint8)
    for left, top, right, bottom in PLATES:
        image[:, top:bottom, left:right] = np.array([220, 20, 30], np.uint8)[:, None, None]
    monkeypatch.setattr(partial, "SOONEST_S", 0.0)
    monkeypatch.setattr("geoseg.pipeline.asking._COMMIT_ANSWERS", 1)
    monkeypatch.setattr("geoseg.pipeline.partial.SHARE", 1e9)
    side, seen, windows = tmp_path / "so far.gpkg", [], []

    class Spy(ColorEngine):
        def answer(self, questions):
            for instruction, answer in super().answer(questions):
                windows.append(answer.tile.window)
                yield instruction, answer

    monkeypatch.setattr("geoseg.pipeline.running.open_engine", lambda spec: Spy())

    def listen(event):
        if isinstance(event, Partial):
            found = gpd.read_file(event.path, layer=event.table)
            assert event.features == len(found)
            seen.append((tuple(windows), found))

    request = geoseg.Request(
        draw_scene(image), ("red",), tmp_path / "out.gpkg", checkpoint="color", partial=side
    )
    geoseg.run(request, listen)
    return seen, gpd.read_file(tmp_path / "out.gpkg", layer="01_red"), side


def test_what_is_shown_stays_as_it_is(drawn):
    seen, final, side = drawn
    assert len(seen) >= 3
    outlines = {geometry.normalize().wkb for geometry in final.geometry}
    for _, found in seen:
        assert {geometry.normalize().wkb for geometry in found.geometry} <= outlines
    assert not side.name.startswith(".")


def test_polygons_appear_when_all_that_see_them_have_answered(drawn):
    seen, final, _ = drawn
    everywhere = {tile.window for tile in plan_tiles(3000, 1800)}
    for answered, found in seen:
        waiting = [
            box(w.col_off, w.row_off, w.col_end, w.row_end) for w in everywhere - set(answered)
        ]
        ready = [plate for plate in PLATES if not any(box(*plate).intersects(w) for w in waiting)]
        assert len(found) == len(ready)
    assert 1 <= max(len(found) for _, found in seen) < len(final)
