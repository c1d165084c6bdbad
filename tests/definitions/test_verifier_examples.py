"""One broken example for each code of the verifier, each with its place and its words."""

import re
from pathlib import Path

import pytest

from definitions.loader import load_file
from definitions.problems import CODES, DefinitionError, Problem

HERE = Path(__file__).parent
BROKEN = sorted(path for digit in "2345" for path in (HERE / "broken").glob(f"E{digit}*.yaml"))

# Where each broken example goes wrong; a witness or a name stands in the message.
SAID: dict[str, tuple[str, str]] = {
    "E201": ("states.waiting.on.let_in.to", "unknown state 'don'"),
    "E202": ("states.waiting.on.let_in.by", "did you mean 'keeper'?"),
    "E203": ("links.parcel.process", "parcel"),
    "E204": ("links.parcel.data.wait", "wait"),
    "E205": ("clocks.answer.budget.table", "did you mean 'patience'?"),
    "E206": ("states.waiting.on.look.form", "slip"),
    "E207": ("states.waiting.on.look.acknowledges[0]", "did you mean 'answer'?"),
    "E208": ("states.waiting.on.look.open", "did you mean 'parcel'?"),
    "E209": ("states.waiting.on.let_in.form.size", "size"),
    "E210": ("clocks.answer.stop", "unknown event 'let_out'"),
    "E211": ("states.waiting.on.opened", "reserved"),
    "E212": ("states.waiting.on.look", "anywhere"),
    "E213": ("states.waiting.on.look", "nobody may send 'look'"),
    "E214": ("states.between", "decides by itself"),
    "E215": ("tables.patience.rows[1].when.kinds", "did you mean 'kind'?"),
    "E216": ("clocks.answer.ladder", "shirt"),
    "E217": ("calendar", "plan"),
    "E218": ("states.weighing.call.computation", "did you mean 'weight'?"),
    "E219": ("states.waiting.on.look.document", "did you mean 'slip'?"),
    "E220": ("links.parcel.tell", "takes no 'look' from this process"),
    "E221": ("links.parcel", "requires 'kind'"),
    "E222": ("links.parcel.undelivered", "add `system` to its `by`"),
    "E223": ("use[0]", "did you mean 'braces'?"),
    "E224": ("use[1]", "'data.badge' comes from 'belt' already"),
    "E301": ("states.waiting.on.let_in.when", "data.knd"),
    "E302": ("states.waiting.on.let_in.when", "bool is wanted"),
    "E303": ("states.waiting.on.let_in.when", "data.phone is personal"),
    "E304": ("states.waiting.on.let_in.when", "did you mean 'person'?"),
    "E305": ("states.waiting.on.let_in.set.weight", "min 0"),
    "E306": ("states.waiting.on.look.notify[0].text.en", "data.wait"),
    "E307": ("data.weight", "min 5 is more than max 1"),
    "E308": ("states.waiting.on.let_in.append.visits", "'who'"),
    "E310": ("tables.patience.rows[1].when.kind", "'lorry'"),
    "E311": ("tables.patience.rows[1].then", "1h"),
    "E312": ("tables.patience.rows[1]", "weight = 200"),
    "E313": ("tables.patience.rows", "weight = 200"),
    "E314": ("tables.patience.rows[2]", "row 3 never answers"),
    "E315": ("tables.patience", "too many"),
    "E316": ("clocks.answer.budget.table", "gives text"),
    "E318": ("states.waiting.on.let_in.set.weight.table", "'visits'"),
    "E319": ("subjects.place", "case.state does not stay with the case"),
    "E401": ("states.attic", "'attic'"),
    "E402": ("states.cellar", "after opened → look"),
    "E403": ("states", "never ends"),
    "E404": ("states.hall", "after opened → let_in"),
    "E405": ("clocks.thanks.start", "'reopened'"),
    "E406": ("clocks.answer", "no `stop`"),
    "E407": ("clocks.answer.ladder", "'short' ends at no human"),
    "E408": ("states.between.auto", "stand still"),
    "E409": ("states.this_way.auto", "this_way → that_way → this_way"),
    "E410": ("states.waiting.on.look.branches", "'look' may fail"),
    "E411": ("clocks.last_call.cancel", "escape"),
    "E412": ("clocks.last_call.lapse", "says where"),
    "E413": ("clocks.answer", "`repeat`"),
    "E414": ("clocks.answer", "`pick`"),
    "E415": ("states.done.on.again", "closed state"),
    "E416": ("states.waiting.on.look.form", "'evidence'"),
    "E417": ("states.cleaning", "tasks of 'cleaning'"),
    "E418": ("states.weighing.call", "nothing about 'failed'"),
    "E419": ("clocks.last_call.ladder", "a timer is none"),
    "E501": ("clocks.answer.ladder", "no `days` rungs"),
    "E502": ("ladders.short.hours[1].id", "'due'"),
    "E503": ("clocks.answer.ladder", "3 hours before due"),
    "E504": ("clocks.answer.ladder", "forfeit day"),
}


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(DefinitionError) as caught:
        load_file(path, HERE)
    return caught.value.problems


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: str(path.stem))
def test_a_broken_example_has_its_code_first_and_no_other(path: Path) -> None:
    found = problems(path)
    assert {problem.code for problem in found} == {path.name[:4]}
    place, words = SAID[path.name[:4]]
    assert found[0].path == place
    assert words in str(found[0])
    assert found[0].line > 1


def test_every_code_of_the_verifier_has_an_example_and_a_word() -> None:
    mine = {code for code in CODES if re.fullmatch(r"E[2-5]\d\d", code)}
    assert mine == {path.name[:4] for path in BROKEN} == set(SAID)
