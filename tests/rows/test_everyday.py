"""Files as people have them: each is answered, or refused with what mends it."""

import gzip
import json
import lzma
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from autodiff.cli.main import main

TWO = "value\n2\n12\n"
"""The products of 1 and 2, and of 3 and 4."""
SEPARATED = b"a,x\n1,2\n3,4\n"
OBJECTS = [{"a": 1, "x": 2}, {"a": 3, "x": 4}]
LINES = '{"value": 2}\n{"value": 12}\n'
GO_ON = "hint: go on at such rows with --on-error nan or skip\n"


def parted(delimiter: str) -> bytes:
    return SEPARATED.replace(b",", delimiter.encode())


def seems(column: str, words: str, option: str) -> str:
    """The error of a file with another delimiter."""
    hint = f"hint: its cells seem to be separated by {words}: --delimiter {option}\n"
    return f"no column 'a': the column is '{column}'\n{hint}"


ANSWERED = {
    "comma": ("a.csv", SEPARATED, "", TWO),
    "semicolon": ("a.csv", parted(";"), "--delimiter ; --format csv", TWO),
    "semicolon, kept": ("a.csv", parted(";"), "--delimiter ; --keep", "a;x;value\n1;2;2\n3;4;12\n"),
    "semicolon, to comma": ("a.csv", parted(";"), "--delimiter ; --keep --format csv", "a,x,value\n1,2,2\n3,4,12\n"),
    "semicolon, kept commas": ("a.csv", b"a;x;t\n1;2;p, q\n", "--delimiter ; --keep", "a;x;t;value\n1;2;p, q;2\n"),
    "semicolon, to be quoted": ("a.csv", b'a;x;t\n1;2;"p;q"\n', "--delimiter ; --keep", 'a;x;t;value\n1;2;"p;q";2\n'),
    "bar": ("a.csv", parted("|"), "--delimiter |", TWO),
    "bar, to be quoted": ("a.csv", b'a|x|t\n1|2|"p|q"\n', "--delimiter | --keep", 'a|x|t|value\n1|2|"p|q"|2\n'),
    "tabs in tsv": ("a.tsv", parted("\t"), "", TWO),
    "tabs in csv": ("a.csv", parted("\t"), "--delimiter tab", TWO),
    "tabs, as printf writes them": ("a.csv", parted("\t"), "--delimiter \\t", TWO),
    "tabs, without an ending": ("a", parted("\t"), "", TWO),
    "tabs, as what they are": ("a.csv", parted("\t"), "--from tsv", TWO),
    "one blank": ("a.txt", parted(" "), "--delimiter space", TWO),
    "blanks and tabs": ("a.txt", b"  a \t x\n 1   2 \n3\t4\n", "--delimiter space", TWO),
    "blanks, no header": ("a.txt", b" 1 2\n 3 4\n", "--delimiter space --columns a,x", "2\n12\n"),
    "blanks, Windows": ("a.txt", b"a x \r\n1 2 \r\n3  4\r\n", "--delimiter space", TWO),
    "blanks and quotes": ("a.txt", b'a "x"\n1   "2"\n "3" 4\n', "--delimiter space", TWO),
    "blanks, an empty cell": ("a.txt", b'a t x\n1 "" 2\n', "--delimiter space --keep", 'a t x value\n1 "" 2 2\n'),
    "blanks behind commas": ("a.csv", b"a, x\n1, 2\n3, 4\n", "", TWO),
    "quotes behind blanks": ("a.csv", b'"a", "x"\n"1", "2"\n3, "4"\n', "", TWO),
    "quoted commas": ("a.csv", b'a,t,x\n1,"p, q",2\n3,", ",4\n', "", TWO),
    "quoted lines": ("a.csv", b'a,t,x\n1,"p\nq",2\n3,"\n",4\n', "", TWO),
    "everything quoted": ("a.csv", b'"a","x"\n"1","2"\n"3","4"\n', "", TWO),
    "doubled quotes": ("a.csv", b'a,t,x\n1,"""p""",2\n', "--keep", 'a,t,x,value\n1,"""p""",2,2\n'),
    "Windows": ("a.csv", SEPARATED.replace(b"\n", b"\r\n"), "", TWO),
    "byte order mark": ("a.csv", b"\xef\xbb\xbf" + SEPARATED, "", TWO),
    "no end of the last line": ("a.csv", SEPARATED.rstrip(), "", TWO),
    "blank lines": ("a.csv", b"\n\na,x\n\n1,2\n3,4\n\n", "", TWO),
    "Latin-1 text": ("a.csv", b"a,t,x\n1,caf\xe9,2\n3,,4\n", "", TWO),
    "no header": ("a.csv", b"1,2\n3,4\n", "--columns a,x", "2\n12\n"),
    "names beside": ("a.csv", b"t,a,t,x,,\np,1,q,2,,\n,3,,4,,\n", "", TWO),
    "names beside, kept": ("a.csv", b"t,a,t,x,\np,1,q,2,\n", "--keep", "t,a,t,x,,value\np,1,q,2,,2\n"),
    "units in the header": ("a.csv", b"len (m),x\n1,2\n3,4\n", "--rename a=len\x00(m)", TWO),
    "units, kept": ("a.csv", b"len (m),x\n1,2\n", "--rename a=len\x00(m) --keep", "a,x,value\n1,2,2\n"),
    "two renamed": ("a.csv", b"1st,2nd\n1,2\n3,4\n", "--rename a=1st --rename x=2nd", TWO),
    "renamed in JSON": ("a.jsonl", b'{"a.a": 1, "x": 2}\n', "--rename a=a.a", '{"value": 2}\n'),
    "scientific": ("a.csv", b"a,x\n1e0,+2\n3.0E+0,.4e1\n", "", TWO),
    "thousands in a quoted column beside": ("a.csv", b'a,n,x\n1,"1,000",2\n', "", "value\n2\n"),
    "empty cells": ("a.csv", b"a,x\n1,\n,4\n", "-q", "value\nnan\nnan\n"),
    "gzip": ("a.csv.gz", gzip.compress(SEPARATED), "", TWO),
    "gzip, without an ending": ("a", gzip.compress(SEPARATED), "", TWO),
    "gzip, two members": ("a.csv.gz", gzip.compress(SEPARATED[:8]) + gzip.compress(SEPARATED[8:]), "", TWO),
    "gzip of JSON": ("a.jsonl.gz", gzip.compress(json.dumps(OBJECTS[0]).encode()), "", '{"value": 2}\n'),
    "zstd": ("a.csv.zst", pa.compress(SEPARATED, "zstd", asbytes=True), "", TWO),
    "JSON lines": ("a.jsonl", "\n".join(map(json.dumps, OBJECTS)).encode(), "", LINES),
    "a JSON array": ("a.json", json.dumps(OBJECTS).encode(), "", LINES),
    "a pretty array": ("a.json", json.dumps(OBJECTS, indent=2).encode(), "", LINES),
    "pretty objects": ("a.json", "\n".join(json.dumps(each, indent=2) for each in OBJECTS).encode(), "", LINES),
    "braces in text": ("a.json", json.dumps([{"t": '}{"[\\', "a": 1, "x": 2}]).encode(), "", '{"value": 2}\n'),
    "an array, kept": ("a.json", b'[\n{"a": 1,\n"x": 2}\n]', "--keep", '{"a": 1, "x": 2, "value": 2}\n'),
}
REFUSED = {
    "semicolon": ("a.csv", parted(";"), "", 2, seems("a;x", "';'", "';'")),
    "bar": ("a.csv", parted("|"), "", 2, seems("a|x", "'|'", "'|'")),
    "tabs": ("a.csv", parted("\t"), "", 2, seems("a·x", "tabs", "tab")),
    "blanks": ("a.csv", parted(" "), "", 2, seems("a x", "blanks", "space")),
    "comma in tsv": ("a.tsv", SEPARATED, "", 2, seems("a,x", "','", "','")),
    "no header": ("a.csv", b"1;2\n", "", 2, seems("1;2", "';'", "';'")),
    "decimal comma": (
        "a.csv",
        b"a;x\n1;2\n1,5;2\n",
        "--delimiter ;",
        1,
        "line 3, column 'a': '1,5' is not a number\n"
        "hint: numbers are read with a decimal point: convert the commas first: tr , .\n",
    ),
    "currency": ("a.csv", b"a,x\n$1,2\n", "", 1, f"line 2, column 'a': '$1' is not a number\n{GO_ON}"),
    "ragged": ("a.csv", b"a,x\n1,2\n3\n", "", 1, f"line 3 has 1 cell, not 2: '3'\n{GO_ON}"),
    "a delimiter of two": ("a.csv", parted(";"), "--delimiter ;;", 2, "--delimiter ';;' is not one character"),
    "a letter": ("a.csv", parted("n"), "--delimiter n", 2, "--delimiter 'n' is not one character"),
    "a delimiter of JSON": ("a.jsonl", b'{"a": 1}\n', "--delimiter ;", 2, "--delimiter is for csv or tsv; jsonl has"),
    "rename what is not there": (
        "a.csv",
        b"A,x\n",
        "--rename a=B",
        2,
        "has no column 'B': the columns are 'A' and 'x'",
    ),
    "rename nothing": ("a.csv", b"A,x\n", "--rename a", 2, "--rename 'a' is not of the form NAME=COLUMN"),
    "two names": ("a.csv", b"A,x\n", "--rename a=A --rename b=A", 2, "--rename gives column 'A' two names"),
    "UTF-16": ("a.csv", "a,x\n".encode("utf-16"), "", 1, "is UTF-16 text\nhint: convert it first: iconv -f UTF-16 -t"),
    "xz": ("a.csv.xz", lzma.compress(SEPARATED), "", 1, "is compressed\nhint: unpack it first: xz -dc\n"),
    "a spreadsheet": (
        "a.xlsx",
        b"PK\x03\x04",
        "",
        1,
        "is a zip archive\nhint: unpack it first: unzip -p; a spreadsheet",
    ),
    "half of a gzip": ("a.csv.gz", gzip.compress(SEPARATED)[:20], "", 1, "cannot read a.csv.gz: Truncated compressed"),
    "text in an array": ("a.json", b'[{"a": 1, "x": 2}, 5]', "", 1, "a.json has '5' behind object 1\n"),
    "text above": ("a.json", b'[5, {"a": 1, "x": 2}]', "--from jsonl", 1, "a.json has '5' above its first object\n"),
    "half an array": ("a.json", b'[{"a": 1, "x": 2}, {"a"', "", 1, "a.json ends within object 2\n"),
    "an array of numbers": (
        "a.json",
        b"[1]",
        "--from jsonl",
        1,
        "is not a JSON object: '[1]'\nhint: an array of objects",
    ),
    "a bad number in an array": (
        "a.json",
        b'[{"a": "q", "x": 2}]',
        "",
        1,
        f"object 1, column 'a': 'q' is not a number\n{GO_ON}",
    ),
    "kept twice": ("a.csv", b"a,x,t,t\n", "--keep --format jsonl", 2, "--keep would write two columns 't'"),
    "empty": ("a.csv", b"", "", 1, "error: a.csv is empty\n"),
}


