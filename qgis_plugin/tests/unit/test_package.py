import ast
import shutil
import stat
import sys
import zipfile

import pytest

import package

lrelease = pytest.mark.skipif(
    not any(map(shutil.which, package.LRELEASE)), reason="needs Qt's lrelease"
)


@pytest.fixture
def plugin(tmp_path):
    """A copy of the plugin that a test may spoil."""
    copy = tmp_path / "geoseg_qgis"
    shutil.copytree(package.PLUGIN, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    zipped = package.build(package.PLUGIN, tmp_path_factory.mktemp("zip"), translated=False)
    with zipfile.ZipFile(zipped) as opened:
        yield opened


def test_two_builds_are_equal(plugin, tmp_path):
    first = package.build(package.PLUGIN, tmp_path / "a", translated=False)
    (plugin / "plugin.py").touch(0o777)
    (plugin / "core" / "faults.py").chmod(0o755)
    second = package.build(plugin, tmp_path / "b", translated=False)
    assert first.read_bytes() == second.read_bytes()


@lrelease
def test_translations_are_compiled_on_the_way(tmp_path):
    first = package.build(package.PLUGIN, tmp_path / "a")
    assert first.read_bytes() == package.build(package.PLUGIN, tmp_path / "b").read_bytes()
    texts = {path.stem for path in (package.PLUGIN / "resources" / "i18n").glob("*.ts")}
    with zipfile.ZipFile(first) as opened:
        names = opened.namelist()
    assert {f"geoseg_qgis/resources/i18n/{name}.qm" for name in texts} <= set(names)
    assert not any(name.endswith(".ts") for name in names)


def test_without_lrelease_it_says_what_to_do(monkeypatch, plugin, tmp_path, capsys):
    (plugin / "resources" / "i18n").mkdir(exist_ok=True)
    (plugin / "resources" / "i18n" / "geoseg_xx.ts").write_text("<TS/>")
    monkeypatch.setattr(package, "PLUGIN", plugin)
    monkeypatch.setattr(package, "LRELEASE", ())
    assert package.main(["-o", str(tmp_path / "out")]) == 1
    assert "--without-translations" in capsys.readouterr().err
    assert package.main(["-o", str(tmp_path / "out"), "--without-translations"]) == 0
    assert (tmp_path / "out" / "geoseg_qgis.zip").is_file()


def test_one_folder_with_all_that_qgis_needs(archive):
    names = archive.namelist()
    assert all(name.startswith("geoseg_qgis/") for name in names)
    for name in ("__init__.py", "metadata.txt", "LICENSE", "resources/icons/geoseg.svg"):
        assert f"geoseg_qgis/{name}" in names
    assert not any("test" in name or "/." in name or "__pycache__" in name for name in names)


def test_nothing_in_it_is_executable(archive):
    for entry in archive.infolist():
        assert stat.S_IMODE(entry.external_attr >> 16) == 0o644


def test_it_imports_the_standard_library_and_qgis_only(archive):
    allowed = set(sys.stdlib_module_names) | {"qgis"}
    for name in archive.namelist():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(archive.read(name), name, feature_version=(3, 9))):
            if isinstance(node, ast.Import):
                wanted = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                wanted = {node.module.partition(".")[0]}
            else:
                continue
            assert wanted <= allowed, f"{name}:{node.lineno} imports {wanted - allowed}"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("version=0.1.0", "version=1", "version"),
        ("author=geoseg contributors\n", "", "author"),
        ("qgisMinimumVersion=3.22", "qgisMinimumVersion=2.18", "qgisMinimumVersion"),
        ("homepage=https://", "homepage=http://", "homepage"),
        ("description=", "description=A plugin: ", "description"),
        ("changelog=0.1.0", "changelog=0.0.9", "changelog"),
        ("icons/geoseg.svg", "icons/none.svg", "icon"),
        ("[general]", "", "metadata.txt"),
    ],
)
def test_wrong_metadata_is_refused(plugin, tmp_path, old, new, named):
    text = (plugin / "metadata.txt").read_text("utf-8")
    assert old in text
    (plugin / "metadata.txt").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(package.PackageError, match=named):
        package.build(plugin, tmp_path / "out", translated=False)


def test_a_file_of_another_kind_is_refused_and_hidden_ones_stay_behind(plugin, tmp_path):
    (plugin / ".qgis-settings").mkdir()
    (plugin / ".qgis-settings" / "qgis.db").touch()
    (plugin / "resources" / "i18n").mkdir(exist_ok=True)
    (plugin / "resources" / "i18n" / "geoseg_fr.qm").touch()
    zipped = package.build(plugin, tmp_path / "out", translated=False)
    with zipfile.ZipFile(zipped) as opened:
        assert not any(name.endswith((".db", ".qm")) for name in opened.namelist())
    (plugin / "weights.bin").touch()
    with pytest.raises(package.PackageError, match=r"weights\.bin"):
        package.build(plugin, tmp_path / "out", translated=False)
