"""What can go wrong, each in a plain sentence and with a way out.

The child says a code; `message` of the child is more exact than the sentence here where it is for
people, and is shown beneath it. Sentences are translated by their code in the widgets.
"""

from __future__ import annotations

from dataclasses import dataclass

from .protocol import Event


@dataclass(frozen=True)
class Fault:
    """A sentence, a way out, and what the plugin offers to do about it."""

    sentence: str
    way_out: str
    action: str = ""
    """A button beside the sentence: `setup`, `again`, `save_as`, `log` or nothing."""


FAULTS = {
    # what the child says
    "bad_request": Fault("geoseg did not understand the request.", "Change it as described."),
    "image_unreadable": Fault(
        "The image cannot be read.", "Check that the file opens in QGIS, or save it anew."
    ),
    "no_crs": Fault(
        "The image does not say where it lies.",
        "Set the layer's coordinate reference system, then run again.",
        "again",
    ),
    "no_overlap": Fault(
        "The chosen area lies outside the image.", "Choose another area, or the whole image."
    ),
    "image_too_big": Fault("The image is too big.", "Choose a smaller area."),
    "model_missing": Fault(
        "The model is not there or is damaged.", "Choose another model in the settings.", "setup"
    ),
    "no_network": Fault(
        "The model had to be downloaded and the network did not answer.",
        "Download it by hand and choose its folder in the settings.",
        "setup",
    ),
    "out_of_memory": Fault(
        "There was not enough memory.", "Close other programs, or run on the CPU.", "again"
    ),
    "no_device": Fault("The chosen device is not there.", "Choose “auto” as the device."),
    "disk_full": Fault(
        "The disk is full.", "Free some space and run again: finished parts are kept.", "again"
    ),
    "permission": Fault("The result cannot be saved there.", "Choose another file.", "save_as"),
    "cancelled": Fault("Stopped.", "Run again to go on where it stopped.", "again"),
    "internal": Fault(
        "geoseg met an unexpected problem.", "Copy the report and send it to us.", "log"
    ),
    # what the child cannot say
    "not_set_up": Fault(
        "No Python with geoseg is chosen yet.", "Set it up once; it takes some minutes.", "setup"
    ),
    "start": Fault(
        "The chosen Python cannot be started.", "Choose another one or repair it.", "setup"
    ),
    "no_geoseg": Fault(
        "geoseg is not installed in the chosen Python.", "Install it or choose another.", "setup"
    ),
    "protocol": Fault(
        "The installed geoseg does not fit this plugin.", "Update geoseg or the plugin.", "setup"
    ),
    "crash": Fault("geoseg ended unexpectedly.", "Run again: finished parts are kept.", "again"),
    "killed": Fault(
        "The system ended geoseg, most often for lack of memory.",
        "Close other programs and run again: finished parts are kept.",
        "again",
    ),
    "vc_runtime": Fault(
        "A part of Windows that PyTorch needs is missing.",
        "Install the Microsoft Visual C++ Redistributable (x64), then run again.",
    ),
    "sandbox": Fault(
        "This QGIS runs in a sandbox (Flatpak) and cannot start other programs.",
        "Install QGIS from your distribution or from qgis.org.",
    ),
    # what happens in QGIS
    "no_layer": Fault("Choose an image first.", "Add a raster layer to the project."),
    "no_words": Fault("Say what to find.", "For example: safe open areas"),
    "layer_no_crs": Fault(
        "The layer has no coordinate reference system.",
        "Right-click the layer, Layer CRS, Set Layer CRS; then run again.",
    ),
    "project_closed": Fault(
        "The project was closed while geoseg was at work.",
        "The result is saved; it can be added to the open project.",
        "load",
    ),
    "busy": Fault("A run is under way.", "Wait for it or stop it first."),
    "export_empty": Fault(
        "The layer gave no picture of this area.",
        "Check the connection, zoom to where the layer shows something, and run again.",
        "again",
    ),
    "export_failed": Fault(
        "The layer could not be saved as a picture.", "Check the connection and run again.", "again"
    ),
    "export_too_big": Fault(
        "The area is too big at this pixel size.", "Choose a smaller area or larger pixels."
    ),
    "no_result": Fault("The result file cannot be opened.", "Run again.", "again"),
}


def fault_of(event: Event) -> Fault:
    """What to say about an `error` event; codes of later versions are like `internal`."""
    return FAULTS.get(event.get("code", "internal"), FAULTS["internal"])


def of_exit(status: int, stderr: str) -> str:
    """The code for a child that ended without a last line: by its status and its last words."""
    if "c10.dll" in stderr or "WinError 1114" in stderr:
        return "vc_runtime"
    if "No module named geoseg" in stderr or "No module named 'geoseg'" in stderr:
        return "no_geoseg"
    if "MemoryError" in stderr or "std::bad_alloc" in stderr:
        return "out_of_memory"
    if status in (-9, 137):
        return "killed"
    return "crash"
