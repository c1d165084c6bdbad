"""The command line: `python starter.py COMMAND`.

What it is: the list of commands and the one place where an error becomes an exit code.
What it is not: what the commands do; each lives in a module of its own.
Who may import it: `starter.py` and the tests.
"""

import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.console import Console

from definitions.problems import DuecourseError
from surfaces.errors import BadInput, Exit, Fault, exit_of
from surfaces.output import bear_anything, complain

# Name, place, and what it does. The place is loaded when it is called: a command that needs no
# Temporal loads none of it.
COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("demo", "demonstration.demo:demo", "Play two cases on a real server, days being skipped."),
    ("start", "cli_cases:start", "Open a case."),
    ("send", "cli_cases:send", "Send an event to a case and print its answer."),
    ("show", "cli_cases:show", "Show a case: what it waits for, who owes it, until when."),
    ("list", "cli_cases:list_", "List cases."),
    ("dossier", "cli_dossier:dossier", "List every case about a machine, a customer, over years."),
    ("documents", "cli_documents:documents", "List what a case has printed; write the PDF files."),
    ("stuck", "cli_cases:stuck", "List the cases that need somebody, and why."),
    ("schedules", "cli_schedules:schedules", "Show or install the schedules that open cases."),
    ("webhooks", "cli_webhooks:webhooks", "Show who is sent the journal; send rows again."),
    ("explain", "cli_explain:explain", "Explain a deadline, interval by interval."),
    ("rehearse", "cli_rehearse:rehearse", "Play scenarios over simulated weeks."),
    ("validate", "cli_definitions:validate", "Check definitions."),
    ("diagram", "cli_definitions:diagram", "Draw a process."),
    ("serve", "cli_serve:serve", "Serve cases to other systems over HTTP."),
    ("keys", "cli_serve:keys", "Make an API key for another system."),
    ("norms", "cli_norms:norms", "List the rules, which parts name them, and which scenarios."),
)

_ABOUT = """
Start cases, send events, and see what every promise made to a customer comes to.

Exit codes: 0 done; 1 an expectation failed or nothing was found; 2 bad input (definition, scenario,
data, usage); 3 Temporal or the database cannot be reached; 4 the event was refused; 70 a fault of
the program itself.
"""


def app() -> App:
    """The commands."""
    made = App(
        name="starter.py",
        help=_ABOUT,
        version_flags=[],
        result_action="return_value",
    )
    for order, (name, place, said) in enumerate(COMMANDS):
        made.command(f"surfaces.{place}", name=name, help=said, sort_key=order)
    return made


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    json = "--json" in arguments
    bear_anything()
    try:
        done = app()(
            list(arguments), exit_on_error=False, print_error=False, console=Console(width=100)
        )
    except CycloptsError as wrong:
        usage = BadInput(str(wrong), code="usage", hint="see `python starter.py --help`")
        complain(usage, json)
        return Exit.BAD_INPUT
    except DuecourseError as error:
        complain(error, json)
        return exit_of(error)
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.NOT_AS_EXPECTED
    except Exception as fault:  # noqa: BLE001 - exit code 1 would be taken for an answer
        complain(_fault(fault), json)
        return Exit.FAULT
    return int(done or Exit.DONE)


def _fault(fault: Exception) -> Fault:
    places = traceback.extract_tb(fault.__traceback__, limit=-5)
    return Fault(
        f"{type(fault).__name__}: {str(fault)[:300]}",
        hint="this is a fault of the program: please report it, with --json for the place",
        facts={"places": [f"{one.filename}:{one.lineno} {one.name}" for one in places]},
    )
