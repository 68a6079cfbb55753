"""What a UC Merced scene class says about its images besides the outlines.

Written after looking through every class; only what holds for all of its images is listed.
"""

from typing import Final

COVERED: Final = {
    "forest": ("tree", "vegetation"),
    "agricultural": ("farmland",),
    "parkinglot": ("parking lot",),
}
"""Scene classes whose images are of these categories from edge to edge."""

SHOWN: Final = {
    "airplane": ("airplane",),
    "baseballdiamond": ("baseball diamond",),
    "beach": ("beach",),
    "buildings": ("building",),
    "denseresidential": ("building",),
    "freeway": ("road",),
    "harbor": ("ship", "water"),
    "golfcourse": ("vegetation",),
    "intersection": ("road",),
    "mediumresidential": ("building",),
    "mobilehomepark": ("building",),
    "overpass": ("road",),
    "parkinglot": ("small vehicle",),
    "river": ("river", "water"),
    "runway": ("airport runway",),
    "sparseresidential": ("building",),
    "storagetanks": ("storage tank",),
    "tenniscourt": ("tennis court",),
}
"""Scene class → what its images certainly contain, somewhere."""

_FLIGHT: Final = frozenset({"airplane", "airport runway", "jet bridge"})
_SPORT: Final = frozenset({"tennis court", "baseball diamond", "basketball court", "sand bunker"})
_SHORE: Final = frozenset({"beach", "sea", "ship"})
_WATERS: Final = frozenset({"beach", "sea", "river", "water", "ship"})
_TRAFFIC: Final = frozenset({"small vehicle", "large vehicle", "overpass", "zebra crossing"})
_BUILT: Final = _TRAFFIC | {"building", "swimming pool", "parking lot", "storage tank"}
_WILD: Final = _FLIGHT | _SPORT | _WATERS | _BUILT
_TANK: Final = frozenset({"storage tank"})

CANNOT_SHOW: Final = {
    "agricultural": _WILD,
    "airplane": _SPORT | _WATERS | {"swimming pool", "farmland", "overpass"},
    "baseballdiamond": _FLIGHT | _SHORE | _TANK | {"river", "overpass", "swimming pool"},
    "beach": _FLIGHT | _SPORT | _TANK | {"farmland", "overpass", "swimming pool", "river"},
    "buildings": _FLIGHT | _SHORE | {"baseball diamond", "river", "farmland", "sand bunker"},
    "chaparral": _WILD | {"farmland", "road"},
    "denseresidential": _FLIGHT
    | _SHORE
    | _TANK
    | {"baseball diamond", "river", "farmland", "sand bunker"},
    "forest": _WILD | {"farmland"},
    "freeway": _FLIGHT | _SPORT | _SHORE | _TANK | {"swimming pool", "farmland"},
    "golfcourse": _FLIGHT | _SHORE | _TANK | {"overpass", "baseball diamond"},
    "harbor": _FLIGHT | _SPORT | _TANK | {"farmland", "beach", "overpass", "river"},
    "intersection": _FLIGHT | _SHORE | {"baseball diamond", "sand bunker", "river"},
    "mediumresidential": _FLIGHT
    | _SHORE
    | _TANK
    | {"baseball diamond", "sand bunker", "river", "farmland", "overpass"},
    "mobilehomepark": _FLIGHT
    | _SHORE
    | _TANK
    | {"baseball diamond", "sand bunker", "river", "farmland", "overpass"},
    "overpass": _FLIGHT | _SPORT | _SHORE | _TANK | {"swimming pool"},
    "parkinglot": _FLIGHT | _SPORT | _WATERS | _TANK | {"swimming pool", "overpass", "farmland"},
    "river": _FLIGHT | _SPORT | _TANK | {"swimming pool", "beach", "sea", "parking lot"},
    "runway": _SPORT | _WATERS | _TANK | {"swimming pool", "parking lot", "overpass"},
    "sparseresidential": _FLIGHT | _SHORE | _TANK | {"baseball diamond", "overpass", "sand bunker"},
    "storagetanks": _FLIGHT | _SPORT | {"beach", "swimming pool"},
    "tenniscourt": _FLIGHT | _SHORE | _TANK | {"river", "overpass", "farmland"},
}
"""Scene class → categories that its images do not contain."""
