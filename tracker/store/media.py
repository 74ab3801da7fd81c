"""Kinds of files taken as evidence, judged by their bytes; a name may only agree, or say nothing.

Taken is what an office can open for decades and no machine runs: PDF, office documents without macros,
pictures, text, XML that no browser would render, and signatures (CMS). Not taken: pages, SVG, scripts and programs;
archives, whose content could be judged and recognised again only after unpacking; the office formats of before
2007, whose macros cannot be told from their text.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Mapping
from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from tracker.domain.errors import Refused
from tracker.domain.evidence import extension_of, safe_name

CHUNK = 1 << 20
HEAD = 4096
MEMBERS = 20_000  # of a ZIP: an honest document has a few hundred

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
# what is taken, and the extensions each goes by, the one we add first
EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    _OOXML + "wordprocessingml.document": ("docx",),
    _OOXML + "spreadsheetml.sheet": ("xlsx",),
    _OOXML + "presentationml.presentation": ("pptx",),
    _ODF + "text": ("odt",),
    _ODF + "spreadsheet": ("ods",),
    _ODF + "presentation": ("odp",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/tiff": ("tif", "tiff"),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
    "application/xml": ("xml", "xsig", "xades"),
    "application/pkcs7-mime": ("p7m",),
    "application/pkcs7-signature": ("p7s",),
}
_BY_EXTENSION = {extension: kind for kind, known in EXTENSIONS.items() for extension in known}
TAKEN = "PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP, PNG, JPEG, TIFF, TXT, CSV, XML, P7M and P7S"

# what a name may not end with whatever the bytes are: some machine would run it, or render it as a page
_RUN = frozenset(
    re.findall(
        r"\w+",
        "apk app bat bin chm class cmd com cpl dll dmg docm dotm elf exe gadget hta htm html inf ins iso jar js jse jsp"
        " lnk mht mhtml msi msp pif php pl potm ppam pptm ps1 psm1 py rb reg scf scr sh shtml svg svgz url vb vbe vbs"
        " wasm ws wsc wsf wsh xht xhtml xlam xlsm xltm xsl xslt",
    )
)
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    *((mark, "image/tiff") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_OFFICE = {
    "word/document.xml": _OOXML + "wordprocessingml.document",
    "xl/workbook.xml": _OOXML + "spreadsheetml.sheet",
    "ppt/presentation.xml": _OOXML + "presentationml.presentation",
}
# SEQUENCE, length in one to five bytes or indefinite, OID 1.2.840.113549.1.7.2: signed data, and no other CMS
_SIGNED = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", re.S
)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe)[\s>/]", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RENDERED = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1999/XSL/Transform"}


def judge(file: BinaryIO, said: str) -> tuple[str, str]:
    """Return the media type of a file by its bytes, and the safe name it goes by; Refused for what is not taken.

    A name that says another kind than the bytes is refused; one that says none is given its extension.
    """
    name = safe_name(said)
    extension = extension_of(name)
    if extension in _RUN:
        raise Refused(f"'{name}': a file of this kind is not taken: {TAKEN} are", code="bad-type")
    found = _by_bytes(file)
    if found is None:
        raise Refused(f"'{name}' is none of the kinds that are taken by its content: {TAKEN}", code="bad-type")
    claimed = _BY_EXTENSION.get(extension)
    alike = {kind for kind in EXTENSIONS if kind.partition("/")[0] == found.partition("/")[0] == "text"}
    if found.startswith("application/pkcs7"):
        alike = {"application/pkcs7-mime", "application/pkcs7-signature"}
    if claimed is None:
        return found, safe_name(f"{name}.{EXTENSIONS[found][0]}")
    if claimed != found and claimed not in alike:
        raise Refused(f"'{name}' says .{extension}, its content is {found}", code="bad-type")
    return claimed, name


def _by_bytes(file: BinaryIO) -> str | None:
    file.seek(0)
    head = file.read(HEAD)
    for mark, kind in _MAGIC:
        if head.startswith(mark):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _office(file, head)
    if _SIGNED.match(head) or head.startswith((b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----")):
        return "application/pkcs7-mime"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe<\0", b"\xfe\xff\0<")):
        return "application/xml" if _is_plain_xml(file) else None
    return "text/plain" if _is_text(file) else None


def _office(file: BinaryIO, head: bytes) -> str | None:
    """Return the kind of office document a ZIP is; None for any other ZIP, and for one that carries macros."""
    names = _members(file)
    if any(_is_macro(name) for name in names):
        return None
    if head[30:38] == b"mimetype" and "content.xml" in names:
        start = 38 + int.from_bytes(head[28:30], "little")
        said = head[start : start + int.from_bytes(head[18:22], "little")].decode("ascii", "replace")
        return said if said in EXTENSIONS and said.startswith(_ODF) else None
    if "[Content_Types].xml" not in names:
        return None
    found = [kind for name, kind in _OFFICE.items() if name in names]
    return found[0] if len(found) == 1 else None


def _members(file: BinaryIO) -> frozenset[str]:
    """Return the names in a ZIP; none where it is no whole ZIP, or has more of them than a document has."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    # the count is looked at first: reading the names of a hostile ZIP takes memory as it pleases
    if end < 0 or int.from_bytes(tail[end + 10 : end + 12], "little") > MEMBERS:
        return frozenset()
    if int.from_bytes(tail[end + 12 : end + 16], "little") > MEMBERS * 200:
        return frozenset()
    try:
        with ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except (BadZipFile, ValueError, OSError, NotImplementedError):
        return frozenset()


def _is_macro(name: str) -> bool:
    folded = name.lower()
    return folded.endswith(("vbaproject.bin", ".exe", ".dll")) or folded.startswith(("basic/", "scripts/"))


def _is_plain_xml(file: BinaryIO) -> bool:
    """Return whether a file is well-formed XML that no browser renders: no page, picture, style sheet or DTD."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: object) -> None:
        raise ValueError

    def element(name: str, _: object) -> None:
        space, _, local = name.rpartition(" ")
        if space in _RENDERED or local.lower() in {"html", "svg", "script"}:
            raise ValueError

    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    parser.StartElementHandler = element
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError):
        return False
    return True


def _is_text(file: BinaryIO) -> bool:
    """Return whether a file is UTF-8 text for people: no control characters, no page, no script of a shell."""
    decoder = getincrementaldecoder("utf-8-sig")()
    file.seek(0)
    if file.read(2) == b"#!":
        return False
    file.seek(0)
    before = b""
    try:
        while chunk := file.read(CHUNK):
            if _CONTROL.search(decoder.decode(chunk)) or _PAGE.search(before + chunk):
                return False
            before = chunk[-32:]
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True
