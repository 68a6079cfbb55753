"""The command line and `geoseg.Request`, or `Revision`, have the same fields and defaults."""

from dataclasses import MISSING, fields

import click
import pytest

from geoseg.cli import plan, refine, run
from geoseg.cli.main import commands
from geoseg.pipeline import Request, Revision

ONLY_CLI = {"request", "scenes_from", "progress", "verbose", "quiet", "careful", "fast"}
PAIRS = [
    (run.command, Request, ["scene.tif", "x", "-o", "o.gpkg"]),
    (refine.command, Revision, ["o.gpkg.ledger", "-o", "o.gpkg"]),
]


@pytest.mark.parametrize(("command", "kind", "_line"), PAIRS)
def test_same_names(command, kind, _line):
    assert {param.name for param in command.params} - ONLY_CLI == {f.name for f in fields(kind)}


@pytest.mark.parametrize(("command", "kind", "line"), PAIRS)
def test_same_defaults(command, kind, line):
    of_request = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    parent = click.Context(commands, **commands.context_settings)
    with command.make_context(command.name, [*line], parent=parent) as ctx:
        given = {name: value for name, value in ctx.params.items() if name not in ONLY_CLI}
    for name in set(given) - {"scene", "instructions", "output", "ledger"}:
        assert given[name] == of_request[name], name


@pytest.mark.parametrize(
    ("text", "square_metres"),
    [
        ("30", 30),
        ("0", 0),
        ("4m2", 4),
        ("4 m²", 4),
        ("0.5ha", 5000),
        ("1KM2", 1e6),
        ("1e3 m2", 1e3),
    ],
)
def test_areas(text, square_metres):
    with context(refine.command, "-o", "o.gpkg", "--min-area", text) as ctx:
        assert ctx.params["min_area"] == square_metres


@pytest.mark.parametrize("text", ["-1", "0,5ha", "4m", "1.2.3", "big", "", "ha", "nan"])
def test_what_is_no_area(text):
    with pytest.raises(click.BadParameter, match=r"is no area\. Write 30 \(m²\), 4m2"):
        context(refine.command, "-o", "o.gpkg", f"--min-area={text}")


def context(command, *line):
    parent = click.Context(commands, **commands.context_settings)
    return command.make_context(command.name, ["a", *line], parent=parent)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((), (256, 0.0, "found")),
        (("--careful",), (512, 0.5, "found")),
        (("--fast",), (128, 0.0, "core")),
        (("--careful", "--overlap", "256"), (256, 0.5, "found")),
        (("--fast", "--fuse", "found", "--min-agreement", "0.25"), (128, 0.25, "found")),
    ],
)
def test_presets_fill_what_is_left_open(line, expected):
    with context(run.command, "x", "-o", "o.gpkg", *line) as ctx:
        left = run.apply_preset(ctx, ctx.params)
    assert (left["overlap"], left["min_agreement"], left["fuse"]) == expected
    assert not {"careful", "fast"} & set(left)


def test_presets_of_commands_with_fewer_options():
    with context(plan.command, "--careful") as ctx:
        left = plan.apply_preset(ctx, ctx.params)
    assert left["overlap"] == 512
    assert "min_agreement" not in left
    with context(refine.command, "-o", "o.gpkg", "--fast") as ctx:
        left = refine.apply_preset(ctx, ctx.params)
    assert left["fuse"] == "core"
    assert "overlap" not in left
    with (
        context(refine.command, "-o", "o.gpkg", "--fast", "--careful") as ctx,
        pytest.raises(click.UsageError, match="contradict"),
    ):
        refine.apply_preset(ctx, ctx.params)


@pytest.mark.parametrize(
    ("command", "careful", "fast"),
    [
        (
            run.command,
            "Twice the looks, most must agree: --overlap 512 and --min-agreement 0.5",
            "Fewer windows, each for itself: --overlap 128 and --fuse core",
        ),
        (plan.command, "Twice the looks: --overlap 512", "Fewer windows: --overlap 128"),
        (refine.command, "Most must agree: --min-agreement 0.5", "Each for itself: --fuse core"),
    ],
)
def test_presets_say_what_they_set(command, careful, fast):
    told = {param.name: param.help for param in command.params if isinstance(param, click.Option)}
    assert told["careful"] == f"{careful}, where not given."
    assert told["fast"] == f"{fast}, where not given."


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "a/b", "-1/4", "1/0", "1/4/2"])
def test_what_is_no_shard(text):
    with pytest.raises(click.BadParameter, match="no part of a whole"):
        context(plan.command, "--shard", text)


def test_shards():
    with context(plan.command, "--shard", "2/8") as ctx:
        assert ctx.params["shard"] == (2, 8)
