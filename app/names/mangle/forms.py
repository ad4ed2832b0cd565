"""What a machine may have made of a name: one form, of one kind, with how likely it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Damage(StrEnum):
    """By which way a name went wrong."""

    DROPPED_CHARACTER = "dropped_character"  # a rare Han character came out as nothing
    WRONG_READING = "wrong_reading"  # a Han character with several readings got another one
    SYLLABLES = "syllables"  # joined or split syllables
    ROMANISATION = "romanisation"  # another scheme or custom of writing the same sound in Latin letters
    OTHER_LANGUAGE = "other_language"  # read as if the characters were of the neighbouring language
    HOMOPHONE = "homophone"  # the same, through a character that only sounds alike
    SWAPPED = "swapped"  # surname and given name in the other order
    TRANSLATED = "translated"  # translated by meaning
    KATAKANA = "katakana"  # through Japanese and back
    CYRILLIC = "cyrillic"  # through Russian and back
    ARABIC = "arabic"  # through a script without short vowels and back
    HANGUL = "hangul"  # through Korean and back
    HAN = "han"  # through Chinese characters and back, read in pinyin
    DIACRITICS = "diacritics"  # lost, or spelt out
    HYPHENS = "hyphens"  # lost
    SPELLING = "spelling"  # letters that stand for the same sound in some language, doubled, dropped
    ENDING = "ending"  # an ending of the source language stayed, or a name's own was taken for one
    SHORTENED = "shortened"  # a word of the name is gone
    NEAR_SYNONYM = "near_synonym"  # foundation for fund
    REORDERED = "reordered"  # the words of an organisation in another order
    CASE = "case"  # capitals lost
    TITLE = "title"  # a title or sex that is not the person's
    EXONYM = "exonym"  # what another language calls it: Londres


@dataclass(frozen=True, slots=True)
class MangledForm:
    """One form that a machine may have made of a name.

    ``probability`` answers: of the times that this name is damaged, how often does it come out as this? It lies in
    (0, 1], and over all forms of a name it sums to at most 1; the rest is damage that no rule foresees.
    """

    text: str
    probability: float
    kind: Damage
