"""What was filled in is what a reader finds on the paper, however much and whatever it is."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from activities.documents.layout import rows_of
from activities.documents.pages import paged
from activities.documents.paper import MAX_ROWS, MAX_SIGNS, DocumentInvalid, pdf
from activities.documents.sheet import A4, FOOT, MARGIN, RUNNING, TOP
from tests.documents.forms import (
    CAUSE,
    FAULT,
    MEASURES,
    column,
    item,
    review_result,
    service_record,
    settlement_list,
    words,
)
from tests.documents.reading import pages_of, reader, squeezed, text_of
from workflows.core.effects import Fill, FilledBlock

ROOT = Path(__file__).parents[2]
LONG = "".join(chr(0x4E00 + number % 199) for number in range(20_000))


def of(*blocks: FilledBlock, **more: Any) -> Fill:
    return replace(service_record(), blocks=blocks, **more)


def one(value: Any, type_: str = "text", **more: Any) -> Fill:
    return of(FilledBlock(fields=(item("栏目", "Field", value, type_),)), **more)


def test_a_record_of_a_visit_is_one_page_with_everything_on_it() -> None:
    content = pdf(service_record())
    (page,) = pages_of(content)
    for text in (
        "现场服务记录表On-siteservicerecord",
        "表号FormF-04",
        "编号No.：LY01-20261123-007",
        "日期Date：2026-11-23",
        "洛阳龍鑫工程机械服务有限公司",
        "洛阳市淼源砂石料有限公司",
        "报修时间Reportedat2026-11-2308:05",
        "恢复时间Restoredat2026-11-2315:22",
        squeezed(FAULT),
        squeezed(CAUSE),
        squeezed(MEASURES),
        "2LG50F.04101-II二挡离合器摩擦片总成1变速箱是2,380.002,380.00",
        "零件费合计（元）Partstotal3,132.00",
        "驻车制动间隙偏大，已调整、左后轮胎磨损至标记，建议更换",
        "备注Remarks—",
        "签字Signature：",
        "日期Date：年月日",
        "一式3份Copies：①用户Customer②服务中心Servicecentre③公司售后服务部After-sales",
        "第1页共1页Page1of1",
    ):
        assert text in page, text
    assert len(content) < 150_000


def test_another_reader_finds_the_same() -> None:
    opened = reader(pdf(review_result()))
    found = opened.pages[0].extract_text()
    assert "结算审核结果通知" in found
    assert "洛阳龍鑫工程机械服务有限公司" in found
    assert "1,282.50" in found
    assert opened.metadata is not None
    assert opened.metadata.title == "结算审核结果通知 Result of review LY01-2026-11"
    assert str(opened.metadata["/CreationDate"]) == "D:20261210091200+08'00'"


def test_the_same_document_is_the_same_bytes_anywhere() -> None:
    script = (
        "import sys; from hashlib import sha256; from activities.documents.paper import pdf;"
        "from tests.documents.forms import service_record;"
        "print(sha256(pdf(service_record())).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/New_York"))
    }
    assert len(digests) == 1
    assert pdf(service_record()) != pdf(service_record(at=service_record().at + 60))


def test_a_paragraph_is_filled_in_as_a_notice_is() -> None:
    page = text_of(review_result())
    assert "贵中心于2026-12-03（周四）16:58提交的2026-11月三包配件费用结算清单已审核。" in page
    assert "申报金额¥12,345.00，核定金额¥11,062.50。" in page
    assert "ObjectinwritingbyFri2026-12-18." in page


# --- long ones


def test_three_hundred_lines_run_over_pages_with_their_head() -> None:
    pages = pages_of(pdf(settlement_list(300)))
    assert len(pages) > 8
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in page
        assert page.count("服务记录编号") == page.count("来源Source") == 1
        assert "①公司Company" in page
        assert ("（续continued）LY01-2026-11" in page) == (number > 1)
    whole = "".join(pages)
    for line in range(1, 301):
        assert whole.count(f"-{line:03d}2026-11-") == 1
    assert "申报金额合计（元）Claimed" in pages[-1]
    assert pages[-1].index("To be settled".replace(" ", "")) < pages[-1].index("服务中心制表")


@pytest.mark.parametrize("lines", range(12, 18))
def test_a_signature_never_stands_alone(lines: int) -> None:
    last = pages_of(pdf(settlement_list(lines)))[-1]
    assert "签字Signature" in last
    assert f"-{lines:03d}2026-11-" in last
    assert "Tobesettled" in last


@pytest.mark.parametrize("landscape", [False, True])
@pytest.mark.parametrize("length", [1, 90, 5_000, 20_000])
def test_a_long_text_is_all_there(length: int, landscape: bool) -> None:
    text = LONG[:length]
    found = "".join(_body(page) for page in pages_of(pdf(replace(one(text), landscape=landscape))))
    assert text in found


def test_a_long_text_in_a_table_is_all_there() -> None:
    text = LONG
    columns = (column("序号", "Line", "int"), column("说明", "Remark"))
    pages = pages_of(pdf(of(FilledBlock(columns=columns, rows=((1, text), (2, "末行"))))))
    assert len(pages) > 3
    found = [page.partition("说明Remark")[2].partition("一式3份")[0] for page in pages]
    assert "".join(found) == f"1{text}2末行"


def _body(page: str) -> str:
    """A page's text between its head and its foot."""
    begin = max(page.find("栏目Field"), 0)
    start = begin + len("栏目Field") if "栏目Field" in page else page.index("FormF-04") + 8
    return page[start : page.index("一式3份")]


