"""Who does what about a repair.

What it is: the table of these people, and the parts that they put into machines.
What it is not: time or lateness (`centre`), or what is owed for the parts (`judging`).
Who may import it: the simulated year.
"""

from random import Random
from typing import Any, Final

from benchmarks.year.desk import HOUR, Desk, Duty, Table, iso

MAKER, ENGINEER, AGENT = "maker_service_centre", "service_engineer", "hotline_agent"

PARTS: Final[tuple[dict[str, Any], ...]] = (
    {"part_name": "液压泵", "qty": 1, "category": "hydraulic", "unit_price": "2380.00"},
    {"part_name": "橡胶密封件组", "qty": 2, "category": "rubber_seal", "unit_price": "45.35"},
    {"part_name": "液压油滤芯", "qty": 3, "category": "other", "unit_price": "86.55"},
    {"part_name": "高压软管", "qty": 1, "category": "hydraulic", "unit_price": "280.00"},
    {"part_name": "螺栓", "qty": 1, "category": "structural", "unit_price": "0.45"},
    {"part_name": "油压传感器", "qty": 1, "category": "electrical", "unit_price": "145.35"},
    {"part_name": "转速表", "qty": 1, "category": "instrument", "unit_price": "312.05"},
    {"part_name": "轮胎", "qty": 2, "category": "other", "kind": "tyre", "unit_price": "3600.00"},
    {
        "part_name": "变速箱总成",
        "qty": 1,
        "category": "gearbox",
        "kind": "gearbox_assembly",
        "is_assembly": True,
        "unit_price": "12800.00",
    },
)


def replaced(desk: Desk) -> list[dict[str, Any]]:
    """What is put in: nothing, or up to three parts; what was ordered for it is among them."""
    covered = desk.get("coverage") == "covered"
    count = desk.rng.choice((0, 1, 1, 1, 2, 2, 3))
    picked = desk.rng.sample(PARTS, count)
    lines: list[dict[str, Any]] = []
    for line, one in enumerate(picked, 1):
        external = one["part_name"] == "高压软管" and desk.rng.random() < 0.4
        paid = {"source": "external", "actual_price": "320.40", "consent": "TY-2026-031"}
        lines.append(
            {
                "line": line,
                "part_code": f"41200{PARTS.index(one):05}",
                "kind": "none",
                "is_assembly": False,
                "source": "lonking",
                "replaced": True,
                "covered": covered,
                **one,
                **(paid if external else {}),
            }
        )
    for asked in desk.data.get("part_requests", []):
        lines.append(
            {
                **lines_of(asked),
                "line": len(lines) + 1,
                "covered": covered,
            }
        )
    return lines


def lines_of(asked: dict[str, Any]) -> dict[str, Any]:
    """A part that was ordered urgently."""
    return {
        "part_code": asked["part_code"],
        "part_name": asked["part_name"],
        "qty": asked["qty"],
        "category": "main_drive",
        "kind": "none",
        "is_assembly": False,
        "source": "urgent_request",
        "unit_price": "1960.00",
        "replaced": True,
    }


def _diagnosis(desk: Desk) -> str:
    drawn = Random(f"{desk.centre.seed}/{desk.view.case}/cause").random()
    if drawn < 0.07:
        return "improper_use"
    if drawn < 0.10:
        return "non_lonking_oil"
    return "normal_wear" if drawn < 0.4 else "product_quality"


def _first(name: str, otherwise: Any) -> Any:
    return lambda desk: None if desk.get(name) not in ("", None) else otherwise


def _late_reason(desk: Desk) -> str | None:
    told = desk.get("first_eta_at")
    clock = desk.clock("arrival")
    late = clock is not None and (clock.breached is not None or (clock.due or 0) < desk.now)
    return "traffic" if late or (isinstance(told, int) and desk.now > told) else None


def _late_restored(desk: Desk) -> str | None:
    told, clock = desk.get("promised_restore_at"), desk.clock("restore")
    late = clock is not None and (clock.breached is not None or (clock.due or 0) < desk.now)
    return "difficult_fault" if late or (isinstance(told, int) and desk.now > told) else None


def _restored_by(desk: Desk) -> str:
    return iso(desk.before("restore", 0.6, 8.0))


