"""The audit log in the words of a ward's office: what each action is called, and each field that one may change.

A mutation, a route or a command that records an entry has its words here; a test reads the sources and finds any that
has none. The order is that in which a form offers them.
"""

from __future__ import annotations

from collections.abc import Mapping

from geo.language import Text

SIGNING_IN: Mapping[str, Text] = {
    "signIn": Text("Đăng nhập", "Signed in"),
    "signOut": Text("Đăng xuất", "Signed out"),
    "delaySignIn": Text("Nhập sai nhiều lần, phải chờ", "Made to wait after wrong passwords"),
    "endSession": Text("Đăng xuất một thiết bị", "Signed a device out"),
    "endSessions": Text("Đăng xuất tài khoản khỏi mọi thiết bị", "Signed an account out everywhere"),
    "endOtherSessions": Text("Đăng xuất các thiết bị khác", "Signed other devices out"),
    "changePassword": Text("Đổi mật khẩu của mình", "Changed their own password"),
    "enableSecondFactor": Text("Bật bảo mật hai lớp", "Switched the second factor on"),
    "disableSecondFactor": Text("Tắt bảo mật hai lớp", "Switched the second factor off"),
    "renewRecoveryCodes": Text("Lấy mã dự phòng mới", "Took new recovery codes"),
    "useAccountLink": Text("Đặt mật khẩu bằng liên kết một lần", "Set a password by a one-time link"),
}

ACCOUNTS: Mapping[str, Text] = {
    "createAccount": Text("Tạo tài khoản", "Created an account"),
    "resetPassword": Text("Cấp lại mật khẩu", "Gave an account a new password"),
    "setAccountDisabled": Text("Khóa hoặc mở khóa tài khoản", "Locked or unlocked an account"),
    "createAccountLink": Text("Cấp liên kết mời hoặc đặt lại mật khẩu", "Made a link to invite or to reset"),
    "setAccountEmail": Text("Ghi email của tài khoản", "Set an account's e-mail address"),
    "resetSecondFactor": Text("Gỡ bảo mật hai lớp của tài khoản", "Took an account's second factor away"),
    "moveAccount": Text("Chuyển tài khoản sang đội, tổ khác", "Moved an account"),
}

INCIDENTS: Mapping[str, Text] = {
    "assignIncident": Text("Phân công phản ánh", "Assigned an incident"),
    "rejectIncident": Text("Từ chối phản ánh", "Rejected an incident"),
    "markDuplicate": Text("Gộp phản ánh trùng", "Marked an incident as a duplicate"),
    "resolveIncident": Text("Ghi nhận đã xử lý", "Resolved an incident"),
    "closeIncident": Text("Đóng phản ánh", "Closed an incident"),
    "reopenIncident": Text("Mở lại phản ánh", "Reopened an incident"),
    "noteIncident": Text("Ghi chú vào phản ánh", "Added a remark to an incident"),
    "publishIncident": Text("Công khai hoặc ẩn nội dung phản ánh", "Published or hid an incident's text"),
    "correctIncident": Text("Sửa loại, vị trí phản ánh", "Corrected an incident"),
    "redactPhoto": Text("Che hoặc công khai ảnh", "Redacted or published a photograph"),
    "dispatchBacklog": Text("Phân công hàng loạt việc đang chờ", "Had the waiting incidents dispatched"),
    "acceptIncident": Text("Nhận việc", "Accepted an incident"),
    "declineIncident": Text("Trả lại việc", "Declined an incident"),
    "startIncident": Text("Bắt đầu xử lý", "Began with an incident"),
}

MAP: Mapping[str, Text] = {
    "saveBoundaries": Text("Lưu ranh giới", "Saved boundaries"),
    "splitNeighbourhood": Text("Tách tổ dân phố", "Split a neighbourhood"),
    "mergeNeighbourhoods": Text("Sáp nhập tổ dân phố", "Merged neighbourhoods"),
    "renameNeighbourhood": Text("Đổi tên tổ dân phố", "Renamed a neighbourhood"),
    "savePlace": Text("Thêm hoặc sửa địa điểm", "Added or changed a place"),
    "removePlace": Text("Gỡ địa điểm", "Removed a place"),
}

PEOPLE: Mapping[str, Text] = {
    "saveTeam": Text("Thêm hoặc sửa tổ công nghệ số", "Added or changed a community digital team"),
    "saveTeamMember": Text("Thêm hoặc sửa thành viên tổ", "Added or changed a member of a team"),
    "removeTeamMember": Text("Gỡ thành viên tổ", "Removed a member of a team"),
    "saveCrew": Text("Thêm hoặc sửa đội phản ứng", "Added or changed a crew"),
    "setDuty": Text("Cho đội trực hoặc nghỉ trực", "Began or ended a crew's duty"),
}

SETTINGS: Mapping[str, Text] = {
    "saveCategory": Text("Thêm hoặc sửa lĩnh vực", "Added or changed a category"),
    "saveRejectionTemplate": Text("Thêm hoặc sửa mẫu trả lời từ chối", "Added or changed a text to reject with"),
    "removeRejectionTemplate": Text("Gỡ mẫu trả lời từ chối", "Removed a text to reject with"),
    "retryJobs": Text("Cho chạy lại việc nền", "Had background jobs tried again"),
}