# --- whatever people write


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("<b>x</b> {{ 7*7 }} {% if %} ${y} %s \\(a\\) (b) [c]", None),
        (") Tj ET Q (", None),
        ("<0041> Tj %%EOF endstream endobj", None),
        ("好\0坏\x1b[31m", "好〓坏〓[31m"),
        ("吉野家：𠮷；🎉🎉", "吉野家：〓；〓〓"),
        ("李\u202e明", "李明"),
        ("\n\n\n", ""),
        ("A" * 5_000, None),
        ("。" * 5_000, None),
    ],
)
def test_text_from_people_is_text(written: str, found: str | None) -> None:
    shown = squeezed(written if found is None else found)
    fill = of(
        FilledBlock(fields=(item("栏目", "Field", written),)),
        FilledBlock(columns=(column("栏", "Col"),), rows=((written,),)),
        FilledBlock(text=words("写道：{{ data.said }}", "{{ data.said }}")),
        facts={"data": {"said": written}},
    )
    pages = pages_of(pdf(fill))
    joined = "".join(pages)
    # A text that is parted by the foot of a page is found sign by sign.
    assert all(joined.count(sign) >= 2 * shown.count(sign) for sign in set(shown))
    if len(pages) == 1:
        assert joined.count(shown) >= 3


def test_half_a_sign_is_shown_as_one_that_is_missing() -> None:
    assert "栏目Field半〓" in text_of(one("半\ud83d", title=words("\udc4d", "x")))


def test_hostile_heads_and_labels_do_not_break_the_page() -> None:
    long = words("很长的标签" * 80, "a very long label " * 22)
    fill = of(
        FilledBlock(title=long, fields=({"label": long, "type": "text", "value": "一"},)),
        FilledBlock(
            columns=tuple({"label": long, "type": "text"} for _ in range(30)),
            rows=(("件",) * 30, ("号" * 300,) * 30),
            totals=({"label": long, "type": "text", "value": "额" * 3000},) * 3,
        ),
        FilledBlock(signatures=(long,) * 5),
        title=long,
        printed="号" * 500,
        form="F" * 200,
        organisation="司" * 300,
        copies=(long,) * 30,
        case="complaint:" + "件" * 300,
    )
    for landscape in (False, True):
        pages = pages_of(pdf(replace(fill, landscape=landscape)))
        assert 3 < len(pages) < 60
        assert "日期Date：年月日" in pages[-1]


@pytest.mark.parametrize("landscape", [False, True])
@pytest.mark.parametrize("fill", [service_record(), settlement_list(120), review_result()])
def test_every_row_lies_within_its_page_and_every_line_within_its_cell(
    fill: Fill, landscape: bool
) -> None:
    wide, high = A4[::-1] if landscape else A4
    room, body = wide - 2 * MARGIN, high - TOP - FOOT - RUNNING
    for page in paged(list(rows_of(fill, room)), body - 90, body):
        below = 0.0
        for placed in page:
            assert placed.y == pytest.approx(below)
            below = placed.y + placed.height
            assert below <= body + 0.01
            for cell in placed.row.cells:
                assert 0 <= cell.x <= cell.x + cell.width <= room + 0.01
                assert cell.height <= placed.height + 0.01
                assert all(line.width <= cell.width for line in cell.lines)


# --- what cannot be printed


def test_an_empty_document_is_a_page_still() -> None:
    assert "现场服务记录表" in text_of(of())
    table = FilledBlock(columns=(column("序号", "Line", "int"),))
    assert "无None" in text_of(of(table))


def test_too_much_is_refused_before_it_is_laid_out() -> None:
    columns = (column("序号", "Line", "int"), column("说明", "Text"))
    rows = tuple((number, "油封") for number in range(MAX_ROWS + 1))
    with pytest.raises(DocumentInvalid, match="2001 rows"):
        pdf(of(FilledBlock(columns=columns, rows=rows)))
    with pytest.raises(DocumentInvalid, match="characters"):
        pdf(one("长" * (MAX_SIGNS + 1)))
    assert len(pages_of(pdf(of(FilledBlock(columns=columns, rows=rows[:-1]))))) > 40


@pytest.mark.parametrize(
    "fill",
    [
        of(FilledBlock(text=words("{{ data.__class__ }}", "x"))),
        of(FilledBlock(text=words("{{ nobody }}", "x"))),
        of(FilledBlock(text=words("{% for x in data %}{% endfor %}", "x"))),
        service_record(zone="Nowhere/Land"),
        service_record(zone="../etc/passwd"),
        service_record(zone="Asia"),
        service_record(zone=""),
    ],
)
def test_what_can_never_be_printed_is_said(fill: Fill) -> None:
    with pytest.raises(DocumentInvalid) as invalid:
        pdf(fill)
    assert invalid.value.code == "document_invalid"
    assert invalid.value.facts == {"document": "service_record"}
