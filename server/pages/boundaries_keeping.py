"""What the editor of boundaries says of drafts, saving, conflicts and history, and who is signed in while it saves."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor
from server.pages.signed_in import DESK
from server.pages.words import N_

DOCUMENTS = ("save", "preview", "changes", "versions", "changed", "at")
"""`documents/boundaries_NAME.graphql` that these modules ask by."""

WORDS = {
    # the draft in this browser
    "draftToday": N_("Có bản nháp chưa lưu từ {time} hôm nay."),
    "draftOn": N_("Có bản nháp chưa lưu từ {time} ngày {day}."),
    "goOn": N_("Tiếp tục"),
    "drop": N_("Bỏ bản nháp"),
    "dropped": N_("Đã bỏ bản nháp."),
    "haveBack": N_("Lấy lại bản nháp"),
    "keptAt": N_("Đã giữ trên máy này lúc {time}"),
    "cannotKeep": N_(
        "Trình duyệt này không giữ được bản nháp (có thể do cửa sổ ẩn danh hoặc hết chỗ). Hãy lưu trước khi đóng trang."
    ),
    "openElsewhere": N_("Bạn đang sửa ranh giới ở một thẻ khác của trình duyệt này."),
    "takenElsewhere": N_("Việc sửa đã chuyển sang một thẻ khác. Bản nháp của bạn vẫn còn nguyên."),
    "editHere": N_("Sửa ở thẻ này"),
    "leavesKept": N_(
        "Còn bản nháp ranh giới chưa lưu. Máy này sẽ giữ lại cho lần sau bạn đăng nhập; người khác không thấy. "
        "Vẫn đăng xuất?"
    ),
    "leavesLost": N_(
        "Còn bản nháp ranh giới chưa lưu và trình duyệt này không giữ lại được: đăng xuất sẽ mất bản nháp. "
        "Vẫn đăng xuất?"
    ),
    # saving
    "save": N_("Lưu"),
    "saving": N_("Đang lưu…"),
    "checking": N_("Đang kiểm tra…"),
    "givenUp": N_("Bỏ tổ"),
    "newOnOld": N_(
        "{name} là tổ mới, nằm trên đất của {old} đã bỏ: tổ mới chưa có tổ công nghệ số. "
        "Muốn giữ tổ cũ thì đặt lại đúng tên {old}."
    ),
    "sameSize": N_("diện tích không đổi"),
    "fromTo": N_("{before} → {now}"),
    "noded": N_("Thêm đỉnh chung, đất không đổi: {what}."),
    "slivers": N_("Khép {n} khe hẹp, tổng cộng {area}."),
    "drift": N_("Đường bao phường lệch {area} do làm tròn tọa độ."),
    "leftUndrawn": N_("Còn {area} của phường chưa thuộc tổ nào."),
    "saved": N_("Đã lưu ranh giới."),
    "savedMoved": N_("Đã lưu ranh giới. {n} phản ánh được chuyển tổ."),
    "savedUnread": N_("Chưa tải lại được bản mới; hãy tải lại trang khi có mạng."),
    "notReached": N_("Máy chủ chưa trả lời. Bản nháp vẫn được giữ trên máy này; hãy bấm Lưu lần nữa."),
    "noNetwork": N_("Đang mất mạng. Bản nháp vẫn được giữ trên máy này; có mạng lại thì bấm Lưu."),
    "signedOut": N_("Phiên đăng nhập đã hết. Bản nháp vẫn được giữ trên máy này: đăng nhập lại rồi lưu tiếp."),
    "signInAgain": N_("Đăng nhập lại"),
    "otherAccount": N_(
        "Trình duyệt này đang đăng nhập bằng tài khoản khác. Hãy đăng nhập lại bằng tài khoản của bạn rồi lưu; "
        "bản nháp vẫn được giữ."
    ),
    "problems": N_("Chưa lưu được: còn {n} chỗ cần sửa."),
    "movedOn": N_("Người khác vừa lưu. Bản nháp của bạn đã được ghép với ranh giới mới: xem lại rồi lưu."),
    # others
    "somebody": N_("Một cán bộ khác"),
    "otherSaved": N_("{who} vừa lưu {what}."),
    "otherMerged": N_("Bản nháp của bạn đã được ghép với ranh giới mới."),
    "conflictsTitle": N_("Có {n} tổ dân phố mà bạn và người khác cùng sửa. Chọn cho từng tổ rồi mới lưu được."),
    "conflictPlaces": N_("Có {n} chỗ mà bạn và người khác sửa khác nhau. Chọn cho từng chỗ rồi mới lưu được."),
    "conflictGround": N_("Khoảng {area}: {who} đã lưu vào {theirs}, bạn vẽ vào {ours}."),
    "theirsDashed": N_("Nét đứt: đã lưu của người kia"),
    "oursSolid": N_("Nét liền: của bạn"),
    "conflictTheirs": N_("{who} {time}: {what}"),
    "conflictOurs": N_("Của bạn: {what}"),
    "gone": N_("bỏ tổ này"),
    "see": N_("Xem"),
    "seeArea": N_("Xem {name} trên bản đồ"),
    "keepOurs": N_("Giữ của tôi"),
    "keepOursOf": N_("Giữ của tôi: {name}"),
    "takeTheirs": N_("Lấy của người kia"),
    "takeTheirsOf": N_("Lấy của người kia: {name}"),
    "keptOurs": N_("Giữ {name} của bạn"),
    "tookTheirs": N_("Lấy {name} của người kia"),
    "decideAlike": N_(
        "Các tổ giáp nhau chung một đường ranh: nên chọn giống nhau, để không chồng lên nhau và không hở đất."
    ),
    "keepAllOurs": N_("Giữ cả {n} của tôi"),
    "takeAllTheirs": N_("Lấy cả {n} của người kia"),
    "close": N_("Đóng"),
    # history
    "historyEmpty": N_("Chưa có lần lưu nào."),
    "historyFailed": N_("Chưa tải được lịch sử."),
    "byNobody": N_("Dữ liệu ban đầu hoặc nhập từ tệp"),
    "seeChange": N_("Xem thay đổi"),
    "seeChangeOf": N_("Xem thay đổi lúc {time}"),
    "comparing": N_("Đang so sánh…"),
    "between": N_("{from} so với {to}"),
    "justBefore": N_("trước lần lưu {time}"),
    "justAfter": N_("sau lần lưu {time}"),
    "saveOf": N_("Lần lưu {time}"),
    "today": N_("hiện nay"),
    "datesMissing": N_("Hãy chọn thời điểm đầu."),
    "datesTurned": N_("Thời điểm đầu phải trước thời điểm sau."),
    "newArea": N_("mới"),
    "goneArea": N_("bỏ"),
    "restoreOneOf": N_("Lấy lại {name} như {time}"),
    "restoreWhole": N_("Lấy lại cả phường như {time}"),
    "restored": N_("Lấy lại cả phường như {time}"),
    "restoredOne": N_("Lấy lại {name}"),
    "restoredTold": N_("Đã đưa vào bản nháp, chưa lưu. Xem lại trên bản đồ rồi lưu như mọi lần sửa."),
    "nothingRestored": N_("Đã giống hiện nay: không có gì để lấy lại."),
}


async def who(request: Request) -> Response:
    """`GET /staff/boundaries/who`: the account that is signed in, `{"account"}`; 401 without one that may draw.

    A page may stand open for days, and somebody else may have signed in in the same browser meanwhile.
    """
    actor: Actor = request.state.actor
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if actor.role not in DESK:
        return JSONResponse({"account": None}, 401, headers)
    return JSONResponse({"account": str(actor.account_id)}, headers=headers)


routes: list[BaseRoute] = [Route("/staff/boundaries/who", who, methods=["GET"])]
