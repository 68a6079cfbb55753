"""Which Python runs geoseg: choose one, or have one made, with consent and a way to stop."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..core import envs, install, settings
from ..core.protocol import failure
from ..core.task import CallTask
from . import words
from .pieces import side_by_side, wrapped


class SetupDialog(QDialog):
    """Two pages: «I have one», and «Make one»."""

    chosen = pyqtSignal(str)

    def __init__(self, parent=None, last_words: str = "") -> None:
        """`last_words` of the latest run go into the report."""
        super().__init__(parent)
        self._last_words = last_words
        self.setObjectName("geosegSetup")
        self.setWindowTitle(self.tr("Python environment"))
        self.resize(560, 460)
        self.task: CallTask | None = None
        self._bases: list[envs.Python] = []
        pages = QTabWidget()
        pages.addTab(self._have_page(), self.tr("I have one"))
        pages.addTab(self._make_page(), self.tr("Make one"))
        self.status = wrapped(self.tr("geoseg runs in a Python of its own, apart from QGIS."))
        self.status.setObjectName("geosegSetupStatus")
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(2000)
        self.log.setVisible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        report = buttons.addButton(self.tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        report.clicked.connect(self.copy_report)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(pages)
        layout.addWidget(self.status)
        layout.addWidget(self.bar)
        layout.addWidget(self.log)
        layout.addWidget(buttons)
        if envs.sandboxed():
            self.say(" ".join(words.sentences(failure("sandbox"))))
        self.look()

    def look(self) -> None:
        """Find Pythons, in a task: each is started once."""
        self._start(self.tr("Looking for Pythons"), lambda *_: envs.found(), self._looked)

    def choose(self, path: str) -> None:
        """Look into a Python and take it if geoseg runs in it."""
        self.say(self.tr("Looking into it…"))
        self._start(self.tr("Looking into a Python"), lambda *_: envs.probe(path), self._probed)

    def make(self) -> None:
        """Make an environment; the user has consented with the button that says the size."""
        making = self.making()
        if making is None:
            self.say(self.tr("Choose a Python to make it from."))
            return
        free = install.room(making.folder)
        if free < install.NEEDED_BYTES[making.cpu_only]:
            self.say(
                self.tr("Only {} GB are free in that folder; free some or choose another.").format(
                    free // 10**9
                )
            )
            return
        self.log.setVisible(True)
        proxy = settings.proxy()
        self._start(
            self.tr("Making a Python environment"),
            lambda said, stopped: install.make(making, said, stopped, proxy),
            self._made,
            stoppable=True,
        )

    def making(self) -> envs.Making | None:
        """What the page «Make one» asks for."""
        index = self.base.currentIndex()
        if not 0 <= index < len(self._bases):
            return None
        return envs.Making(
            self._bases[index].executable,
            self.folder.filePath(),
            install.SOURCE,
            self.cpu_only.isChecked(),
        )

    def remove(self) -> None:
        """Delete the environment in the folder, if it is one."""
        try:
            envs.remove(self.folder.filePath())
        except (OSError, ValueError) as error:
            self.say(str(error))
            return
        if settings.get("python") == envs.python_in(self.folder.filePath()):
            settings.put("python", "")
            self.chosen.emit("")
        self.say(self.tr("Removed."))
        self._show_folder()

    def copy_report(self) -> None:
        """For a bug report: versions, paths without the home folder, the last lines.

        What takes longer, geoseg's own report, follows when it has come.
        """
        python = settings.get("python")
        self._copied(install.about(python))
        if python and self.task is None:
            title = self.tr("Asking geoseg for its versions")
            self._start(title, lambda *_: install.report(python), self._copied)

    def say(self, text: str) -> None:
        """Tell the user."""
        self.status.setText(text)

    def reject(self) -> None:
        """Closing stops what is under way; how that ends is nobody's concern any more."""
        task, self.task = self.task, None
        if task is not None:
            task.cancel()
        super().reject()

    def _copied(self, about) -> None:
        parts = [str(about), self._last_words, self.log.toPlainText()]
        text = envs.without_home("\n\n".join(filter(None, parts)))
        QApplication.clipboard().setText(text)
        self.say(self.tr("The report is in the clipboard."))

    def _have_page(self) -> QWidget:
        page = QWidget()
        self.pythons = QComboBox()
        self.pythons.setObjectName("geosegPythons")
        self.pythons.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.file = QgsFileWidget()
        self.file.setObjectName("geosegPythonFile")
        self.file.setFilePath(settings.get("python"))
        use_found = QPushButton(self.tr("Use it"))
        use_found.clicked.connect(lambda: self.choose(self.pythons.currentData() or ""))
        use_file = QPushButton(self.tr("Use it"))
        use_file.setObjectName("geosegUseFile")
        use_file.clicked.connect(lambda: self.choose(self.file.filePath()))
        form = QFormLayout(page)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.addRow(self.tr("Found on this computer"), side_by_side(self.pythons, use_found))
        form.addRow(self.tr("Another one"), side_by_side(self.file, use_file))
        form.addRow(
            wrapped(self.tr("Install geoseg into a Python with: python -m pip install geoseg"))
        )
        return page

    def _make_page(self) -> QWidget:
        page = QWidget()
        self.base = QComboBox()
        self.base.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setFilePath(str(Path(settings.data_folder(), "python")))
        self.cpu_only = QCheckBox(self.tr("Without support for graphics cards (smaller)"))
        self.start = QPushButton()
        self.start.setObjectName("geosegMake")
        self.start.clicked.connect(self._start_or_stop)
        self.delete = QPushButton(self.tr("Remove"))
        self.delete.clicked.connect(self.remove)
        copy = QPushButton(self.tr("Copy commands"))
        copy.clicked.connect(self._copy_commands)
        self.cpu_only.toggled.connect(self._show_folder)
        self.folder.fileChanged.connect(self._show_folder)
        self.consent = wrapped("")
        form = QFormLayout(page)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.addRow(self.tr("From this Python"), self.base)
        form.addRow(self.tr("Into this folder"), self.folder)
        form.addRow(self.cpu_only)
        form.addRow(self.consent)
        form.addRow(side_by_side(self.start, copy, self.delete))
        self._show_folder()
        return page

    def _show_folder(self) -> None:
        """What the folder holds decides what the button does."""
        folder = self.folder.filePath()
        begun = bool(folder) and envs.is_ours(folder)
        self.delete.setEnabled(begun)
        self.start.setText(self.tr("Repair") if begun else self.tr("Download and make"))
        size = "1" if self.cpu_only.isChecked() else "3–6"
        self.consent.setText(
            self.tr(
                "PyTorch and geoseg are downloaded from the Python package index: {} GB."
            ).format(size)
        )

    def _start_or_stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            self.say(self.tr("Stopping…"))
        else:
            self.make()

    def _copy_commands(self) -> None:
        making = self.making()
        if making is not None:
            QApplication.clipboard().setText(making.text())
            self.say(self.tr("The commands are in the clipboard."))

    def _start(self, title: str, work, then, stoppable: bool = False) -> None:
        if self.task is not None:
            self.task.cancel()
        task = self.task = CallTask(title, work)
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        if stoppable:
            self.start.setText(self.tr("Stop"))
        task.said.connect(self._said)
        task.ended.connect(lambda outcome: self._ended(task, outcome, then))
        QgsApplication.taskManager().addTask(task)

    def _said(self, line: str) -> None:
        percent = envs.pip_percent(line)
        if percent is None:
            self.log.appendPlainText(line)
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 100)
            self.bar.setValue(int(percent))

    def _ended(self, task: CallTask, outcome, then) -> None:
        if task is not self.task:
            return
        self.task = None
        self.bar.setVisible(False)
        self._show_folder()
        then(outcome)

    def _looked(self, pythons) -> None:
        if not isinstance(pythons, list):
            return
        self.pythons.clear()
        for python in pythons:
            self.pythons.addItem(f"{python} – {python.executable}", python.executable)
        self._bases = [python for python in pythons if python.base]
        self.base.clear()
        self.base.addItems([f"{python.version} – {python.executable}" for python in self._bases])

    def _probed(self, python) -> None:
        problems = {
            "too_old": self.tr("It is too old: geoseg needs Python 3.11, 64 bit."),
            "no_geoseg": self.tr("geoseg is not installed in it."),
            "old_geoseg": self.tr("Its geoseg is too old for this plugin."),
        }
        if python is None or isinstance(python, Exception):
            self.say(self.tr("This is no Python that can be started."))
        elif python.problem:
            self.say(f"{python}: {problems[python.problem]}")
        else:
            settings.put("python", python.executable)
            settings.put("python_says", str(python))
            self.say(self.tr("{} is used from now on.").format(python))
            self.chosen.emit(python.executable)

    def _made(self, outcome) -> None:
        if isinstance(outcome, envs.Python):
            self._probed(outcome)
        elif isinstance(outcome, Exception):
            self.say(self.tr("It did not work: {}").format(outcome))
        else:
            self.say(self.tr("Stopped. “Repair” goes on, “Remove” deletes what is there."))
