"""Which other cases a case shows: those it opened or told, and what did not arrive."""

from dataclasses import fields, replace
from typing import Any, get_origin, get_type_hints

from tests.core.test_messages import ORDER
from tests.core.world import World, process, t
from workflows.core.case import Case, Linked
from workflows.core.effects import LinkView, OpenCase, Tell
from workflows.core.links import MAX_ID, MAX_LINKS, Links, delivered, with_requests
from workflows.core.messages import undelivered
from workflows.core.turn import Turn

LINES = [{"no": 1, "qty": 2}, {"no": 2, "qty": 0}, {"no": 3, "qty": 1}]
TITLED = ORDER.replace(
    "{process: book, key: data.shop, tell: note,",
    "{process: book, title: {zh: 登记, en: Book it}, key: data.shop, tell: note,",
)


def world() -> World:
    made = World(process(TITLED))
    made.start("9 10:00", shop="S", lines=LINES)
    return made


def shown(case: World) -> list[tuple[str, str, str, int, str]]:
    view = case.decisions[-1].view
    return [(one.case, one.link, one.how, one.times, one.outcome) for one in view.links]


def lost(case: World, request: Any) -> None:
    case._keep(undelivered(case.program, case.case, request, "no_such", "why", t("9 13:00")))


def test_a_case_shows_what_it_opened_and_told() -> None:
    case = world()
    assert not case.decisions[-1].view.links
    case.send("9 11:00", "send")
    case.send("9 12:00", "again")
    assert shown(case) == [
        ("parcel:K-1-1", "parcel", "child", 1, ""),
        ("parcel:K-1-3", "parcel", "child", 1, ""),
        ("book:S", "book", "told", 2, ""),
        ("book:S", "close", "told", 1, ""),
    ]
    seqs = [one.seq for one in case.rows if one.kind == "link"]
    links = case.decisions[-1].view.links
    assert [one.seq for one in links] == [seqs[0], seqs[1], seqs[3], seqs[4]]
    assert [one.title["zh"] for one in links] == ["parcel", "parcel", "登记", "close"]
    assert "links" not in case.decisions[-1].answer
    refused = case.case.links
    case.refused("9 12:00", "send")
    assert case.case.links is refused


def test_what_did_not_arrive_is_marked_until_it_is_said_again_or_arrives_after_all() -> None:
    case = world()
    case.send("9 11:00", "send")
    told = next(one for one in case.requests if isinstance(one, Tell))
    opened = case.opened[0]
    lost(case, told)
    lost(case, opened)
    assert [one[4] for one in shown(case)] == ["undelivered", "", "undelivered"]
    arrived = delivered(case.case, opened)
    assert [one.outcome for one in arrived.links] == ["", "", "undelivered"]
    assert delivered(arrived, opened) is arrived
    again = with_requests(Links(case.case.links, 0), [told]).known[2]
    assert (again.case, again.times, again.outcome) == ("book:S", 2, "")


def told(number: int, seq: int = 0) -> Tell:
    key = f"B-{number}"
    return Tell("k", "book", key, "note", {}, "order:K", seq or number, 0, link="book")


def test_the_oldest_that_were_only_told_fall_out() -> None:
    child = OpenCase("k", "parcel", "P", {}, "order:K", 1, 0, link="parcel", child=True)
    links = with_requests(Links((), 0), [child, *(told(n) for n in range(2, MAX_LINKS + 1))])
    assert (len(links.known), links.gone) == (MAX_LINKS, 0)
    marked = tuple(
        replace(one, outcome="undelivered") if one.case == "book:B-2" else one
        for one in links.known
    )
    links = with_requests(Links(marked, 0), [told(3, 900), told(901), told(902)])
    assert links.gone == 2
    kept = [one.case for one in links.known]
    assert kept[:3] == ["parcel:P", "book:B-2", "book:B-3"], "not the oldest that was told"
    assert not {"book:B-4", "book:B-5"} & set(kept)
    assert kept[-2:] == ["book:B-901", "book:B-902"]
    many = [replace(child, business_key=f"P-{number}") for number in range(100)]
    assert {one.how for one in with_requests(links, many).known} == {"child"}


def test_one_that_has_fallen_out_is_back_when_it_did_not_arrive() -> None:
    case = world()
    known = with_requests(Links((), 0), [told(n) for n in range(1, MAX_LINKS + 3)])
    case.case = replace(case.case, links=known.known, links_gone=known.gone)
    lost(case, told(1))
    assert case.case.links[-1] == Linked("book:B-1", "book", "told", 1, 1, "undelivered")
    assert (len(case.case.links), case.case.links_gone) == (MAX_LINKS, 2)
    assert case.decisions[-1].view.links_gone == 2


def test_a_key_that_is_none_is_cut() -> None:
    known = with_requests(Links((), 0), [replace(told(1), business_key="x" * 20_000)]).known
    assert len(known[0].case) == MAX_ID


LAPSING = """
data: {shop: {type: text}}
links: {book: {process: book, key: data.shop, tell: note, start: never},
        gone: {process: book, key: data.shop, tell: note, planned: true, available: false,
               start: never}}
clocks:
  claim: {title: Claim, kind: cut_off, budget: 5 hours, start: opened, cancel: withdraw,
          lapse: {to: lost, tell: [book]}}
states:
  open: {title: Open, on: {withdraw: {to: gone}}}
  lost: {title: Lost, closed: true}
  gone: {title: Gone, closed: true}
"""


def test_what_a_lapse_told_stays_known_though_the_lapse_is_undone() -> None:
    case = World(process(LAPSING))
    case.start("9 10:00", shop="S")
    case.look("9 15:00")
    assert case.case.lapse is not None
    case.send("9 16:00", "withdraw", occurred="9 14:00")
    assert case.case.state == "gone"
    assert [one.case for one in case.case.links] == ["book:S"]


def test_a_lapse_that_cannot_move_leaves_no_link() -> None:
    case = World(process(LAPSING.replace("tell: [book]", "tell: [book, gone]")))
    case.start("9 10:00", shop="S")
    case.look("9 15:00")
    assert (case.case.state, case.case.links, case.requests) == ("open", (), [])


def test_a_link_that_the_rules_no_longer_have_is_shown_by_its_name() -> None:
    case = world()
    case.case = replace(case.case, links=(Linked("old:X", "old", "opened"),))
    case.look("9 11:00")
    assert case.decisions[-1].view.links == (
        LinkView("old:X", "old", {"zh": "old", "en": "old"}, "opened", 1, 0),
    )


def test_a_turn_that_decides_nothing_leaves_every_field_of_the_case() -> None:
    case = world()
    values: dict[str, Any] = {
        name: replace(case.case, key="x") if "Mark" in str(kind) else f"some {name}"
        for name, kind in get_type_hints(Case).items()
    }
    numbers = {one.name: 7 for one in fields(Case) if one.type in (int, int | None)}
    listed = {one.name: ("some",) for one in fields(Case) if get_origin(one.type) is tuple}
    full = Case(**{**values, **numbers, **listed, "data": {"shop": "T"}})
    assert Turn(case.program, full, 7).done(7) == full
