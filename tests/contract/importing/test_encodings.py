"""Files in the encodings that lenders really send, down to the records read from them."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from schemas.errors import FieldError
from server.importing.encodings import check_encoding, decide_encoding
from server.importing.fields import load_spec
from tests.contract.importing.reading_steps import (
    CHINESE,
    ENGLISH,
    FIXTURES,
    chinese_rows,
    english_rows,
    read_file,
    records,
    rejects,
)

WORDS = load_spec("portfolio").by_word
TITLES = "Id,Name,Zone,Zipcode,Add,Px,Py,Opentime,Changetime"
REAL = (FIXTURES / "kaohsiung_excerpt.csv").read_text("utf-8")
TRADITIONAL = "借據號,姓名,地址,逾期金額,欠款金額\n" + "".join(
    f"K{n},測試{'甲乙丙丁'[n % 4]},高雄市左營區樣本路{n}號,10,100\n" for n in range(8)
)
MARKED = {
    "utf-8 with BOM": codecs.BOM_UTF8 + (CHINESE + chinese_rows(8)).encode(),
    "utf-8": (CHINESE + chinese_rows(8)).encode(),
    "utf-16 little endian": codecs.BOM_UTF16_LE + (CHINESE + chinese_rows(8)).encode("utf-16-le"),
    "utf-16 big endian": codecs.BOM_UTF16_BE + (CHINESE + chinese_rows(8)).encode("utf-16-be"),
    "utf-16 without BOM": (CHINESE + chinese_rows(8)).encode("utf-16-le"),
    "gb18030": (CHINESE + chinese_rows(8)).encode("gb18030"),
}


def put(folder: Path, content: bytes) -> Path:
    """Write a file to read."""
    path = folder / "portfolio.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", MARKED.values(), ids=MARKED)
def test_a_chinese_file_reads_the_same_in_every_encoding(content: bytes, tmp_path: Path) -> None:
    """UTF-8, UTF-16 with and without a mark, and GB18030 give the same names and addresses."""
    names = [(record.text("name"), record.text("address")) for record in records(read_file(put(tmp_path, content)))]

    assert [(f"测试{'甲乙丙丁戊己庚辛'[n % 8]}", f"示例市样本路{n}号") for n in range(1, 9)] == names


def test_big5_reads_as_written(tmp_path: Path) -> None:
    """A Big5 portfolio with traditional titles needs no option."""
    found = records(read_file(put(tmp_path, TRADITIONAL.encode("big5")), {"settings": {"currency": "TWD"}}))

    assert [f"高雄市左營區樣本路{n}號" for n in range(8)] == [record.text("address") for record in found]


def test_latin_1_reads_as_written(tmp_path: Path) -> None:
    """Real Latin-1 bytes give accented letters, not others."""
    path = put(tmp_path, (FIXTURES / "sf_latin1_excerpt.csv").read_bytes())
    mapping = {"columns": {"reference": "business_id", "name": "name", "address": "address"}, "fixed": {"amount": "1"}}
    names = " ".join(record.text("name") for record in records(read_file(path, mapping)))

    assert "cp1252" == decide_encoding(path, WORDS)
    assert any(letter in names for letter in "éñèÉÑ’")


@pytest.mark.parametrize("codec", ["gb18030", "cp950"])
@pytest.mark.parametrize("rows", [1, 3, 10, 40])
def test_real_chinese_addresses_are_told_apart(codec: str, rows: int, tmp_path: Path) -> None:
    """Real addresses under ASCII titles are read as what they were written in, down to a single row."""
    simplified = str.maketrans("號區營縣灣鄉鎮與點樓開爺廟車館業場觀園", "号区营县湾乡镇与点楼开爷庙车馆业场观园")
    text = "\n".join([TITLES, *REAL.splitlines()[1 : rows + 1]])
    content = (text.translate(simplified) if codec == "gb18030" else text).encode(codec, "ignore")

    assert codec == decide_encoding(put(tmp_path, content), WORDS)


@pytest.mark.parametrize("body", [text.encode("gb18030") for text in ("1,你,5\n", "1,杨,5\n", "1,高俊,5\n2,梁海,5\n")])
def test_an_undecidable_encoding_asks(body: bytes, tmp_path: Path) -> None:
    """Bytes that several encodings explain equally well are asked about, with the candidates and the option named."""
    with pytest.raises(FieldError) as caught:
        decide_encoding(put(tmp_path, b"id,name,amount\n" + body), WORDS)

    assert {"gb18030", "big5"} <= set(caught.value.extra["candidates"])
    assert ["--encoding"] == list(caught.value.fields)


def test_the_answer_to_the_question_is_taken(tmp_path: Path) -> None:
    """With --encoding the same bytes are read as the person says."""
    path = put(tmp_path, b"Loan No,Name,Address,Amount\n1,\xc4\xe3\xba\xc3,x,5\n")
    found = {codec: records(read_file(path, encoding=codec))[0].text("name") for codec in ("gb18030", "latin-1")}

    assert {"gb18030": "你好", "latin-1": "ÄãºÃ"} == found


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("euc-kr", "번호,이름,주소\n1,홍길동,서울특별시 종로구 세종로 일번지\n2,김영희,부산광역시 해운대구 우동\n"),
        ("euc-jp", "番号,名前,住所\n1,見本太郎,東京都千代田区丸の内一丁目\n2,見本花子,大阪府大阪市北区梅田\n"),
        ("cp1251", "номер,имя,адрес\n1,Иван Образцов,улица Ленина дом пять\n2,Мария Образцова,проспект Мира\n"),
        ("cp1254", "no,ad,adres\n1,Ayşe Örnek,İstiklal Caddesi Beyoğlu\n2,Gökhan Örnek,Bağdat Caddesi\n"),
    ],
)
def test_other_scripts_are_asked_about(codec: str, text: str, tmp_path: Path) -> None:
    """Korean, Japanese, Russian and Turkish bytes are not taken for Chinese or French ones."""
    with pytest.raises(FieldError) as caught:
        decide_encoding(put(tmp_path, text.encode(codec) * 3), WORDS)

    assert ["--encoding"] == list(caught.value.fields)


def test_the_whole_file_decides_not_its_beginning(tmp_path: Path) -> None:
    """A file that is plain ASCII for thousands of rows and then holds Chinese is still read rightly."""
    content = (ENGLISH + english_rows(3000) + chinese_rows(5)).encode("gb18030")

    assert "gb18030" == decide_encoding(put(tmp_path, content), WORDS)


def test_one_broken_row_in_a_good_file_is_rejected_alone(tmp_path: Path) -> None:
    """Among UTF-8 rows one with other bytes is rejected with its line; the rest is taken."""
    lines = (CHINESE + chinese_rows(40)).encode().splitlines(keepends=True)
    lines[10] = "JJ999999,测试,,,样本路,100000,1,1,2024-01-01\n".encode("gb18030")
    outcomes = read_file(put(tmp_path, b"".join(lines)))

    assert [11] == [reject.line for reject in rejects(outcomes)]
    assert "cannot be read in the file's encoding" in rejects(outcomes)[0].faults[0][1].reason
    assert 39 == len(records(outcomes))


def test_zero_bytes_are_no_table(tmp_path: Path) -> None:
    """A binary file is refused with the cure, whatever its name."""
    with pytest.raises(FieldError) as caught:
        decide_encoding(put(tmp_path, bytes(range(256)) * 4 + b"\0\0"), WORDS)

    assert "Export it as CSV" in caught.value.detail


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(name: str) -> None:
    """--encoding takes text encodings only, and says which are usual."""
    with pytest.raises(FieldError) as caught:
        check_encoding(name)

    assert "gb18030" in caught.value.detail
