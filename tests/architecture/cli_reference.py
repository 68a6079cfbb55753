"""The command line reference, made from the commands themselves.

`python -m tests.architecture.cli_reference FILE` writes it; a test holds docs/cli.md to it.
"""

import inspect
import sys
from pathlib import Path

import click

from geoseg.cli.main import commands

_HEAD = """# Command line

Made from the help texts by `make docs`; do not edit. Exit statuses and the lines of
`--progress jsonl` are in [protocol.md](protocol.md).
"""


def reference() -> str:
    """The whole page."""
    root = click.Context(commands, info_name="geoseg", **commands.context_settings)
    return "\n".join([_HEAD, *(part for part in _sections(commands, root))]).rstrip() + "\n"


def _sections(group: click.Group, ctx: click.Context):
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=ctx)
        yield from _section(command, inner)
        if isinstance(command, click.Group):
            yield from _sections(command, inner)


def _section(command: click.Command, ctx: click.Context):
    params = [param for param in command.params if isinstance(param, click.Option)]
    arguments = [_argument(p) for p in command.params if isinstance(p, click.Argument)]
    usage = " ".join([ctx.command_path, *(["[OPTIONS]"] if params else []), *arguments])
    if isinstance(command, click.Group):
        usage += " COMMAND"
    yield f"## {ctx.command_path}\n"
    yield f"`{usage}`\n"
    yield from _prose(command.help or "")
    if params:
        yield "| option | meaning | default |\n| --- | --- | --- |"
        yield from map(_row, params)
        yield ""


def _prose(text: str):
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            yield "```bash\n" + paragraph.removeprefix("\b").strip() + "\n```\n"
        else:
            yield " ".join(paragraph.split()) + "\n"


def _argument(param: click.Argument) -> str:
    return param.metavar or (param.name or "").upper()


def _row(option: click.Option) -> str:
    names = ", ".join(option.opts)
    if option.secondary_opts:
        names += " / " + ", ".join(option.secondary_opts)
    if isinstance(option.type, click.Choice):
        names += " " + "|".join(option.type.choices)
    elif option.metavar:
        names += " " + option.metavar
    meaning, default = (option.help or "").strip(), ""
    if "[default: " in meaning:
        meaning, _, rest = meaning.partition(" [default: ")
        default = rest.rstrip("]")
    elif option.show_default:
        default = option.opts[0] if option.is_flag else f"`{option.default}`"
    cells = (f"`{names}`", meaning, default)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
