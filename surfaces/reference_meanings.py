"""What each key of a definition means, one sentence a key.

What it is: the literal table behind `docs/reference.md`. Types and defaults are not said here: they
come from the models. A model that builds on another one has only its own keys here.
What it is not: rules. A key without a sentence, or a sentence without a key, fails `reference`.
Only `surfaces.reference` and its test import it; keys of scenarios are in `reference_scenarios`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from surfaces.reference_scenarios import SCENARIO_MEANINGS

__all__ = ["MEANINGS", "SCENARIO_MEANINGS"]

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Process": {
            "process": "The id. It is the Temporal workflow type and the first part of a case's "
            "id.",
            "version": "Counted up by the author with each published change.",
            "title": "What people call it.",
            "about": "What it is for, in one or two sentences; its page and the list of all begin "
            "with it.",
            "norm": "Rules that the process as a whole implements.",
            "calendar": "The working calendar of its clocks, and the time zone of its days.",
            "owner": "The role that is responsible for a case. Its first holder who acts on a "
            "case becomes the owner.",
            "tolerance": "How late an event may be reported, and how long a lapse can be undone.",
            "use": "Fragments (`definitions/fragments/*.yaml`) whose elements it takes over; an "
            "element that it declares itself wins as a whole.",
            "subjects": "What a case is about, by kind, such as a machine or a customer: text "
            "expressions over its data and its key, at most 5, none personal. `starter.py dossier` "
            "finds every case of any process about the same thing.",
            "retention": "How long the file of a closed case is kept.",
            "start": "What happens at the opening.",
            "attributes": "Which case fields lists show and filter by.",
            "data": "The fields of a case.",
            "forms": "Forms that several events share.",
            "tables": "Decision tables.",
            "links": "Other cases that this process may open or tell something.",
            "computations": "Functions outside the process that its service tasks call.",
            "documents": "Printed documents that are filled in from the case.",
            "schedules": "Cases that open by the calendar.",
            "clocks": "The promises.",
            "states": "The states. The first one is where a case begins.",
            "anywhere": "Events accepted in many states.",
            "forbid": "Prohibitions that hold whatever the state.",
            "roles": "Roles of its own, beside the shared ones.",
            "ladders": "Ladders of its own, beside the shared ones.",
            "calendars": "Calendars of its own, beside the shared ones.",
        },
        "Fragment": {
            "fragment": "Its name, which `use` names.",
            "title": "What people call it.",
            "subjects": "What a case is about; see [process](#process).",
            "retention": "How long the file of a closed case is kept.",
            "attributes": "Which case fields lists show and filter by.",
            "data": "Fields of the case.",
            "forms": "Forms that several events share.",
            "tables": "Decision tables.",
            "links": "Other cases.",
            "computations": "Functions that service tasks call.",
            "documents": "Printed documents.",
            "clocks": "Promises.",
            "states": "States, after those of the process.",
            "anywhere": "Events accepted in many states.",
            "forbid": "Prohibitions, added to those of the process.",
        },
        "Move": {
            "to": "The state it leads to; left out, the case stays where it is and only records.",
            "set": "Case fields and their new values. A number or a boolean stands for itself; "
            "text is an expression, so a literal text is `\"'A2'\"`; `{table: NAME}` is a table's "
            "answer. Later ones see earlier ones.",
            "clear": "Case fields that have no value any more. The order is `clear`, `set`, "
            "`append`, `extend`, `update`.",
            "append": "A record added to a list of records, column by column.",
            "extend": "Lists that take on the entries of another one, such as `event.lines`; of a "
            "record only the columns that the list has.",
            "update": "Lists of records whose records change.",
            "owner": "Who is responsible from now on: an expression that gives a person's id.",
            "notify": "Messages to people.",
            "open": "The link whose case is opened; or several.",
            "tell": "The link whose case is told; or several. What is said is read when the event "
            "is over.",
            "document": "The document that is filled in and archived; or several.",
            "norm": "The rules that it implements.",
        },
        "Start": {
            "by": "Roles that may open a case; left out, everybody may.",
            "checks": "Conditions on the data given, judged in their order before `when`.",
            "when": "A condition on the data given; without it, a case is not opened.",
            "refuse": "What the sender is told when it does not hold.",
        },
        "Attributes": {
            "organisation": "The field that says whose case it is; the directory reads it too.",
            "region": "The field with the region; the directory reads it too.",
            "priority": "The field that says how urgent it is.",
            "profile": "The field that says which profile of rules it follows.",
        },
        "Retention": {
            "keep": "Months.",
            "after": "A date from which they count, if it is later than the day of closing. The "
            "file is kept to the end of the day with the same number, or of the month's last.",
            "norm": "Rules that it implements.",
        },
        "Item": {
            "type": "What kind of value it is; see [types of fields](#types-of-fields).",
            "title": "What people call it.",
            "required": "Whether a sender has to give it.",
            "values": "The values of an enum: a list, or a mapping to titles.",
            "min": "The least number (for money in fen).",
            "max": "The largest number (for money in fen).",
            "max_length": "The most characters of a text.",
            "max_items": "The most entries of a list; a full list refuses.",
            "of": "What a list holds.",
            "fields": "The columns of a record.",
            "personal": "Never shown in notices, lists or attributes, and never read by an "
            "expression.",
            "unit": "What a number counts; for people.",
        },
        "DataField": {
            "default": "The value if none was given at the start.",
            "derive": "A table that gives the value at the start if the sender gave none.",
            "internal": "Set by the process, never by whoever opens the case.",
        },
        "Table": {
            "title": "What people call it.",
            "norm": "The rules that it implements.",
            "each": "A list of records: inputs read the present one as `item.column`, and the "
            "table answers in an `update` of that list.",
            "hit": "`first`: the first row that fits answers. `unique`: rows may not overlap.",
            "inputs": "What is looked at: names and expressions.",
            "output": "The kind of answer.",
            "rows": "The rows. That one always answers is proved when the file is loaded.",
        },
        "Row": {
            "when": "Cells by input: a value, a list of values, or for numbers `<= 200`, `> 200` "
            "or `200..300`, both ends included. An input that is not named fits anything.",
            "then": "The answer.",
            "norm": "The rules that the row implements.",
        },
        "Notice": {
            "to": "A role, `assignee`, `owner` or `customer`; or several.",
            "text": "What is said; see [texts](#texts).",
            "when": "Only if this holds.",
            "urgent": "Delivered in quiet hours too.",
            "norm": "The rules that it implements.",
        },
        "Link": {
            "process": "The process of the other case.",
            "title": "What people call it.",
            "each": "A list of records: all this is done for each of them, which is `item`.",
            "when": "Only if this holds.",
            "key": "An expression: the other case's key.",
            "data": "Fields of the other case and expressions for them. For a case that is told, "
            "they open it if it is absent.",
            "child": "Opened as a child of this case's workflow, which it outlives.",
            "tell": "The event that the other case is told; it names this process in `from`. "
            "Without it, the link opens a case.",
            "event": "Fields of that event and expressions for them.",
            "start": "`never`: a case that is absent is not opened.",
            "undelivered": "The event of this process that the engine sends, as `system`, if the "
            "other case could not be opened, has ended or refuses. Its form may have `target`, "
            "`code` and `detail`.",
            "planned": "There may be no such process yet. Until there is one, a move that opens "
            "it is refused with `target_unavailable`.",
            "available": "Filled in when the file is loaded; not for authors.",
            "norm": "The rules that it implements.",
        },
        "Computation": {
            "title": "What people call it.",
            "norm": "The rules that it implements.",
            "input": "What goes in.",
            "output": "What comes out: the form of `done`.",
        },
        "Call": {
            "computation": "The computation that runs once when the state is entered.",
            "input": "Its input and expressions for it.",
        },
        "Document": {
            "title": "What stands on top.",
            "norm": "The rules that it implements.",
            "form": "Its number in the register of forms.",
            "number": "An expression: the number printed on it.",
            "landscape": "Printed across.",
            "copies": "Who gets a copy; printed at the foot.",
            "blocks": "Its parts, one below the other.",
        },
        "Block": {
            "title": "What stands above it. Beside it a block holds one kind of content.",
            "fields": "Case fields, personal ones too, with the labels that are printed.",
            "list": "A list of records, printed as a table with `columns`.",
            "where": "Only records for which this holds; the present one is `item`.",
            "columns": "Columns of the records with their headings.",
            "totals": "Case fields printed under the table, with their labels.",
            "text": "A paragraph; see [texts](#texts).",
            "signatures": "Places to sign.",
        },
        "Schedule": {
            "title": "What people call it.",
            "norm": "The rules that it implements.",
            "months": "Every how many months, counted from January.",
            "day": "The day of the month, 1 to 28.",
            "time": "The time of day, in the zone of the process's calendar.",
            "each": "`organisation`: once for each one that the installation names.",
            "key": "An expression: the case's key. It knows `schedule.at`, `schedule.month` "
            "(`2026-11`) and, with `each`, `schedule.organisation`.",
            "data": "Fields of the case and expressions for them.",
        },
        "Update": {
            "where": "Which records change; the present one is `item.column`, its place "
            "`item.index`, from 1. Left out, all do.",
            "set": "Columns and their new values, as in a move.",
            "one": "Exactly one record must be meant, or the event is refused.",
            "norm": "The rules that it implements.",
        },
        "FromTable": {
            "table": "The table whose answer it is.",
        },
        "Check": {
            "when": "What must hold.",
            "refuse": "What the sender is told if it does not.",
            "norm": "The rules that it implements.",
        },
        "Branch": {
            "when": "The way is taken if this holds; the default flow has none.",
            "title": "What people call it.",
        },
        "Hold": {
            "max": "The longest that it may last, in wall-clock time.",
            "until": "An instant at which it ends before that.",
        },
        "Event": {
            "title": "What people call it.",
            "by": "Roles that may send it. `anyone` lets every role; left out, everybody may.",
            "from": "Processes whose cases may send it. With `from` alone only they may; "
            "`actor.id` is the sending case's id.",
            "form": "What the sender has to say, or the name of a form.",
            "checks": "Conditions judged in their order before `when`: the first that does not "
            "hold refuses with its own words.",
            "when": "The guard. It sees the case after the form's `required` and `optional` fields "
            "are stored in it, and `event.x` for every field of the form.",
            "refuse": "What the sender is told when no way is open.",
            "branches": "Ways out of an exclusive gateway, tried in order: the first whose `when` "
            "holds.",
            "reopens": "Opens a closed case again: each clock follows its `reopen` law.",
            "hold": "Puts the case on hold: clocks with `pause.holds` stand still.",
            "release": "Ends the hold before its time.",
            "acknowledges": "Clocks whose rungs marked `unless_acknowledged` fire no more.",
            "tolerance": "How late it may be reported; left out, the process's own.",
        },
        "CaseEvent": {
            "within": "`open`: every state that is not closed. `closed`: every closed one. `any`, "
            "or a list of states.",
            "unless": "States in which it is not accepted after all.",
        },
        "Forbid": {
            "when": "What must not be. It is judged before every event.",
            "refuse": "What the sender is told.",
            "unless": "Events and tasks that are exempt.",
            "norm": "The rules that it implements.",
        },
        "Trigger": {
            "on": "The event, task or happening; see [triggers](#triggers).",
            "when": "Only if this holds.",
        },
        "BudgetFromTable": {
            "table": "The table, whose `output` is `budget`. When data change, so may the budget.",
        },
        "BudgetUntil": {
            "until": "An expression: the promised instant, in time at that second; or a date, in "
            "time until its end.",
            "otherwise": "The budget if there is no such value.",
        },
        "Pause": {
            "states": "States in which it stands still.",
            "holds": "Whether it stands still while the case is on hold.",
        },
        "Lapse": {
            "title": "What people call it.",
            "roll": "`next_working_day`: if the deadline's day is no working day, the right lapses "
            "at the end of the next one.",
        },
        "Clock": {
            "title": "What people call it; reminders say it.",
            "norm": "The rules that it implements.",
            "kind": "What is promised; it decides the default of `reopen`. `timer`: nothing is, "
            "time only passes. It needs `lapse`, has no `ladder` and is never missed.",
            "party": "To whom: the customer, somebody inside, a supplier.",
            "budget": "How much time there is; see [budgets](#budgets).",
            "calendar": "The working calendar; left out, the process's. `always` is 24×7.",
            "start": "What starts a cycle. An open cycle is left as it is, unless `each`.",
            "stop": "What keeps the promise.",
            "cancel": "What makes it void.",
            "reset": "What supersedes it by a new cycle with a fresh budget: a promise changed.",
            "when": "A cycle starts only if this holds.",
            "anchor": "Where the budget is counted from, if not from the instant of the trigger.",
            "fulfilled": "If this holds, it is met in the same instant in which it starts.",
            "pause": "When it stands still.",
            "change": "What a new answer of its table does to a running cycle. `carry`: same "
            "anchor, new budget. `restart`: a new cycle. `stricter_wins`: only if it is earlier.",
            "reopen": "What re-opening does. `resume`: the time left goes on. `restart`: a new "
            "cycle. `new_budget`: a new cycle with `reopen_budget`. `none`. By default `resume` "
            "for a resolution, `restart` for a response, else `none`.",
            "reopen_budget": "The budget after re-opening.",
            "ladder": "Who is reminded and told, and when.",
            "assignee": "The role that owes it; left out, the one that acts in the state, else "
            "the case's owner.",
            "lapse": "What the case does by itself when the deadline has passed, or at the instant "
            "of a timer, which may do without `to`.",
            "repeat": "For `periodic` and `timer`: how many periods, one after the other without "
            "drift. A timer's periods that were over before it started do not happen.",
            "each": "Several cycles may run at once, one for each start.",
            "pick": "Which of them is meant by a stop, cancel or reset: an expression that gives "
            "the cycle's number.",
            "outlives": "Runs on when the case is closed.",
            "catch_up": "Rungs, and instants of a timer that repeats, missed while nobody looked. "
            "`in_order`: each happens. `collapse`: only the last. `skip`: none that is over a "
            "minute late.",
        },
        "Rung": {
            "id": "Its name within the ladder. It fires once a cycle.",
            "level": "How high it reaches; L0 reminds, L1 and more escalate.",
            "at": "When; see [rungs](#rungs).",
            "to": "`assignee`, a role, a list of roles, or a list of recipients with conditions.",
            "text": "What is said beside the standard words.",
            "urgent": "Delivered in quiet hours too.",
            "unless_acknowledged": "Not sent once somebody has acknowledged the clock.",
        },
        "Recipients": {
            "when": "If this holds; the first that does is taken.",
            "to": "Roles.",
        },
        "Ladder": {
            "title": "What people call it.",
            "norm": "The rules that it implements.",
            "hours": "Rungs of clocks with a budget of minutes or hours, or a promised instant.",
            "days": "Rungs of clocks with a budget of days or months, or a promised date.",
        },
        "Task": {
            "title": "What people call it.",
            "role": "Who does it, and owes its clock.",
            "form": "What is said when it is done, or the name of a form.",
            "when": "There is such a task only if this holds when the state is entered.",
            "budget": "How much time there is.",
            "calendar": "The working calendar of its clock.",
            "ladder": "Who is reminded and told, and when.",
            "set": "As in a move, when it is done.",
            "append": "As in a move, when it is done.",
            "norm": "The rules that it implements.",
        },
        "State": {
            "title": "What people call it.",
            "norm": "The rules that it implements.",
            "actor": "The role that acts here; the case waits for it.",
            "stage": "The stage of a service request that it belongs to.",
            "on": "Events accepted here, and `all_done` and `any_done` of the tasks.",
            "tasks": "Parallel work, each with its own clock.",
            "call": "A service task: the computation runs, and the case waits for `done` or "
            "`failed`. `done` brings the computation's output, `failed` has `code` and `detail`; "
            "both are declared in `on`, and nobody else sends them.",
            "auto": "It waits for nobody: the first branch that holds is taken at once.",
            "closed": "Closed for the customer. The case ends when no clock is open any more.",
            "notify": "Messages when it is entered.",
            "waits": "Why a case may wait here without a clock.",
            "dwell": "How long a case is expected to stay without progress; a longer silence is "
            "shown as stuck.",
        },
        "Role": {
            "title": "What people call it.",
            "kind": "`human` ones can be escalated to.",
        },
        "Calendar": {
            "calendar": "Its name.",
            "title": "What people call it.",
            "zone": "An IANA time zone.",
            "week": "Opening hours by weekday (`mon` to `sun`), each a list such as "
            "`['09:00-12:00', '13:00-18:00']`. Hours may run over midnight.",
            "from": "The first day that it knows.",
            "through": "The last day that it knows. Beyond, deadlines are provisional.",
            "off": "Days off: `2026-10-01` or `2026-10-01..2026-10-07`.",
            "work": "Make-up working days, with `normal` or their own hours.",
        },
    }
)
