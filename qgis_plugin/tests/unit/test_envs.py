import os
import sys
from pathlib import Path

import pytest

from geoseg_qgis.core import envs, install


def test_the_probe_tells_what_a_python_is():
    python = envs.probe(sys.executable)
    assert python.version == ".".join(map(str, sys.version_info[:3]))
    assert python.bits == 64
    assert python.geoseg is not None
    assert python.problem == ""
    assert python.version in str(python)


def test_what_is_no_python(tmp_path):
    shim = tmp_path / "python"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert envs.probe(str(shim)) is None
    assert envs.probe("/nowhere") is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": "3.9.2"}, "too_old"),
        ({"bits": 32}, "too_old"),
        ({"geoseg": None}, "no_geoseg"),
        ({"geoseg": "0.0.9"}, "old_geoseg"),
        ({}, ""),
    ],
)
def test_what_is_wrong_with_one(change, problem):
    good = {
        "executable": "x",
        "version": "3.12.1",
        "bits": 64,
        "can_make": True,
        "geoseg": "0.1.0",
        "torch": None,
    }
    assert envs.Python(**{**good, **change}).problem == problem


def test_each_python_is_found_once(tmp_path):
    link = tmp_path / "python3"
    link.symlink_to(sys.executable)
    found = envs.found([sys.executable, sys.executable, "/nowhere"])
    assert len(found) == 1
    assert str(link) in list(envs.candidates({"PATH": str(tmp_path)}))


def test_the_steps_of_a_making(tmp_path):
    making = envs.Making("/usr/bin/python3", str(tmp_path / "mon é"), "geoseg==0.1", cpu_only=True)
    steps = making.steps()
    assert [step.name for step in steps] == ["venv", "pip", "install"]
    assert steps[-1].command[-1] == "geoseg==0.1"
    assert "--extra-index-url" in steps[-1].command
    assert "mon é" in making.text()


def test_only_an_environment_is_removed(tmp_path):
    precious = tmp_path / "photos"
    precious.mkdir()
    with pytest.raises(ValueError, match="not a Python environment"):
        envs.remove(str(precious))
    (precious / "pyvenv.cfg").touch()
    assert not envs.is_whole(str(precious))
    envs.finish(str(precious), geoseg="0.1.0")
    assert envs.is_whole(str(precious))
    envs.remove(str(precious))
    assert not precious.exists()


def test_pip_tells_how_far_it_is():
    assert envs.pip_percent("Progress 50 of 200") == 25.0
    assert envs.pip_percent("Collecting torch") is None
    assert envs.pip_percent("Progress 1 of 0") is None


def test_reports_do_not_name_the_home_folder():
    home = str(Path("~").expanduser())
    assert envs.without_home(f"{home}/x") == "~/x"


def test_a_step_repeats_lines_and_can_be_stopped():
    lines = []
    env = dict(os.environ)
    assert install.do([sys.executable, "-c", "print('a');print('b')"], env, lines.append, bool)
    assert lines == ["a", "b"]
    slow = [sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)"]
    lines.clear()
    assert not install.do(slow, env, lines.append, lambda: bool(lines))
    with pytest.raises(install.StepError, match="no such thing"):
        install.do([sys.executable, "-c", "exit('no such thing')"], env, lines.append, bool)


@pytest.mark.slow
def test_an_environment_is_made(tmp_path):
    making = envs.Making(sys.executable, str(tmp_path / "mon é"))
    lines = []
    steps = [step for step in making.steps() if step.name == "venv"]
    for step in steps:
        assert install.do(step.command, dict(os.environ), lines.append, bool)
    assert envs.probe(making.python).problem == "no_geoseg"
    assert envs.is_ours(making.folder)


def test_the_report():
    about = install.about(sys.executable)
    assert install.plugin_version() in about
    assert "geoseg" in about
