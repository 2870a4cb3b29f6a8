"""Paths into documents of segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.segments import PathError, Segment, compile_path


def made(name: str, *children: Segment, **fields: str) -> Segment:
    return Segment(name, fields, 1, list(children))


LINE = made(
    "LIN",
    made("QTY", c6063="47", c6060="2"),
    made("ALC", made("MOA", c5025="509", c5004="1"), c5463="A"),
    made("ALC", made("MOA", c5025="204", c5004="7"), c5463="A"),
    c1082="1",
)
ROOT = made(
    "IDOC",
    made("KA1", PARVW="RE", NAME1="Mairie", PARTN="  7 "),
    made("KA1", PARVW="AG", NAME1="Région", IHREZ="S1"),
    made("K03", IDDAT="026", DATUM="20260102"),
    made("K03", IDDAT="026", DATUM="20260102"),
    made("K03", IDDAT="012", DATUM="20260105"),
    made(
        "KT1", made("KT2", LINE="a"), made("KT2", LINE=" "), made("KT2", LINE="b "), ID="1", L="FR"
    ),
    made("KT1", made("KT2", LINE="c"), ID="1", L="EN"),
    made("K05", KZ="-", SUM="1"),
    made("K05", KZ="+", SUM="2"),
    made("K05", KZ="-", SUM="3"),
    made("FTX", T="x", T_2="y", T_4="lost"),
    LINE,
)


def found(path: str, root: Segment = ROOT) -> tuple[str, ...]:
    return compile_path(path).values(root, ROOT)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("KA1[PARVW=RE].NAME1", ("Mairie",)),
        ("IDOC.KA1[PARVW=RE].NAME1", ("Mairie",)),
        ("KA1[PARVW=WE|AG].NAME1", ("Région",)),
        ("KA1[PARVW=AG|RE].NAME1", ("Région",)),
        # The party that is there counts as a whole: its field may be absent.
        ("KA1[PARVW=RE|AG].IHREZ", ()),
        ("KA1[PARVW!=RE].NAME1", ("Région",)),
        ("KA1[PARVW!=RE|AG].NAME1", ()),
        ("KA1[PARTN=7].NAME1", ("Mairie",)),
        ("KA1[ABSENT=].NAME1", ("Mairie", "Région")),
        ("KA1[NAME1=Région,PARVW=RE|AG].IHREZ", ("S1",)),
        ("KA1.NAME1", ("Mairie", "Région")),
        ("KA1.NAME1*", ("Mairie Région",)),
        ("KA1#2.NAME1", ("Région",)),
        ("KA1#3.NAME1", ()),
        ("ka1.NAME1", ()),
        ("KA1.name1", ()),
        ("K03[IDDAT=026].DATUM", ("20260102",)),
        ("KT1[ID=1,L=FR].KT2.LINE*", ("a b",)),
        ("KT1[ID=1,L=DE].KT2.LINE*", ()),
        ("K05[KZ=-]#2.SUM", ("3",)),
        ("FTX.T", ("x",)),
        ("FTX.T*", ("x y",)),
        ("FTX.T_2", ("y",)),
    ],
)
def test_a_path_leads_to_its_values(path: str, values: tuple[str, ...]) -> None:
    assert found(path) == values


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("LIN.c1082", ("1",)),
        ("QTY[c6063=47].c6060", ("2",)),
        ("LIN.QTY.c6060", ("2",)),
        ("/K05#1.SUM", ("1",)),
        ("/LIN.c1082", ("1",)),
        ("K05#1.SUM", ()),
        ("ALC[c5463=A,MOA.c5025=204|8]#1.MOA[c5025=204|8].c5004", ("7",)),
        ("ALC[MOA.c5025!=204].MOA.c5004", ("1",)),
    ],
)
def test_in_a_line_a_path_starts_there(path: str, values: tuple[str, ...]) -> None:
    assert found(path, LINE) == values


@pytest.mark.parametrize(
    "path",
    [
        "",
        "A",
        "A.",
        ".B",
        "A[B].C",
        "A[B=1.C",
        "A[B=1]C.D",
        "A#0.B",
        "A..B",
        "A.B**",
        "A B.C",
        "A.B.",
        "A[=1].B",
        "//A.B",
        "A[B=1][C=2].D",
        "A*.B",
    ],
)
def test_what_is_no_path_is_told(path: str) -> None:
    with pytest.raises(PathError, match="is no path"):
        compile_path(path)


def test_segments_are_walked_in_the_order_of_the_file() -> None:
    names = [segment.name for segment in made("A", made("B", made("C")), made("D")).walk()]
    assert names == ["A", "B", "C", "D"]


@given(st.text(alphabet="A1.[]=|,#*!/ -_{}é", max_size=30))
def test_any_text_is_a_path_or_told(text: str) -> None:
    try:
        path = compile_path(text)
    except PathError:
        return
    path.values(ROOT, ROOT)
