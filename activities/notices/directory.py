"""The directory: which people a role means, for this organisation and on this day.

What it is: people, groups and the roles that they hold, read from one YAML file; `resolve` turns
a role into recipients. The narrowest list that names the role counts: organisation, then region,
then the defaults, then the fallback contact, flagged. Nobody is ever the answer.
What it is not: sending, nor an identity provider. Who may import it: the notices package and
compositions.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from activities.notices.settings import Finding, load
from definitions.problems import Path, suggest
from definitions.text import Lang, Name

CUSTOMER = "customer"
_DAY = 86400

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$")]


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"unknown time zone '{value}'")
    return value


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Zone = Annotated[str, AfterValidator(_zone)]
Clock24 = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Holders = Annotated[tuple[Id, ...], BeforeValidator(_as_list), Field(min_length=1)]
Roles = dict[Name, Holders]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Quiet(_Model):
    """Local hours in which only what is urgent is delivered; may run over midnight."""

    from_: Clock24 = Field(alias="from")
    to: Clock24
    zone: Zone = ""

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("quiet hours that end where they begin are none, or all day")
        return self

    def opening(self, now: int, zone: str) -> int | None:
        """The instant at which they end, if `now` lies in them (start included, end not)."""
        place = ZoneInfo(self.zone or zone)
        local = datetime.fromtimestamp(now, place)
        start, end = time.fromisoformat(self.from_), time.fromisoformat(self.to)
        at = local.time()
        within = start <= at < end if start < end else at >= start or at < end
        if not within:
            return None
        day = local.date() + timedelta(days=1 if at >= end else 0)
        # A local time that does not exist moves forward by way of its offset before the gap.
        return max(int(datetime.combine(day, end, place).timestamp()), now + 1)


class Deputy(_Model):
    """Who stands in, from the first to the last day, both included."""

    person: Id
    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("the last day lies before the first")
        return self


class Person(_Model):
    """One person. Each of the channels gets each notice; its address is an e-mail address, or in a
    room's robot the account to mention."""

    name: str = Field(min_length=1, max_length=80)
    language: Lang = "zh"
    channels: dict[Name, str] = Field(min_length=1)
    zone: Zone = ""
    quiet: Quiet | None = None
    deputies: tuple[Deputy, ...] = ()


class Group(_Model):
    """A room: everybody in it reads what its robot says."""

    name: str = Field(min_length=1, max_length=80)
    language: Lang = "zh"
    channel: Name
    quiet: Quiet | None = None


class CustomerWay(_Model):
    """How notices to customers leave: usually to the system that knows the customer."""

    channel: Name
    address: str = ""
    language: Lang = "zh"


class Unit(_Model):
    """An organisation or a region, and who holds which role in it."""

    name: str = ""
    region: str = ""
    roles: Roles = {}
    customer: CustomerWay | None = None


class DirectoryFile(_Model):
    """The file as a whole; `roles` are the defaults, `fallback` a person or a group."""

    zone: Zone = "Asia/Shanghai"
    people: dict[Id, Person] = {}
    groups: dict[Id, Group] = {}
    organisations: dict[str, Unit] = {}
    regions: dict[str, Unit] = {}
    roles: Roles = {}
    customer: CustomerWay | None = None
    fallback: Id


