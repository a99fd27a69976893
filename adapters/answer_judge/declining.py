"""Answers that teach nothing when two of them agree: refusals, and words that answer a thousand questions."""

import re

from adapters.answer_judge.statement import Statement

OPENING = 240
"""Characters in which whoever declines has said so."""

_SORRY = r"(?:sorry|afraid)\b[^.!?\n]{0,60}?\b(?:can(?:no|')t|can not|unable|not able|won't|do(?: not|n't))\b"
_CANNOT = (
    r"i (?:can(?:not|'t)|can not|won't|will not|could(?:n't| not)) (?:help|assist|answer|provide|access|find|share|see"
    r"|do that|comply|discuss|fulfill|verify|determine|browse|locate|view|look)"
)
_KNOW_NOT = (
    r"i(?:'m| am) (?:unable|not able|not sure|not aware|not familiar|not certain)\b"
    r"|i do(?:n't| not) (?:know|have (?:access|(?:any )?information|the ability|enough|real|current|details|data))"
    r"|as an? (?:ai|artificial|(?:large )?language|virtual)\b"
    r"|not (?:covered|mentioned|found|available) in the (?:provided|given|context|document)"
    r"|no (?:relevant )?(?:information|results?|answer) (?:was|were|is|available|found)|it depends[.!]?$"
)
_ASKING_BACK = (
    r"(?:could|can|would) you (?:please )?(?:clarify|provide|share|give|specify|tell me more|elaborate)"
    r"|please (?:provide|clarify|specify)|more (?:context|information|details) (?:is|are) needed"
)
_ELSEWHERE = (
    r"es tut mir leid|wei(?:ß|ss) ich (?:leider )?nicht|ich kann (?:(?:ihnen|dir|dabei|das|leider) )*nicht"
    r"|als (?:ki|sprachmodell)|je suis désolé|je ne (?:sais|peux|suis) pas|désolé,? (?:mais )?je"
    r"|en tant qu(?:e |')(?:ia|intelligence|modèle|assistant)|lo siento|no (?:lo )?sé\b"
    r"|no puedo (?:ayudar|responder|proporcionar)|como (?:un )?(?:modelo de lenguaje|ia)\b|sinto muito|desculpe,? mas"
    r"|não (?:sei|posso)\b|mi dispiace|non (?:lo )?so\b|non posso (?:aiutar|rispond)|het spijt me|ik weet het niet"
    r"|извините|к сожалению|я не (?:знаю|могу)"
)
_UNSPACED = r"申し訳|わかりません|分かりません|抱歉|对不起|我不知道|无法(?:回答|提供)|죄송"
_DECLINING = re.compile(rf"\b(?:{_SORRY}|{_CANNOT}|{_KNOW_NOT}|{_ASKING_BACK}|{_ELSEWHERE})|{_UNSPACED}", re.IGNORECASE)

_LABELS = """
yes no yeah yep nope ok okay sure true false correct incorrect right wrong maybe perhaps never always none nothing
unknown done certainly absolutely definitely possibly probably positive negative neutral high low medium other n/a
ja nein oui non sí si sim não да нет はい いいえ 是 是的 不是 否
"""
_FEW = frozenset(_LABELS.split())
"""What a model says where it was asked to choose among a few words."""


def declines(statement: Statement) -> bool:
    """Tell whether this refuses, knows nothing, or asks back."""
    return bool(_DECLINING.search(statement.plain[:OPENING]))


def is_label(statement: Statement) -> bool:
    """Tell whether this is nothing, a number, or one word out of a few."""
    spelling = statement.spelling
    return len(spelling) <= 1 and all(each in _FEW or len(each) == 1 or _is_number(each) for each in spelling)


def _is_number(word: str) -> bool:
    return not any(map(str.isalpha, word))
