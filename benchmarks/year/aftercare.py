"""Who asks customers how it goes: the survey after three months and the tracking.

What it is: the tables of these people, and what customers say.
What it is not: time or lateness (`centre`).
Who may import it: the simulated year.
"""

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from benchmarks.year.desk import DAY, HOUR, Desk, Duty, Table, day_of, instant

CLERK = "service_clerk"


def _score(desk: Desk, name: str) -> int:
    low = 0.35 if desk.chance("unhappy") < 0.05 else 0.0
    drawn = Random(f"{desk.centre.seed}/{desk.view.case}/{name}").random() - low
    return (
        5
        if drawn > 0.45
        else 4
        if drawn > 0.1
        else 3
        if drawn > 0.02
        else 2
        if drawn > -0.25
        else 1
    )


def _asked(name: str) -> Any:
    return lambda desk: _score(desk, name)


def _trouble(desk: Desk) -> bool:
    return desk.chance("trouble") < 0.06


def _call_on(desk: Desk) -> str:
    clock = desk.clock("survey")
    left = 20 if clock is None or clock.due is None else max((clock.due - desk.now) // DAY - 12, 1)
    day = day_of(desk.now) + timedelta(days=desk.rng.randrange(1, max(2, min(left, 75))))
    return day.isoformat()


def _attempt(desk: Desk) -> int:
    """Another working day, another hour."""
    done = len(desk.data.get("attempt_days", []))
    after = desk.now if done == 0 else instant(day_of(desk.now) + timedelta(days=1), 0)
    at = desk.centre.workday(after, (9.5, 10.5, 14.5, 15.5)[min(done, 3)])
    return (
        at
        if at > desk.now
        else desk.centre.workday(at + DAY, (9.5, 10.5, 14.5, 15.5)[min(done, 3)])
    )


ANSWERS: dict[str, Any] = {
    "attitude": _asked("attitude"),
    "skill": _asked("skill"),
    "performance": _asked("performance"),
    "quality": _asked("quality"),
    "overall": _asked("overall"),
    "problem_now": _trouble,
    "problem": lambda d: "制动偏软" if _trouble(d) else None,
    "complaint_wanted": False,
    "opinion": lambda d: "希望配件更快" if d.chance("opinion") < 0.1 else None,
}
NOBODY = Duty(
    "no_answer",
    CLERK,
    at=_attempt,
    when=lambda d: len(d.data.get("attempt_days", [])) < 3,
    share=0.06,
    punctual=True,
)
SURVEY: Final[dict[str, tuple[Duty, ...]]] = {
    "eligible": (Duty("plan", CLERK, (4.0, 90.0), {"call_on": _call_on}, punctual=True),),
    "calling": (
        NOBODY,
        Duty(
            "close_unreachable",
            CLERK,
            (0.2, 2.0),
            when=lambda d: len(d.data.get("attempt_days", [])) >= 3,
        ),
        Duty("answers", CLERK, (0.2, 5.0), ANSWERS),
    ),
    "completed": (
        Duty(
            "take_note",
            "sales_manager",
            (0.05, 0.3),
            when=lambda d: d.clock("sales_manager_ack") is not None,
            day_and_night=True,
        ),
        Duty(
            "take_note",
            "service_manager",
            (0.05, 0.3),
            when=lambda d: d.clock("service_manager_ack") is not None,
            day_and_night=True,
        ),
    ),
}
PROBLEM: Final[dict[str, tuple[Duty, ...]]] = {
    "form_printed": (Duty("send", CLERK, (1.0, 8.0)),),
    "sent_to_sales": (Duty("acknowledge", "sales", (1.0, 12.0)),),
    "acknowledged": (Duty("handle", "sales", (4.0, 40.0)),),
    "handled": (Duty("close", CLERK, (1.0, 10.0)),),
}


def _contact_day(desk: Desk) -> int:
    """By the day of the plan; a week before it counts for it already."""
    planned = date.fromisoformat(str(desk.get("next_contact_on")))
    wanted = planned - timedelta(days=desk.rng.randrange(0, 4))
    earliest = planned - timedelta(days=7)
    return max(desk.centre.workday_by(wanted, earliest, 14), desk.now + HOUR)


TRACKING: Final[dict[str, tuple[Duty, ...]]] = {
    "planned": (
        Duty(
            "contact",
            "service_specialist",
            at=_contact_day,
            data={
                "finding": lambda d: "problem" if d.rng.random() < 0.05 else "fine",
                "effect": "使用正常",
                "problem": "油耗偏高",
            },
            when=lambda d: d.clock("contact") is not None,
        ),
    ),
    "problem": (Duty("settle", "service_specialist", (1.0, 10.0)),),
}

TABLE: Table = {"phone_survey": SURVEY, "survey_problem": PROBLEM, "usage_tracking": TRACKING}
