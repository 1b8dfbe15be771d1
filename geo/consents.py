"""What people agree to: the words in all their versions, and the record that somebody agreed to them.

The words that a page shows and the words that are stored with a consent are these. They are stored by migrations, for
good: to change one, add its next version here and in a new migration. `geo/tables/consents.py` says what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor, Role
from geo.errors import InvalidInput, Problem
from geo.language import Language, Text
from geo.tables import ConsentChannel, Ending, PlaceKind, consent, place, team_member

UNKNOWN = Text(
    "Trang này đã cũ. Hãy tải lại trang, đọc lời đồng ý rồi chọn lại.",
    "This page is out of date. Please load it again, read what you agree to, and choose again.",
)


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of what somebody agrees to. `purpose` says what for, and where it is shown."""

    purpose: str
    version: int
    text: Text

    def key(self, language: Language) -> str:
        """What a consent refers to: `contact/1/vi`."""
        return f"{self.purpose}/{self.version}/{language}"


WORDINGS: tuple[Wording, ...] = (
    Wording(
        "contact",
        1,
        Text(
            "Tôi đồng ý cho phường lưu tên và số điện thoại dưới đây, chỉ để hỏi thêm về phản ánh này.",
            "I agree that the ward keeps the name and phone number below, only to ask about this report.",
        ),
    ),
    Wording(
        "contact-mail",
        1,
        Text(
            "Tôi đồng ý cho phường lưu tên, số điện thoại và email dưới đây, chỉ để báo tin và hỏi thêm về phản ánh "
            "này.",
            "I agree that the ward keeps the name, phone number and e-mail below, only to send me word and to ask "
            "about this report.",
        ),
    ),
    Wording(
        "contact-app",
        1,
        Text(
            "Người phản ánh đồng ý cho phường lưu tên, số điện thoại và email, chỉ để báo tin và hỏi thêm về phản ánh "
            "này.",
            "The reporter agrees that the ward keeps name, phone number and e-mail, only to send word and to ask about "
            "this report.",
        ),
    ),
    Wording(
        "member-own",
        1,
        Text(
            "Tôi đồng ý cho phường công khai họ tên, vai trò và số điện thoại của tôi trên bản đồ số để người dân liên "
            "hệ.",
            "I agree to the ward showing my name, my part in the team and my phone number on the digital map, so that "
            "residents can reach me.",
        ),
    ),
    Wording(
        "member-told",
        1,
        Text(
            "Người này đã tự đồng ý cho phường công khai họ tên, vai trò và số điện thoại trên bản đồ số để người dân "
            "liên hệ.",
            "This person has agreed to the ward showing name, part in the team and phone number on the digital map, so "
            "that residents can reach them.",
        ),
    ),
    Wording(
        "home",
        1,
        Text(
            "Người này đồng ý cho phường công khai nhà riêng trên bản đồ số, và biết có thể rút lại bất cứ lúc nào.",
            "This person agrees to the ward showing the home on the digital map, and knows that this can be taken back "
            "at any time.",
        ),
    ),
)
"""Every version that was ever shown: what was agreed to stays readable."""

CONTACT, CONTACT_MAIL, CONTACT_APP = "contact", "contact-mail", "contact-app"
MEMBER_OWN, MEMBER_TOLD, HOME = "member-own", "member-told", "home"
CONTACTS = (CONTACT, CONTACT_MAIL, CONTACT_APP)
MEMBERS = (MEMBER_OWN, MEMBER_TOLD)
HOMES = (HOME,)


def current(purpose: str) -> Wording:
    """The latest version, which is shown. Raises KeyError for a purpose that there is not."""
    return {one.purpose: one for one in sorted(WORDINGS, key=lambda one: one.version)}[purpose]


KNOWN = {one.key(language): one for one in WORDINGS for language in Language}


def agreed(
    key: str | None, purposes: tuple[str, ...], otherwise: str, language: Language, path: tuple[str, ...]
) -> str:
    """The key of what somebody agreed to: the one that their form names, else what `otherwise` says today.

    Raises `InvalidInput` naming `path` for a key that none of these purposes has.
    """
    if key is None:
        return current(otherwise).key(language)
    if key not in KNOWN or KNOWN[key].purpose not in purposes:
        raise InvalidInput(Problem(path, UNKNOWN))
    return key


def channel_of(actor: Actor) -> ConsentChannel:
    """How a consent is recorded that `actor` writes down for somebody of a team, or an official."""
    return ConsentChannel.TEAM if actor.role is Role.TEAM_MEMBER else ConsentChannel.STAFF


async def settle_members(
    connection: AsyncConnection,
    ward_code: str,
    channel: ConsentChannel,
    account_id: UUID | None = None,
    *,
    wording: str | None = None,
) -> None:
    """Record for a ward's teams what this transaction changed: who agreed in it, and who agrees no more or is gone.

    `wording`: the key of the words that were shown; without one, what staff are told to say today.
    """
    agrees, said = team_member.c.consented_at.is_not(None), wording or current(MEMBER_TOLD).key(Language.VI)
    await _settle(connection, team_member, agrees, MEMBERS, ward_code, said, channel, account_id)


async def settle_homes(
    connection: AsyncConnection,
    ward_code: str,
    channel: ConsentChannel,
    account_id: UUID | None = None,
    *,
    wording: str | None = None,
) -> None:
    """The same for officials' homes."""
    agrees = sa.and_(place.c.kind == PlaceKind.OFFICIAL_HOME, place.c.consented_at.is_not(None))
    said = wording or current(HOME).key(Language.VI)
    await _settle(connection, place, agrees, HOMES, ward_code, said, channel, account_id)


async def _settle(
    connection: AsyncConnection,
    table: sa.Table,
    agrees: sa.ColumnElement[bool],
    purposes: tuple[str, ...],
    ward_code: str,
    wording: str,
    channel: ConsentChannel,
    account_id: UUID | None,
) -> None:
    """Those with `consented_at` of this very transaction agreed in it: older ones agreed to words that nobody kept."""
    rows = table.c
    still = sa.exists().where(rows.ward_code == consent.c.ward_code, rows.id == consent.c.subject_id, agrees)
    await connection.execute(
        sa.update(consent)
        .where(
            consent.c.ward_code == ward_code,
            consent.c.ended_at.is_(None),
            sa.func.split_part(consent.c.wording, "/", 1).in_(purposes),
            ~still,
        )
        .values(ended_at=sa.func.now(), ended_why=Ending.WITHDRAWN)
    )
    values = {
        "ward_code": rows.ward_code,
        "id": sa.func.gen_random_uuid(),
        "subject_id": rows.id,
        "wording": sa.literal(wording, sa.Text),
        "channel": sa.literal(channel.value, sa.Text),
        "account_id": sa.literal(account_id, sa.Uuid),
        "given_at": rows.consented_at,
    }
    new = sa.select(*values.values()).where(rows.ward_code == ward_code, agrees, rows.consented_at == sa.func.now())
    await connection.execute(
        insert(consent)
        .from_select(list(values), new)
        .on_conflict_do_nothing(
            index_elements=[consent.c.ward_code, consent.c.subject_id], index_where=consent.c.ended_at.is_(None)
        )
    )


def end(keys: sa.ColumnElement[bool], why: Ending) -> sa.Update:
    """End the consents in force that `keys`, a condition on `consent`, names."""
    return sa.update(consent).where(keys, consent.c.ended_at.is_(None)).values(ended_at=sa.func.now(), ended_why=why)
