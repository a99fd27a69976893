"""The report on quality, for people."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

MISSES = 5
"""So many of the nearest misses are shown of each namespace; --json gives all."""


def show_quality(report: dict[str, Any]) -> None:
    """Print a table of the namespaces, and under it what was just refused in each."""
    console = Console()
    if not report["namespaces"]:
        console.print(f"nothing is known of {report['tenant']} yet: nothing was asked")
        return
    console.print(_overview(report["namespaces"]))
    for each in report["namespaces"]:
        if each["nearest_misses"]:
            console.print(_misses(each))


def _overview(namespaces: list[dict[str, Any]]) -> Table:
    table = Table("namespace", "requests", "hits", "wrong (checked, 95 %)", "checks", "wrong (expected)", "budget")
    for each in namespaces:
        measured = each["measured_wrong_rate"]
        table.add_row(
            each["namespace"] or "(none)",
            f"{each['requests']:,}",
            f"{each['hit_rate']:.1%}",
            f"{measured['rate']:.2%} ({measured['low']:.2%} to {measured['high']:.2%})" if measured["checks"] else "",
            f"{measured['checks']:,}",
            "" if each["expected_wrong_rate"] is None else f"{each['expected_wrong_rate']:.2%}",
            f"{each['budget']:.2%}{' exceeded' if each['breached'] else ''}",
        )
    return table


def _misses(namespace: dict[str, Any]) -> Table:
    name = f" in {namespace['namespace']}" if namespace["namespace"] else ""
    table = Table("remembered", "asked", "similarity", "fits", "why not", title=f"just refused{name}")
    for each in namespace["nearest_misses"][:MISSES]:
        fits = "" if each["probability"] is None else f"{each['probability']:.0%}"
        why = ", ".join(each["differences"]) if each["reason"] == "different" else each["reason"]
        table.add_row(escape(each["stored"]), escape(each["asked"]), f"{each['similarity']:.2f}", fits, why)
    return table
