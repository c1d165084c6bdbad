"""Errors of the core: who is to blame is in the type.

What it is: the caller's faults (`IllegalEvent`, refused, never retried, changes nothing) with a
stable code, text in Chinese and English, and what would have been possible.
What it is not: faults of a definition (`definitions.problems`) or of the world.
Who may import it: anybody.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from definitions.problems import DuecourseError
from definitions.text import Text

REFUSALS: Mapping[str, Text] = MappingProxyType(
    {
        "unknown_event": Text(zh="本流程没有这个事件", en="this process has no such event"),
        "not_allowed_here": Text(
            zh="当前状态下不能进行此事件", en="this event is not possible in the present state"
        ),
        "role_not_allowed": Text(zh="该角色无权发送此事件", en="this role may not send this event"),
        "data_invalid": Text(zh="数据不符合要求", en="the data do not fit the form"),
        "guard_refused": Text(zh="条件不满足", en="a condition is not met"),
        "forbidden": Text(zh="此人不得处理本案", en="this person may not act on this case"),
        "from_the_future": Text(
            zh="发生时间晚于当前时间", en="the event lies more than 60 seconds in the future"
        ),
        "too_old": Text(
            zh="发生时间早于允许的补录期限", en="the event is older than may be reported late"
        ),
        "before_case": Text(
            zh="发生时间早于受理时间", en="the event lies before the case was opened"
        ),
        "case_ended": Text(zh="本案已结束", en="the case has ended"),
        "event_id_conflict": Text(
            zh="事件编号已用于其他内容", en="this event id was used for other content"
        ),
        "target_unavailable": Text(
            zh="目标流程尚未开通", en="the process to be opened is not available yet"
        ),
        "expression_failed": Text(
            zh="流程中的表达式无法计算", en="an expression of the definition cannot be computed"
        ),
        "no_row": Text(zh="决策表没有匹配的行", en="no row of a decision table matches"),
        "list_full": Text(zh="列表已满", en="the list is full"),
        "no_such_record": Text(
            zh="列表中没有唯一对应的记录", en="not exactly one record of the list is meant"
        ),
        "unknown_case": Text(zh="没有这个案件", en="there is no such case"),
        "hold_unbounded": Text(zh="暂停期限无效", en="the hold must end after it begins"),
        "amend_impossible": Text(
            zh="新规则缺少本案正在使用的内容", en="the new rules lack something that the case uses"
        ),
        "clock_choice": Text(
            zh="没有这个编号的进行中承诺", en="there is no open promise of this number"
        ),
    }
)


class IllegalEvent(DuecourseError):
    """An event that is refused. It changes nothing; `facts` may say what was possible."""

    def __init__(self, code: str, detail: str = "", text: Text | None = None, **facts: Any) -> None:
        said = text or REFUSALS[code]
        self.text = said
        super().__init__(
            f"{said.en}: {detail}" if detail else said.en,
            code=code,
            facts={"zh": said.zh, "en": said.en, "detail": detail, **facts},
        )
