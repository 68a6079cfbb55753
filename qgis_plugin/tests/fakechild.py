"""A child that speaks geoseg's protocol and finds what it is told to, in seconds it is told to.

Started like geoseg's Python: `fakechild.py … -m geoseg VERB …`. Words of instructions choose how
it behaves: slow, deaf, crash, oom, hang (no line at all), noise, newer, disk_full, nothing.
"""

import json
import os
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

stopped = threading.Event()


def say(event, **fields):
    sys.stdout.write(json.dumps({"v": 1, "event": event, **fields}) + "\n")
    sys.stdout.flush()


def listen():
    for line in sys.stdin:
        if '"cancel"' in line:
            break
    stopped.set()


def slug(text):
    return "_".join(re.findall(r"\w+", text))


def polygon(x, y, side):
    """A square as a GeoPackage blob: header, then well-known binary."""
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    ring = struct.pack("<I", len(corners)) + b"".join(struct.pack("<2d", *c) for c in corners)
    return b"GP\0\1" + struct.pack("<i", 32645) + struct.pack("<BII", 1, 3, 1) + ring


def write(path, instructions, count):
    """A real GeoPackage, one table per instruction."""
    Path(path).unlink(missing_ok=True)
    layers = []
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA application_id = 1196444487")
        db.execute("PRAGMA user_version = 10300")
        db.executescript(SCHEMA)
        for index, text in enumerate(instructions):
            table = f"{index + 1:02d}_{slug(text)}"
            db.execute(
                f'CREATE TABLE "{table}" (fid INTEGER PRIMARY KEY, geom POLYGON, target TEXT, '
                "score REAL, agreement REAL, area_m2 REAL)"
            )
            box = (300000, 3000000, 300000 + 30 * count, 3000020)
            db.execute(
                "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', "
                "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?, ?, ?, ?, 32645)",
                (table, text, *box),
            )
            db.execute(
                "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POLYGON', 32645, 0, 0)",
                (table,),
            )
            for number in range(count):
                blob = polygon(300000 + 30 * number, 3000000, 20)
                row = (blob, "house", 0.9 - number / 100, 1.0, 400.0)
                db.execute(f'INSERT INTO "{table}" VALUES (NULL, ?, ?, ?, ?, ?)', row)
            layers.append(layer(path, table, text, index, count))
    return layers


def layer(path, table, text, index, count):
    category = {"value": "house", "label": "house", "color": "#4477aa"}
    return {
        "path": path,
        "table": table,
        "instruction": text,
        "index": index,
        "features": count,
        "category_field": "target",
        "categories": [category],
        "crs": "EPSG:32645",
        "bounds": None,
    }


def run(request):
    words = " ".join(request["instructions"]).split()
    if "hang" in words:
        time.sleep(60)
    if "crash" in words:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "noise" in words:
        sys.stdout.write("Loading weights  50 %\r100 %\nnot { json\n")
    version = 2 if "newer" in words else 1
    say("hello", geoseg="0.1.0", protocol=version, python="3.11", pid=os.getpid(), device="cpu")
    if "deaf" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "30"])
        time.sleep(30)
    for code in ("disk_full", "no_crs", "out_of_memory", "permission", "model_missing"):
        if code in words:
            say("error", code=code, message=f"{code} it is", hint="", detail="")
            return 5
    if "oom" in words:
        os.kill(os.getpid(), signal.SIGKILL)
    say("stage", name="segment", label="Asking", index=2, count=5)
    steps = 40 if "slow" in words else 4
    for step in range(steps):
        if stopped.wait(0.1 if "slow" in words else 0.01):
            say("error", code="cancelled", message="Stopped.", hint="", detail="")
            return 130
        say("progress", done=step + 1, total=steps, unit="tiles", instruction=0, eta_s=1.0)
        if step == steps // 2 and request.get("partial"):
            for one in write(request["partial"], request["instructions"], 1):
                say("partial", **{**one, "path": request["partial"]})
    count = 0 if "nothing" in words else 5
    layers = write(request["output"], request["instructions"], count)
    for one in layers:
        say("layer", **one)
    say(
        "result",
        output=request["output"],
        layers=layers,
        seconds=0.1,
        tiles=4,
        failed=[],
        warnings=[],
        status="ok",
    )
    return 0


SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,
    organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,
    definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84 / UTM zone 45N', 32645, 'EPSG', 32645,
    'PROJCS["WGS 84 / UTM zone 45N"]', '');
CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT NOT NULL,
    identifier TEXT UNIQUE, description TEXT, last_change DATETIME NOT NULL, min_x DOUBLE,
    min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT PRIMARY KEY, column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL,
    m TINYINT NOT NULL);
"""


if __name__ == "__main__":
    threading.Thread(target=listen, daemon=True).start()
    verb = sys.argv[sys.argv.index("geoseg") + 1]
    if "--request" in sys.argv:
        request = json.loads(Path(sys.argv[sys.argv.index("--request") + 1]).read_text("utf-8"))
    else:
        output = sys.argv[sys.argv.index("-o") + 1]
        request = {"instructions": [verb], "output": output}
    sys.exit(run(request))
