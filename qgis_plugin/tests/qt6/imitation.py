"""QGIS imitated over PyQt6: Qt is real, classes of QGIS are Qt widgets where they would be one and
mocks otherwise. It shows that modules import and widgets build under Qt 6; what QGIS does with
them is tested in a real one."""

import importlib
import sys
import types
from unittest.mock import MagicMock

from PyQt6 import QtCore, QtGui, QtWidgets, sip

WIDGETS = {
    "QgsCollapsibleGroupBox": QtWidgets.QGroupBox,
    "QgsCollapsibleGroupBoxBasic": QtWidgets.QGroupBox,
    "QgsDockWidget": QtWidgets.QDockWidget,
    "QgsDoubleSpinBox": QtWidgets.QDoubleSpinBox,
    "QgsFileWidget": QtWidgets.QWidget,
    "QgsFilterLineEdit": QtWidgets.QLineEdit,
    "QgsMapLayerComboBox": QtWidgets.QComboBox,
    "QgsMapTool": QtCore.QObject,
    "QgsMapToolExtent": QtCore.QObject,
    "QgsMessageBar": QtWidgets.QFrame,
    "QgsOptionsPageWidget": QtWidgets.QWidget,
    "QgsPasswordLineEdit": QtWidgets.QLineEdit,
    "QgsProcessingProvider": QtCore.QObject,
    "QgsProjectionSelectionWidget": QtWidgets.QWidget,
    "QgsSpinBox": QtWidgets.QSpinBox,
    "QgsTask": QtCore.QObject,
}


class Settings:
    """Nothing is set: what is asked for is the default."""

    def value(self, key: str, default=None, type=None):
        return default

    def setValue(self, key: str, value) -> None:
        pass


class Unknown(type):
    """A class whose every attribute exists: enums, static functions, constants, signals."""

    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=f"{cls.__name__}.{name}")


class UnknownWidget(type(QtCore.QObject), Unknown):
    pass


def look_up(self, name: str):
    """Methods and signals that QGIS adds to a Qt class; kept, so that a signal is one object."""
    if name.startswith("__"):
        raise AttributeError(name)
    made = MagicMock(name=name)
    self.__dict__[name] = made
    return made


def make(name: str) -> type:
    """A class of QGIS by its name."""
    if name in WIDGETS:
        base = WIDGETS[name]

        def start(self, *args, **_kwargs):
            parents = [arg for arg in args if isinstance(arg, QtCore.QObject)]
            base.__init__(self, *parents[:1])

        return UnknownWidget(name, (base,), {"__init__": start, "__getattr__": look_up})
    body = {"__init__": lambda self, *args, **kwargs: None, "__getattr__": look_up}
    return Unknown(name, (), body)


class Imitated(types.ModuleType):
    """A module of QGIS: whatever is asked of it exists, and stays the same."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        made = make(name) if name.startswith("Q") else MagicMock(name=name)
        made = Settings if name == "QgsSettings" else made
        setattr(self, name, made)
        return made


def install() -> None:
    """Put `qgis`, `qgis.PyQt`, `qgis.core`, `qgis.gui`, `qgis.utils` and `processing` in place."""
    for name in ("core", "gui", "utils", "analysis"):
        sys.modules[f"qgis.{name}"] = Imitated(f"qgis.{name}")
    sys.modules["processing"] = Imitated("processing")
    qgis = sys.modules["qgis"] = types.ModuleType("qgis")
    qgis.__path__ = []
    pyqt = sys.modules["qgis.PyQt"] = types.ModuleType("qgis.PyQt")
    pyqt.__path__ = []
    pyqt.sip = sys.modules["qgis.PyQt.sip"] = sip
    for name in ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtSvg", "QtXml"):
        module = importlib.import_module(f"PyQt6.{name}")
        sys.modules[f"qgis.PyQt.{name}"] = module
        setattr(pyqt, name, module)
    for name in ("QAction", "QActionGroup", "QShortcut"):
        setattr(QtWidgets, name, getattr(QtGui, name))
    for name in ("PyQt", "core", "gui", "utils"):
        setattr(qgis, name, sys.modules[f"qgis.{name}"])
