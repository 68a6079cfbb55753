"""What is wrong with a window and needs no eyes to see: text cut off, off screen, or faint."""

from collections import Counter

from qgis.PyQt.QtCore import QPoint, QRect
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QAbstractButton, QComboBox, QLabel, QScrollArea, QWidget

LEAST_CONTRAST = 4.5
"""Of text of normal size against its ground, WCAG 2.1 level AA."""


LEAST_OF_SYMBOLS = 3.0
"""Of a single sign, such as an arrow (WCAG 2.1, 1.4.11)."""


def problems(root: QWidget) -> list[str]:
    """Sentences on what is cut off, out of reach, on top of one another or faint within `root`."""
    widgets = [w for w in root.findChildren(QWidget) if w.isVisible() and not is_of_qt(w)]
    found = [clipped(w) for w in widgets] + [out_of_reach(w, root) for w in widgets]
    found += [faint(w) for w in widgets if isinstance(w, (QLabel, QAbstractButton))]
    found += overlapping(widgets)
    return [sentence for sentence in found if sentence]


def is_of_qt(widget: QWidget) -> bool:
    """The buttons in a dock's title bar, which QGIS's themes place as they like."""
    return widget.objectName().startswith("qt_dockwidget_")


def name(widget: QWidget) -> str:
    text = widget.text() if hasattr(widget, "text") and callable(widget.text) else ""
    return f"{type(widget).__name__} {widget.objectName()!r} {str(text)[:40]!r}"


def clipped(widget: QWidget) -> str:
    """A label or button smaller than its text."""
    if isinstance(widget, QLabel) and widget.text() and not has_picture(widget):
        wanted = widget.sizeHint()
        height = widget.heightForWidth(widget.width()) if widget.wordWrap() else wanted.height()
        if not widget.wordWrap() and widget.width() < wanted.width():
            return f"{name(widget)} is {widget.width()} wide and wants {wanted.width()}"
        if widget.height() < height:
            return f"{name(widget)} is {widget.height()} high and wants {height}"
    if isinstance(widget, QAbstractButton) and widget.text():
        wanted = widget.minimumSizeHint()
        if widget.width() < wanted.width() or widget.height() < wanted.height():
            return f"{name(widget)} has no room for its text"
    return ""


def has_picture(label: QLabel) -> bool:
    pixmap = label.pixmap()
    return pixmap is not None and not pixmap.isNull()


def out_of_reach(widget: QWidget, root: QWidget) -> str:
    """Something beyond the window's edge that no scroll bar reaches."""
    above = widget.parentWidget()
    while above is not None and above is not root:
        if isinstance(above, QScrollArea):
            return ""
        above = above.parentWidget()
    place = QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())
    return "" if root.rect().contains(place) else f"{name(widget)} reaches out of its window"


def faint(widget: QWidget) -> str:
    """Text that hardly differs from its ground, in the pixels drawn: style sheets count."""
    if not widget.isEnabled() or not widget.text():
        return ""
    image = widget.grab().toImage()
    places = ((x, y) for x in range(image.width()) for y in range(image.height()))
    colors = Counter(image.pixel(x, y) for x, y in places)
    ground = QColor(colors.most_common(1)[0][0])
    best = max(contrast(QColor(color), ground) for color in colors)
    least = LEAST_CONTRAST if len(widget.text()) > 1 else LEAST_OF_SYMBOLS
    return "" if best >= least else f"{name(widget)} has a contrast of {best:.1f}"


def contrast(first, second) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.1)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def overlapping(widgets: list[QWidget]) -> list[str]:
    """Texts of one parent that lie on one another."""
    texts = [w for w in widgets if isinstance(w, (QLabel, QAbstractButton, QComboBox))]
    return [
        f"{name(one)} lies on {name(other)}"
        for index, one in enumerate(texts)
        for other in texts[index + 1 :]
        if one.parentWidget() is other.parentWidget()
        and one.geometry().intersects(other.geometry())
    ]
