"""The table of all features, and what they say of one candidate."""

from __future__ import annotations

from collections.abc import Callable

from app.names.comparison import Comparison, Evidence
from app.names.evidence import damage, document, organisations, people, places, spelling, usage

Feature = Callable[[Comparison], Evidence | None]
FEATURES: tuple[Feature, ...] = (
    spelling.same_spelling, spelling.worst_word, spelling.same_sound, spelling.same_words, usage.rare_words,
    spelling.same_surname, spelling.other_order, spelling.same_start, spelling.is_cut_or_grown, spelling.is_truncated,
    damage.is_mangled, spelling.length, spelling.changed_length, spelling.edits_per_letter, spelling.missing_words,
    spelling.extra_words, document.role_fits, document.role_differs, document.in_office, document.country_named,
    document.other_country, document.companions, document.fuller_form, document.caller_says, usage.popularity,
    spelling.rival, usage.attested_words, usage.common_word, usage.known_target, usage.famous_target, usage.unheard,
    usage.another_name, spelling.variant, document.same_kind, places.is_placed, document.sentence_start,
    places.is_place, organisations.is_organisation, people.given_name, damage.is_lost, damage.is_read,
    damage.is_round_trip, damage.is_far_and_fits, damage.is_far_abroad, damage.mangled_rival, organisations.same_bag,
    organisations.sole_bag, places.famous_ending, people.short_name, document.body_fits, places.is_cut_in_place,
    places.obscure_place, places.well_formed, usage.attested_variant, people.known_form, people.unvouched,
    damage.is_exonym, damage.respelt, people.same_given_name, spelling.sole_start, spelling.case_ending,
    document.office_and_word, usage.known_word, usage.in_use, document.country_beside, places.unsupported_place,
    places.untraced, places.unheard_of, places.letters_changed, places.short_place, people.other_given_name,
    people.begins_otherwise, people.other_person, places.obscure_exonym, people.other_surname, places.is_capital,
    organisations.known_name, organisations.all_words, document.surroundings, damage.is_literal,
    damage.is_read_back, organisations.only_body,
)  # fmt: skip


def gather(comparison: Comparison) -> tuple[Evidence, ...]:
    """What every feature says about a candidate."""
    return tuple(e for e in (feature(comparison) for feature in FEATURES) if e is not None)
