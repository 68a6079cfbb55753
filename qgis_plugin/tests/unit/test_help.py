"""The help says what the widgets say."""

import re
from html.parser import HTMLParser

import pytest

import translations

HELP = translations.PACKAGE / "resources" / "help"
OF_QGIS = {"Raster", "GeoSeg"}


class Page(HTMLParser):
    """Headings, names of widgets (bold), and whether every tag is closed in turn."""

    def __init__(self, language):
        super().__init__()
        self.open, self.found = [], {"h2": [], "b": [], "tr": []}
        self.feed((HELP / f"index.{language}.html").read_text("utf-8"))
        assert self.open == []

    def handle_starttag(self, tag, _attributes):
        if tag not in ("meta", "link"):
            self.open.append(tag)
        self.found.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        for tag in self.open:
            self.found[tag][-1] += text

    def names(self):
        """Names of widgets; of a path through menus each step."""
        for bold in self.found["b"]:
            yield from bold.replace("\n", " ").split(" ▸ ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_names_widgets_as_they_are(language):
    if language == "en":
        known = {text for texts in translations.texts().values() for text in texts}
    else:
        known = set(translations.translated(translations.FOLDER / "geoseg_fr.ts").values())
    names = list(Page(language).names())
    assert len(names) > 20
    assert set(names) - OF_QGIS <= known


def test_both_languages_say_the_same():
    english, french = Page("en"), Page("fr")
    for tag in ("h2", "b", "li", "tr", "td", "code"):
        assert len(english.found[tag]) == len(french.found[tag]), tag
    assert english.found["code"] == french.found["code"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_reads_nothing_from_the_network(language):
    text = (HELP / f"index.{language}.html").read_text("utf-8")
    assert set(re.findall(r'(?:href|src)="([^"]*)"', text)) == {"style.css"}
    assert (HELP / "style.css").is_file()
