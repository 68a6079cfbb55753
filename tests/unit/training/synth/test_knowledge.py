import re
from collections import Counter

import pytest

from training.data.categories import categories, find_category
from training.synth import knowledge
from training.synth.knowledge import headed, kinds_of, plural_of, wholes_of

KNOWN = knowledge.load()
EACH = pytest.mark.parametrize("name", KNOWN)


def normalized(text):
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def described(category):
    return category.functions + category.held_out


def test_every_category_of_the_table_is_known_in_its_order():
    assert list(KNOWN) == [c.name for c in categories()]
    assert [c.granularity for c in KNOWN.values()] == [c.granularity for c in categories()]


def test_tiers_count_as_many_as_the_plan_for_drawing_says():
    assert Counter(c.tier for c in KNOWN.values()) == {"A": 50, "B": 38, "C": 11, "part": 23}
    assert {c.granularity for c in KNOWN.values() if c.tier == "part"} == {"part"}


@EACH
def test_twelve_descriptions_or_more_and_a_quarter_held_out(name):
    category = KNOWN[name]
    assert len(described(category)) >= 12
    assert len(category.held_out) == round(len(described(category)) / 4)


@EACH
def test_short_requests_are_possible(name):
    category = KNOWN[name]
    assert sum(len(text.split()) <= 8 for text in category.functions) >= 3
    assert any(len(text.split()) <= 8 for text in category.held_out)


@EACH
def test_a_single_target_can_be_meant(name):
    assert sum(headed(KNOWN[name], text) is not None for text in described(KNOWN[name])) >= 6


def test_no_description_twice():
    times = Counter(normalized(text) for c in KNOWN.values() for text in described(c))
    assert [text for text, count in times.items() if count > 1] == []


def test_a_held_out_description_lies_inside_no_other():
    drawn = [normalized(text) for c in KNOWN.values() for text in c.functions + c.ambiguous]
    for category in KNOWN.values():
        for text in map(normalized, category.held_out):
            assert not any(text in other for other in drawn)


def test_ambiguous_descriptions_are_listed_wherever_they_fit():
    times = Counter(text for c in KNOWN.values() for text in c.ambiguous)
    plain = {normalized(text) for c in KNOWN.values() for text in described(c)}
    assert times
    assert all(count >= 2 for count in times.values())
    assert not plain & set(map(normalized, times))


@EACH
def test_no_description_names_its_category(name):
    category = KNOWN[name]
    listed = next(c for c in categories() if c.name == name)
    names = {*category.words(count=1), *category.words(count=2)}
    names |= {listed.name, listed.plural, *listed.aliases, *map(plural_of, listed.aliases)}
    head = re.split(" (?:of|for) ", category.singular)[0].split()[-1]
    names |= {head, plural_of(head)}
    for text in described(category) + category.ambiguous:
        words = f" {normalized(text)} "
        assert [n for n in names if f" {normalized(n)} " in words] == []
    assert normalized(category.noun) not in {normalized(n) for n in names}


@EACH
def test_descriptions_read_after_a_verb(name):
    for text in described(KNOWN[name]) + KNOWN[name].ambiguous:
        assert text == text.strip()
        assert text[-1] not in ".?!,"
        assert "  " not in text
        assert text.split()[0].lower() not in {"segment", "show", "find", "mark", "please"}
        # A sentence would begin with a capital; proper names do not begin a description.
        assert text[0].islower()


@EACH
def test_names_lead_back_to_the_category(name):
    category = KNOWN[name]
    for form in (category.singular, category.plural):
        found = find_category(form)
        assert found is not None
        assert found.name == name
    for alias in category.aliases:
        found = find_category(alias)
        assert found is None or found.name == name


def test_no_alias_twice():
    aliases = [normalized(alias) for c in KNOWN.values() for alias in c.aliases]
    assert len(set(aliases)) == len(aliases)


@EACH
def test_relations_lead_to_known_categories(name):
    category = KNOWN[name]
    assert category.parent is None or category.parent in KNOWN
    assert category.same_as is None or category.same_as in KNOWN
    assert name in kinds_of(name)
    assert all(KNOWN[part].granularity == "part" for part in category.parts)
    assert category.granularity != "part" or wholes_of(name)


@EACH
def test_sizes_are_metres(name):
    assert all(0 < size <= 3000 for size in KNOWN[name].size_m)


def test_synonyms_mean_each_other_and_all_kinds():
    assert kinds_of("plane") == kinds_of("airplane")
    assert {"boeing747", "B1-B boomber"} < kinds_of("plane")
    assert kinds_of("soccer ball field") == {"soccer ball field", "football field"}
    assert kinds_of("small vehicle") == {"small vehicle", "small car", "van"}
    assert kinds_of("net") == {"net", "tennis net", "football net"}


def test_a_kind_of_other_use_is_named_but_not_described_with_its_parent():
    assert "B1-B boomber" not in kinds_of("airplane", by_function=True)
    assert "trailer" not in kinds_of("vehicle", by_function=True)
    assert "bus" in kinds_of("vehicle", by_function=True)


def test_wholes_of_a_part():
    assert wholes_of("tennis net") == {"tennis court"}
    assert {"airplane", "boeing787"} < wholes_of("wing")


def test_a_function_gets_a_noun():
    runway = KNOWN["airport runway"]
    assert headed(runway, "where planes touch down") == "strip where planes touch down"
    windmill = KNOWN["windmill"]
    assert headed(windmill, "what turns wind into power") == "machine that turns wind into power"
    assert headed(runway, "somewhere planes can land") is None


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("glasshouse", "glasshouses"),
        ("beach", "beaches"),
        ("rotary", "rotaries"),
        ("roadway", "roadways"),
        ("aircraft", "aircraft"),
        ("court for tennis", "courts for tennis"),
        ("top opening of cooling tower", "top openings of cooling tower"),
    ],
)
def test_plurals(one, many):
    assert plural_of(one) == many


def test_what_is_not_counted_has_no_plural():
    assert KNOWN["water"].words(count=3) == ("water", "water surface", "water body")
    assert KNOWN["bushes"].words(count=1)[0] == "bush"
    assert KNOWN["bushes"].words(count=3)[0] == "bushes"


def test_frames_hold_a_request_and_keep_their_length():
    frames = knowledge.frames()
    assert set(frames) == {"explicit_short", "explicit_long", "implicit_short", "implicit_long"}
    for kind, each in frames.items():
        texts = each.train + each.held_out
        assert len(set(texts)) == len(texts)
        assert len(each.held_out) == len(texts) / 4
        for text in texts:
            assert text.count("{it}") == 1
            words = len(text.split()) - 1
            assert words <= 4 if kind.endswith("short") else 24 <= words <= 60
