"""The report on quality, for people."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

SHOWN = 5
"""So many of the nearest misses, and of the hits that were risky, are shown of each namespace; --json gives all."""

COLUMNS = ("namespace", "requests", "hits", "checks", "found wrong (95 %)", "thought wrong", "labels", "budget")


def show_quality(report: dict[str, Any]) -> None:
    """Print a table of the namespaces, and under it what other budgets would bring, and what was just decided."""
    console = Console()
    if not report["namespaces"]:
        console.print(f"nothing is known of {report['tenant']} yet: nothing was asked")
        return
    known = [*report["namespaces"], *([report["overall"]] if len(report["namespaces"]) > 1 else [])]
    console.print(_overview(known))
    console.print(_prospects(known))
    for each in report["namespaces"]:
        for title, judged in (("just refused", each["nearest_misses"]), ("the budget is spent on", each["spent_on"])):
            if judged:
                console.print(_pairs(title, each["namespace"], judged[:SHOWN]))


def _overview(namespaces: list[dict[str, Any]]) -> Table:
    table = Table(*(Column(each, overflow="fold") for each in COLUMNS), padding=(0, 0, 0, 1))
    for each in namespaces:
        table.add_row(
            _named(each["namespace"]),
            f"{each['requests']:,}",
            f"{each['hit_rate']:.1%}",
            f"{each['measured_wrong_rate']['checks']:,}",
            _measured(each["measured_wrong_rate"]),
            "" if each["expected_wrong_rate"] is None else f"{each['expected_wrong_rate']:.2%}",
            f"{sum(each['labels'].values()):,}",
            f"{each['budget']:.2%}{' exceeded' if each['breached'] else ''}",
        )
    return table


def _measured(rate: dict[str, Any]) -> str:
    return f"{rate['rate']:.2%} ({rate['low']:.2%} to {rate['high']:.2%})" if rate["checks"] else ""


def _prospects(namespaces: list[dict[str, Any]]) -> Table:
    budgets = {other["budget"] for each in namespaces for other in each["at_other_budgets"]}
    table = Table("hits at a budget of", *(f"{each:.2%}" for each in sorted(budgets)))
    for each in namespaces:
        rates = {other["budget"]: f"{other['hit_rate']:.1%}" for other in each["at_other_budgets"]}
        table.add_row(_named(each["namespace"]), *(rates.get(budget, "") for budget in sorted(budgets)))
    return table


def _pairs(title: str, namespace: str, judged: list[dict[str, Any]]) -> Table:
    title += f" in {namespace}" if namespace else ""
    table = Table("remembered", "asked", "similarity", "fits", "why", title=title)
    for each in judged:
        fits = "" if each["probability"] is None else f"{each['probability']:.0%}"
        why = ", ".join(each["differences"]) if each["reason"] == "different" else each["reason"]
        table.add_row(escape(each["stored"]), escape(each["asked"]), f"{each['similarity']:.2f}", fits, why)
    return table


def _named(namespace: str) -> str:
    return {"": "(none)", "*": "all together"}.get(namespace, namespace)
