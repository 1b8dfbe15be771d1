"""What residents of the demo ward report, and what crews and staff answer. `{street}` and `{house}` are filled in."""

from __future__ import annotations

DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "ENVIRONMENT": (
        "Rác thải sinh hoạt đổ tràn ra vỉa hè đường {street}, bốc mùi hôi, nhờ phường cho dọn giúp.",
        "Bãi đất trống cạnh nhà số {house} {street} bị đổ xà bần, rác xây dựng từ đêm qua.",
        "Thùng rác công cộng trên đường {street} đầy 3 ngày nay chưa thu gom, chó tha rác khắp nơi.",
        "Có người đốt rác, đốt nhựa vào buổi chiều, khói khét cả khu, người già trẻ nhỏ rất khó chịu.",
        "Nước thải từ quán ăn xả thẳng ra mương thoát nước, mùi hôi thối, cá chết nổi lên.",
        "Xác động vật chết trôi dạt vào bờ sông, mong đội môi trường xử lý sớm.",
        "Bèo lục bình và rác nổi kín đoạn kênh sau đường {street}, muỗi rất nhiều.",
        "Xe chở đất làm rơi vãi bùn đất trên đường {street}, trời nắng bụi mù mịt.",
        "Hộ nuôi heo trong khu dân cư, mùi hôi nồng nặc nhất là sáng sớm.",
        "Bao tải rác vứt dưới gầm cầu, lâu ngày không ai dọn.",
        "Tiếng ồn từ xưởng cơ khí gần nhà số {house} {street} kéo dài tới 22 giờ.",
        "Lá cây và cành khô sau bão dồn đống bên lề đường {street}, chưa được thu gom.",
        "Điểm tập kết rác lấn ra lòng đường, nước rỉ rác chảy dài cả chục mét.",
        "Người dân bỏ nệm cũ, tủ hư ra bãi đất trống, đề nghị thu gom rác cồng kềnh.",
    ),
    "INFRASTRUCTURE": (
        "Đèn đường trước số {house} {street} không sáng cả tuần nay, tối rất nguy hiểm.",
        "Nắp cống trên đường {street} bị vỡ, người đi xe máy dễ sụp, đã cắm tạm cành cây.",
        "Mặt đường {street} có ổ gà lớn, đọng nước, trời mưa không thấy.",
        "Cây xanh nghiêng sắp đổ vào dây điện trước nhà số {house} {street}.",
        "Ống nước sạch bị vỡ, nước chảy tràn ra đường từ sáng tới giờ.",
        "Dây cáp viễn thông sà xuống thấp ngang đầu người ở đường {street}.",
        "Vỉa hè đường {street} bong tróc gạch, người lớn tuổi đi bộ hay vấp ngã.",
        "Mưa lớn là ngập tới nửa bánh xe ở đoạn đường {street}, miệng thu nước bị bịt kín.",
        "Lan can cầu bộ hành bị gãy một đoạn khoảng 2 mét.",
        "Trạm biến áp phát tiếng kêu lạ, thỉnh thoảng có tia lửa.",
        "Bờ kè ven sông bị sạt một đoạn sau đợt lũ, rất sát đường đi.",
        "Ghế đá và dụng cụ tập thể dục ở công viên bị hư hỏng, trẻ em chơi dễ bị thương.",
        "Tủ điện chiếu sáng bị bung cửa, lộ dây điện ra ngoài.",
        "Biển tên đường {street} bị gãy, nằm dưới cỏ.",
    ),
    "TRAFFIC": (
        "Đèn tín hiệu ở ngã tư đường {street} chớp vàng suốt, giờ cao điểm xe kẹt cứng.",
        "Xe tải nặng chạy vào đường {street} trong giờ cấm, sát cổng trường học.",
        "Ô tô đỗ hai bên đường {street} làm xe cứu thương không vào được.",
        "Gương cầu lồi ở khúc cua bị vỡ, khuất tầm nhìn, suýt xảy ra tai nạn hai lần.",
        "Vạch sơn sang đường trước cổng trường mờ hẳn, phụ huynh rất lo.",
        "Thanh niên tụ tập nẹt pô, chạy xe tốc độ cao trên đường {street} lúc nửa đêm.",
        "Biển báo cấm đi ngược chiều ở đầu đường {street} bị cây che khuất.",
        "Công trình đào đường {street} không có rào chắn, không đèn cảnh báo ban đêm.",
        "Dầu nhớt loang trên mặt đường {street}, đã có hai xe máy bị ngã.",
        "Rào chắn đường sắt hư, không hạ hết khi tàu qua.",
        "Vật liệu xây dựng đổ lấn ra lòng đường {street}, xe đạp của học sinh phải đi ra giữa đường.",
        "Ngã ba đường {street} thiếu gờ giảm tốc, xe chạy ẩu.",
    ),
    "SECURITY": (
        "Nhà bên cạnh số {house} {street} hát karaoke loa kéo quá khuya, nhắc nhiều lần không được.",
        "Có nhóm người lạ tụ tập dưới gầm cầu lúc nửa đêm, nghi sử dụng chất cấm.",
        "Nhà tôi ở đường {street} bị mất xe đạp điện để trước sân đêm qua.",
        "Nhiều tờ rơi cho vay nặng lãi dán kín cột điện, có người đến đòi nợ tạt sơn.",
        "Nhóm thanh niên mang hung khí rượt đuổi nhau trên đường {street}.",
        "Nghi có tụ điểm đánh bạc tại quán cà phê trên đường {street}.",
        "Có người lạ gõ cửa tự xưng nhân viên điện lực, yêu cầu đóng tiền, nghi lừa đảo.",
        "Hàng xóm cãi vã xô xát to tiếng, có trẻ nhỏ trong nhà, mong công an khu vực đến.",
        "Chó thả rông không rọ mõm cắn người đi đường ở đường {street}.",
    ),
    "FOOD_SAFETY": (
        "Quán ăn vỉa hè đường {street} dùng lại dầu chiên đen kịt, rửa chén bằng nước bẩn.",
        "Mua chả ở chợ về có mùi lạ, người nhà ăn xong bị đau bụng.",
        "Xe bán bánh mì trước cổng trường không che đậy, bụi bám đầy thức ăn.",
        "Cơ sở làm bún ở đường {street} để nguyên liệu sát nhà vệ sinh.",
        "Cửa hàng số {house} {street} bán sữa, bánh kẹo quá hạn sử dụng.",
        "Điểm giết mổ gia cầm tại nhà không có kiểm dịch, nước thải chảy ra đường.",
        "Nước uống đóng bình giao cho tổ dân phố có cặn xanh, không rõ nơi sản xuất.",
        "Quán nhậu trên đường {street} để thực phẩm sống chín lẫn lộn, ruồi nhiều.",
    ),
    "URBAN_ORDER": (
        "Hàng quán lấn chiếm hết vỉa hè đường {street}, người đi bộ phải xuống lòng đường.",
        "Chợ tạm họp ngay lòng đường {street} mỗi sáng, gây kẹt xe.",
        "Mái che, bảng hiệu của số {house} {street} vươn ra đường quá nhiều.",
        "Công trình xây dựng ở đường {street} làm ban đêm, rung nứt nhà bên cạnh.",
        "Quảng cáo, rao vặt dán chi chít cột điện và tường nhà dân trên đường {street}.",
        "Xây dựng không phép trên đất nông nghiệp phía sau đường {street}.",
        "Bãi giữ xe tự phát thu tiền quá quy định trước khu chợ.",
        "Hộ dân đổ bê tông lối dắt xe lấn ra lòng đường, mưa ngập cả đoạn.",
        "Dựng rạp đám cưới chắn hết đường {street} mà không có biển báo.",
        "Chậu cây, bục gỗ đặt kín vỉa hè để giữ chỗ đậu xe.",
    ),
    "OTHER": (
        "Xin hỏi lịch hỗ trợ nộp hồ sơ trực tuyến tại nhà văn hóa tổ dân phố.",
        "Loa truyền thanh của khu phố rè, nghe không rõ thông báo.",
        "Nhà văn hóa khóa cửa vào giờ sinh hoạt, người dân không vào được.",
        "Sóng điện thoại khu vực đường {street} rất yếu, gọi cấp cứu không được.",
        "Có tổ ong vò vẽ to trên cây trước nhà số {house} {street}.",
        "Rắn bò vào sân nhà mấy hôm nay, nhờ phường hỗ trợ bắt.",
        "Đề nghị bổ sung mã QR tra cứu thủ tục ở nhà văn hóa.",
        "Cụ già đi lạc đang ngồi ở quán nước đường {street}, nhờ tìm người thân.",
    ),
}

