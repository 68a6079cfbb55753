"""What QGIS loads: actions, dock, Processing provider, options page; and all of it taken away."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTranslator, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction, QMenu

from .core import settings
from .processing.provider import GeosegProvider

RESOURCES = Path(__file__).parent / "resources"


class GeosegPlugin:
    """Made by classFactory; QGIS calls initGui and unload."""

    def __init__(self, iface) -> None:
        self.iface = iface
        self.dock = None
        self.provider = None
        self._actions: list[QAction] = []
        self._translator = self._load_translator()

    def tr(self, text: str) -> str:
        """The user's language."""
        return QCoreApplication.translate("GeosegPlugin", text)

    def initProcessing(self) -> None:
        """Also called alone, by qgis_process."""
        self.provider = GeosegProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Called once QGIS stands."""
        from .gui.options import OptionsFactory, title

        self.initProcessing()
        icon = QIcon(str(RESOURCES / "icons" / "geoseg.svg"))
        self._toolbar = self.iface.addToolBar("GeoSeg")
        self._toolbar.setObjectName("GeosegToolbar")
        self._menu = QMenu("GeoSeg")
        self._menu.setIcon(icon)
        show = self._action("geosegShowDock", self.tr("Find in imagery"), icon, self.show_dock)
        show.setCheckable(True)
        show.setToolTip(self.tr("Say what to find in an image, and get polygons"))
        self._toolbar.addAction(show)
        environment = self._action(
            "geosegEnvironment", self.tr("Python environment…"), icon, self.open_setup
        )
        self._menu.addActions([show, environment])
        help_action = self._action("geosegHelp", self.tr("GeoSeg help"), icon, self.open_help)
        self._menu.addAction(help_action)
        self.iface.rasterMenu().addMenu(self._menu)
        self.iface.pluginHelpMenu().addAction(help_action)
        self._options = OptionsFactory(icon, self.open_setup)
        self._options.setTitle(title())
        self.iface.registerOptionsWidgetFactory(self._options)

    def unload(self) -> None:
        """Leave QGIS as it was."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        if self.dock is not None:
            self.dock.close_down()
            self.iface.removeDockWidget(self.dock)
            self.dock.deleteLater()
            self.dock = None
        if self._actions:
            self.iface.unregisterOptionsWidgetFactory(self._options)
            self._toolbar.deleteLater()
            self._menu.deleteLater()
        for action in self._actions:
            action.deleteLater()
        self._actions.clear()
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)

    def show_dock(self, shown: bool = True) -> None:
        """Open or close the dock; it is made when it is first wanted."""
        if self.dock is None:
            from .gui.dock import GeosegDock

            self.dock = GeosegDock(self.iface, self.iface.mainWindow())
            self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.visibilityChanged.connect(self._dock_shown)
        self.dock.setUserVisible(shown)

    def open_setup(self) -> None:
        """Which Python runs geoseg."""
        self.show_dock(True)
        self.dock.open_setup()

    def open_help(self) -> None:
        """The help page, in the user's language where there is one."""
        page = RESOURCES / "help" / f"index.{settings.locale()}.html"
        page = page if page.is_file() else RESOURCES / "help" / "index.en.html"
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))

    def _dock_shown(self, _shown: bool) -> None:
        if self._actions and self.dock is not None:
            self._actions[0].setChecked(self.dock.isUserVisible())

    def _action(self, name: str, text: str, icon: QIcon, call) -> QAction:
        action = QAction(icon, text, self.iface.mainWindow())
        action.setObjectName(name)
        action.triggered.connect(call)
        self._actions.append(action)
        return action

    def _load_translator(self) -> QTranslator | None:
        compiled = RESOURCES / "i18n" / f"geoseg_{settings.locale()}.qm"
        translator = QTranslator()
        if not compiled.is_file() or not translator.load(str(compiled)):
            return None
        QCoreApplication.installTranslator(translator)
        return translator
