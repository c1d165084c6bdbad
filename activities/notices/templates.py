"""What a notice says: a subject, a text and the same in Markdown, in the reader's language.

What it is: pure; the words come from `wording` or from the process, the facts from the notice. A
deadline is shown in the case's zone, and one at the end of a day as 24:00 of that day.
What it is not: sending. Nothing here reads the time, so that each attempt says the same.
Who may import it: the notices package.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any
from urllib.parse import quote

from activities.notices.channels.base import Message, cut
from activities.notices.directory import CUSTOMER, Recipient
from activities.notices.sandbox import day_text, instant_text, local, render
from activities.notices.wording import LABELS, WORDS, Label, Variant
from definitions.text import Lang
from workflows.core.effects import Notify

MAX_SUBJECT = 240
_UNITS: tuple[tuple[Label, int], ...] = (("day", 86400), ("hour", 3600), ("minute", 60))
# What a text brought along must not become markup or a mention of everybody; the robots know no
# escapes, so the signs are replaced by their full-width twins.
_PLAIN = str.maketrans("<>[]*`~", "＜＞［］＊｀～")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are found: the Temporal UI (no link without it), and the titles of
    processes and roles (their ids without them)."""

    ui_url: str = ""
    namespace: str = "default"
    titles: Mapping[str, Mapping[str, str]] | None = None
    roles: Mapping[str, Mapping[str, str]] | None = None

    def link(self, case: str) -> str:
        """The case's page; its workflow id is the case's id."""
        if not self.ui_url:
            return ""
        page = f"namespaces/{quote(self.namespace, safe='')}/workflows/{quote(case, safe='')}"
        return f"{self.ui_url.rstrip('/')}/{page}"

    def process(self, notice: Notify, lang: Lang) -> str:
        """The process's title, or its id."""
        title = notice.facts.get("process_title") or (self.titles or {}).get(notice.process)
        return _pick(title, lang) or notice.process


def compose(notice: Notify, recipient: Recipient, channel: str, places: Places) -> Message:
    """The message to one recipient by one channel. Raises `Permanent` if a text cannot be made."""
    lang = recipient.contact.language
    variant = variant_of(notice)
    words = WORDS[variant][lang]
    values = _values(notice, lang, variant)
    subject = _line(render(words.subject, values, lang, notice.zone))
    lead = render(words.lead, values, lang, notice.zone).strip()
    if variant in ("reminder", "missed", "overdue", "lapse") and values["text"]:
        lead = f"{lead}\n{values['text']}"
    ask = render(words.ask, values, lang, notice.zone)
    label = LABELS[lang]
    inside = recipient.contact.kind != "customer"
    facts = _facts(notice, lang, places, values) if inside else []
    if inside and ask:
        facts.append(("ask", ask))
    role = _pick((places.roles or {}).get(notice.to), lang) or notice.to
    notes = _notes(role, recipient, lang)
    lines = [f"{label[key]}{label['colon']}{value}" for key, value in facts]
    link = places.link(notice.case) if inside else ""
    text = [*notes, lead, *([""] if lines else []), *lines]
    marked = [f"**{_plain(subject)}**", *map(_plain, notes), _plain(lead)]
    marked += [f"> {_plain(line)}" for line in lines]
    if link:
        text.append(f"{label['link']}{label['colon']}{link}")
        marked.append(f"[{label['link']}]({link})")
    return Message(
        key=f"{notice.key}|{channel}|{recipient.contact.id}",
        subject=subject,
        text="\n".join(text) + "\n",
        markdown="\n".join(marked),
        recipient=recipient.contact.id,
        address=dict(recipient.contact.channels).get(channel, ""),
        language=lang,
        urgent=notice.urgent,
        refs=_refs(notice, link),
    )


def variant_of(notice: Notify) -> Variant:
    """Which words: a rung's depend on where it stands to the due instant."""
    match notice.kind:
        case "rung":
            if notice.due is None or notice.at < notice.due:
                return "reminder"
            return "missed" if notice.at == notice.due else "overdue"
        case "event":
            return "customer" if notice.to == CUSTOMER else "event"
        case "retraction" | "lapse":
            return notice.kind


def due_text(due: int, exclusive: bool, zone: str, lang: Lang) -> str:
    """A deadline for people. The end of a day is 24:00 of that day, never 00:00 of the next."""
    there = local(due, zone)
    if not (exclusive and there.time() == time()):
        return instant_text(due, zone, lang)
    blank = "" if lang == "zh" else " "
    return f"{day_text(there.date() - timedelta(days=1), lang)}{blank}24:00"


