"""The `semclip` command: mounts one file per subcommand and turns user errors into messages."""

import errno
import io
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Annotated, Any

import typer

from semclip import __version__
from semclip.cli._once import OnceCommand
from semclip.cli._renamed import renamed_options
from semclip.core.console import harmless
from semclip.core.errors import UserError
from semclip.core.files import reason
from semclip.core.launch import rank_of_process
from semclip.core.stopping import telling

app = typer.Typer(
    name="semclip",
    help="Search photos by what they do not show; train and measure CLIP-like models that understand negation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_GROUPS = {
    "data": typer.Typer(help="Look at data, and make some.", no_args_is_help=True),
    "captions": typer.Typer(
        help="Write paraphrases, negations, absences and questions; judge them.", no_args_is_help=True
    ),
    "benchmarks": typer.Typer(help="Get the files of public benchmarks, and see what is there.", no_args_is_help=True),
}
#: As they are typed, in the order of the help: `data check` is `command` in data_check.py.
_COMMANDS = (
    "demo", "list", "index", "search", "serve", "data check", "data convert", "data sample", "data scenes",
    "data features", "captions write", "captions review", "captions stats", "captions questions", "train", "evaluate",
    "benchmarks fetch", "benchmarks check", "interpolate", "export", "compare", "report", "leaderboard", "segment",
    "distill", "doctor",
)  # fmt: skip
#: Options that have another name now, as parameters.
_RENAMED = {"captions review": {"reader": "annotator"}, "captions stats": {"most": "max_captions"}}

#: What the system refuses of a path, wherever it was typed or comes from.
_REFUSED = {
    errno.EACCES: "give yourself the right to it (`ls -ld` shows whose it is), or name another",
    errno.ENAMETOOLONG: "check what was typed where a path belongs: no file can have so long a name",
}


def _version(wanted: bool) -> None:
    if wanted:
        print(f"semclip {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None: ...


def _mount() -> None:
    for name, group in _GROUPS.items():
        app.add_typer(group, name=name)
    for typed in _COMMANDS:
        # These modules import nothing heavy: torch, open_clip and matplotlib are imported inside the functions.
        module = import_module(f"semclip.cli.{'listing' if typed == 'list' else typed.replace(' ', '_')}")
        folder, _, name = typed.rpartition(" ")
        cls = renamed_options(**_RENAMED[typed]) if typed in _RENAMED else OnceCommand
        context = getattr(module, "CONTEXT", None)
        _GROUPS.get(folder, app).command(name, cls=cls, context_settings=context)(_stoppable(module.command))


def _stoppable(command: Callable[..., None]) -> Callable[..., None]:
    """The same command; Ctrl-C leaves it as an exit code, since typer would say "Aborted" and nothing else."""

    @wraps(command)
    def stoppable(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    return stoppable


def run() -> None:
    """Entry point: exit code 0, 2 for the user's mistakes, 130 for Ctrl-C, 128 + N for signal N."""
    _mount()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a character that the terminal's encoding lacks is an escape
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with telling():
            app(standalone_mode=True)
    except (UserError, OSError) as caught:
        error = caught if isinstance(caught, UserError) else _refused_path(caught)
        # Processes that train together fail together: rank 0 says why, others only what happened to them alone.
        notes = getattr(error, "__notes__", [])
        if rank_of_process() == 0 or notes:
            print(harmless("\n  ".join([f"error: {error}", *notes]), keep="\n"), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _refused_path(error: OSError) -> UserError:
    """What the system refuses of a path, as an error for people. Any other error of the system is raised as it is."""
    if error.errno not in _REFUSED:
        raise error
    return UserError(f"cannot be read or written: {reason(error)}", str(error.filename)[:300], _REFUSED[error.errno])


if __name__ == "__main__":
    run()
