"""*A* or *an*: what the next word sounds like, told by how right English writes it."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from app.seq2seq.ngrams import NGrams
from app.seq2seq.tokenizer import Words

SURE = 2.0  # from such odds on an article is asked about whatever the detector thinks: the other is 7 times as frequent
MOST_ODDS = 4.0  # odds that are higher are no surer
_OTHER = {"a": "an", "an": "a"}
# An article and the word behind it. A capital letter may be a name, capitals are spelt out, and of a single letter or
# of what a hyphen parts nobody knows how it is read.
_PLACE = regex.compile(r"(?<![\p{L}\p{N}\p{M}'’.&/-])([Aa]|[Aa]n) (\p{Lu}?\p{Ll}+)(?![\p{L}\p{M}\p{N}-])")


def odds_of_an(ngrams: NGrams, word: str) -> float:
    """Logarithm of how many times likelier *an* is than *a* before ``word``, -4 to 4; 0 where nobody knows."""
    return max(-MOST_ODDS, min(MOST_ODDS, ngrams.log_ratio_before("an", "a", word.lower())))


def doubtful_articles(words: Words, ngrams: NGrams) -> Iterator[tuple[int, str]]:
    """Indices of articles that right English does not write before the word that follows, each with the other one."""
    found = {match.start(): match for match in _PLACE.finditer(words.text)}
    for i, (start, _) in enumerate(words.bounds):
        if match := found.get(start):
            other = _OTHER[match[1].lower()]
            if _odds_of(other, ngrams, match[2]) >= SURE:
                yield i, other.capitalize() if match[1].istitle() else other


def article_odds(ngrams: NGrams, text: str, start: int, end: int, new: str) -> float:
    """How much likelier than the article that it changes an answer makes the other one, as of ``odds_of_an``.

    Args:
        ngrams: Know the words.
        text: A segment.
        start, end: Code points that ``new`` replaces.
        new: Put in their place; where that is more than *an* for *a* or the reverse, the answer is 0.
    """
    old_words, new_words = text[start:end].split(), new.split()
    if not old_words or not new_words or _OTHER.get(old_words[0].lower()) != new_words[0].lower():
        return 0.0
    if old_words[1:] != new_words[1:]:
        return 0.0
    at = start + len(text[start:end]) - len(text[start:end].lstrip())
    match = _PLACE.match(text, at)
    if not match:
        return 0.0
    return _odds_of(new_words[0].lower(), ngrams, match[2])


def _odds_of(article: str, ngrams: NGrams, word: str) -> float:
    odds = odds_of_an(ngrams, word)
    return odds if article == "an" else -odds
