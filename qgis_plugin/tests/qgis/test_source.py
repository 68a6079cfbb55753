"""Layers that are no files, from a server on this machine; and files whose CRS the user knows."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from geoseg_qgis.core import source
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice
from qgis.PyQt.QtGui import QColor, QImage

from .conftest import messages, pause, until

MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")
PLACE = QgsRectangle(9519900, 3202300, 9520200, 3202500)


def png(color):
    image = QImage(256, 256, QImage.Format.Format_ARGB32)
    image.fill(QColor(color))
    image.setPixelColor(100, 100, QColor("white"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data)


@pytest.fixture
def server():
    """Tiles of one colour; `status` says how it answers."""
    tile = png("#336699")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(made.status)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(tile if made.status == 200 else b"")

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.status = 200
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def online(qgis_new_project, server):
    address = f"http://127.0.0.1:{server.server_address[1]}/{{z}}/{{x}}/{{y}}.png"
    layer = QgsRasterLayer(f"type=xyz&url={address}&zmin=0&zmax=19", "online", "wms")
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_a_file_is_handed_over(scene):
    found = source.direct(QgsRasterLayer(str(scene), "scene"))
    assert (found.path, found.options) == (str(scene), {})


def test_a_crs_that_the_user_set_is_told(scene):
    layer = QgsRasterLayer(str(scene), "scene")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32645"))
    assert source.direct(layer).options == {"assume_crs": "EPSG:32645"}
    layer.setCrs(QgsCoordinateReferenceSystem())
    with pytest.raises(source.SourceError) as error:
        source.direct(layer)
    assert error.value.code == "layer_no_crs"


def test_an_online_layer_is_written_in_metres(online, tmp_path):
    assert source.direct(online) is None
    planned = source.prepare(online, PLACE, MERCATOR, 1.0, str(tmp_path / "p.tif"))
    assert planned.target_crs.authid() == "EPSG:32645"
    told = []
    assert source.write(planned, told.append) < 0.01
    picture = QgsRasterLayer(planned.path)
    assert picture.crs().authid() == "EPSG:32645"
    assert picture.rasterUnitsPerPixelX() == pytest.approx(1.0, abs=0.02)
    # Mercator metres are not metres: they are longer by 1 / cos(latitude)
    assert picture.width() == pytest.approx(300 * 0.88, abs=8)
    assert picture.bandCount() in (3, 4)


def test_a_server_that_fails_gives_no_empty_result(online, server, tmp_path):
    server.status = 500
    planned = source.prepare(online, PLACE, MERCATOR, 1.0, str(tmp_path / "p.tif"))
    with pytest.raises(source.SourceError) as error:
        source.write(planned)
    assert error.value.code in ("export_empty", "export_failed")
    assert not (tmp_path / "p.tif").exists()


def test_too_many_pixels(online, tmp_path):
    with pytest.raises(source.SourceError, match="×") as error:
        source.prepare(online, PLACE, MERCATOR, 0.01, str(tmp_path / "p.tif"))
    assert error.value.code == "export_too_big"


def test_stopped_while_it_is_written(online, tmp_path):
    planned = source.prepare(online, PLACE, MERCATOR, 0.2, str(tmp_path / "p.tif"))
    with pytest.raises(source.SourceError, match="cancelled"):
        source.write(planned, stopped=lambda: True)
    assert not (tmp_path / "p.tif").exists()


def test_the_dock_runs_on_an_online_layer(dock, online, iface):
    iface.mapCanvas().setDestinationCrs(MERCATOR)
    iface.mapCanvas().setExtent(PLACE)
    dock.layer.setLayer(online)
    dock.area.set_kind(0)
    pause(50)
    assert "m per pixel" in dock.status.text()
    dock.text.setPlainText("houses")
    dock.run.click()
    until(lambda: dock.task is None and dock.review.layer is not None)
    scene = dock.review.layer.customProperty("geoseg/scene")
    assert scene.endswith(".tif")
    assert QgsRasterLayer(scene).isValid()


def test_a_dead_server_is_a_sentence(dock, online, server, iface):
    server.status = 500
    iface.mapCanvas().setDestinationCrs(MERCATOR)
    iface.mapCanvas().setExtent(PLACE)
    dock.layer.setLayer(online)
    dock.area.set_kind(0)
    dock.text.setPlainText("houses")
    dock.run.click()
    until(lambda: dock.task is None)
    pause(50)
    assert any("no picture" in text or "could not be saved" in text for text in messages(iface))


def test_a_preview_of_an_online_layer(dock, online, iface):
    iface.mapCanvas().setDestinationCrs(MERCATOR)
    iface.mapCanvas().setExtent(PLACE)
    dock.layer.setLayer(online)
    dock.text.setPlainText("houses")
    answered = []
    dock.preview.answered.connect(answered.append)
    dock.preview_button.click()
    until(lambda: answered)
    assert not dock.preview.picture.pixmap().isNull()
    assert dock.preview.answer.text()
    dock.preview.stop()


def test_a_window_for_the_model(online):
    place, crs = source.window(PLACE.center(), MERCATOR, MERCATOR, 0.5)
    assert crs.authid() == "EPSG:32645"
    assert (place.width(), place.height()) == pytest.approx((512.0, 512.0))
