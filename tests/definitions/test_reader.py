"""Reading: each code at its exact place, all at once, and plain content unharmed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from definitions.problems import CODES, DefinitionError, DuecourseError, Problem, suggest
from definitions.reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR_BYTES, read


def refused(source: str | bytes) -> DefinitionError:
    data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    with pytest.raises(DefinitionError) as caught:
        read(data, "gate.yaml")
    return caught.value


def found(source: str | bytes) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.line, problem.column) for problem in refused(source).problems]


def value(source: str) -> Any:
    return read(source.encode(), "gate.yaml").value


BROKEN: list[tuple[str, str | bytes, list[tuple[str, int, int]]]] = [
    ("GB18030", "名: 门\n".encode("gb18030"), [("E001", 1, 1)]),
    ("not UTF-8, later", b"a: 1\r\nb: 2\rc: \xff", [("E001", 3, 4)]),
    ("UTF-16 with a mark", "a: 1".encode("utf-16"), [("E001", 1, 1)]),
    ("UTF-16 without one", "a: 1".encode("utf-16-le"), [("E001", 1, 1)]),
    ("file too large", b"a: " + b"x" * MAX_BYTES, [("E002", 1, 1)]),
    ("text too large", "a: 1\nb: '" + "x" * (MAX_SCALAR_BYTES + 1) + "'", [("E002", 2, 4)]),
    ("text too large in bytes", "b: '" + "门" * 22_000 + "'", [("E002", 1, 4)]),
    ("too many values", "- a\n" * (MAX_NODES + 1), [("E002", MAX_NODES, 3)]),
    ("number too long", "a: " + "9" * 41, [("E002", 1, 4)]),
    ("number out of reach", "a:\n  - 1e999", [("E002", 2, 5)]),
    ("tab as indentation", "a:\n\tb: 1", [("E003", 2, 1)]),
    ("two colons", "a: b: c", [("E003", 1, 5)]),
    ("no colon", "a: 1\nb\nc: 2", [("E003", 2, 1)]),
    ("quote not closed", "a: 1\nb: 'x\n\n", [("E003", 2, 4)]),
    ("list not closed", "a: [1, 2\nb: 1", [("E003", 2, 2)]),
    ("mapping not closed", "a: {b: 1\nc", [("E003", 2, 2)]),
    ("reserved sign", "a: @x", [("E003", 1, 4)]),
    ("list where none begins", "a: - b", [("E003", 1, 4)]),
    ("not in line", "a:\n  - b\n c: 1", [("E003", 3, 2)]),
    ("unknown escape", 'a: "\\q"', [("E003", 1, 6)]),
    ("short escape", 'a: "\\x4"', [("E003", 1, 7)]),
    ("escape beyond Unicode", 'a: 1\nb: "\\U99999999"', [("E003", 2, 2)]),
    ("block text not in line", "a: |\n     \n  x", [("E003", 3, 3)]),
    ("older YAML", "%YAML 1.1\n---\na: on", [("E003", 2, 1)]),
    ("no such YAML", "%YAML 9.9\n---\na: on", [("E003", 1, 1)]),
    ("60 KB of [", "[" * 60_000, [("E004", 1, MAX_DEPTH + 1)]),
    ("60 KB of {", "{" * 60_000, [("E004", 1, MAX_DEPTH + 1)]),
    ("brackets over lines", "[\n" * 60_000, [("E004", MAX_DEPTH + 1, 1)]),
    ("brackets and text", "[a," * 20_000, [("E004", 1, 3 * MAX_DEPTH + 1)]),
    ("60 KB of dashes", "- " * 30_000, [("E004", 1, 2 * MAX_DEPTH + 1)]),
    ("anchor", "a: &x 1", [("E005", 1, 4)]),
    ("anchor on a mapping", "a: &x\n  b: 1", [("E005", 1, 4)]),
    ("anchor on a key", "a: 1\n&x b: 1", [("E005", 2, 1)]),
    ("alias", "- 1\n- *x", [("E005", 2, 3)]),
    ("alias as a key", "*x : 1", [("E005", 1, 1)]),
    ("merge key", "a: 1\n<<: {b: 1}", [("E005", 2, 1)]),
    ("a cycle", "&x\na: *x", [("E005", 1, 1), ("E005", 2, 4)]),
    ("tag on a scalar", "when: !x", [("E006", 1, 7)]),
    ("tag with a text", "a: 1\nwhen: !!str 1", [("E006", 2, 7)]),
    ("tag that says nothing", "a: ! 1", [("E006", 1, 4)]),
    ("tag on a list", "a: !!set [1]", [("E006", 1, 4)]),
    ("verbatim tag", "a: !<tag:x> 1", [("E006", 1, 4)]),
    ("tag of an unknown family", "a: !e!b 1", [("E006", 1, 4)]),
    ("tag directive", "%TAG !e! tag:x\n---\na: 1", [("E006", 2, 1)]),
    ("duplicate key", "a: 1\nb:\n  c: 1\n  c: 2", [("E007", 4, 3)]),
    ("key three times", "a: 1\na: 2\na: 3", [("E007", 2, 1), ("E007", 3, 1)]),
    ("duplicate in braces", '{a: 1, "a": 2}', [("E007", 1, 8)]),
    ("nothing", "", [("E008", 1, 1)]),
    ("a mark and nothing", "\ufeff", [("E008", 1, 1)]),
    ("comments only", "# a\n# b\n", [("E008", 1, 1)]),
    ("an empty document", "---\n", [("E008", 1, 1)]),
    ("two documents", "a: 1\n---\nb: 1", [("E008", 2, 1)]),
    ("controls", "a: x\x01\nb: \x00y\n", [("E009", 1, 5), ("E009", 2, 4)]),
    ("lone surrogate", "a: x\ud800", [("E009", 1, 5)]),
    ("separator of lines", "a: x\u2028y", [("E009", 1, 5)]),
    ("mark inside", "a: \ufeffx", [("E009", 1, 4)]),
    ("escaped NUL", 'a: "x\\0"', [("E009", 1, 4)]),
    ("escaped surrogate", 'a:\n  - "\\ud800"', [("E009", 2, 5)]),
    ("escape in a key", '"\\e": 1', [("E009", 1, 1)]),
    ("number as a key", "a: 1\n404: x", [("E010", 2, 1)]),
    ("boolean as a key", "{true: x}", [("E010", 1, 2)]),
    ("null as a key", "~: x", [("E010", 1, 1)]),
    ("no key", "a: 1\n: x", [("E010", 2, 1)]),
    ("list as a key", "? [a]\n: 1", [("E010", 1, 3)]),
    ("mapping as a key", "a: 1\n{b: 1}: 1", [("E010", 2, 1)]),
]


@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_broken_text_is_refused_at_its_place(
    source: str | bytes, expected: list[tuple[str, int, int]]
) -> None:
    assert found(source) == expected


def test_every_reading_code_has_a_broken_example() -> None:
    shown = {code for _, _, expected in BROKEN for code, _, _ in expected}
    assert shown == {code for code in CODES if code.startswith("E0")}


def test_all_problems_are_found_in_one_reading() -> None:
    source = "a: !x b\nb: &n 1\nc: *n\n<<: *n\n? [1, !y 2]\n: {z: \x07, z: 1}\n1: x\na: 3\nd: @"
    assert found(source) == [
        ("E006", 1, 4),
        ("E005", 2, 4),
        ("E005", 3, 4),
        ("E005", 4, 1),
        ("E005", 4, 5),
        ("E010", 5, 3),
        ("E006", 5, 7),
        ("E009", 6, 7),
        ("E007", 6, 10),
        ("E010", 7, 1),
        ("E007", 8, 1),
        ("E003", 9, 4),
    ]


def test_control_characters_are_not_listed_without_end() -> None:
    assert found("a: " + "\x01" * 1000) == [("E009", 1, column) for column in range(4, 24)]


def test_a_problem_reads_as_place_path_code_and_advice() -> None:
    error = refused("steps:\n- go: 1\n  go: 2\n")
    assert str(error) == (
        "gate.yaml:3:3  steps[0].go  E007 "
        "the key 'go' stands on line 2 and again on line 3; keep one of them"
    )
    assert isinstance(error, DuecourseError)
    assert error.to_json()["code"] == "definition_invalid"
    assert error.to_json()["facts"]["problems"] == [error.problems[0].to_json()]
    assert json.loads(json.dumps(error.to_json())) == error.to_json()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("名: 门\n".encode("gb18030"), ["GB18030", "UTF-8"]),
        (b"a: \xff", ["0xFF", "UTF-8"]),
        ("a: 1\n名称：x\nb: 2", ["half width"]),
        ("名称：x\n类型: y", ["half width"]),
        ("a: *x", ["form", "ladder", "table"]),
        ("a: !x 1", ["!x"]),
        ("a: &here 1", ["&here"]),
        ("a:\n\tb: 1", ["tab", "spaces"]),
        ("404: x", ['"404"']),
    ],
)
def test_messages_say_what_to_do(source: str | bytes, words: list[str]) -> None:
    said = str(refused(source))
    assert [word for word in words if word not in said] == []


def test_a_limit_is_the_last_that_passes() -> None:
    assert value("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert len(value("- a\n" * (MAX_NODES - 1))) == MAX_NODES - 1
    assert value("'" + "x" * MAX_SCALAR_BYTES + "'") == "x" * MAX_SCALAR_BYTES
    assert read(b"a: 1\n".ljust(MAX_BYTES, b"#"), "gate.yaml").value == {"a": 1}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.50", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-2e3", -2000.0),
        ("yes", "yes"),
        ("off", "off"),
        ("y", "y"),
        ("09:00", "09:00"),
        ("1:30", "1:30"),
        ("2026-10-01", "2026-10-01"),
        ("2026-11-10T09:30+08:00", "2026-11-10T09:30+08:00"),
        ("010", "010"),
        ("01062345678", "01062345678"),
        ("00.5", "00.5"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("٣", "٣"),
        ("=", "="),
        ("<<", "<<"),
        ('"1"', "1"),
        ("'true'", "true"),
        ("''", ""),
        ("|\n    1\n", "1\n"),
    ],
)
def test_scalars_are_read_by_the_core_schema(written: str, meant: object) -> None:
    read_back = value(f"a: {written}")["a"]
    assert read_back == meant
    assert type(read_back) is type(meant)


def test_keys_that_other_yaml_turns_into_something_else_stay_text() -> None:
    assert value('on: 1\nno: 2\n"404": 3\n"<<": 4\n2026-10-01: 5\n""  : 6') == {
        "on": 1,
        "no": 2,
        "404": 3,
        "<<": 4,
        "2026-10-01": 5,
        "": 6,
    }


def test_a_byte_order_mark_and_any_line_ends_are_accepted() -> None:
    document = read("\ufeffa: 1\r\nb:\r\n  - x\rc: 2\n".encode(), "gate.yaml")
    assert document.value == {"a": 1, "b": ["x"], "c": 2}
    assert document.position(("a",)) == (1, 1)
    assert document.position(("b", 0)) == (3, 5)
    assert document.position(("c",)) == (4, 1)


def test_positions_are_those_of_keys_and_items_or_the_nearest_ancestor() -> None:
    document = read("# 门\n门: 1\nb:\n  - x: 1\n    y: [p, {q: r}]\n  -\n".encode(), "gate.yaml")
    expected = {
        (): (2, 1),
        ("门",): (2, 1),
        ("b",): (3, 1),
        ("b", 0): (4, 5),
        ("b", 0, "x"): (4, 5),
        ("b", 0, "y"): (5, 5),
        ("b", 0, "y", 0): (5, 9),
        ("b", 0, "y", 1, "q"): (5, 13),
        ("b", 1): (6, 4),
        ("b", 0, "y", 1, "q", "absent", 3): (5, 13),
        ("b", 7): (3, 1),
        ("absent",): (2, 1),
    }
    assert {path: document.position(path) for path in expected} == expected


def test_an_ordinary_file_reads_as_the_safe_loader_reads_it() -> None:
    step = (
        "  step_{0}:\n    title: {{zh: 第{0}步, en: 'It''s step {0}'}}\n    # 说明\n"
        "    notes: |\n      一行\n      two: lines\n\n    folded: >-\n      a\n      b\n"
        '    after: [step_1, "x\\ty", {0}, {0}.25, true, ~]\n    empty: {{}}\n    at: 09:00\n'
    )
    source = "steps:\n" + "".join(step.format(number) for number in range(1, 160))
    assert len(source.encode()) > 30_000
    assert value(source) == YAML(typ="safe", pure=True).load(source)


TEXTS = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cc", "Cs"),
        exclude_characters="\u2028\u2029\ufeff\ufffe\uffff",
    )
    | st.sampled_from("\n\t\r:#'\"-?[]{},&*!|>%@` "),
    max_size=20,
)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(PLAIN, st.sampled_from([None, 2]))
def test_json_reads_back_equal(data: Any, indent: int | None) -> None:
    read_back = value(json.dumps(data, ensure_ascii=False, indent=indent))
    assert json.dumps(read_back) == json.dumps(data)


@settings(max_examples=150, deadline=None)
@given(st.text("ab:-?[]{},&*!|>%@`'\"#~<. \n\t\\x0U1é：", max_size=60))
def test_any_text_is_read_or_refused_with_a_place_inside_it(source: str) -> None:
    lines = source.split("\n")
    try:
        read(source.encode(), "gate.yaml")
    except DefinitionError as error:
        for problem in error.problems:
            assert problem.code in CODES
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@pytest.mark.parametrize(
    ("word", "choices", "said"),
    [
        ("closd", ["open", "closed"], "did you mean 'closed'?"),
        ("zzz", ["open", "closed"], ""),
        ("open", [], ""),
    ],
)
def test_suggestions_name_the_nearest_choice(word: str, choices: list[str], said: str) -> None:
    assert suggest(word, choices) == said


def test_a_problem_without_path_or_hint_has_no_gaps() -> None:
    assert str(Problem("E008", "gate.yaml", 1, 1, "", "empty")) == "gate.yaml:1:1  E008 empty"
