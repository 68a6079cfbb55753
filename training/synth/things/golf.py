"""A hole of a golf course."""

from __future__ import annotations

import numpy as np

from training.synth.shapes import band, blob, ellipse, wave
from training.synth.things.plants import Season
from training.synth.things.waters import lake
from training.synth.world import Canvas, Frame, Layer, Paint, tinted, varied


def golf_hole(canvas: Canvas, season: Season, reach: float, y: float) -> None:
    """A fairway along x with its green, bunkers, and now and then a pond."""
    random = canvas.child()
    line = wave(reach * 0.8, random, bend=8.0) + np.array([0, y])
    grass = canvas.thing("grass")
    fair = Paint(tinted(season.grass, 1.1), "grass")
    canvas.fill(band(line, random.uniform(22, 30)), fair, Layer.SURFACE, thing=grass)
    end = line[int(random.choice([4, len(line) - 5]))]
    place = Frame(float(end[0]), float(end[1]))
    green = Paint(varied((118, 150, 88), random, 5), "plain")
    canvas.fill(ellipse(11, 8.5), green, Layer.SURFACE, place, thing=grass)
    for _ in range(int(random.integers(1, 4))):
        turn = random.uniform(0, 6.3)
        spot = place.at(15 * np.cos(turn), 12 * np.sin(turn))
        sand = Paint(varied((222, 208, 176), random, 5), "sand")
        canvas.fill(blob(random.uniform(3, 5.5), random, rough=0.3), sand, Layer.SURFACE, spot)
    if random.random() < 0.4:
        middle = line[len(line) // 2 + int(random.integers(-6, 7))]
        lake(canvas, Frame(float(middle[0]), float(middle[1]) + 22), 14, season.soil, "water")
