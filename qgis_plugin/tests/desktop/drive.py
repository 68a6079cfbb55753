"""The whole scenario in a real window, with a picture at each step; `verdict.txt` says how it went.

Started by `run` through QGIS's --code, so there is no __file__.
"""

import faulthandler
import os
import sys
import time
import traceback
from pathlib import Path

faulthandler.dump_traceback_later(200, exit=True)  # a modal box or a hang: a stack, and a failure

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer  # noqa: E402
from qgis.PyQt.QtCore import QEventLoop, QTimer  # noqa: E402
from qgis.PyQt.QtWidgets import QAction  # noqa: E402
from qgis.utils import iface, plugins  # noqa: E402

PICTURES = Path(os.environ["PICTURES"])
SCENE = os.environ["SCENE"]
sys.path.insert(0, os.environ["HERE"])
MOST_DEAF_S = 0.25
"""A tenth of a second is the aim; the rest is for other programs on the machine of the test."""

errors, gaps = [], []
sys.excepthook = lambda *error: errors.append("".join(traceback.format_exception(*error)))
QgsApplication.messageLog().messageReceived.connect(
    lambda text, tag, level: errors.append(text) if tag in ("Python error", "Plugins") else None
)


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(condition, seconds=90.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end and not errors:
        pause(50)
    assert condition(), "it did not come about"


def picture(name, root):
    """Keep what is seen, and look at it for what needs no eyes."""
    from looks import problems

    pause(400)
    iface.mainWindow().grab().save(str(PICTURES / f"{name}.png"))
    found = problems(root)
    if found:  # a run may have ended just now, and its buttons not yet have their places
        pause(500)
        found = problems(root)
    errors.extend(f"{name}: {sentence}" for sentence in found)


def heartbeat():
    """A timer whose gaps say how long the window was deaf."""
    timer, last = QTimer(iface.mainWindow()), []

    def tick():
        now = time.monotonic()
        if last:
            gaps.append(now - last[-1])
        last[:] = [now]

    timer.timeout.connect(tick)
    timer.start(5)

    def stop():
        timer.stop()
        last.clear()

    return timer.start, stop


def scenario():
    window = iface.mainWindow()
    window.resize(*map(int, os.environ["SIZE"].split("x")))
    iface.addRasterLayer(SCENE, "banepa")
    pause(300)
    window.findChild(QAction, "geosegShowDock").trigger()
    pause(300)
    dock = plugins["geoseg_qgis"].dock
    picture("1-dock", dock)
    dock.text.setPlainText("buildings\nroads")
    dock.area.set_kind(1)

    dock.preview_button.click()
    answered = []
    dock.preview.answered.connect(answered.append)
    dock.preview.failed.connect(lambda event: errors.append(str(event)))
    until(lambda: answered)
    assert answered[0].get("answer")
    picture("2-preview", dock)

    beat, rest = heartbeat()
    dock.run.click()
    until(lambda: dock.bar.value() > 0 or dock.task is None)
    rest()
    picture("3-running", dock)
    beat(5)
    until(lambda: dock.task is None)
    rest()
    pause(800)
    picture("4-result", dock)
    layer = dock.review.layer
    assert layer is not None
    assert layer.featureCount() > 20
    assert len(QgsProject.instance().layerTreeRoot().findGroups()) == 2

    dock.review.table.selectRow(0)
    for decision in ("accepted", "accepted", "rejected", "accepted"):
        dock.review.decide(decision)
    picture("5-review", dock)
    reopened = QgsVectorLayer(layer.source(), "again", "ogr")
    kept = [f["review"] for f in reopened.getFeatures() if f["review"] in ("accepted", "rejected")]
    assert sorted(kept) == ["accepted"] * 3 + ["rejected"]

    dock.review.threshold.setValue(60)
    dock.review.refine()
    until(lambda: dock.review.task is None)
    assert dock.review.layer.id() != layer.id()
    picture("6-refined", dock)

    folder = PICTURES.parent / f"{PICTURES.name}-examples"
    dock.review.save_examples(str(folder))
    until(lambda: dock.review.task is None)
    assert any(folder.rglob("*.json")), list(folder.rglob("*"))
    plugins["geoseg_qgis"].open_setup()
    dialog = window.findChild(object, "geosegSetup")
    until(lambda: dialog.task is None)
    pause(300)
    dialog.grab().save(str(PICTURES / "7-setup.png"))
    from looks import problems

    errors.extend(f"setup: {sentence}" for sentence in problems(dialog))
    dialog.reject()
    project = PICTURES.parent / f"{PICTURES.name}.qgz"
    assert QgsProject.instance().write(str(project))
    told = f"{len(gaps)} ticks, longest {max(gaps):.3f} s, {sum(g > 0.1 for g in gaps)} over 0.1 s"
    (PICTURES / "gaps.txt").write_text(f"{told}\n")
    assert max(gaps) < MOST_DEAF_S, told


def main():
    try:
        scenario()
    except BaseException:
        errors.append(traceback.format_exc())
        iface.mainWindow().grab().save(str(PICTURES / "failed.png"))
    (PICTURES / "verdict.txt").write_text("\n".join(errors) or "ok\n")
    if errors:
        os._exit(1)
    QgsProject.instance().clear()
    iface.actionExit().trigger()


QTimer.singleShot(500, main)