RESOLUTIONS: dict[str, tuple[str, ...]] = {
    "ENVIRONMENT": (
        "Đã thu gom toàn bộ rác, phun khử mùi và nhắc nhở các hộ chung quanh.",
        "Đã dọn sạch, lắp biển cấm đổ rác và đề nghị tổ dân phố theo dõi.",
        "Đã lập biên bản nhắc nhở, hộ vi phạm cam kết không tái diễn.",
        "Đã phối hợp Công ty Môi trường đô thị thu gom trong ngày.",
        "Đã vớt rác, khơi thông đoạn kênh dài khoảng 60 m.",
    ),
    "INFRASTRUCTURE": (
        "Đã thay bóng và kiểm tra lại toàn tuyến, đèn sáng bình thường.",
        "Đã thay nắp cống mới, hoàn trả mặt đường.",
        "Đã vá ổ gà bằng bê tông nhựa nguội, sẽ theo dõi sau mưa.",
        "Đã cắt tỉa, chống đỡ cây; hết nguy cơ đổ ngã.",
        "Đã báo đơn vị quản lý sửa chữa, nghiệm thu tại hiện trường.",
        "Đã nạo vét miệng thu nước, nước thoát tốt.",
    ),
    "TRAFFIC": (
        "Đã điều chỉnh lại tín hiệu, giao thông thông suốt.",
        "Đã xử lý các xe vi phạm và bố trí lực lượng trực giờ cao điểm.",
        "Đã thay gương cầu lồi mới và cắt cành che khuất.",
        "Đã yêu cầu đơn vị thi công bổ sung rào chắn, đèn cảnh báo.",
        "Đã rải cát, rửa sạch mặt đường, bảo đảm an toàn.",
        "Đã sơn lại vạch sang đường trước cổng trường.",
    ),
    "SECURITY": (
        "Đã đến nơi nhắc nhở, lập biên bản; tình hình ổn định.",
        "Công an phường đã tiếp nhận và xác minh, tăng cường tuần tra khu vực.",
        "Đã giải tán nhóm tụ tập, mời người liên quan làm việc.",
        "Đã hướng dẫn người dân trình báo và cảnh giác với thủ đoạn lừa đảo.",
    ),
    "FOOD_SAFETY": (
        "Đã kiểm tra đột xuất, lập biên bản và yêu cầu khắc phục ngay.",
        "Đã lấy mẫu gửi kiểm nghiệm, tạm dừng bán mặt hàng bị phản ánh.",
        "Đã nhắc nhở, hướng dẫn che đậy và dùng nước sạch.",
        "Đã thu hồi, tiêu hủy hàng quá hạn trước sự chứng kiến của chủ cửa hàng.",
    ),
    "URBAN_ORDER": (
        "Đã vận động tháo dỡ phần lấn chiếm, trả lại lối đi.",
        "Đã giải tỏa chợ tạm, bố trí trực vào các buổi sáng.",
        "Đã đình chỉ thi công ban đêm, yêu cầu chủ đầu tư khảo sát nhà lân cận.",
        "Đã tẩy xóa quảng cáo rao vặt dọc tuyến.",
        "Đã lập biên bản vi phạm hành chính và yêu cầu khôi phục hiện trạng.",
    ),
    "OTHER": (
        "Đã liên hệ và hướng dẫn trực tiếp cho người dân.",
        "Đã cử tổ công nghệ số cộng đồng đến hỗ trợ tại nhà.",
        "Đã sửa chữa và kiểm tra lại cùng tổ trưởng tổ dân phố.",
        "Đã phối hợp lực lượng chuyên môn xử lý an toàn.",
    ),
}

