"""What was printed is kept byte for byte, once for its key, and found by case and number."""

import asyncio
from hashlib import sha256
from typing import Any

from activities.records import Records
from tests.records.build import HOUR, T0
from workflows.core.effects import Fill

CASE = "complaint:C-1"
CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 40


def fill(seq: int = 1, **more: Any) -> Fill:
    values: dict[str, Any] = {
        "case": CASE,
        "process": "complaint",
        "number": 1,
        "document": "reply",
        "title": {"zh": "答复函", "en": "Reply"},
        "form": "F-09",
        "printed": f"C-1-{seq}",
        "at": T0 + seq * HOUR,
        "zone": "Asia/Shanghai",
        "blocks": (),
    }
    values |= more
    return Fill(key=f"{values['case']}/{values['number']}/{seq}", seq=seq, **values)


async def test_a_document_is_read_as_it_was_kept(records: Records) -> None:
    assert await records.save_document(fill(), CONTENT)
    assert await records.read.document(f"{CASE}/1/1") == CONTENT
    assert await records.read.documents(CASE) == (
        {
            "key": f"{CASE}/1/1",
            "case": CASE,
            "number": 1,
            "seq": 1,
            "document": "reply",
            "title": {"zh": "答复函", "en": "Reply"},
            "printed": "C-1-1",
            "at": T0 + HOUR,
            "digest": sha256(CONTENT).hexdigest(),
            "size": len(CONTENT),
        },
    )


async def test_the_first_content_of_a_key_stays(records: Records) -> None:
    saved = await asyncio.gather(*(records.save_document(fill(), CONTENT) for _ in range(5)))
    assert sorted(saved) == [False] * 4 + [True]
    assert not await records.save_document(fill(printed="other"), b"other")
    assert await records.read.document(f"{CASE}/1/1") == CONTENT
    (kept,) = await records.read.documents(CASE)
    assert kept["printed"] == "C-1-1"


async def test_documents_are_listed_in_the_order_of_printing(records: Records) -> None:
    for seq, number in ((9, 1), (2, 2), (10, 1)):
        await records.save_document(fill(seq, number=number), CONTENT)
    await records.save_document(fill(1, case="complaint:C-2"), CONTENT)

    async def listed(number: int | None) -> list[tuple[int, int]]:
        found = await records.read.documents(CASE, number)
        return [(item["number"], item["seq"]) for item in found]

    assert await listed(None) == [(1, 9), (1, 10), (2, 2)]
    assert await listed(1) == [(1, 9), (1, 10)]
    assert await listed(3) == []


async def test_of_one_printed_number_the_newest_is_found(records: Records) -> None:
    for seq, content in ((5, b"old"), (10, b"new"), (2, b"oldest")):
        await records.save_document(fill(seq, printed="C-1"), content)
    read = records.read.document
    assert await read(case=CASE, document="reply", printed="C-1") == b"new"
    assert await read(case=CASE, document="reply", printed="C-9") is None
    assert await read(case=CASE, document="list", printed="C-1") is None
    assert await read(case="complaint:C-2", document="reply", printed="C-1") is None
    assert await read("unknown") is None


async def test_a_key_longer_than_an_index_takes_is_found_again(records: Records) -> None:
    long = fill(case="complaint:" + "件" * 900)
    await records.save_document(long, CONTENT)
    assert await records.read.document(long.key) == CONTENT
    assert len(await records.read.documents(long.case)) == 1
