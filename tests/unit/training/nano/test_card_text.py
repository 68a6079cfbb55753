from training.nano.card_text import model_card

REPORT = {
    "classes": [
        {
            "source": "dubai",
            "category": "water",
            "scenes": 1,
            "instances": 3,
            "iou": 0.7719,
            "all_foreground": 0.0743,
            "shuffled": 0.0,
        }
    ],
    "paraphrases": {
        "asked": 2,
        "understood": 1,
        "share": 0.5,
        "rows": [
            {"category": "water", "sentence": "where boats float", "iou": 0.1, "plain": 0.77},
            {"category": "water", "sentence": "wet places", "iou": 0.75, "plain": 0.77},
        ],
    },
    "absent": {"asked": 8, "found": 3, "false_positive_rate": 0.375},
    "open_areas": {"share_of_scene": 0.2, "off_buildings": 0.995, "iou_with_ground": 0.3},
    "windows": 7,
    "seconds_per_window": 0.7,
    "peak_memory_mb": 900,
}


def test_the_card_tells_what_the_report_found():
    card = model_card(REPORT, 35_000_000)
    assert "(35 million parameters)" in card
    assert "| dubai | water | 1 | 3 | 0.77 | 0.07 | 0.00 |" in card
    assert "3 of 8 cases" in card
    assert "99.5% of it off building footprints" in card
    assert "where boats float" in card
    assert "wet places" not in card


def test_without_a_report_nothing_is_claimed():
    assert "Not measured yet." in model_card(None, 1)
