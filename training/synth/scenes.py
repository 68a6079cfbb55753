"""One scene by its number: the world, its picture and the numbers of what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.pictures import read_picture
from training.synth.layouts import LAYOUTS, Plot
from training.synth.layouts.strewn import strew
from training.synth.rendering import Picture, Window, render
from training.synth.rendering.look import beside_real, draw_look
from training.synth.things.plants import draw_season
from training.synth.world import Canvas, Frame, Sun, World

_STREAMS: Final = {"layout": 0, "look": 1, "questions": 2, "ground": 3}

_ON_A_PICTURE: Final = "picture"
"""Land use of scenes whose ground is a real picture."""


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """Which scene, and how it is to be drawn."""

    seed: int
    number: int
    height: int = 512
    width: int = 512
    land_use: str = ""
    """Key of LAYOUTS; drawn by its share where empty."""

    plain: bool = False
    """Flat colours: no texture, light, lens or noise."""

    backgrounds: tuple[Path, ...] = ()
    """Real pictures, each as large as the scene or larger; one of them is the ground."""

    gsd: float = 0.3
    """Metres per pixel of those pictures; other scenes have what suits their land use."""

    def random(self, stream: str) -> np.random.Generator:
        """The random stream of one purpose."""
        return np.random.default_rng([self.seed, self.number, _STREAMS[stream]])


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn scene."""

    world: World
    picture: Picture
    gsd: float
    """Metres per pixel."""


def draw_scene(request: SceneRequest) -> Scene:
    """Lay out, draw and finish a scene. The same request gives the same bytes."""
    world, gsd = lay_out(request)
    window = Window(
        -request.width * gsd / 2, -request.height * gsd / 2, gsd, request.height, request.width
    )
    look = None if request.plain else draw_look(request.random("look"))
    ground = None
    if request.backgrounds:
        ground = _ground(request)
        look = look and beside_real(look)
    return Scene(world, render(world, window, look, (0, 0), ground), gsd)


def _ground(request: SceneRequest) -> NDArray[np.uint8]:
    """A piece of one of the real pictures, mirrored either way at random, (H, W, 3)."""
    random = request.random("ground")
    path = request.backgrounds[int(random.integers(len(request.backgrounds)))]
    whole = read_picture(path, str(path))
    row = int(random.integers(whole.shape[0] - request.height + 1))
    column = int(random.integers(whole.shape[1] - request.width + 1))
    piece = whole[row : row + request.height, column : column + request.width]
    piece = piece[:: 1 - 2 * int(random.integers(2)), :: 1 - 2 * int(random.integers(2))]
    return np.ascontiguousarray(piece)


def lay_out(request: SceneRequest) -> tuple[World, float]:
    """The world of a scene and its metres per pixel."""
    random = request.random("layout")
    if request.backgrounds:
        return _strewn(request, random), request.gsd
    names = list(LAYOUTS)
    shares = np.array([LAYOUTS[name].share for name in names])
    drawn = str(random.choice(names, p=shares / shares.sum()))
    land_use = request.land_use or drawn
    low, high = LAYOUTS[land_use].gsd
    gsd = float(math.exp(random.uniform(math.log(low), math.log(high))))
    # Half the diagonal, so that the turned plot covers the picture, and a little for the lens.
    reach = math.hypot(request.width, request.height) * gsd / 2 + 20 * gsd
    turned = Frame(0, 0, float(random.uniform(0, 2 * math.pi)))
    canvas = Canvas(random, draw_sun(random), turned)
    LAYOUTS[land_use].draw(canvas, Plot(reach, draw_season(random)))
    return canvas.world(land_use), gsd


def _strewn(request: SceneRequest, random: np.random.Generator) -> World:
    canvas = Canvas(random, draw_sun(random))
    reach = min(request.width, request.height) * request.gsd / 2
    strew(canvas, Plot(reach, draw_season(random)))
    return canvas.world(_ON_A_PICTURE)


def draw_sun(random: np.random.Generator) -> Sun:
    """A sun between 30 and 65 degrees high, anywhere in the sky of a flight."""
    height = math.radians(random.uniform(30, 65))
    return Sun(float(random.uniform(0, 2 * math.pi)), 1 / math.tan(height))
