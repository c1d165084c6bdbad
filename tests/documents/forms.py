"""Documents filled in by hand, as a service centre would: a record of a visit, a month's list of
settlement, a result of review."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workflows.core.effects import Fill, FilledBlock

ZONE = "Asia/Shanghai"
MONEY = "money"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def item(zh: str, en: str, value: Any, type_: str = "text", **more: Any) -> dict[str, Any]:
    return {"label": words(zh, en), "type": type_, "value": value, **more}


def column(zh: str, en: str, type_: str = "text", **more: Any) -> dict[str, Any]:
    return {"label": words(zh, en), "type": type_, **more}


MEASURES = "更换油封与二挡摩擦片总成，清洗油底壳与滤网，更换变速箱油 45L，试机 40 分钟正常。"
DANGERS = ["驻车制动间隙偏大，已调整", "左后轮胎磨损至标记，建议更换"]
GUIDANCE = "每班作业前检查变速箱油位；油温超过 110℃ 时应停机怠速降温，不得熄火。"
COPIES = (
    ("用户", "Customer"),
    ("服务中心", "Service centre"),
    ("公司售后服务部", "After-sales"),
)
KINDS = {"loader": words("装载机", "Loader"), "roller": words("压路机", "Roller")}
CATEGORIES = {
    "hydraulic": words("液压件", "Hydraulic"),
    "gearbox": words("变速箱", "Gearbox"),
    "rubber_seal": words("橡胶密封件", "Rubber seal"),
    "electrical": words("电器件", "Electrical"),
}
SOURCES = {
    "lonking": words("本公司", "Lonking"),
    "qualified_supplier": words("合格供方", "Qualified supplier"),
    "urgent_request": words("紧急调件", "Urgent request"),
}
FAULT = (
    "机器在料场连续作业约四小时后，变速箱油温升至 115℃，挂二挡后动力明显不足，爬坡无力；停机检查"
    "发现变速箱油底壳有少量金属屑，油液发黑并有焦糊味。用户反映前一天曾出现换挡冲击、仪表“变速油压”指示"
    "低于 1.1MPa。"
)
CAUSE = (
    "变速泵轴端骨架油封（TC 45×62×8）老化渗漏，油位降低，泵吸入空气，变速油压不足，二挡离合器摩擦片"
    "打滑烧损。"
)


def service_record(**more: Any) -> Fill:
    """F-04, one page."""
    fields = (
        item("服务记录编号", "Serial no.", "LY01-20261123-007"),
        item("服务中心", "Service centre", "洛阳龍鑫工程机械服务有限公司"),
        item("用户单位", "Customer", "洛阳市淼源砂石料有限公司"),
        item("联系人 / 电话", "Contact / phone", "赵淼 138 0379 0000"),
        item("作业地点", "Site", "河南省洛阳市新安县石寺镇上灯村北料场"),
        item("往返里程", "Distance", 86, "int", unit="km"),
        item("机器种类", "Machine", "loader", "enum", choices=KINDS),
        item("机型 / 整机编号", "Model / machine no.", "LG855N / LG855N2604173"),
        item("交机日期", "Delivered on", "2026-03-08", "date"),
        item("工作小时", "Running hours", 1846, "int", unit="h"),
        item("报修时间", "Reported at", at("2026-11-23 08:05"), "instant"),
        item("派工时间", "Dispatched at", at("2026-11-23 08:21"), "instant"),
        item("到达时间", "Arrived at", at("2026-11-23 10:47"), "instant"),
        item("恢复时间", "Restored at", at("2026-11-23 15:22"), "instant"),
        item("故障现象", "Fault", FAULT),
        item("原因分析", "Cause", CAUSE),
        item("责任划分", "Responsibility", "产品质量（保修期内）"),
        item("是否三包", "Under warranty", True, "bool"),
        item(
            "处理措施",
            "Measures",
            "更换油封与二挡摩擦片总成，清洗油底壳与滤网，更换变速箱油 45L，试机 40 分钟正常。",
        ),
    )
    parts = FilledBlock(
        title=words("更换零件", "Parts replaced"),
        columns=(
            column("序号", "Line", "int"),
            column("零件图号", "Part code"),
            column("零件名称", "Part name"),
            column("数量", "Qty", "int"),
            column("类别", "Category", "enum", choices=CATEGORIES),
            column("三包", "Covered", "bool"),
            column("单价（元）", "Unit price", MONEY),
            column("金额（元）", "Amount", MONEY),
        ),
        rows=(
            (1, "LG50F.04307A", "骨架油封 TC45×62×8", 2, "rubber_seal", True, 3850, 7700),
            (2, "LG50F.04101-II", "二挡离合器摩擦片总成", 1, "gearbox", True, 238000, 238000),
            (3, "YF-8#-45L", "液力传动油 8#", 1, "hydraulic", False, 67500, 67500),
        ),
        totals=(
            item("零件费合计（元）", "Parts total", 313200, MONEY),
            item("其中三包（元）", "Of which covered", 245700, MONEY),
        ),
    )
    after = FilledBlock(
        title=words("全面检查与交付", "Full check and hand-over"),
        fields=(
            item("隐患排查", "Hidden dangers", DANGERS, "list", of="text"),
            item("全面检查结果", "Full check", "合格"),
            item("使用指导", "Guidance", GUIDANCE),
            item("服务工程师", "Engineer", "王鑫（工号 LY0113）"),
            item("备注", "Remarks", None),
            item("用户意见", "Customer's remark", "服务及时，态度好，机器恢复正常。"),
        ),
    )
    signatures = FilledBlock(
        signatures=(words("用户（单位盖章）", "Customer (seal)"), words("服务工程师", "Engineer"))
    )
    values: dict[str, Any] = {
        "key": "warranty_repair:LY01-20261123-007/1/14",
        "case": "warranty_repair:LY01-20261123-007",
        "process": "warranty_repair",
        "number": 1,
        "document": "service_record",
        "title": words("现场服务记录表", "On-site service record"),
        "form": "F-04",
        "printed": "LY01-20261123-007",
        "seq": 14,
        "at": at("2026-11-23 15:40"),
        "zone": ZONE,
        "blocks": (
            FilledBlock(title=words("服务信息", "Service"), fields=fields),
            parts,
            after,
            signatures,
        ),
        "organisation": "洛阳龍鑫工程机械服务有限公司",
        "copies": tuple(words(*one) for one in COPIES),
        "facts": {"case": {"key": "LY01-20261123-007"}, "data": {}},
    }
    return Fill(**{**values, **more})


def settlement_list(lines: int = 14, **more: Any) -> Fill:
    """F-07, landscape."""
    names = (
        "骨架油封",
        "二挡离合器摩擦片总成",
        "转向油缸总成",
        "先导阀",
        "启动马达",
        "制动钳活塞密封圈",
    )
    kinds = tuple(CATEGORIES)
    sources = tuple(SOURCES)
    rows = tuple(
        (
            number,
            f"LY01-202611{1 + number % 28:02d}-{number:03d}",
            f"2026-11-{1 + number % 28:02d}",
            f"LG855N26{4100 + number}",
            f"LG50F.{4000 + number}A",
            names[number % len(names)],
            1 + number % 3,
            kinds[number % len(kinds)],
            sources[number % len(sources)],
            12000 + number * 1250,
            (12000 + number * 1250) * (1 + number % 3),
            number % 7 != 3,
            "" if number % 7 != 3 else "旧件未按期返回，按 9.4 条不予结算",
        )
        for number in range(1, lines + 1)
    )
    amount = sum(row[10] for row in rows)
    refused = sum(row[10] for row in rows if not row[11])
    blocks = (
        FilledBlock(
            fields=(
                item("服务中心", "Service centre", "洛阳龍鑫工程机械服务有限公司"),
                item("结算月份", "Month", "2026-11"),
                item("产品线", "Product line", "装载机"),
                item("提交时间", "Submitted at", at("2026-12-03 16:58"), "instant"),
            )
        ),
        FilledBlock(
            title=words("结算明细", "Lines"),
            columns=(
                column("序号", "Line", "int"),
                column("服务记录编号", "Record"),
                column("服务日期", "Date", "date"),
                column("整机编号", "Machine no."),
                column("零件图号", "Part code"),
                column("零件名称", "Part name"),
                column("数量", "Qty", "int"),
                column("类别", "Category", "enum", choices=CATEGORIES),
                column("来源", "Source", "enum", choices=SOURCES),
                column("结算单价", "Unit price", MONEY),
                column("金额（元）", "Amount", MONEY),
                column("旧件", "Returned", "bool"),
                column("备注", "Remark"),
            ),
            rows=rows,
            totals=(
                item("申报金额合计（元）", "Claimed", amount, MONEY),
                item("不予结算（元）", "Refused", -refused, MONEY),
                item(
                    "应结算金额（元）",
                    "To be settled",
                    amount - refused,
                    MONEY,
                ),
            ),
        ),
        FilledBlock(
            signatures=(
                words("服务中心制表", "Prepared by"),
                words("服务中心负责人（盖章）", "Manager (seal)"),
                words("公司售后服务部审核", "Reviewed by"),
            )
        ),
    )
    made = replace(
        service_record(),
        key="settlement:LY01-2026-11/1/40",
        case="settlement:LY01-2026-11",
        process="settlement",
        document="settlement_list",
        title=words("三包配件费用结算清单", "Settlement list of warranty parts"),
        form="F-07",
        printed="LY01-2026-11",
        seq=40,
        at=at("2026-12-03 16:58"),
        blocks=blocks,
        landscape=True,
        copies=(words("公司", "Company"), words("服务中心", "Service centre")),
    )
    return replace(made, **more)


def review_result(**more: Any) -> Fill:
    """A letter with paragraphs."""
    blocks = (
        FilledBlock(
            fields=(
                item("服务中心", "Service centre", "洛阳龍鑫工程机械服务有限公司"),
                item("结算月份", "Month", "2026-11"),
            )
        ),
        FilledBlock(
            title=words("审核意见", "Result"),
            text=words(
                "贵中心于 {{ data.submitted | instant }} 提交的 {{ data.month }} 月三包配件费用"
                "结算清单已审核。"
                "申报金额 {{ data.claimed | money }}，核定金额 {{ data.settled | money }}。"
                "如有异议，请于 {{ data.objection | date }} 前书面提出；逾期未提出的，视为认可。",
                "Your list for {{ data.month }} has been reviewed: claimed "
                "{{ data.claimed | money }}, settled {{ data.settled | money }}. "
                "Object in writing by "
                "{{ data.objection | date }}.",
            ),
        ),
        FilledBlock(
            title=words("扣减明细", "Deductions"),
            columns=(
                column("序号", "Line", "int"),
                column("原因", "Reason"),
                column("扣减金额（元）", "Amount", MONEY),
            ),
            rows=((3, "旧件未按期返回", 54750), (10, "服务记录缺用户签字，且逾期未补", 73500)),
            totals=(item("扣减合计（元）", "Total", 128250, MONEY),),
        ),
        FilledBlock(
            signatures=(words("审核人", "Reviewer"), words("服务中心确认", "Confirmed by"))
        ),
    )
    facts = {
        "data": {
            "submitted": at("2026-12-03 16:58"),
            "month": "2026-11",
            "claimed": 1234500,
            "settled": 1106250,
            "objection": "2026-12-18",
        },
        "case": {},
    }
    made = replace(
        service_record(),
        key="settlement:LY01-2026-11/1/52",
        case="settlement:LY01-2026-11",
        process="settlement",
        document="review_result",
        title=words("结算审核结果通知", "Result of review"),
        form="F-08",
        printed="LY01-2026-11",
        seq=52,
        at=at("2026-12-10 09:12"),
        blocks=blocks,
        facts=facts,
        copies=(),
    )
    return replace(made, **more)
