from training.viz.words import Piece, pieces_of, wrapped


def test_each_target_is_a_piece_of_its_own():
    pieces = pieces_of("There is <p>a ship</p>\n[SEG]  and [SEG].")
    assert pieces == [
        Piece("There is "),
        Piece("a ship [SEG]", 0),
        Piece(" and "),
        Piece("[SEG]", 1),
        Piece("."),
    ]
    assert pieces_of("") == []


def test_lines_break_at_spaces_and_keep_colours():
    lines = wrapped(pieces_of("see <p>the red ship</p>[SEG] now"), 10)
    assert [[(p.text, p.target, p.column) for p in line] for line in lines] == [
        [("see ", None, 0), ("the", 0, 4)],
        [("red ship", 0, 0)],
        [("[SEG]", 0, 0), (" now", None, 5)],
    ]


def test_a_word_longer_than_a_line_is_cut_and_nothing_is_lost():
    lines = wrapped([Piece("abcdefghij kl")], 4)
    assert [p.text for line in lines for p in line] == ["abcd", "efgh", "ij", "kl"]
