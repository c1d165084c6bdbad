"""What a link carries fits where it goes: else a long text would cost the case that it opens.

What it is: the lengths of texts that people write, compared over every link of the library.
What it is not: a check of computed texts, whose length nobody knows before.
Who may import it: nobody.
"""

import re
from collections.abc import Iterator

import pytest

from definitions.loader import Catalogue, load_library

WORD = re.compile(r"data\.(\w+)")


@pytest.fixture(scope="module")
def library() -> Catalogue:
    return load_library()


def carried(library: Catalogue) -> Iterator[tuple[str, int, int]]:
    """Each text field that a link hands on as it is, with both lengths."""
    known = {name: one for name in library.processes if (one := library.get(name))}
    for name, process in known.items():
        for link_name, link in process.links.items():
            fields = known[link.process].data
            for target, expression in link.data.items():
                found = WORD.fullmatch(str(expression).strip())
                source = None if found is None else process.data.get(found[1])
                if source is None or source.internal or source.type != "text":
                    continue
                where = f"{name}.{link_name}.{target}"
                yield where, source.max_length, fields[target].max_length


def test_no_text_is_too_long_for_where_a_link_takes_it(library: Catalogue) -> None:
    texts = list(carried(library))
    assert len(texts) > 100
    assert [where for where, written, taken in texts if written > taken] == []
