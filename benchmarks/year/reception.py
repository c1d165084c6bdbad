"""Who answers the customers: requests, questions, complaints, alarms, what they think.

What it is: the tables of these people, and how often customers call.
What it is not: time or lateness (`centre`).
Who may import it: the simulated year.
"""

from typing import Any, Final

from benchmarks.year.desk import HOUR, Desk, Duty, Table, iso

DESK, AGENT, MANAGER = "service_specialist", "hotline_agent", "service_manager"
AT_ONCE, QUICK = (0.02, 0.15), (0.1, 1.0)
NIGHT: dict[str, Any] = {"day_and_night": True}


def _kind(desk: Desk) -> str:
    return str(desk.get("service_type") or "fault_repair")


REQUEST: Final[dict[str, tuple[Duty, ...]]] = {
    "received": (
        Duty(
            "record",
            DESK,
            AT_ONCE,
            {
                "customer_unit": lambda d: d.get("customer_unit") or "新罗砂石",
                "contact_name": "林建华",
                "contact_phone": "0597-2290001",
                "fault_description": lambda d: d.get("fault_description") or "动臂举升无力",
            },
            **NIGHT,
        ),
    ),
    "recorded": (
        Duty(
            "classify",
            DESK,
            AT_ONCE,
            {
                "service_type": _kind,
                "readback_confirmed": True,
                "simple_question": lambda d: (
                    _kind(d) == "technical_consultation" and d.chance("simple") < 0.5
                ),
                "safety_hazard": False,
                "production_stopped": False,
                "production_affected": True,
            },
            **NIGHT,
        ),
    ),
    "classified": (
        Duty(
            "accept",
            DESK,
            AT_ONCE,
            {
                "dispatch_at": lambda d: iso(d.now + HOUR // 2),
                "eta_at": lambda d: iso(d.now + HOUR),
                "likely_parts": "液压泵",
                "changes_announced": True,
                "centre": lambda d: d.get("centre") or None,
                "in_urban_area": lambda d: d.centre.urban(str(d.get("machine_no"))),
                "distance_km": lambda d: d.centre.distance(str(d.get("machine_no"))),
            },
            **NIGHT,
        ),
    ),
    "answering": (Duty("answer", DESK, QUICK, {"answer_mode": "phone"}),),
    "answered": (Duty("callback_ok", AGENT, (6.0, 22.0), {"line": "office"}),),
}
CONSULTATION: Final[dict[str, tuple[Duty, ...]]] = {
    "received": (
        Duty(
            "record",
            DESK,
            QUICK,
            {
                "customer_unit": lambda d: d.get("customer_unit") or "新罗砂石",
                "contact_name": "林建华",
                "contact_phone": "0597-2290001",
                "question": lambda d: d.get("question") or "冬季用哪种液压油",
            },
        ),
    ),
    "recorded": (Duty("classify", DESK, QUICK),),
    "classified": (Duty("answer", DESK, (1.0, 30.0), {"answer_mode": "phone"}),),
    "answered": (Duty("callback_ok", DESK, (4.0, 22.0), {"line": "office"}),),
}


def _watched(desk: Desk) -> int:
    return desk.centre.workday(desk.before("watch_call", 0.7, 24.0), 15)


COMPLAINT: Final[dict[str, tuple[Duty, ...]]] = {
    "received": (Duty("acknowledge", DESK, QUICK),),
    "acknowledged": (
        Duty(
            "classify",
            DESK,
            QUICK,
            {"complaint_class": lambda d: "A1" if d.chance("class") < 0.4 else "C"},
        ),
    ),
    "investigating": (
        Duty(
            "coordinate", "sales", (2.0, 20.0), when=lambda d: d.clock("coordination") is not None
        ),
        Duty(
            "find",
            DESK,
            (2.0, 24.0),
            {"evidence": lambda _: ["现场照片"], "upheld": lambda d: d.chance("upheld") < 0.8},
        ),
    ),
    "not_upheld": (Duty("explain", DESK, (1.0, 8.0)),),
    "verified": (
        Duty("propose", DESK, (1.0, 8.0), {"execute_by": lambda d: iso(d.now + 72 * HOUR)}),
    ),
    "solution_proposed": (
        Duty(
            "customer_rejects",
            "customer",
            (2.0, 20.0),
            when=lambda d: d.get("rounds") == 1,
            share=0.1,
        ),
        Duty("customer_agrees", "customer", (2.0, 20.0)),
    ),
    "executing": (Duty("report_result", DESK, (4.0, 30.0), {"result": "已更换并致歉"}),),
    "fed_back": (
        Duty(
            "callback_dissatisfied",
            DESK,
            (10.0, 50.0),
            {"line": "office"},
            when=lambda d: not d.get("dissatisfied"),
            share=0.12,
        ),
        Duty("callback_satisfied", DESK, (10.0, 50.0), {"line": "office"}),
    ),
    "closed": (
        Duty(
            "record_improvement",
            DESK,
            (10.0, 60.0),
            {"improvement_action": "加强预检"},
            when=lambda d: d.clock("improvement") is not None,
        ),
        Duty(
            "watch_call",
            DESK,
            data={"line": "office"},
            at=_watched,
            when=lambda d: d.clock("watch_call") is not None,
        ),
        Duty("end_watch", DESK, (0.1, 1.0), when=lambda d: d.clock("watch_period") is not None),
    ),
}
FEEDBACK: Final[dict[str, tuple[Duty, ...]]] = {
    "collected": (Duty("analyse", DESK, (1.0, 10.0)),),
    "analysed": (
        Duty(
            "forward",
            DESK,
            (1.0, 8.0),
            {
                "department": lambda d: {"market": "sales", "product": "production"}.get(
                    str(d.get("kind")), "service"
                )
            },
        ),
    ),
    "forwarded": (Duty("accept", MANAGER, (1.0, 8.0)),),
    "accepted": (
        Duty(
            "answer", MANAGER, (4.0, 40.0), {"improvement_needed": lambda d: d.chance("more") < 0.3}
        ),
    ),
    "answered": (
        Duty("improve", MANAGER, (8.0, 70.0), when=lambda d: bool(d.get("improvement_needed"))),
        Duty("close", DESK, (1.0, 8.0)),
    ),
    "improved": (Duty("close", DESK, (1.0, 8.0)),),
}
EMERGENCY: Final[dict[str, tuple[Duty, ...]]] = {
    "raised": (Duty("acknowledge", MANAGER, (0.05, 0.3), {"commander": "huang.lei"}, **NIGHT),),
    "acknowledged": (
        Duty(
            "report_status",
            MANAGER,
            QUICK,
            when=lambda d: d.get("last_word") == "",
            share=0.4,
            **NIGHT,
        ),
        Duty("contain", MANAGER, QUICK, **NIGHT),
    ),
    "contained": (Duty("resolve", MANAGER, (2.0, 40.0)),),
    "resolved": (Duty("review", MANAGER, (8.0, 30.0)),),
}
TABLE: Table = {
    "service_request": REQUEST,
    "consultation": CONSULTATION,
    "complaint": COMPLAINT,
    "feedback": FEEDBACK,
    "emergency": EMERGENCY,
}