def duration(seconds: int, lang: Lang) -> str:
    """Wall time in its two largest units."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(LABELS[lang][unit].format(n=count))
    return " ".join(parts[:2]) or LABELS[lang]["under_a_minute"]


def digest(messages: Sequence[Message], limit: int) -> tuple[Message, int]:
    """One message that names every case of as many messages, from the first, as fit into `limit`
    bytes; and their number. Whole subjects if they fit, else the cases' ids alone."""
    for brief in (False, True):
        count = len(messages)
        while count > 1:
            made = _digest(messages[:count], brief)
            if len(made.markdown.encode()) <= limit and len(made.text.encode()) <= limit:
                return made, count
            # A list that is too long loses its tail, which goes out with the next one.
            count = count * 3 // 4 if brief else 1
    return messages[0], 1


def _digest(messages: Sequence[Message], brief: bool) -> Message:
    first = messages[0]
    label = LABELS[first.language]
    cases = list(dict.fromkeys(one.refs.get("case", one.subject) for one in messages))
    subject = label["digest"].format(count=len(messages))
    if brief:
        lines = [f"{label['digest_rest']}{label['colon']}{label['list'].join(cases)}"]
    else:
        lines = [f"{at}. {one.subject}" for at, one in enumerate(messages, 1)]
    links = [one.refs.get("link", "") for one in messages]
    text = [
        f"{line}\n   {link}" if link and not brief else line
        for line, link in zip(lines, links, strict=False)
    ]
    marked = [
        f"{_plain(line)} [↗]({link})" if link and not brief else _plain(line)
        for line, link in zip(lines, links, strict=False)
    ]
    keys = "\n".join(sorted(one.key for one in messages))
    return replace(
        first,
        key=f"digest:{hashlib.sha256(keys.encode()).hexdigest()}",
        subject=subject,
        text="\n".join(text) + "\n",
        markdown="\n".join([f"**{subject}**", *marked]),
        # To one address these are all the same; in a room each account is mentioned.
        address=",".join(dict.fromkeys(one.address for one in messages if one.address)),
        urgent=any(one.urgent for one in messages),
        refs={"cases": " ".join(cases), "count": str(len(messages))},
    )


def _values(notice: Notify, lang: Lang, variant: Variant) -> dict[str, Any]:
    own = ""
    known = {
        "id": notice.case,
        "process": notice.process,
        "key": notice.case.partition(":")[2] or notice.case,
        "state": notice.facts.get("state", ""),
        **notice.facts.get("case", {}),
    }
    if notice.text is not None:
        seen = {"data": {}, "event": {}, **notice.facts, "case": known}
        own = render(_pick(notice.text, lang), seen, lang, notice.zone).strip()
    due = "" if notice.due is None else due_text(notice.due, notice.exclusive, notice.zone, lang)
    if due and notice.facts.get("provisional"):
        due += LABELS[lang]["provisional"]
    ahead = (notice.due or notice.at) - notice.at
    return {
        "case": notice.case,
        "key": known["key"],
        "process": notice.process,
        "title": _pick(notice.title, lang) or notice.clock or notice.process,
        "level": notice.level,
        "due": due,
        "left": duration(ahead, lang) if variant == "reminder" and ahead else "",
        "late": duration(-ahead, lang) if variant == "overdue" else "",
        "text": own,
    }


def _facts(
    notice: Notify, lang: Lang, places: Places, values: Mapping[str, Any]
) -> list[tuple[Label, str]]:
    due = f"{values['due']}（{notice.zone}）" if lang == "zh" else f"{values['due']} {notice.zone}"
    rows: list[tuple[Label, str]] = [
        ("case", notice.case),
        ("process", places.process(notice, lang)),
        ("title", values["title"] if notice.clock else ""),
        ("due", due if values["due"] else ""),
        ("late", values["late"]),
        ("level", notice.level),
        ("as_at", instant_text(notice.at, notice.zone, lang)),
    ]
    return [(key, value) for key, value in rows if value]


def _notes(role: str, recipient: Recipient, lang: Lang) -> list[str]:
    label = LABELS[lang]
    notes = []
    if recipient.fallback:
        notes.append(label["unfilled"].format(role=role))
    if recipient.instead_of:
        notes.append(label["deputy"].format(names=label["list"].join(recipient.instead_of)))
    return notes


def _refs(notice: Notify, link: str) -> dict[str, str]:
    refs = {
        "case": notice.case,
        "process": notice.process,
        "seq": str(notice.seq),
        "kind": notice.kind,
        "role": notice.to,
        "organisation": notice.organisation,
        "clock": notice.clock,
        "level": notice.level,
        "link": link,
    }
    return {key: value for key, value in refs.items() if value}


def _pick(text: object, lang: Lang) -> str:
    if not isinstance(text, Mapping):
        return ""
    return str(text.get(lang) or text.get("zh") or text.get("en") or "")


def _line(text: str) -> str:
    """One line without control signs, short enough for a header."""
    return cut(" ".join("".join(c if c.isprintable() else " " for c in text).split()), MAX_SUBJECT)


def _plain(text: str) -> str:
    lines = text.translate(_PLAIN).split("\n")
    return "\n".join(f"＃{line[1:]}" if line.startswith("#") else line for line in lines)
