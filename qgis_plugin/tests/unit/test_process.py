"""The child process in all its moods; see fakechild.py."""

import os
import subprocess
import sys
import threading
import time

import pytest

from geoseg_qgis.core.process import Child, Run, clean_env

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake speaks POSIX")


def names(run, stopped=lambda: False):
    return [event.name for event in run.events(stopped)]


def last(run, stopped=lambda: False):
    return list(run.events(stopped))[-1]


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def running(group):
    """Processes of a group that are not merely waiting to be buried."""
    lines = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    fields = [line.split(None, 2) for line in lines]
    return [row for row in fields if row[0] == str(group) and not row[1].startswith("Z")]


def test_a_good_run(job, tmp_path):
    events = list(Run(job("houses", "sheds")).events())
    assert [event.name for event in events if event.name != "progress"] == [
        "hello",
        "stage",
        "layer",
        "layer",
        "result",
    ]
    assert events[-1].get("output") == str(tmp_path / "sortie é.gpkg")


def test_noise_is_text_and_harmless(job):
    assert names(Run(job("noise")))[-1] == "result"
    assert "text" in names(Run(job("noise")))


@pytest.mark.parametrize(
    ("word", "code"),
    [("crash", "crash"), ("oom", "killed"), ("newer", "protocol"), ("disk_full", "disk_full")],
)
def test_how_a_run_can_end(job, word, code):
    assert last(Run(job(word))).get("code") == code


def test_no_such_python():
    assert last(Run(["/nowhere/python"])).get("code") == "start"


def test_a_python_without_geoseg():
    run = Run([sys.executable, "-I", "-c", "import sys; sys.exit('No module named geoseg')"])
    assert last(run).get("code") == "no_geoseg"


def test_stopping_a_child_that_listens(job):
    stop = threading.Event()
    run, seen = Run(job("slow")), []
    began = None
    for event in run.events(stop.is_set):
        seen.append(event)
        if event.name == "progress" and not stop.is_set():
            stop.set()
            began = time.monotonic()
    assert seen[-1].get("code") == "cancelled"
    assert time.monotonic() - began < 1.0
    assert not alive(run.pid)


def test_stopping_a_deaf_child_and_what_it_started(job):
    stop = threading.Event()
    run = Run(job("deaf"))
    for event in run.events(stop.is_set):
        if event.name == "hello":
            group = run.pid
            stop.set()
            began = time.monotonic()
    assert event.get("code") == "cancelled"
    assert time.monotonic() - began < 4.0
    assert running(group) == []


def test_leaving_the_events_ends_the_child(job):
    run = Run(job("slow"))
    events = run.events()
    next(events)
    events.close()
    assert not alive(run.pid)


def test_commands_reach_the_child():
    code = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)"
    child = Child([sys.executable, "-c", code])
    child.say(cmd="pause", id="ä")
    assert child.line(5.0).startswith('{"cmd": "pause"')
    child.hang_up()
    child.say(cmd="nobody hears it")
    assert child.close() == 0


def test_bars_in_the_last_words_are_their_last_state():
    code = "import sys; sys.stderr.write('10 %\\r50 %\\r100 %\\ndone\\n')"
    child = Child([sys.executable, "-c", code])
    child.close()
    assert list(child.stderr) == ["100 %", "done"]


def test_the_environment_is_cleaned():
    env = clean_env(
        {
            "PATH": os.pathsep.join(["/opt/qgis/bin", "/usr/bin"]),
            "QGIS_PREFIX_PATH": "/opt/qgis",
            "PYTHONHOME": "/opt/qgis/python",
            "DYLD_LIBRARY_PATH": "x",
            "PROJ_LIB": "x",
            "SSL_CERT_FILE": "/opt/qgis/cert.pem",
            "HOME": "/home/me",
        },
        proxy="http://proxy:3128",
    )
    assert env["PATH"] == "/usr/bin"
    assert env["HOME"] == "/home/me"
    assert env["HTTPS_PROXY"] == "http://proxy:3128"
    assert env["PYTHONUTF8"] == "1"
    assert not {"PYTHONHOME", "DYLD_LIBRARY_PATH", "PROJ_LIB", "SSL_CERT_FILE"} & env.keys()
