"""What people write into the forms of a repair on its way; the same in every one.

What it is: data.
What it is not: what tells one repair from another.
Who may import it: the benchmarks.
"""

from typing import Any

RECORD: dict[str, Any] = {
    "customer_unit": "福建新罗砂石有限公司",
    "contact_name": "林建华",
    "contact_phone": "0597-2290001",
    "machine_model": "LG855N",
    "site": "龙岩市新罗区龙州工业园",
    "delivery_date": "2026-06-15",
    "warranty_months": 12,
    "fault_description": "动臂举升无力，液压油温偏高",
    "fault_time": "当日上午",
    "fault_frequency": "持续",
    "alarm_information": "无",
    "operations_around": "连续装料两小时后出现",
    "readback_confirmed": True,
}
JUDGED: dict[str, Any] = {
    "safety_hazard": False,
    "production_stopped": False,
    "production_affected": True,
    "likely_parts": "液压泵、密封件",
    "changes_announced": True,
}
ASSIGNED: dict[str, Any] = {
    "engineer": "he.jun",
    "fault_type": "液压系统",
    "skilled": True,
    "free": True,
    "goal": "恢复举升功能",
    "customer_expectation": "当天复工",
    "points_to_watch": "料场坡道，注意停机位置",
}
PREPARED = (
    *("manual", "history", "typical_faults", "tools", "spares"),
    *("work_id", "work_order", "record_sheet", "protective_gear"),
)
DEPARTING = ("call_confirmed", "papers_reminded", "site_confirmed")
IDENTIFIED = ("introduced", "id_shown", "work_confirmed")
DIAGNOSED: dict[str, Any] = {
    "safety_kept": True,
    "inspection_agreed": True,
    "environment": "气温18度，粉尘大，电源与接地正常",
    "fault_history": "连续作业后压力逐渐下降",
    "fault_cause": "液压泵柱塞副早期磨损",
    "responsibility": "product_quality",
}
PLANNED: dict[str, Any] = {
    "cause_told": True,
    "plan": "更换液压泵并清洗油路",
    "plan_cost": "0.00",
}
NORMAL: dict[str, Any] = {
    "checklist_complete": True,
    "full_check_result": "整机各系统正常",
    "hidden_dangers": "无",
}
LEFT: dict[str, Any] = {
    "site_cleaned": True,
    "guided": True,
    "guidance": "讲解油温过高的判断、液压油更换周期",
}
SUBMITTED: dict[str, Any] = {
    "measures": "更换液压泵及密封件，清洗油路",
    "running_hours": 1260,
    "parts_note": "见明细",
}
SIGNED: dict[str, Any] = {
    "signature": "QM-001",
    "signed_by": "林建华",
    "customer_remark": "满意",
}
