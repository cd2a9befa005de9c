"""What is read from the texts of options: numbers, lists, stretches, words."""

from collections.abc import Mapping

from flows.errors import BadInput
from flows.settings.check import SpikeCount
from flows.settings.training import UnsortedMargin

_MARGIN_WORDS: Mapping[str, UnsortedMargin] = {"auto": "auto", "off": "off"}


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """The numbers of a list such as `0,1,2`.

    Raises:
        BadInput: the text is no list of whole numbers; the message names `option`.
    """
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise BadInput(f"{option} {text}: whole numbers joined by commas are wanted, such as 0,1,2") from error


def numbers(option: str, text: str | None) -> tuple[int, ...] | None:
    """Whole numbers of an option that may be left out.

    Raises:
        BadInput: the text is something else; the message names `option`.
    """
    return None if text is None else whole_numbers(option, text)


def number_or_all(option: str, text: str) -> SpikeCount:
    """A number, or the word `all`.

    Raises:
        BadInput: the text is neither; the message names `option`.
    """
    if text == "all":
        return "all"
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}: a whole number is wanted, or all") from error


def margin_or_word(option: str, text: str) -> UnsortedMargin:
    """A number, or one of the words `auto` and `off`.

    Raises:
        BadInput: the text is something else; the message names `option`.
    """
    if text in _MARGIN_WORDS:
        return _MARGIN_WORDS[text]
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"{option} {text}: auto, off or a whole number is wanted") from error


def stretch(option: str, text: str | None) -> tuple[int, int] | None:
    """Both numbers of a stretch such as `10:19`; None for none.

    Raises:
        BadInput: the text is no stretch; the message names `option`.
    """
    if text is None:
        return None
    first, colon, last = text.partition(":")
    if not (colon and first.isdecimal() and last.isdecimal()):
        raise BadInput(f"{option} {text}: two whole numbers joined by a colon are wanted, such as 10:19")
    return int(first), int(last)


def words(text: str | None) -> tuple[str, ...] | None:
    """The words of a list such as `block,logic`; None for none."""
    return None if text is None else tuple(text.split(","))
