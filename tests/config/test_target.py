"""Targets: what ships, what settings may change, and how errors name the key."""

from __future__ import annotations

import pytest

from config.target import TargetError, load_target, read_target, target_names


def test_the_shipped_targets_load() -> None:
    assert {load_target(name).name for name in target_names()} == {"chorus_direct", "en16931"}


def test_a_setting_overrides_an_option_and_leaves_the_others() -> None:
    target = load_target("chorus_direct", overrides={"siret_scheme": "1"})
    assert target.options.siret_scheme == "1"
    assert target.options.attachment_encoding == "zip"
    assert load_target("chorus_direct").options.siret_scheme == "0002"


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"siret_sheme": "1"}, "options.siret_sheme: unknown key"),
        ({"siret_scheme": "0042"}, "options.siret_scheme"),
        ({"attachment_encoding": "rar"}, "options.attachment_encoding"),
        ({"cii_contract_type": "perhaps"}, "options.cii_contract_type"),
    ],
)
def test_a_wrong_override_is_refused_with_its_key(overrides: dict[str, str], named: str) -> None:
    with pytest.raises(TargetError) as refused:
        load_target("chorus_direct", overrides=overrides)
    assert named in str(refused.value)
    assert "target_options" in str(refused.value)


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TargetError, match=r"'peppol' is unknown.*chorus_direct, en16931"):
        load_target("peppol")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: x\ntitle: X\noptions: {colour: red}\n", "options.colour: unknown key"),
        ("name: x\n", "title"),
        ("name: x\ntitle: X\nname: y\n", "line 3"),
        ("name: [\n", "line"),
        ("- a\n", "x.yaml"),
        (
            "name: x\ntitle: X\npolicies: {R: {action: waive}}\n",
            "policies.R.reason",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_key(text: str, named: str) -> None:
    with pytest.raises(TargetError) as refused:
        read_target(text, place="x.yaml")
    assert str(refused.value).startswith("x.yaml: ")
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("syntax", "type_code", "action"),
    [("ubl", "381", "waive"), ("ubl", "380", None), ("cii", "381", None)],
)
def test_chorus_direct_waives_br_cl_01_only_for_a_ubl_credit_note(
    syntax: str, type_code: str, action: str | None
) -> None:
    target = load_target("chorus_direct")
    assert target.action("BR-CL-01", syntax=syntax, type_code=type_code) == action


def test_a_rule_without_a_policy_keeps_its_severity() -> None:
    assert load_target("chorus_direct").action("BR-01", syntax="cii", type_code="380") is None


def test_settings_give_a_policy_and_replace_one() -> None:
    policies = {"BR-CO-25": "warn", "BR-CL-11": "block"}
    target = load_target("chorus_direct", policies=policies)
    assert target.action("BR-CO-25", syntax="cii", type_code="380") == "warn"
    assert target.action("BR-CL-11", syntax="cii", type_code="380") == "block"


def test_a_policy_of_the_settings_is_block_or_warn() -> None:
    with pytest.raises(TargetError, match=r"policies\.BR-01\.action"):
        load_target("chorus_direct", policies={"BR-01": "ignore"})


def test_en16931_waives_nothing() -> None:
    assert load_target("en16931").policies == {}