REJECTIONS = (
    "Vị trí thuộc địa bàn phường bên cạnh, đã chuyển thông tin để phường bạn xử lý.",
    "Nội dung thuộc thẩm quyền của đơn vị điện lực, đề nghị liên hệ tổng đài chăm sóc khách hàng.",
    "Đã kiểm tra tại hiện trường nhiều lần, không có sự việc như phản ánh.",
    "Thông tin và hình ảnh chưa đủ để xác định vị trí, mong anh/chị gửi lại.",
    "Nội dung tranh chấp dân sự, đề nghị gửi đơn đến bộ phận tiếp công dân.",
)
DECLINES = (
    "Đội đang xử lý sự cố khẩn ở khu vực khác, xin chuyển đội gần hơn.",
    "Cần xe chuyên dụng, đội không có thiết bị.",
    "Vị trí ngoài khu vực đội phụ trách.",
    "Xe chuyên dụng hỏng đột xuất, không kịp thời hạn.",
)
REOPENINGS = (
    "Mới dọn hôm trước nay lại y như cũ, mong xử lý dứt điểm.",
    "Chưa thấy ai đến sửa mà báo đã xong.",
    "Chỉ sửa một phần, chỗ còn lại vẫn nguy hiểm.",
    "Tối qua tình trạng lại tái diễn.",
)
ESCALATED = "Đội trước chưa nhận trong thời gian quy định, chuyển đội khác."
REMARKS = (
    "Đội đã đến hiện trường.",
    "Đã khảo sát, đang chờ vật tư.",
    "Đang xử lý, dự kiến xong trong ngày.",
    "Cần thêm một người và xe cẩu nhỏ.",
)
COMMENTS: dict[str, tuple[str | None, ...]] = {
    "SATISFIED": ("Xử lý rất nhanh, cảm ơn đội.", "Cảm ơn phường nhiều.", "Tốt, sạch sẽ hẳn.", None, None),
    "ACCEPTABLE": ("Hơi chậm nhưng đã xong.", "Được, mong theo dõi thêm.", None, None),
    "DISSATISFIED": ("Làm sơ sài, mấy hôm lại như cũ.", "Chờ lâu quá.", None),
}
