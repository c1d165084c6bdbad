"""The words of notices, Chinese and English, one table.

What it is: for each kind of notice its subject, its first sentence and what is asked of the
reader, as templates over a few names; and the labels of the facts below them.
What it is not: logic, nor a process's own words (those come with the notice).
Who may import it: `templates`.

Names in the templates: case (its id), key (by which the customer knows it), process, title, level,
due, late, left (texts, empty if they do not apply), text (the process's own words). A rung's or a
lapse's own words stand below the lead.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from definitions.text import Lang

Variant = Literal["reminder", "missed", "overdue", "retraction", "lapse", "event", "customer"]


class Words(NamedTuple):
    """Three templates; an empty `ask` asks for nothing."""

    subject: str
    lead: str
    ask: str


WORDS: Mapping[Variant, Mapping[Lang, Words]] = {
    # Before the due instant.
    "reminder": {
        "zh": Words(
            "【临期提醒】{{ case }}：{{ title }}{% if due %}，{{ due }} 到期{% endif %}",
            "“{{ title }}”将{% if left %}于 {{ left }}后（自然时间）{% else %}很快{% endif %}"
            "到期。",
            "请在期限前完成；如已完成，请在案件中登记。",
        ),
        "en": Words(
            "Reminder: {{ case }}, {{ title }}{% if due %}, due {{ due }}{% endif %}",
            "'{{ title }}' is due {% if left %}in {{ left }} (wall time){% else %}soon{% endif %}.",
            "Please finish it before the deadline; if it is done already, please record it.",
        ),
    },
    # At the due instant.
    "missed": {
        "zh": Words(
            "【已到期{% if level %} {{ level }}{% endif %}】{{ case }}：{{ title }}",
            "“{{ title }}”的期限已到，尚未完成。",
            "请立即处理，并在案件中登记结果；如有困难，请马上说明。",
        ),
        "en": Words(
            "Deadline missed{% if level %} ({{ level }}){% endif %}: {{ case }}, {{ title }}",
            "The deadline of '{{ title }}' has come, and it is not done.",
            "Please act now and record the result; if something stands in the way, say so at once.",
        ),
    },
    # After it.
    "overdue": {
        "zh": Words(
            "【超时{% if level %} {{ level }}{% endif %}】{{ case }}：{{ title }}，"
            "已超时 {{ late }}",
            "“{{ title }}”已超时 {{ late }}（自然时间），仍未完成。",
            "请督促办理或直接接手，并在案件中登记所采取的措施。",
        ),
        "en": Words(
            "Overdue by {{ late }}{% if level %} ({{ level }}){% endif %}: {{ case }}, {{ title }}",
            "'{{ title }}' is {{ late }} late (wall time) and still not done.",
            "Please see to it or take it over, and record what was done.",
        ),
    },
    "retraction": {
        "zh": Words(
            "【撤回】{{ case }}：{{ title }}",
            "此前关于“{{ title }}”超时的通知作废：该事项已在期限内完成，只是登记晚到。",
            "无需再处理此前的通知。",
        ),
        "en": Words(
            "Withdrawn: {{ case }}, {{ title }}",
            "The earlier notice that '{{ title }}' was late is withdrawn: it was done in time, "
            "and only the record arrived late.",
            "Nothing more is to be done about the earlier notice.",
        ),
    },
    "lapse": {
        "zh": Words(
            "【权利失效】{{ case }}：{{ title }}",
            "“{{ title }}”的期限已过，相关权利已按规则失效。",
            "请核对；如期限内已办理而未登记，请立即补报。",
        ),
        "en": Words(
            "Lapsed: {{ case }}, {{ title }}",
            "The deadline of '{{ title }}' has passed, and the right has lapsed by the rules.",
            "Please check; if it was done in time but not recorded, please report it at once.",
        ),
    },
    "event": {
        "zh": Words("【通知】{{ case }}：{{ title }}", "{{ text }}", ""),
        "en": Words("Notice: {{ case }}, {{ title }}", "{{ text }}", ""),
    },
    # To a customer: their own matter, without what is said inside.
    "customer": {
        "zh": Words("{{ title }}（编号 {{ key }}）", "{{ text }}", ""),
        "en": Words("{{ title }} (reference {{ key }})", "{{ text }}", ""),
    },
}

Label = Literal[
    "case",
    "process",
    "title",
    "due",
    "late",
    "level",
    "ask",
    "link",
    "as_at",
    "unfilled",
    "deputy",
    "provisional",
    "colon",
    "comma",
    "list",
    "digest",
    "digest_rest",
    "under_a_minute",
    "day",
    "hour",
    "minute",
    "yes",
    "no",
]

LABELS: Mapping[Lang, Mapping[Label, str]] = {
    "zh": {
        "case": "案件",
        "process": "流程",
        "title": "事项",
        "due": "期限",
        "late": "已超时",
        "level": "级别",
        "ask": "请您",
        "link": "查看案件",
        "as_at": "截至",
        "unfilled": "角色“{role}”目前无人担任，本通知转到您这里，请安排人员处理。",
        "deputy": "您代 {names} 处理。",
        "provisional": "（暂定）",
        "colon": "：",
        "comma": "，",
        "list": "、",
        "digest": "【汇总】{count} 条通知",
        "digest_rest": "涉及案件",
        "under_a_minute": "不到 1 分钟",
        "day": "{n} 天",
        "hour": "{n} 小时",
        "minute": "{n} 分钟",
        "yes": "是",
        "no": "否",
    },
    "en": {
        "case": "Case",
        "process": "Process",
        "title": "Matter",
        "due": "Due",
        "late": "Late by",
        "level": "Level",
        "ask": "What to do",
        "link": "Open the case",
        "as_at": "As at",
        "unfilled": "Nobody holds the role '{role}', so this notice comes to you; "
        "please find somebody to act.",
        "deputy": "You stand in for {names}.",
        "provisional": " (provisional)",
        "colon": ": ",
        "comma": ", ",
        "list": ", ",
        "digest": "Digest: {count} notices",
        "digest_rest": "Cases",
        "under_a_minute": "less than 1 min",
        "day": "{n} d",
        "hour": "{n} h",
        "minute": "{n} min",
        "yes": "yes",
        "no": "no",
    },
}

WEEKDAYS: Mapping[Lang, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