FILES: Mapping[str, Text] = {
    "importPlaces": Text("Nhập địa điểm từ tệp", "Imported places from a file"),
    "importTeams": Text("Nhập thành viên tổ từ tệp", "Imported members of teams from a file"),
    "importCrews": Text("Nhập đội từ tệp", "Imported crews from a file"),
    "importBoundaries": Text("Nhập ranh giới từ tệp", "Imported boundaries from a file"),
    "exportIncidents": Text("Tải tệp phản ánh", "Downloaded the incidents"),
    "exportPlaces": Text("Tải tệp địa điểm", "Downloaded the places"),
    "exportTeams": Text("Tải bảng thành viên tổ", "Downloaded the table of team members"),
    "exportCrews": Text("Tải bảng đội phản ứng", "Downloaded the table of crews"),
    "exportAudit": Text("Tải nhật ký", "Downloaded this log"),
    "exportPersonalData": Text("Xuất dữ liệu của một người", "Exported what is kept about a person"),
    "erasePersonalData": Text("Xóa dữ liệu của một người", "Deleted what was kept about a person"),
}

GROUPS: tuple[tuple[Text, Mapping[str, Text]], ...] = (
    (Text("Đăng nhập", "Signing in"), SIGNING_IN),
    (Text("Tài khoản", "Accounts"), ACCOUNTS),
    (Text("Phản ánh", "Incidents"), INCIDENTS),
    (Text("Bản đồ", "Map"), MAP),
    (Text("Tổ và đội", "Teams and crews"), PEOPLE),
    (Text("Cài đặt", "Settings"), SETTINGS),
    (Text("Nhập và xuất dữ liệu", "Files in and out"), FILES),
)
ACTIONS: Mapping[str, Text] = {action: text for _, actions in GROUPS for action, text in actions.items()}

FIELDS: Mapping[str, Text] = {
    "acceptMinutes": Text("thời gian nhận việc", "time to accept"),
    "account": Text("tài khoản", "account"),
    "address": Text("địa chỉ", "address"),
    "base": Text("điểm xuất phát", "base"),
    "capacity": Text("sức chứa", "capacity"),
    "categories": Text("lĩnh vực", "categories"),
    "category": Text("lĩnh vực", "category"),
    "closedAt": Text("lúc đóng", "closing time"),
    "code": Text("mã", "code"),
    "colour": Text("màu", "colour"),
    "consentedAt": Text("đồng ý công khai", "consent"),
    "coverage": Text("vùng phụ trách", "coverage"),
    "crew": Text("đội", "crew"),
    "deadlineHours": Text("thời hạn", "deadline"),
    "description": Text("nội dung", "text"),
    "demo": Text("dữ liệu mẫu", "demonstration"),
    "disabledAt": Text("khóa tài khoản", "lock"),
    "email": Text("email", "e-mail"),
    "dueAt": Text("hạn xử lý", "due time"),
    "duplicateOf": Text("phản ánh trùng", "duplicate"),
    "erasedAt": Text("xóa dữ liệu cá nhân", "erasure of personal data"),
    "history": Text("lịch sử", "history"),
    "icon": Text("biểu tượng", "icon"),
    "kind": Text("loại", "kind"),
    "location": Text("vị trí", "location"),
    "members": Text("thành viên", "members"),
    "name": Text("tên", "name"),
    "nameEn": Text("tên tiếng Anh", "English name"),
    "neighbourhood": Text("tổ dân phố", "neighbourhood"),
    "neighbourhoods": Text("tổ dân phố", "neighbourhoods"),
    "onDuty": Text("trực", "duty"),
    "openingHours": Text("giờ mở cửa", "opening hours"),
    "organisation": Text("đơn vị", "organisation"),
    "password": Text("mật khẩu", "password"),
    "phone": Text("điện thoại", "phone"),
    "photoRequired": Text("yêu cầu ảnh", "photograph required"),
    "position": Text("thứ tự", "position"),
    "public": Text("hiện công khai", "public"),
    "published": Text("công khai", "published"),
    "rectangles": Text("phần che", "redacted parts"),
    "redacted": Text("ảnh đã che", "redacted copy"),
    "reopenedCount": Text("số lần mở lại", "times reopened"),
    "resolvedAt": Text("lúc xử lý xong", "resolution time"),
    "role": Text("vai trò", "role"),
    "satisfaction": Text("mức hài lòng", "satisfaction"),
    "satisfactionComment": Text("ý kiến người phản ánh", "reporter's comment"),
    "secondFactorSalt": Text("bảo mật hai lớp", "second factor"),
    "secondFactorSince": Text("bảo mật hai lớp", "second factor"),
    "secondFactorStep": Text("bảo mật hai lớp", "second factor"),
    "status": Text("trạng thái", "status"),
    "team": Text("tổ công nghệ số", "team"),
    "text": Text("câu trả lời", "text"),
    "textEn": Text("câu trả lời tiếng Anh", "English text"),
    "username": Text("tên đăng nhập", "user name"),
    "workingHours": Text("giờ làm việc", "working hours"),
}
"""What may change, by the API's spelling. What has no words here is shown by that."""
