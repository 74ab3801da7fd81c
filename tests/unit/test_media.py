"""What a file is, its bytes say; its name may only agree."""

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from tracker.domain.errors import Refused
from tracker.store.media import judge

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
TEXT = "Báo cáo kết quả thực hiện\n".encode()
SIGNED = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0"
OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


def a_zip(*names: str, mimetype: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x", zipfile.ZIP_DEFLATED)
    return made.getvalue()


def a_workbook() -> bytes:
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    return made.getvalue()


DOCX = a_zip("[Content_Types].xml", "word/document.xml")
ODT = a_zip("content.xml", mimetype=ODF + "text")


def judged(content: bytes, name: str) -> tuple[str, str]:
    return judge(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (PDF, "a.pdf", "application/pdf"),
        (PNG, "a.PNG", "image/png"),
        (JPEG, "a.jpg", "image/jpeg"),
        (JPEG, "a.jpeg", "image/jpeg"),
        (b"II*\0\x08\0\0\0", "a.tif", "image/tiff"),
        (b"MM\0*\0\0\0\x08", "a.tiff", "image/tiff"),
        (DOCX, "a.docx", OOXML + "wordprocessingml.document"),
        (a_workbook(), "a.xlsx", OOXML + "spreadsheetml.sheet"),
        (a_zip("[Content_Types].xml", "ppt/presentation.xml"), "a.pptx", OOXML + "presentationml.presentation"),
        (ODT, "a.odt", ODF + "text"),
        (a_zip("content.xml", mimetype=ODF + "spreadsheet"), "a.ods", ODF + "spreadsheet"),
        (TEXT, "a.txt", "text/plain"),
        (b"\xef\xbb\xbf" + TEXT, "a.txt", "text/plain"),
        (b"a,b\r\n1,2\r\n", "a.csv", "text/csv"),
        (b"x > 1 and y < 2", "a.txt", "text/plain"),
        (b"<?xml version='1.0'?><a xmlns='urn:x'/>", "a.xml", "application/xml"),
        (b"\xef\xbb\xbf\n<a/>", "a.xml", "application/xml"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "a.xml", "application/xml"),
        (SIGNED, "a.pdf.p7s", "application/pkcs7-signature"),
        (SIGNED, "a.p7m", "application/pkcs7-mime"),
        (b"-----BEGIN PKCS7-----\nMII", "a.p7s", "application/pkcs7-signature"),
    ],
)
def test_what_an_office_keeps_for_decades_is_taken(content: bytes, name: str, kind: str) -> None:
    assert judged(content, name) == (kind, name)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE html><html></html>", "a.html"),
        (b"<html><script>alert(1)</script></html>", "a.txt"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "a.xml"),
        (b"<a xmlns:h='http://www.w3.org/1999/xhtml'><h:script/></a>", "a.xml"),
        (b"hello <script>alert(1)</script>", "a.txt"),
        (b"x" * ((1 << 20) - 4) + b"<script>", "a.txt"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.xml"),
        (b"<?xml-stylesheet href='x.xsl'?><a/>", "a.xml"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a.xml"),
        (b"<a><b></a>", "a.xml"),
        (b"#!/bin/sh\nrm -rf /\n", "a.txt"),
        (TEXT, "a.sh"),
        (TEXT, "a.bat"),
        (PDF, "a.pdf.exe"),
        (PDF, "a.pdf\0.exe"),
        (b"MZ\x90\0\x03\0\0\0", "a.exe"),
        (b"MZ\x90\0\x03\0\0\0", "a.pdf"),
        (b"\x7fELF\x02\x01\x01\0", "a.txt"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc"),
        (a_zip("report.pdf"), "a.zip"),
        (a_zip("report.pdf"), "a.docx"),
        (a_zip("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "a.docx"),
        (a_zip("content.xml", "Basic/Standard/Module1.xml", mimetype=ODF + "text"), "a.odt"),
        (a_zip("content.xml", mimetype="application/epub+zip"), "a.odt"),
        (b"MZ" + DOCX, "a.docx"),
        (DOCX[:-30], "a.docx"),
        (b"PK\x03\x04" + bytes(100), "a.docx"),
        (b"Ti\xe9ng", "a.txt"),
        ("Tiếng".encode()[:-3] + b"\xe1\xba", "a.txt"),
        ("Tiếng Việt".encode("utf-16"), "a.txt"),
        (b"a\0b", "a.txt"),
        (b"\x1b[2J", "a.txt"),
        (b"GIF89a\x01\0\x01\0", "a.gif"),
        (SIGNED.replace(b"\x07\x02", b"\x07\x03"), "a.p7m"),
    ],
)
def test_pages_programs_archives_and_the_unknown_are_refused(content: bytes, name: str) -> None:
    with pytest.raises(Refused) as refused:
        judged(content, name)
    assert refused.value.code == "bad-type"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PNG, "a.pdf"),
        (PDF, "a.png"),
        (TEXT, "a.pdf"),
        (DOCX, "a.xlsx"),
        (ODT, "a.docx"),
        (PDF, "a.txt"),
        (TEXT, "a.p7s"),
    ],
)
def test_a_name_that_says_another_kind_is_a_lie(content: bytes, name: str) -> None:
    with pytest.raises(Refused, match=r"says \.[a-z0-9]+, its content is "):
        judged(content, name)


@pytest.mark.parametrize(
    ("content", "said", "name"),
    [
        (PDF, "scan", "scan.pdf"),
        (PDF, "12.BC-BNV", "12.BC-BNV.pdf"),
        (JPEG, "photo.2025", "photo.2025.jpg"),
        (TEXT, "a.log", "a.log.txt"),
    ],
)
def test_a_name_that_says_no_kind_is_given_its_extension(content: bytes, said: str, name: str) -> None:
    assert judged(content, said)[1] == name


def test_a_name_as_long_as_may_be_keeps_the_extension_it_is_given() -> None:
    name = judged(PDF, "x" * 300)[1]
    assert (len(name), name[-4:]) == (200, ".pdf")


def test_a_zip_that_claims_more_members_than_a_document_has_is_not_read(monkeypatch: Any) -> None:
    monkeypatch.setattr("tracker.store.media.MEMBERS", 1)
    with pytest.raises(Refused):
        judged(DOCX, "a.docx")
