import numpy as np
import pytest

from training.data.labelled import LabelledImage
from training.nano.canvas import PAD_VALUE, Canvas, Piece, Placement


def disc(height: int, width: int, centre: tuple[float, float], radius: float) -> np.ndarray:
    rows, cols = np.mgrid[:height, :width]
    return (rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 < radius**2


@pytest.fixture
def image() -> LabelledImage:
    """A white disc with a notch on black: neither turns nor mirrors onto itself."""
    mask = disc(200, 240, (90, 130), 40) & ~disc(200, 240, (70, 150), 20)
    rgb = np.repeat(mask[None].astype(np.uint8) * 255, 3, axis=0)
    return LabelledImage(
        name="drawn",
        source="drawn",
        split="train",
        rgb=rgb,
        gsd=0.5,
        masks={"tank": mask, "some": mask},
        known={"tank": True, "some": mask},
        absent=frozenset({"ship"}),
        shows=frozenset({"car"}),
    )


PLACEMENTS = [
    Placement((120, 100), 120, (0, 0), 64),
    Placement((118.3, 97.6), 151.7, (0, 0), 64, quarters=3),
    Placement((125, 95), 100, (0, 0), 128, mirrored=True, quarters=1),
    Placement((121, 99), 120, (0, 0), 64, degrees=33, quarters=2),
    Placement((121, 99), 130, (0, 0), 96, degrees=-17, mirrored=True),
]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_masks_lie_on_the_picture(image: LabelledImage, placement: Placement):
    piece = Piece(image, placement)
    cells = placement.size // 2
    bright = piece.picture()[..., 0].reshape(cells, 2, cells, 2).mean(axis=(1, 3)) / 255
    cover = piece.cover("tank")
    assert cover.shape == (cells, cells)
    assert np.abs(bright - cover).mean() < 0.015
    scale = placement.size / placement.side
    assert cover.sum() == pytest.approx(image.masks["tank"].sum() * scale**2 / 4, rel=0.04)


def test_a_square_over_the_edge_is_moved_inside(image: LabelledImage):
    outside = Piece(image, Placement((500, 500), 100, (0, 0), 50))
    inside = Piece(image, Placement((190, 150), 100, (0, 0), 50))
    assert (outside.picture() == inside.picture()).all()


def test_things_smaller_than_a_cell_are_still_there(image: LabelledImage):
    piece = Piece(image, Placement((120, 100), 200, (0, 0), 20))
    assert 0 < piece.cover("tank").sum() == pytest.approx(image.masks["tank"].sum() / 400, rel=0.05)


def test_what_is_known_where(image: LabelledImage):
    piece = Piece(image, Placement((120, 100), 120, (0, 0), 64))
    assert piece.known("tank").all()
    assert piece.known("ship").all()
    assert not piece.known("building").any()
    some = piece.known("some")
    assert some.any()
    assert (piece.cover("some")[some] > 0.98).all()


def test_pieces_share_a_canvas_and_grey_holds_nothing(image: LabelledImage):
    left = Piece(image, Placement((120, 100), 120, (0, 0), 32))
    right = Piece(image, Placement((120, 100), 120, (32, 0), 32, mirrored=True))
    canvas = Canvas(64, (left, right))
    picture = canvas.picture()
    assert (picture[32:] == PAD_VALUE).all()
    assert canvas.padding().sum() == 64 * 32
    assert (picture[:32, :32] == picture[:32, :31:-1]).all()
    cover, known = canvas.truth("some")
    assert (cover[:16, :16] == cover[:16, :15:-1]).all()
    assert cover[16:].sum() == 0
    assert known[16:].all()
    assert not canvas.surely(known)
    assert canvas.absent == {"ship"}


def test_a_thing_without_an_outline_is_sure_only_in_the_whole_image(image: LabelledImage):
    whole = Canvas(64, (Piece(image, Placement((120, 100), 200, (0, 0), 64)),))
    part = Canvas(64, (Piece(image, Placement((120, 100), 120, (0, 0), 64)),))
    assert whole.shows_unplaced("car")
    assert not part.shows_unplaced("car")