@dataclass(frozen=True, slots=True)
class Contact:
    """A recipient as the channels need it: addresses by channel."""

    id: str
    kind: Literal["person", "group", "customer"]
    name: str
    language: Lang
    channels: tuple[tuple[str, str], ...]
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One answer. `instead_of` names the absent people whom this one stands in for; `fallback`
    says that nobody holds the role, or that everybody who does is away."""

    contact: Contact
    fallback: bool = False
    instead_of: tuple[str, ...] = ()


class Directory:
    """Answers whom a role means. Immutable; a changed file is a new directory."""

    def __init__(self, content: DirectoryFile) -> None:
        self.content = content

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Read the file. Raises `SettingsError` (`directory_invalid`) with every problem found."""
        return cls(load(path, DirectoryFile, "directory_invalid", _references))

    @property
    def channels(self) -> frozenset[str]:
        """Every channel that somebody here is reached by."""
        file = self.content
        units = (*file.organisations.values(), *file.regions.values())
        ways = (file.customer, *(unit.customer for unit in units))
        return frozenset(
            [channel for person in file.people.values() for channel in person.channels]
            + [group.channel for group in file.groups.values()]
            + [way.channel for way in ways if way is not None]
        )

    def unfilled(self, roles: Collection[str]) -> tuple[str, ...]:
        """Those roles that have no default holder: outside the organisations and regions that
        name them, their notices go to the fallback contact."""
        return tuple(sorted(set(roles) - set(self.content.roles) - {CUSTOMER}))

    def resolve(
        self, role: str, organisation: str, region: str, at: int, assignee: str = ""
    ) -> tuple[Recipient, ...]:
        """The recipients of a notice to `role` at the instant `at`; never none.

        An assignee whom the directory knows is the only one: the notice names one only where the
        role is meant as theirs. Absent people are replaced by their deputies, by local date.
        """
        if role == CUSTOMER:
            return (self._customer(organisation, region),)
        levels = (unit[role] for unit in self._levels(organisation, region) if role in unit)
        holders = (assignee,) if assignee in self.content.people else next(levels, ())
        present = [self._present(holder, at) for holder in holders]
        found: dict[str, Recipient] = {}
        for answer in present:
            if answer is not None:
                found.setdefault(answer.contact.id, answer)
        return tuple(found.values()) or (self._fallback(at),)

    def contact(self, recipient: str) -> Contact | None:
        """The person, group or customer's way with this id, or None if there is none now."""
        file = self.content
        if person := file.people.get(recipient):
            ways = tuple(person.channels.items())
            quiet = person.quiet
            if quiet and not quiet.zone and person.zone:
                quiet = quiet.model_copy(update={"zone": person.zone})
            return Contact(recipient, "person", person.name, person.language, ways, quiet)
        if group := file.groups.get(recipient):
            ways = ((group.channel, ""),)
            return Contact(recipient, "group", group.name, group.language, ways, group.quiet)
        if recipient == CUSTOMER or recipient.startswith(f"{CUSTOMER}:"):
            return self._customer_contact(recipient)
        return None

    def quiet_until(self, contact: Contact, now: int) -> int | None:
        """The instant at which the contact's quiet hours end, if `now` lies in them."""
        return contact.quiet.opening(now, self.content.zone) if contact.quiet else None

    def _levels(self, organisation: str, region: str) -> Iterator[Roles]:
        unit = self.content.organisations.get(organisation, Unit())
        yield unit.roles
        yield self.content.regions.get(region or unit.region, Unit()).roles
        yield self.content.roles

    def _customer(self, organisation: str, region: str) -> Recipient:
        file = self.content
        unit = file.organisations.get(organisation, Unit())
        region = region or unit.region
        area = file.regions.get(region, Unit())
        # The id says which way was taken, so that a later attempt finds the same one.
        ways = (
            (f"{CUSTOMER}:organisation:{organisation}", unit.customer),
            (f"{CUSTOMER}:region:{region}", area.customer),
            (CUSTOMER, file.customer),
        )
        for recipient, way in ways:
            if way is not None:
                return Recipient(_by_way(recipient, way))
        return self._fallback(None)

    def _customer_contact(self, recipient: str) -> Contact | None:
        _, _, rest = recipient.partition(":")
        scope, _, unit = rest.partition(":")
        file = self.content
        units = {"organisation": file.organisations, "region": file.regions}.get(scope, {})
        way = units.get(unit, Unit()).customer if scope else file.customer
        return _by_way(recipient, way) if way else None

    def _fallback(self, at: int | None) -> Recipient:
        fallback = self.content.fallback
        stand_in = self._present(fallback, at) if at is not None else None
        if stand_in is None:
            # Everybody is away: better the absent contact than nobody.
            return Recipient(self._known(fallback), fallback=True)
        return Recipient(stand_in.contact, True, stand_in.instead_of)

    def _present(self, holder: str, at: int) -> Recipient | None:
        """The holder, or who stands in at that date; None if the deputies lead in a circle."""
        absent: list[str] = []
        while (deputy := self._deputy(holder, at)) is not None:
            if holder in absent:
                return None
            absent.append(holder)
            holder = deputy
        names = tuple(self.content.people[person].name for person in absent)
        return Recipient(self._known(holder), instead_of=names)

    def _deputy(self, holder: str, at: int) -> str | None:
        person = self.content.people.get(holder)
        if person is None:
            return None
        today = datetime.fromtimestamp(at, ZoneInfo(person.zone or self.content.zone)).date()
        stand_ins = (one.person for one in person.deputies if one.from_ <= today <= one.to)
        return next(stand_ins, None)

    def _known(self, recipient: str) -> Contact:
        contact = self.contact(recipient)
        if contact is None:
            raise LookupError(recipient)  # Loading has proved that every id is known.
        return contact


def _by_way(recipient: str, way: CustomerWay) -> Contact:
    return Contact(recipient, "customer", "", way.language, ((way.channel, way.address),))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _references(raw: object) -> Iterator[Finding]:
    """Every id that is used but not known, in a tree of any shape."""
    file = _mapping(raw)
    people, groups = _mapping(file.get("people")), _mapping(file.get("groups"))
    regions = _mapping(file.get("regions"))
    everybody = {*people, *groups}
    for twice in people.keys() & groups.keys():
        yield ("groups", twice), f"'{twice}' is a person too", "give the group another id"
    for person, entry in people.items():
        deputies = _mapping(entry).get("deputies")
        path: Path = ("people", person, "deputies")
        for at, one in enumerate(deputies if isinstance(deputies, list) else ()):
            deputy = _mapping(one).get("person")
            if isinstance(deputy, str) and deputy not in people:
                yield (*path, at, "person"), f"unknown person '{deputy}'", suggest(deputy, people)
            elif deputy == person:
                yield (*path, at, "person"), "nobody is their own deputy", "name somebody else"
    for section in ("organisations", "regions"):
        for unit, entry in _mapping(file.get(section)).items():
            roles = _mapping(entry).get("roles")
            yield from _unknown_holders(roles, everybody, (section, unit, "roles"))
            region = _mapping(entry).get("region")
            if section == "organisations" and region and region not in regions:
                yield (
                    (section, unit, "region"),
                    f"unknown region '{region}'",
                    suggest(str(region), regions),
                )
    yield from _unknown_holders(file.get("roles"), everybody, ("roles",))
    fallback = file.get("fallback")
    if isinstance(fallback, str) and fallback not in everybody:
        yield ("fallback",), f"unknown contact '{fallback}'", suggest(fallback, everybody)


def _unknown_holders(roles: object, everybody: Collection[str], path: Path) -> Iterator[Finding]:
    for role, holders in _mapping(roles).items():
        for at, holder in enumerate(holders if isinstance(holders, list) else [holders]):
            if isinstance(holder, str) and holder not in everybody:
                message = f"unknown person or group '{holder}'"
                yield (*path, role, at), message, suggest(holder, everybody)
