"""A bureau's own export of notices: columns in any order, yuan or fen; one wrong line refuses all of it."""

from __future__ import annotations

import io

import pytest

from bot.sandbox.bills.errors import Unreadable
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.notice_file import read_notice_file
from tests.unit.sandbox.office import shanghai

HEADER = "缴费通知书编号,姓名,身份证号,收费项目,应缴金额（分）,开具日期,缴款期限"
ROW = "31000026112300000001,王小明,11010519491231002X,居民身份证补领工本费,4000,2026-11-20,2026-12-20"
NOTICE = Notice(
    number="31000026112300000001",
    item="居民身份证补领工本费",
    amount=4000,
    payer_name="王小明",
    payer_last4="002X",
    issued_at=shanghai("2026-11-20 00:00"),
    expires_at=shanghai("2026-12-21 00:00"),
)


def read(*lines: str, encoding: str = "utf-8") -> list[Notice]:
    content = "".join(f"{line}\r\n" for line in lines).encode(encoding)
    return list(read_notice_file(io.BytesIO(content)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_last_four_are_kept_and_a_day_counts_to_its_end(encoding: str) -> None:
    assert read(HEADER, ROW, encoding=encoding) == [NOTICE]


def test_amounts_may_be_in_yuan_and_columns_in_any_order() -> None:
    header = "金额（元）,缴款码,事项,缴款人,证件后四位,开具时间"
    row = "40.00,31000026112300000001,居民身份证补领工本费,王小明,002x,2026-11-20 00:00:00"
    assert read(header, row) == [NOTICE._replace(expires_at=None)]


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (HEADER + ",备注", ROW + ",x", "第 1 行:不认识的列“备注”"),
        (HEADER.replace("姓名", "缴款码"), ROW, "第 1 行:有重复的列"),
        (HEADER.replace(",应缴金额（分）", ""), ROW, "第 1 行:缺少一列“金额”或“金额（分）”"),
        (HEADER + ",金额", ROW + ",40.00", "第 1 行:缺少一列"),
        (HEADER, ROW.replace("4000", "40.5"), "第 2 行:“40.5”不是金额"),
        (HEADER, ROW.replace("4000", "0"), "第 2 行:金额应大于零"),
        (HEADER, ROW.replace("002X", "0021"), "第 2 行:证件号码不对"),
        (HEADER, ROW.replace("王小明", ""), "第 2 行:缺事项或缴款人"),
        (HEADER, ROW.replace("2026-12-20", "2026-10-20"), "第 2 行:有效期早于开具时间"),
        (HEADER, ROW.replace("2026-11-20", "2026-02-30"), "第 2 行:.*不是时间"),
        (HEADER, ROW + ",,", "第 2 行:应有 7 列"),
        (HEADER, "@@@" + ROW, "第 2 行:.*不是编号"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(header: str, row: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(header, row)


def test_a_line_further_down_is_named_as_well() -> None:
    with pytest.raises(Unreadable, match="第 3 行.* / line 3: "):
        read(HEADER, ROW, ROW.replace("4000", "x"))


def test_an_identity_number_is_in_no_refusal() -> None:
    with pytest.raises(Unreadable) as refused:
        read(HEADER, ROW.replace("002X", "0021"))
    assert "1101051949" not in str(refused.value)
