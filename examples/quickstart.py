"""Find the buildings of the sample scene and tell about them.

python examples/quickstart.py [INSTRUCTION]
"""

import sys
from pathlib import Path

import geoseg

SCENE = Path(__file__).parent / "data" / "banepa_sample.tif"


def main() -> None:
    instruction = sys.argv[1] if len(sys.argv) > 1 else "buildings"
    polygons = geoseg.segment(SCENE, instruction)
    print(f"{len(polygons)} polygons for {instruction!r}, in {polygons.crs.name}")
    if len(polygons):
        largest = polygons.nlargest(5, "area_m2")
        print(largest[["target", "score", "agreement", "area_m2"]].to_string(index=False))


if __name__ == "__main__":
    main()
