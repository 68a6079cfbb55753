from collections import Counter

import pytest

from training.data.categories import categories, find_category


def test_counts_are_those_of_the_table():
    assert Counter(c.granularity for c in categories()) == {"general": 65, "fine": 31, "part": 26}
    assert len({c.name for c in categories()}) == 122


def test_each_form_names_one_category():
    forms = [
        (form, category)
        for category in categories()
        for form in {category.name, category.plural, *category.aliases}
    ]
    assert len({form.lower() for form, _ in forms}) == len(forms)
    assert all(find_category(form) is category for form, category in forms)


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("tennis courts ", "tennis court"),
        ("bush", "bushes"),
        ("right wing", "wing"),
        ("a220s", "a220"),
        ("B1-B bomber", "B1-B boomber"),
        ("no man’s land of tennis court", "no man's land of tennis court"),
        ("buses", "bus"),
        ("crosswalks", "zebra crossing"),
        ("Expressway-Service-area", "expressway service area"),
        ("baseballfield", "baseball field"),
        ("the Ship", "ship"),
        ("nets", "net"),
        ("tennis net", "tennis net"),
        ("plane", "plane"),
    ],
)
def test_spellings(phrase, name):
    found = find_category(phrase)
    assert found is not None
    assert found.name == name


def test_what_names_none_is_not_guessed():
    assert find_category("church") is None
    assert find_category("") is None
    assert find_category("s") is None
