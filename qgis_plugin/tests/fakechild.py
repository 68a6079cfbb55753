"""A child that speaks geoseg's protocol and finds what it is told to, in seconds it is told to.

Started like geoseg's Python: `fakechild.py … -m geoseg VERB …`. Words of instructions choose how
it behaves: slow, deaf, crash, oom, hang (no line at all), noise, newer, disk_full, nothing.
tests/contract holds it to what geoseg itself does.
"""

import json
import os
import queue
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import defaultdict
from contextlib import closing
from pathlib import Path


class Job:
    """What may be said to a job; that of a run without a server has no id."""

    def __init__(self):
        self.stopped, self.paused = threading.Event(), threading.Event()

    def rest(self, seconds):
        """Work for a while, or rest while paused; whether it was stopped."""
        if self.paused.is_set() and not self.stopped.is_set():
            say("log", level="info", message="Paused.")
            while self.paused.is_set() and not self.stopped.wait(0.02):
                pass
        return self.stopped.wait(seconds)


jobs = defaultdict(Job)
waiting = queue.Queue()
at_hand = {}


def say(event, **fields):
    sys.stdout.write(json.dumps({"v": 1, "event": event, **fields, **at_hand}) + "\n")
    sys.stdout.flush()


def listen():
    for line in sys.stdin:
        try:
            body = json.loads(line)
        except ValueError:
            continue
        cmd, job = body.get("cmd"), jobs[body.get("id")]
        if cmd == "cancel":
            job.stopped.set()
        elif cmd in ("pause", "resume"):
            (job.paused.set if cmd == "pause" else job.paused.clear)()
        elif cmd == "quit":
            break
        elif cmd:
            waiting.put(body)
    waiting.put(None)
    for job in list(jobs.values()):
        job.stopped.set()


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
    greet(version)
    if "deaf" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "30"])
        time.sleep(30)
    return work(request)


def greet(version=1):
    say("hello", geoseg="0.1.0", protocol=version, python="3.11", pid=os.getpid(), device="cpu")


def work(request):
    """A run from its first stage to its last line; the exit status."""
    words = " ".join(request["instructions"]).split()
    for code in ("disk_full", "no_crs", "out_of_memory", "permission", "model_missing"):
        if code in words:
            say("error", code=code, message=f"{code} it is", hint="", detail="")
            return 5
    if "oom" in words:
        os.kill(os.getpid(), signal.SIGKILL)
    say("stage", name="segment", label="Asking", index=2, count=5)
    steps = 40 if "slow" in words else 4
    for step in range(steps):
        if jobs[at_hand.get("id")].rest(0.1 if "slow" in words else 0.01):
            say("error", code="cancelled", message="Stopped.", hint="", detail="")
            return 130
        say("progress", done=step + 1, total=steps, unit="tiles", instruction=0, eta_s=1.0)
        if step == steps // 2 and request.get("partial"):
            for one in write(request["partial"], request["instructions"], 1):
                say("partial", **{key: one[key] for key in one if key != "bounds"})
    count = 0 if "nothing" in words else 5
    return finish(request["output"], write(request["output"], request["instructions"], count))


def finish(output, layers):
    """The last lines of a good run."""
    for one in layers:
        say("layer", **one)
    told = {"seconds": 0.1, "tiles": 4, "failed": [], "warnings": [], "status": "ok"}
    say("result", output=output, layers=layers, **told)
    return 0


def refine(request):
    """Polygons drawn again."""
    say("stage", name="vectorize", label="Drawing", index=1, count=3)
    return finish(request["output"], write(request["output"], ["houses"], 3))


def preview(request):
    """A grey picture, and a sentence."""
    for index, name in enumerate(("read", "load_model", "segment")):
        say("stage", name=name, label=name, index=index, count=3)
    path = Path(request["folder"], f"preview-{time.time_ns()}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(grey(300, 200))
    say(
        "preview",
        picture=str(path),
        answer="Sure, houses.",
        targets=[{"value": "house", "label": "house", "color": "#4477aa", "share": 0.1}],
        window=[0, 0, 300, 200],
        crs="EPSG:32645",
        bounds=[300000, 3000000, 300300, 3000200],
    )
    return 0


def grey(width, height):
    """A picture as PNG."""
    rows = (b"\0" + b"\x80" * width) * height
    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def serve(idle):
    """Jobs one after the other, until it is told to quit or is idle."""
    greet()
    verbs = {"run": work, "preview": preview, "refine": refine}
    while True:
        try:
            body = waiting.get(timeout=idle)
        except queue.Empty:
            say("bye", reason="idle")
            return 0
        if body is None:
            say("bye", reason="quit")
            return 0
        at_hand["id"] = body.get("id", "")
        if jobs[at_hand["id"]].stopped.is_set():
            say("error", code="cancelled", message="Stopped.", hint="", detail="")
        elif body["cmd"] in verbs and ("ledger" in body or "scene" in body):
            verbs[body["cmd"]](body)
        else:
            say("error", code="bad_request", message=f"{body['cmd']}?", hint="", detail="")
        jobs.pop(at_hand.pop("id"), None)


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
    if verb == "serve":
        sys.exit(serve(60 * float(sys.argv[sys.argv.index("--idle") + 1])))
    if "--request" in sys.argv:
        request = json.loads(Path(sys.argv[sys.argv.index("--request") + 1]).read_text("utf-8"))
    else:
        output = sys.argv[sys.argv.index("-o") + 1]
        request = {"instructions": [verb], "output": output}
    sys.exit(run(request))
