"""`framewise models …`: list, pull, show; parses input and prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from framewise.app.cli_options import Json
from framewise.app.console import out, out_json, out_table, say

if TYPE_CHECKING:
    from framewise.index import weights

app = typer.Typer(help="List, fetch and check the embedded models.", no_args_is_help=True)
Role = Annotated[str, typer.Argument(help="encoder or llm; both if left out.")]


@app.command(name="list")
def list_models(json: Json = False) -> None:
    """Show the embedded models and whether they are here."""
    from framewise.index.weights import EMBEDDED, is_complete

    rows = [
        {
            "role": model.role,
            "name": model.name,
            "licence": model.licence,
            "here": is_complete(model),
            "package": f"{model.package}=={model.version}",
        }
        for model in EMBEDDED
    ]
    if json:
        out_json(rows)
    else:
        out_table(tuple(rows[0]), [tuple(row.values()) for row in rows])


@app.command()
def pull(
    role: Role = "",
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is here.")] = False,
) -> None:
    """Fetch the embedded models: verified, converted and kept in FRAMEWISE_HOME."""
    from framewise.index import weights

    for model in _chosen(role):
        out(f"{model.role}: {weights.pull(model, force=force, say=say)}")


@app.command()
def show(role: Role = "", json: Json = False) -> None:
    """Show where an embedded model is kept, and compare its files with their checksums."""
    from dataclasses import asdict

    from framewise.index import weights

    facts = []
    for model in _chosen(role):
        weights.verify(model)
        facts.append({**asdict(model), "folder": str(model.folder), "intact": True})
    if json:
        out_json(facts)
    else:
        for row in facts:
            out_table(("what", "is"), list(row.items()))


def _chosen(role: str) -> list[weights.EmbeddedModel]:
    from framewise.index.weights import EMBEDDED

    chosen = [model for model in EMBEDDED if role in ("", model.role, model.name)]
    if not chosen:
        roles = ", ".join(model.role for model in EMBEDDED)
        raise typer.BadParameter(f"'{role}' is not one of {roles}")
    return chosen
