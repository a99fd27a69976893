"""Questions to remember, the same in other words, and the answer to each."""

DEEDS = (
    *("reset the password", "change the address", "close the contract", "see the invoices", "add a second user"),
    *("export the orders", "cancel the delivery", "update the card", "print the labels", "move the domain"),
)
ASKED = "How do I {deed} of account {number}?"
WORDINGS = (
    "How can I {deed} of account {number}?",
    "How would I {deed} of account {number}?",
    "How do we {deed} of account {number}?",
    "Please tell me how to {deed} of account {number}.",
    "How should I {deed} of account {number}?",
)
PROSE = (
    "Open the settings, choose the account, and follow the three steps that are shown there; "
    "a message tells when it is done. Should it not arrive within ten minutes, look into the other folders first. "
)
ANSWER_LENGTH = 2048


def asked(number: int) -> str:
    """Give remembered question *number*."""
    return ASKED.format(deed=DEEDS[number % len(DEEDS)], number=number)


def reworded(number: int, wording: int) -> str:
    """Give question *number* in other words."""
    return WORDINGS[wording].format(deed=DEEDS[number % len(DEEDS)], number=number)


def answered(question: str) -> str:
    """Give the 2 KB that answer *question*."""
    return (f"{question} " + PROSE * 20)[:ANSWER_LENGTH]
