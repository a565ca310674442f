"""Headers → fields: exactly, with a typing error, and of a milestone, in English and Spanish."""

import pytest
from rapidfuzz import fuzz

from sync.boards.mapping import vocabulary
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.recognize import ALIKE, SHORTEST, Rank, Recognizer
from sync.boards.mapping.vocabulary import SYNONYMS, plain
from sync.field_table import ASPECTS, DETAIL_IDS, FIELDS, JOB_FIELDS
from sync.jobs.milestones import Heading
from sync.settings.config_file import Config
from tests.boards.mapping.seen import DESIGN, MILESTONES, PERMIT, PTO, config, fields
from tests.made_up import uuid

KNOWN = Recognizer(fields())


def every_field() -> Fields:
    tree = config().model_dump()
    details = [{"id": column, "header": FIELDS[column].header} for column in DETAIL_IDS]
    tree["columns"] = [*tree["columns"], *details]
    return Fields(Config.model_validate(tree), MILESTONES)


EVERY = Recognizer(every_field())


def field(header: str, by: Recognizer = KNOWN) -> str | None:
    """Return the field; "" for one that is not clear, None for none."""
    found = by.match(header)
    return None if found.is_unknown else found.field_id


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Client", "customer"),
        ("HOMEOWNER NAME", "customer"),
        ("Phone #", "phone"),
        ("E-Mail:", "email"),
        ("Site  address", "address"),
        ("Nombre del cliente", "customer"),
        ("Dirección", "address"),
        ("Teléfono", "phone"),
        ("Correo electrónico", "email"),
        ("Estado", "status"),
        ("Última actualización", "last_update"),
        ("Site ID", "site_id"),
        ("EverBright link", "site_id"),
        ("Notes", None),
        ("Next action", "next_action"),
        ("Next step", None),
        ("Sales rep", None),
        ("System size (kW)", None),
        ("State", None),
        ("Install date", None),
        ("$21,000", None),
        ("Telephone 2", None),
        ("Customer 2", None),
        ("Contract #", None),
        ("Contractor", None),
        ("Contact date", None),
        ("Contarct date", "contract_signed"),
        ("Cell Phone #", "phone"),
        ("", None),
        ("🙂", None),
    ],
)
def test_a_header_is_known_by_its_words(header: str, expected: str | None) -> None:
    assert field(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Permit", f"status:{PERMIT}"),
        ("Permit status", f"status:{PERMIT}"),
        ("Estado del Permit", f"status:{PERMIT}"),
        ("Permit approved", f"approved:{PERMIT}"),
        ("Date permit was approved", f"approved:{PERMIT}"),
        ("Permit approval date", f"approved:{PERMIT}"),
        ("Permit submitted on", f"submitted:{PERMIT}"),
        ("Fecha de envío del permit", f"submitted:{PERMIT}"),
        ("Permit rejected", f"rejected:{PERMIT}"),
        ("Permit docs", f"documents:{PERMIT}"),
        ("Permit comments", f"comment:{PERMIT}"),
        ("PTO", f"status:{PTO}"),
        ("Design", f"status:{DESIGN}"),
        ("PTO received", ""),
        ("Permission to Operate approved", f"approved:{PTO}"),
        ("Permision to operate", f"status:{PTO}"),
        ("Design Approval", f"status:{DESIGN}"),
        ("Permit issued on", ""),
        ("Permit approval", ""),
        ("Aprobación del permit", ""),
        ("Permit date", ""),
        ("Permit submitted / approved", ""),
        ("Permit notes", None),
        ("Permit fee", None),
        ("PTO #", None),
        ("Approved", None),
    ],
)
def test_a_milestones_header_names_the_field(header: str, expected: str | None) -> None:
    assert field(header) == expected


def test_of_two_milestones_with_one_name_it_is_the_one_with_most_jobs() -> None:
    few, most = (Heading(uuid(n), "Roof", (uuid(n),), n) for n in (1, 2))
    known = Fields(config(), (few, most))
    assert Recognizer(known).match("Roof").field_id == known.id_of("status:Roof")


@pytest.mark.parametrize("header", ["Sales rep", "System size (kW)", "kW", "Deadline"])
def test_a_detail_is_known_only_if_the_config_has_its_column(header: str) -> None:
    assert field(header) is None
    assert field(header, EVERY) in DETAIL_IDS


def test_the_vocabulary_is_of_fields_that_there_are() -> None:
    assert SYNONYMS.keys() <= {entry.id for entry in JOB_FIELDS}
    assert vocabulary.ASPECT_TERMS.keys() <= set(ASPECTS)


def test_what_is_not_clear_names_both(header: str = "Permit date") -> None:
    found = KNOWN.match(header)
    assert "Permit submitted or Permit approved" in found.reason


def errors(word: str) -> set[str]:
    """Return the word with each single typing error: a letter left out, doubled, or two swapped."""
    places = range(len(word))
    left_out = {word[:n] + word[n + 1 :] for n in places}
    doubled = {word[:n] + word[n] + word[n:] for n in places}
    swapped = {word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in places[:-1]}
    return {plain(one) for one in left_out | doubled | swapped} - {word}


def test_one_typing_error_never_makes_another_field() -> None:
    """The reason of the threshold, with the next test: what it costs, and that it is safe."""
    known = every_field().synonyms
    wrong, missed, tried = [], 0, 0
    for name, some in SYNONYMS.items():
        for word in some:
            for text in errors(word):
                if text in known or field(text, EVERY) is None:
                    missed += text not in known and len(text) > SHORTEST
                elif field(text, EVERY) not in (name, ""):
                    wrong.append((word, text, field(text, EVERY)))
                tried += len(text) > SHORTEST
    assert wrong == []
    assert tried > 4000
    assert missed < tried * 0.05, "nearly all of them are recognized"


def test_headers_of_two_fields_are_not_alike_unless_both_are_known() -> None:
    known = every_field().synonyms
    names = [one for one in known if len(one) >= SHORTEST]
    near = {
        frozenset((a, b))
        for a in names
        for b in names
        if known[a] != known[b] and fuzz.ratio(a, b) >= ALIKE
    }
    assert near == {frozenset(("contact", "contract"))}, "known both, so that neither is a guess"


def test_the_configs_synonyms_take_precedence() -> None:
    mine = Recognizer(fields({"phone": ["Contact"], "submitted:Permit": ["Plan set out"]}))
    assert field("contact", mine) == "phone"
    assert field("Plan set OUT", mine) == f"submitted:{PERMIT}"
    assert field("Contact") == "customer"


def test_a_synonym_of_an_unknown_milestone_is_ignored() -> None:
    mine = Recognizer(fields({"submitted:Inspection": ["Inspection sent"]}))
    assert field("Inspection sent", mine) is None


def test_a_typing_error_is_reported() -> None:
    found = KNOWN.match("Custommer")
    assert (found.field_id, found.rank) == ("customer", Rank.ALMOST)
    assert "similar to 'customer'" in found.reason
