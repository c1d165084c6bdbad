"""Values of the effects for the tests of the records, in the words of the domain."""

from dataclasses import replace
from typing import Any

from workflows.core.effects import Batch, CaseView, ClockView, Notify, Row, RowKind, TaskView

T0 = 1_794_274_200  # 2026-11-10T09:30+08:00
HOUR = 3600


def row(seq: int, kind: RowKind = "event", **more: Any) -> Row:
    values: dict[str, Any] = {
        "name": "acknowledge",
        "at": T0 + seq,
        "recorded": T0 + seq,
        "event_id": f"e{seq}" if kind == "event" else "",
        "actor": "zhang",
        "roles": ("service_specialist",),
        "data": {"apology_given": True},
        "state": "acknowledged",
        "previous": "received",
    }
    return Row(seq=seq, kind=kind, **{**values, **more})


def clock(name: str = "solution", **more: Any) -> ClockView:
    values: dict[str, Any] = {
        "cycle": 1,
        "title": {"zh": "解决时限", "en": "Solution"},
        "kind": "resolution",
        "party": "customer",
        "phase": "running",
        "anchor": T0,
        "due": T0 + 72 * HOUR,
        "exclusive": False,
    }
    return ClockView(clock=name, **{**values, **more})


def task(name: str = "debt_collection", **more: Any) -> TaskView:
    values: dict[str, Any] = {
        "title": {"zh": "债权意见", "en": "Debt collection"},
        "role": "debt_collection",
        "opened": T0,
    }
    return TaskView(task=name, **{**values, **more})


def view(case: str = "complaint:C-1", seq: int = 1, **more: Any) -> CaseView:
    process, _, key = case.partition(":")
    values: dict[str, Any] = {
        "number": 1,
        "version": 1,
        "title": {"zh": "投诉", "en": "Complaint"},
        "state": "acknowledged",
        "state_title": {"zh": "已响应", "en": "Acknowledged"},
        "opened": T0,
        "at": T0 + seq,
        "since": T0,
        "owner": "zhang",
        "owner_role": "service_specialist",
        "organisation": "east",
        "zone": "Asia/Shanghai",
        "data": {"customer": "李明", "total": 2459234},
        "clocks": (clock(),),
    }
    return CaseView(case=case, process=process, key=key, seq=seq, **{**values, **more})


def notify(key: str = "complaint:C-1/1/solution/1/L1", **more: Any) -> Notify:
    values: dict[str, Any] = {
        "case": "complaint:C-1",
        "process": "complaint",
        "kind": "rung",
        "to": "service_manager",
        "at": T0 + HOUR,
        "seq": 1,
        "clock": "solution",
        "cycle": 1,
        "rung": "L1",
        "level": "L1",
        "due": T0 + 72 * HOUR,
        "title": {"zh": "解决时限", "en": "Solution"},
    }
    return Notify(key=key, **{**values, **more})


def batch(case: str = "complaint:C-1", seq: int = 1, **more: Any) -> Batch:
    """One turn: one row, and the view after it."""
    made = Batch(case=case, rows=(row(seq),), notices=(), view=view(case, seq))
    return replace(made, **more)
