import pytest

from . import imitation

imitation.install()


@pytest.fixture(scope="session")
def application():
    from PyQt6.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])