def options(text: str) -> list[str]:
    return [word.replace("\0", " ") for word in text.split()]


@pytest.mark.parametrize(("name", "content", "given", "printed"), ANSWERED.values(), ids=list(ANSWERED))
def test_everyday_files_are_answered(
    name: str,
    content: bytes,
    given: str,
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    code = main(["eval", "a*x", "--data", name, *options(given)])
    assert (*capfd.readouterr(), code) == (printed, "", 0)
    table = [] if "format" in given or "keep" in given else ["--out", "parts/"]  # the same in parts
    if table:
        assert main(["eval", "a*x", "--data", name, *options(given), *table]) == 0
        numbers = [line.strip('{}"value: ') for line in printed.splitlines() if line != "value"]
        assert list(map(str, pq.read_table("parts")["value"].to_pylist())) == [str(float(n)) for n in numbers]


@pytest.mark.parametrize(("name", "content", "given", "code", "said"), REFUSED.values(), ids=list(REFUSED))
def test_everyday_files_are_refused_with_what_mends_them(
    name: str,
    content: bytes,
    given: str,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert main(["eval", "a*x", "--data", name, *options(given)]) == code
    assert said in capfd.readouterr().err


@pytest.mark.parametrize("out", ["./a.csv", "link.csv", "hard.csv", "../in/a.csv"])
def test_the_file_of_the_rows_is_never_lost(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    Path("a.csv").write_bytes(SEPARATED)
    os.symlink("a.csv", "link.csv")
    os.link("a.csv", "hard.csv")
    for data in ("a.csv", "*.csv", ".", f"file://{tmp_path}/in/a.csv"):
        assert main(["eval", "a*x", "--data", data, "--out", out]) == 2
        assert "would be overwritten by the answer to its own rows" in capfd.readouterr().err
        assert main(["eval", "a*x", "--data", data, "--rejects", out, "--out", "b.csv"]) == 2
        assert "--data and --rejects are both " in capfd.readouterr().err
    assert Path("a.csv").read_bytes() == SEPARATED
    assert main(["eval", "a*x + y", "--data", "a.csv", "--out", out, "--overwrite"]) == 2  # there is no y
    assert Path("a.csv").read_bytes() == SEPARATED
    assert main(["eval", "a*x", "--data", "a.csv", "--out", out, "--overwrite"]) == 0
    assert Path(out).read_text() == TWO
    assert sorted(os.listdir()) == ["a.csv", "hard.csv", "link.csv"]
