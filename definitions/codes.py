"""The table of every code that a problem of a definition can have.

What it is: one literal, in the order of the codes; `docs/errors.md` is made of it.
What it is not: problems; see `problems`, where everybody takes this from.
Anybody may import it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class CodeInfo(NamedTuple):
    """What a code is called and what it means to an author."""

    title: str
    meaning: str


# One literal, in the order of the codes. E0xx reading, E1xx shape, E2xx names, E3xx expressions
# and tables, E4xx soundness, E5xx calendars and ladders. A code, once released, keeps its meaning.
CODES: Mapping[str, CodeInfo] = MappingProxyType(
    {
        "E001": CodeInfo(
            "not UTF-8",
            "The file's bytes are not UTF-8 text. Other encodings (GB18030, UTF-16) are refused "
            "and never guessed at; a UTF-8 byte-order mark is accepted.",
        ),
        "E002": CodeInfo(
            "too large",
            "The file, one of its texts, one of its numbers or the count of its values is over "
            "the limit.",
        ),
        "E003": CodeInfo(
            "not valid YAML",
            "The text breaks the rules of YAML 1.2. Reading stops at the first such place.",
        ),
        "E004": CodeInfo(
            "nested too deep",
            "Lists and mappings stand inside one another beyond the limit.",
        ),
        "E005": CodeInfo(
            "alias or anchor",
            "Anchors (&name), aliases (*name) and merge keys (<<) are refused: what is used twice "
            "gets a name in the definition itself.",
        ),
        "E006": CodeInfo(
            "tag",
            "Tags (!name, !!type) are refused: a value's type follows from how it is written.",
        ),
        "E007": CodeInfo(
            "duplicate key",
            "A mapping has the same key twice, and so one of the two values would be lost.",
        ),
        "E008": CodeInfo(
            "not exactly one document",
            "The file is empty, or holds more than one YAML document.",
        ),
        "E009": CodeInfo(
            "unusable character",
            "The text holds a control character, a lone surrogate, or an invisible separator of "
            "lines, written as itself or as an escape.",
        ),
        "E010": CodeInfo(
            "key is not text",
            "A key is a number, true, false, null, a list or a mapping. Keys are text.",
        ),
        "E101": CodeInfo(
            "unknown key",
            "A mapping has a key that has no meaning there, often a slip of the pen.",
        ),
        "E102": CodeInfo(
            "wrong type",
            "A value is of another kind than what belongs there, such as a text for a number or "
            "nothing at all for a mapping.",
        ),
        "E103": CodeInfo("missing key", "A mapping lacks a key that it must have."),
        "E104": CodeInfo(
            "not one of the allowed values",
            "Only certain words can stand here, and this is none of them.",
        ),
        "E105": CodeInfo(
            "text outside its grammar",
            "A name, a rule's id, a budget, the instant of a rung, a trigger, a date, hours or a "
            "time zone is not written as such.",
        ),
        "E106": CodeInfo(
            "out of range",
            "A text or list is too long or too short, or a number too large or too small.",
        ),
        "E107": CodeInfo(
            "parts that contradict one another",
            "Each value is well written, but together they cannot be: a calendar that ends before "
            "it begins, a day that is both off and worked.",
        ),
        "E108": CodeInfo(
            "declared twice",
            "Two files of a folder declare the same process, or the same shared role, ladder or "
            "calendar.",
        ),
        "E109": CodeInfo(
            "file cannot be read",
            "The file is not there, is a folder, or may not be read.",
        ),
        "E110": CodeInfo(
            "rules too large",
            "Every case carries its rules, compressed, in its history; these would be too large.",
        ),
        "E201": CodeInfo(
            "unknown state",
            "A `to`, `within`, `unless`, `pause.states` or trigger names a state that the "
            "process does not have.",
        ),
        "E202": CodeInfo(
            "unknown role",
            "A role that neither the process nor the shared roles declare. Notices and rungs "
            "may also name `assignee`, `owner` and `customer`.",
        ),
        "E203": CodeInfo(
            "unknown process",
            "A link leads to a process that is in no file, or a `from` names one. A link to one "
            "that is yet to be written says `planned: true`.",
        ),
        "E204": CodeInfo(
            "unknown field of another process",
            "A link fills a data field that the process it opens does not have or sets itself, "
            "or a field that the event it tells does not have.",
        ),
        "E205": CodeInfo(
            "unknown table",
            "A budget, a `derive` or a value names a decision table that the process does not "
            "have.",
        ),
        "E206": CodeInfo(
            "unknown form",
            "An event or a task names a form that the process does not have.",
        ),
        "E207": CodeInfo(
            "unknown clock",
            "An `acknowledges` names neither a clock nor a task.",
        ),
        "E208": CodeInfo(
            "unknown link",
            "An `open` or a `tell` names a link that the process does not have.",
        ),
        "E209": CodeInfo(
            "unknown field",
            "A move, a form's `required` or `optional`, an attribute, a link, a table, a document "
            "or a schedule names a field that the case or the record does not have.",
        ),
        "E210": CodeInfo(
            "unknown event",
            "A clock's trigger, the `unless` of a prohibition or the `undelivered` of a link names "
            "an event that no state, task or `anywhere` declares.",
        ),
        "E211": CodeInfo(
            "reserved name",
            "The name already means something: `opened`, `closed`, `reopened`, `all_done`, "
            "`any_done`, what begins with `duecourse`, the fields `at` and `name` of every "
            "event, the column `index` of a record, and words of the expression language.",
        ),
        "E212": CodeInfo(
            "name used twice",
            "Two things claim one name: an event accepted both in a state and from `anywhere`, "
            "a task named like a clock, an event or another task.",
        ),
        "E213": CodeInfo(
            "nobody may send it",
            "An event without `by` and without `from`. Every event names the roles or the "
            "processes that may send it.",
        ),
        "E214": CodeInfo(
            "does not go together",
            "An automatic state with events, tasks, a call or `closed`; a closed state with tasks; "
            "a call with tasks; `all_done` or `any_done` without tasks, `done` or `failed` without "
            "a call, or any of these with a sender or a form; a link told that says no `tell`, or "
            "opened that does; a block of a document with more than one kind of content, or none.",
        ),
        "E215": CodeInfo(
            "unknown input",
            "A row of a decision table has a cell for an input that the table does not have, or a "
            "call gives one that the computation does not take.",
        ),
        "E216": CodeInfo(
            "unknown ladder",
            "A clock or a task names a ladder that neither the process nor the shared ladders "
            "declare.",
        ),
        "E217": CodeInfo(
            "unknown calendar",
            "A calendar that neither the process nor the calendars' folder has. It is never "
            "read as 'weekdays only'.",
        ),
        "E218": CodeInfo(
            "unknown computation",
            "A `call` names a computation that the process does not declare.",
        ),
        "E219": CodeInfo(
            "unknown document",
            "A `document` names a document that the process does not declare.",
        ),
        "E220": CodeInfo(
            "unknown event of another process",
            "A link tells an event that the other process does not have, or does not take `from` "
            "this one.",
        ),
        "E221": CodeInfo(
            "required value not given",
            "A link, a schedule or a call leaves out what the case it opens, the event it tells or "
            "the computation requires.",
        ),
        "E222": CodeInfo(
            "cannot report what was not delivered",
            "The event that a link names in `undelivered` is sent by the engine as `system`, with "
            "no more than `target`, `code` and `detail`, all of them text.",
        ),
        "E223": CodeInfo(
            "unknown fragment",
            "`use` names a fragment that no file in `fragments/` declares.",
        ),
        "E224": CodeInfo(
            "element from two fragments",
            "Two fragments that the process uses bring an element of the same name, or `use` names "
            "one twice. The process declares its own, or uses one of them.",
        ),
        "E301": CodeInfo(
            "not an expression",
            "The text is no expression here: it does not parse, names something unknown, or "
            "mixes types.",
        ),
        "E302": CodeInfo(
            "wrong type",
            "The expression is right in itself but gives another type than its place wants.",
        ),
        "E303": CodeInfo(
            "personal field",
            "An expression, a notice or an attribute uses a personal field. What it decides or "
            "shows would tell the field's value.",
        ),
        "E304": CodeInfo(
            "unknown value",
            "An enum, or the state of the case, is compared with or set to a value that it "
            "never has.",
        ),
        "E305": CodeInfo(
            "value does not fit the field",
            "A default, or a plain value in `set` or `append`, is not of the field's type or is "
            "out of its bounds.",
        ),
        "E306": CodeInfo(
            "placeholder",
            "A text for people has a placeholder that names nothing, uses an unknown filter, or "
            "is no placeholder.",
        ),
        "E307": CodeInfo(
            "field not fully declared",
            "An enum without values, a list without `of`, records without fields, or bounds "
            "that exclude everything.",
        ),
        "E308": CodeInfo(
            "record does not fit the list",
            "A field is worked through record by record that is no list of records, an `extend` is "
            "of a field that is no list, or a record lacks a required column or brings one that "
            "cannot be taken.",
        ),
        "E310": CodeInfo(
            "cell does not fit",
            "A cell of a decision table is not of its input's type, or none of its values.",
        ),
        "E311": CodeInfo(
            "answer does not fit",
            "A row's answer is not of the table's output type.",
        ),
        "E312": CodeInfo(
            "rows overlap",
            "Two rows of a table with `hit: unique` match the same inputs, which the message "
            "names.",
        ),
        "E313": CodeInfo(
            "missing row",
            "No row of the table matches the inputs that the message names.",
        ),
        "E314": CodeInfo(
            "row never answers",
            "Rows above it match everything that it matches, or no value can match it.",
        ),
        "E315": CodeInfo(
            "too many combinations",
            "The table has more combinations of inputs than can be checked.",
        ),
        "E316": CodeInfo(
            "table does not fit its use",
            "A budget comes from a table whose output is none, or a field from a table of "
            "another type.",
        ),
        "E318": CodeInfo(
            "no present record",
            "A table with `each` reads the present record of a list, and is used elsewhere than in "
            "an `update` of that list.",
        ),
        "E319": CodeInfo(
            "does not last",
            "`subjects` and `retention` are read as long as the file of a case is there. They know "
            "its data, its key and, for `retention`, when it was opened.",
        ),
        "E401": CodeInfo(
            "unreachable state",
            "No way leads from the opening to the state.",
        ),
        "E402": CodeInfo(
            "no end from here",
            "No way leads from the state to a closed one.",
        ),
        "E403": CodeInfo(
            "no end",
            "No closed state can be reached at all: the case never ends.",
        ),
        "E404": CodeInfo(
            "waits for ever",
            "A case may wait in the state with no clock running that reminds anybody or lapses, "
            "and `waits` does not say why.",
        ),
        "E405": CodeInfo(
            "clock never starts",
            "What starts the clock happens in no state that can be reached.",
        ),
        "E406": CodeInfo(
            "clock never stops",
            "Nothing keeps the promise, or nothing that could happens once the clock runs.",
        ),
        "E407": CodeInfo(
            "ladder ends at no human",
            "No rung at or after due reaches a human whatever its conditions say.",
        ),
        "E408": CodeInfo(
            "default flow",
            "The branches of an automatic state end with exactly one default (a branch without "
            "`when`), and each leads somewhere; nothing stands behind a default.",
        ),
        "E409": CodeInfo(
            "circle of automatic states",
            "Automatic states lead to one another without an event between them.",
        ),
        "E410": CodeInfo(
            "all branches may fail",
            "An event's branches all have conditions, and there is neither a default nor a "
            "refusal to say.",
        ),
        "E411": CodeInfo(
            "escape from a cut-off",
            "A cut-off without a lapse, one that can be postponed, cancelled or re-opened, or "
            "one after whose lapse the case comes back to where the right still stands.",
        ),
        "E412": CodeInfo(
            "lapse without a target",
            "A lapse says where the case goes; only a timer's may leave it where it is.",
        ),
        "E413": CodeInfo(
            "period",
            "A periodic clock needs `repeat` and `stop`, and a plain budget. A timer that repeats "
            "needs a plain budget and cannot pause or resume; other kinds have no `repeat`.",
        ),
        "E414": CodeInfo(
            "one of many",
            "`each` and `pick` go together: where several cycles run, an event says which one "
            "it means.",
        ),
        "E415": CodeInfo(
            "re-opening",
            "An event that re-opens nothing, one that leads out of a closed state without "
            "saying `reopens`, or a clock's law for a re-opening that cannot happen.",
        ),
        "E416": CodeInfo(
            "hold",
            "An event that holds the case requires `reason` and `evidence`, some clock pauses "
            "under holds, and a release has something to release.",
        ),
        "E417": CodeInfo(
            "tasks without a way on",
            "Nothing happens when the tasks of the state are done.",
        ),
        "E418": CodeInfo(
            "call without a way on",
            "A state with `call` has both `done` and `failed`: what happens with the answer, and "
            "what without one.",
        ),
        "E419": CodeInfo(
            "timer",
            "A timer without a lapse or with one that does nothing, or one with a `ladder`, an "
            "`assignee` or `fulfilled`: nobody owes a timer.",
        ),
        "E501": CodeInfo(
            "no rungs for this budget",
            "The ladder has no `hours` rungs for a budget of hours or an instant, or no `days` "
            "rungs for one of days, months or a date.",
        ),
        "E502": CodeInfo(
            "rung twice",
            "Two rungs of one list have the same id.",
        ),
        "E503": CodeInfo(
            "rung before the start",
            "The rung would stand before its clock has started, whenever that is.",
        ),
        "E504": CodeInfo(
            "no forfeit day",
            "A rung stands on the forfeit day of a clock that does not lapse.",
        ),
    }
)
