"""The command line: `python starter.py COMMAND`.

What it is: the list of commands and the one place where an error becomes an exit code.
What it is not: what the commands do; each lives in a module of its own.
Who may import it: `starter.py` and the tests.
"""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.console import Console

from definitions.problems import DuecourseError
from surfaces.cli_definitions import diagram, norms, validate
from surfaces.cli_rehearse import rehearse
from surfaces.output import BadInput, Exit, complain, exit_of

_ABOUT = """
Start cases, send events, and see what every promise made to a customer comes to.

Exit codes: 0 done; 1 an expectation failed or nothing was found; 2 bad input (definition, scenario,
data, usage); 3 Temporal or the database cannot be reached; 4 the event was refused.
"""


def app() -> App:
    """The commands."""
    made = App(
        name="starter.py",
        help=_ABOUT,
        version_flags=[],
        result_action="return_value",
    )
    for command in (validate, rehearse, diagram, norms):
        made.command(command)
    return made


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    json = "--json" in arguments
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
    return int(done or Exit.DONE)