def _tried_at(desk: Desk) -> int:
    """Soon, at work: only then does an attempt count."""
    after = desk.now + HOUR
    return min(desk.centre.workday(after, 9.75), desk.centre.workday(after, 16.25))


def _can_try(desk: Desk) -> bool:
    clock = desk.clock("satisfaction")
    return clock is not None and clock.due is not None and _tried_at(desk) < clock.due


def _part_at(desk: Desk) -> int:
    return int(desk.data["part_requests"][-1]["expected_at"])


QUICK, SOON = (0.05, 0.6), (0.3, 2.0)
NIGHT: dict[str, Any] = {"day_and_night": True}

REPAIR: Final[dict[str, tuple[Duty, ...]]] = {
    "reported": (
        Duty(
            "record",
            AGENT,
            QUICK,
            {
                "customer_unit": lambda d: d.get("customer_unit") or "新罗砂石",
                "contact_name": "林建华",
                "contact_phone": "0597-2290001",
                "machine_model": lambda d: d.get("machine_model") or "LG855N",
                "machine_no": lambda d: d.get("machine_no"),
                "site": "龙岩市新罗区龙州工业园",
                "fault_description": "动臂举升无力，液压油温偏高",
            },
            **NIGHT,
        ),
    ),
    "recorded": (
        Duty(
            "judge_remote",
            AGENT,
            QUICK,
            {"simple_question": True, "operating_error": False},
            share=0.08,
            **NIGHT,
        ),
        Duty(
            "judge_on_site",
            AGENT,
            QUICK,
            {
                "safety_hazard": False,
                "production_stopped": lambda d: d.rng.random() < 0.1,
                "production_affected": True,
                "dispatch_at": lambda d: iso(d.before("arrival", 0.3, 1.0)),
                "eta_at": lambda d: iso(d.before("arrival", 0.7, 4.0)),
                "likely_parts": "液压泵、密封件",
            },
            **NIGHT,
        ),
    ),
    "remote_support": (
        Duty("remote_not_solved", AGENT, (0.1, 0.4), share=0.3, punctual=True, **NIGHT),
        Duty("remote_solved", AGENT, (0.1, 0.4), punctual=True, **NIGHT),
    ),
    "remote_resolved": (Duty("callback_ok", AGENT, (4.0, 20.0), {"line": "office"}),),
    "dispatching": (
        Duty(
            "tell_arrival",
            "dispatcher",
            QUICK,
            {
                "dispatch_at": lambda d: iso(d.before("arrival", 0.3, 1.0)),
                "eta_at": lambda d: iso(d.before("arrival", 0.7, 4.0)),
            },
            when=lambda d: d.get("first_eta_at") == "",
            **NIGHT,
        ),
        Duty(
            "assign",
            "dispatcher",
            QUICK,
            {"engineer": lambda d: d.rng.choice(("he.jun", "wang.bo", "chen.gang", "lin.tao"))},
            **NIGHT,
        ),
    ),
    "assigned": (Duty("prepare", ENGINEER, QUICK, **NIGHT),),
    "prepared": (Duty("depart", ENGINEER, QUICK, **NIGHT),),
    "en_route": (Duty("arrive", ENGINEER, (0.5, 4.0), {"late_arrival": _late_reason}, **NIGHT),),
    "on_site": (
        Duty(
            "identity_ok",
            ENGINEER,
            QUICK,
            {
                "nameplate_model": lambda d: d.get("machine_model"),
                "nameplate_no": lambda d: d.get("machine_no"),
            },
            **NIGHT,
        ),
    ),
    "inspecting": (
        Duty(
            "diagnose",
            ENGINEER,
            SOON,
            {
                "fault_cause": "液压泵柱塞副早期磨损",
                "responsibility": _diagnosis,
                "delivery_date": lambda d: d.get("delivery_date") or d.today,
                "warranty_months": lambda d: d.get("warranty_months") or 12,
            },
            **NIGHT,
        ),
    ),
    "diagnosed": (
        Duty(
            "csc_decide",
            MAKER,
            SOON,
            {"is_covered": lambda d: d.rng.random() < 0.5},
            when=lambda d: d.get("coverage") == "csc_review",
            **NIGHT,
        ),
        Duty(
            "declare_not_covered",
            ENGINEER,
            QUICK,
            when=lambda d: d.get("coverage") == "not_covered",
            **NIGHT,
        ),
        Duty("tell_plan", ENGINEER, QUICK, {"promised_restore_at": _restored_by}, **NIGHT),
    ),
    "not_covered": (
        Duty("decline_paid", "service_specialist", (2.0, 30.0), share=0.4),
        Duty(
            "agree_paid",
            "service_specialist",
            (2.0, 30.0),
            {"plan_cost": "860.00", "promised_restore_at": lambda d: iso(d.now + 20 * HOUR)},
        ),
    ),
    "plan_agreed": (
        Duty(
            "part_missing",
            ENGINEER,
            QUICK,
            {
                "part_code": "4120099999",
                "part_name": "驱动桥半轴",
                "qty": 1,
                "way": "urgent_request",
                "expected_at": lambda d: iso(d.before("restore", 0.5, 10.0)),
            },
            when=lambda d: not d.get("part_requests"),
            share=0.06,
            **NIGHT,
        ),
        Duty(
            "start_repair",
            ENGINEER,
            QUICK,
            {"part_origin": lambda d: "urgent_request" if d.get("part_requests") else "stock"},
            **NIGHT,
        ),
    ),
    "waiting_part": (
        Duty(
            "change_restore_time",
            ENGINEER,
            QUICK,
            {
                "new_restore_at": lambda d: iso(_part_at(d) + 6 * HOUR),
                "late_restoration": "awaiting_part",
                "customer_told_at": lambda d: iso(d.now),
            },
            when=lambda d: _part_at(d) > int(d.get("promised_restore_at") or 0) - HOUR,
            punctual=True,
            **NIGHT,
        ),
        Duty(
            "start_repair",
            ENGINEER,
            (2.0, 8.0),
            {"part_origin": "urgent_request"},
            at=lambda d: max(d.now + 600, _part_at(d)),
            **NIGHT,
        ),
    ),
    "repairing": (Duty("fault_cleared", ENGINEER, (0.5, 5.0), **NIGHT),),
    "full_check": (
        Duty(
            "machine_normal",
            ENGINEER,
            QUICK,
            {"parts": replaced, "late_restoration": _late_restored},
            **NIGHT,
        ),
    ),
    "restored": (Duty("finish_site", ENGINEER, QUICK, **NIGHT),),
    "record_draft": (
        Duty(
            "submit",
            ENGINEER,
            (0.2, 5.0),
            {
                "running_hours": lambda d: round(d.centre.hours_of(str(d.get("machine_no"))), 1),
                "parts_note": lambda d: "见明细" if d.get("parts") else "无",
                "fault_cause": _first("fault_cause", "未维修"),
                "responsibility": _first("responsibility", "other"),
                "hidden_dangers": _first("hidden_dangers", "无"),
                "full_check_result": _first("full_check_result", "无"),
                "guidance": _first("guidance", "无"),
            },
            **NIGHT,
        ),
    ),
    "await_signature": (
        Duty("refuse_signature", ENGINEER, SOON, {"outcome": "left_unsigned"}, share=0.04, **NIGHT),
        Duty("sign", "customer", SOON, {"customer_remark": "满意"}, **NIGHT),
    ),
    "valid_closed": (
        Duty(
            "callback_attempt",
            "service_specialist",
            data={"line": "office"},
            when=_can_try,
            share=0.08,
            at=_tried_at,
            punctual=True,
        ),
        Duty(
            "satisfaction_call",
            "service_specialist",
            (3.0, 40.0),
            {
                "line": "office",
                "satisfaction": lambda d: d.rng.choices(
                    ("satisfied", "dissatisfied", "very_dissatisfied"), (90, 8, 2)
                )[0],
            },
            when=lambda d: bool(d.clock("satisfaction") or d.clock("next_attempt")),
        ),
    ),
    "invalid": (
        Duty(
            "sign_late",
            "customer",
            (4.0, 60.0),
            {"customer_remark": "满意"},
            when=lambda d: d.clock("late_signature") is not None,
            share=0.5,
            punctual=True,
        ),
        # Nobody fetches the signature: the right lapses.
        Duty("", ENGINEER, when=lambda d: d.clock("late_signature") is not None),
    ),
}

TABLE: Table = {"warranty_repair": REPAIR}
