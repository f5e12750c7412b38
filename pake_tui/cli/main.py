"""The command `pake-tui`: without a subcommand the console, with one its headless twin."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pake_tui.errors import ConfigError, PakeError

COMMANDS = {
    "logs": "print, filter and follow log records",
    "trace": "print every record of one correlation ID",
    "index": "show, build and drop the index of the log files",
    "alerts": "list alerts, acknowledge, resolve, comment",
    "silence": "withhold notices for a time: list, add, end",
    "notifiers": "who is told of alerts: list, test, retry",
    "metrics": "print metrics, now or over a time range",
    "event": "mark a moment on every chart, such as a deployment",
    "health": "print health checks (exit 0 healthy, 1 degraded, 2 unhealthy, 3 unknown)",
    "report": "health and alerts, what services measured, how long disks and memory last",
    "config": "show, validate and edit the configuration",
    "agent": "run the collector in the foreground",
    "doctor": "say what works here, what does not, and what to do",
}
EXIT_CODES = """exit codes: 0 done · 1 nothing found, or degraded (health) · 2 bad usage, configuration
or an action refused · 3 unknown (health) · 130 interrupted"""


def build_parser(command: str | None, *, files: bool = False) -> argparse.ArgumentParser:
    """The argument parser; only the named subcommand's module is imported. `files`: files, no subcommand."""
    parser = argparse.ArgumentParser(
        prog="pake-tui",
        description="Terminal monitoring console. Without a command it opens the console.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common(parser)
    parser.add_argument("--demo", action="store_true", help="play the sample incident in a temporary folder")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--theme", metavar="NAME", help="theme to start with (dark, light, sixteen, mono)")
    parser.add_argument("--version", action="store_true", help="print the version and end")
    if files:
        parser.add_argument(
            "files",
            nargs="*",
            metavar="FILE",
            help="log files, globs or folders to open; - is standard input, journal: systemd's journal",
        )
        return parser
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, meaning in COMMANDS.items():
        sub = subparsers.add_parser(name, help=meaning, description=meaning, add_help=True)
        if name == command:
            importlib.import_module(f"pake_tui.cli.{name}").add_arguments(sub)
            add_common(sub, suppress=True)
    return parser


def add_common(parser: argparse.ArgumentParser, suppress: bool = False) -> None:
    """Options that stand before or after the subcommand."""
    default = argparse.SUPPRESS if suppress else None
    parser.add_argument("--config", type=Path, metavar="FILE", default=default, help="configuration file")
    parser.add_argument(
        "--read-only",
        action="store_true",
        default=argparse.SUPPRESS if suppress else False,
        help="change nothing: no alert action, no edit, no collector",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code. Errors are one message on stderr, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    _be_lenient()
    command = next((word for word in words if word in COMMANDS), None)
    no_help = not {"-h", "--help"} & set(words)
    with _loading():
        options = build_parser(command, files=command is None and no_help).parse_args(words)
    if options.version:
        from importlib.metadata import version

        print(f"pake-tui {version('pake-tui')}")
        return 0
    name = f"pake_tui.cli.{getattr(options, 'command', None) or ('demo' if options.demo else 'console')}"
    try:
        with _loading():
            module = importlib.import_module(name)
        return int(module.run(options))
    except ConfigError as error:
        _complain(f"pake-tui: {error}", *(f"  {problem}" for problem in error.problems))
        return 2
    except PakeError as error:
        _complain(f"pake-tui: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away, as `head` does: end quietly, and let no flush at exit complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _complain("pake-tui: the output has no space left")
        return 2


@contextlib.contextmanager
def _loading() -> Iterator[None]:
    """Look for no garbage meanwhile, and never among what was loaded: it took a tenth of loading, and all of
    that stays.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _be_lenient() -> None:
    """Print what the terminal's character set lacks as escapes; a missing letter is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _complain(*lines: str) -> None:
    """Each line on standard error; a file's name or text in it cannot command the terminal."""
    from pake_tui.text.safe import safe

    for line in lines:
        print(safe(line), file=sys.stderr)
