"""What a new ward rejects reports with: short texts that say why, and where the matter belongs. It may change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.ids import new_id
from geo.language import Text
from geo.tables import category, rejection_template


class RejectionSeed(NamedTuple):
    """A text, and the code of the kind of incident that it is for; None for every kind."""

    category: str | None
    text: Text


REJECTIONS: tuple[RejectionSeed, ...] = (
    RejectionSeed(
        "ENVIRONMENT",
        Text(
            "Điểm này có lịch thu gom rác cố định và xe sẽ tới theo lịch. Nếu quá lịch một ngày mà rác vẫn còn, "
            "xin báo lại để phường xử lý.",
            "Rubbish is collected here by a fixed schedule and the lorry will come. Should it still lie there a day "
            "later, please report it again.",
        ),
    ),
    RejectionSeed(
        "INFRASTRUCTURE",
        Text(
            "Hạng mục này do đơn vị cấp thành phố quản lý. Phường đã chuyển thông tin tới đơn vị phụ trách; xin theo "
            "dõi thêm qua Tổng đài 1022.",
            "This is kept by a unit of the city. The ward has passed the report on to it; please follow it through the "
            "1022 hotline.",
        ),
    ),
    RejectionSeed(
        "TRAFFIC",
        Text(
            "Biển báo, đèn tín hiệu và việc phân luồng ở đây do Sở Xây dựng thành phố quyết định. Phường đã chuyển "
            "kiến nghị này.",
            "Signs, lights and the routing of traffic here are decided by the city's Department of Construction. The "
            "ward has passed your proposal on.",
        ),
    ),
    RejectionSeed(
        "SECURITY",
        Text(
            "Việc này thuộc thẩm quyền của công an. Phường đã chuyển tới Công an phường. Khi khẩn cấp, xin gọi ngay "
            "113.",
            "This is a matter for the police. The ward has passed it on to the ward's police. In an emergency please "
            "call 113 at once.",
        ),
    ),
    RejectionSeed(
        "FOOD_SAFETY",
        Text(
            "Việc này cần đoàn kiểm tra an toàn thực phẩm của thành phố. Phường đã chuyển thông tin; khi có dấu hiệu "
            "ngộ độc xin gọi ngay 115.",
            "This needs the city's food safety inspectors. The ward has passed it on; where somebody seems poisoned "
            "please call 115 at once.",
        ),
    ),
    RejectionSeed(
        "URBAN_ORDER",
        Text(
            "Phường đã kiểm tra: việc sử dụng vỉa hè, lòng đường ở đây đã được cấp phép và đúng giấy phép.",
            "The ward has looked into it: the use of the pavement or the street here is permitted and keeps to its "
            "permit.",
        ),
    ),
    RejectionSeed(
        None,
        Text(
            "Nơi báo nằm ngoài địa bàn phường. Xin gửi lại tới phường sở tại hoặc Tổng đài 1022.",
            "The place lies outside the ward. Please report it to the ward it is in, or to the 1022 hotline.",
        ),
    ),
    RejectionSeed(
        None,
        Text(
            "Phản ánh chưa đủ thông tin để kiểm tra. Xin gửi lại kèm ảnh và vị trí cụ thể.",
            "The report does not say enough to be looked into. Please send it again with a photo and the exact place.",
        ),
    ),
    RejectionSeed(
        None,
        Text(
            "Phường đã tới nơi kiểm tra nhưng không thấy sự việc như phản ánh. Nếu còn tái diễn, xin báo lại.",
            "The ward went there and did not find what was reported. Should it happen again, please tell us.",
        ),
    ),
    RejectionSeed(
        None,
        Text(
            "Đây là tranh chấp dân sự, phường không giải quyết qua kênh phản ánh này. Xin liên hệ tổ hòa giải ở khu "
            "dân cư hoặc Tòa án.",
            "This is a dispute between private persons, which is not settled through reports. Please turn to the "
            "neighbourhood's mediators or to the court.",
        ),
    ),
)
"""In the order in which they are offered."""


async def seed_rejections(connection: AsyncConnection, ward_code: str, *, make_id: Callable[[], UUID] = new_id) -> None:
    """Give a new ward its texts, once it has its categories: those for a kind that it lacks are left out."""
    known = sa.select(category.c.code, category.c.id).where(category.c.ward_code == ward_code)
    kinds: dict[str | None, UUID | None] = {row.code: row.id for row in await connection.execute(known)}
    kinds[None] = None
    rows = [
        {
            "ward_code": ward_code,
            "id": make_id(),
            "category_id": kinds[seed.category],
            "text": seed.text.vi,
            "text_en": seed.text.en,
            "position": position,
        }
        for position, seed in enumerate(REJECTIONS, start=1)
        if seed.category in kinds
    ]
    await connection.execute(sa.insert(rejection_template), rows)
