"""The path that is measured: one complaint that goes well, as the events its people send.

What it is: data. Every engine under measurement is given the same events with the same contents.
What it is not: a test of the process; scenarios do that.
Who may import it: the benchmarks and their smoke test.
"""

from dataclasses import dataclass, field
from typing import Any

PROCESS = "complaint"


@dataclass(frozen=True, slots=True)
class Step:
    """One event, `minutes` after the previous one."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    actor: str = "zhang"
    roles: tuple[str, ...] = ("service_specialist",)
    minutes: int = 60


OPENING: dict[str, Any] = {
    "product_line": "loader",
    "organisation": "北方服务站",
    "region": "华北",
    "channel": "hotline",
    "customer_unit": "宏达矿业",
    "machine_model": "LG855N",
    "serial_number": "LG855N-2024-00917",
    "content": "更换的变速泵两天后再次漏油，停机待修。",
}
"""A complaint of class C: nobody but the service manager is told of it at the start."""

STEPS: tuple[Step, ...] = (
    Step("acknowledge", {"apology_given": True, "listened": True}),
    Step("classify", {"complaint_class": "C"}),
    Step(
        "find",
        {
            "facts": "油封装配时被划伤，非客户使用不当。",
            "evidence": ["现场照片3张", "拆检记录"],
            "cause_analysis": "装配未用导向套。",
            "upheld": True,
            "quality_fault": False,
        },
    ),
    Step(
        "propose",
        {
            "solution": "免费更换油封并补偿一次保养。",
            "fact_basis": "拆检记录",
            "rule_basis": "三包规定",
        },
    ),
    Step("customer_agrees"),
    Step("report_result", {"result": "已更换油封并试机两小时，无渗漏。"}),
    Step(
        "callback_satisfied",
        {"line": "office", "customer_class": "normal", "repayment_state": "normal"},
    ),
)
