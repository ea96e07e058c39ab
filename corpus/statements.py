"""Metric rows said as sentences, in documents of their own; the sentences are made by code, row by row.

Knows each shipped table's meaning; a table it does not know is said row by row in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from framewise.corpus.document import Document, Mark, Source
from framewise.corpus.metrics import Metric, MetricTable, find_rows, slug
from framewise.corpus.taxonomy import Taxonomy

ROW_MARK = "metric/"  # a mark that names a metric row begins so
Rows = Sequence[Metric]
Statement = tuple[str, tuple[Metric, ...]]
MONTHS = (
    "January February March April May June July August September October November December".split()
)


def say_date(iso: str) -> str:
    """An ISO date as read aloud: "2025-10" is "October 2025", a day stays ISO, a year a year."""
    if re.fullmatch(r"\d{4}-\d{2}", iso):
        return f"{MONTHS[int(iso[5:]) - 1]} {iso[:4]}"
    return iso


def say_number(value: str) -> str:
    """A whole number with thousands separators; anything else as it is: "22923696" is "22,923,696"."""
    return f"{int(value):,}" if re.fullmatch(r"\d{5,}", value) else value


def state_tables(tables: Sequence[MetricTable], taxonomy: Taxonomy) -> list[Document]:
    """One document per table and subject, each sentence marked with the rows it says."""
    documents = []
    for table in tables:
        group_of, say = _TABLES.get(table.name, (lambda row: row.entity, _say_plainly))
        ordered = sorted(enumerate(table.rows), key=lambda pair: (group_of(pair[1]), pair[0]))
        for subject, pairs in groupby(ordered, key=lambda pair: group_of(pair[1])):
            rows = [row for _, row in pairs]
            statements = list(say(rows))
            if statements:
                documents.append(_document(table, subject, rows, statements, taxonomy))
    return sorted(documents, key=lambda document: document.id)


def _document(
    table: MetricTable, subject: str, rows: Rows, said: Sequence[Statement], taxonomy: Taxonomy
) -> Document:
    text, marks = "", []
    for sentence, told in said:
        text += ("\n" if text else "") + sentence
        marks += [Mark(len(text), ROW_MARK + row.id) for row in told]
    title = table.description.split("\n", 2)[1].removeprefix("What: ").split(",")[0].split(";")[0]
    entities = [name for row in rows for name in (row.entity, row.variant)]
    newest = max(row.date for _, told in said for row in told)
    return Document(
        id=f"metrics.{slug(table.name)}.{slug(subject)}".replace("_", "-"),
        title=f"{subject}: {_TITLES.get(table.name, title)}",
        text=text,
        kind="metric",
        form="table",
        frameworks=tuple(dict.fromkeys(_framework_ids(entities, taxonomy))),
        topics=_TOPICS.get(table.name, ()),
        published=newest,
        checked="2026-11-22",
        marks=tuple(marks),
    )


def with_row_sources(document: Document, tables: tuple[MetricTable, ...]) -> Document:
    """The document with a source for each metric row that its marks name.

    So a figure's citation names where the figure was read, and of which date.
    """
    keys = dict.fromkeys(mark.key for mark in document.marks if mark.key.startswith(ROW_MARK))
    found = ((key, find_rows(tables, key.removeprefix(ROW_MARK))) for key in keys)
    added = tuple(_source(key, rows[0]) for key, rows in found if rows)
    return replace(document, sources=(*document.sources, *added)) if added else document


def _source(key: str, row: Metric) -> Source:
    repository = re.fullmatch(r"GitHub ([\w.-]+/[\w.-]+)", row.source)
    return Source(
        id=key,
        title=row.source,
        locator=f"{row.locator}; table corpus/data/metrics/{row.table}.csv",
        date=row.date,
        licence="facts",
        url=f"https://github.com/{repository.group(1)}" if repository else "",
    )


def _framework_ids(entities: Sequence[str], taxonomy: Taxonomy) -> Iterator[str]:
    names: dict[str, str] = {}
    for framework in taxonomy.frameworks:
        for name in (framework.package, framework.repository, framework.id, *framework.names):
            if name:
                names.setdefault(name.lower(), framework.id)
    for entity in entities:
        plain = re.sub(r"\s*\(.*\)$|\s+\d[\w.]*$", "", entity).lower()
        if found := names.get(entity.lower()) or names.get(plain):
            yield found


def _by_metric(rows: Rows) -> dict[str, Metric]:
    return {row.metric: row for row in rows}


def _say_plainly(rows: Rows) -> Iterator[Statement]:
    for row in rows:
        about = f"{row.entity}, {row.variant}," if row.variant else row.entity
        unit = "" if row.unit in ("date", "level", "event") else f" {row.unit}"
        words = row.metric.replace("_", " ")
        yield (
            f"As of {say_date(row.date)}, {words} of {about} is {say_number(row.value)}{unit}.",
            (row,),
        )


def _say_releases(rows: Rows) -> Iterator[Statement]:
    facts = _by_metric(rows)
    name = f"the PyPI package {rows[0].entity}"
    newest, day = facts["latest_version"], facts["latest_version_date"]
    yield (
        f"As of November 2026, the latest release of {name} is version {newest.value}, uploaded on {day.value}.",
        (newest, day),
    )
    age = facts["days_since_latest_version"]
    yield f"On 2026-11-22, the latest release of {name} was {_count(age.value, 'day')} old.", (age,)
    last, before = facts["releases_last_12_months"], facts["prereleases_last_12_months"]
    yield (
        f"In the 12 months up to 2026-11-22, {name} had {_count(last.value, 'release')} and {_count(before.value, 'pre-release')}.",
        (last, before),
    )
    python = facts["requires_python"]
    yield f"Version {newest.value} of {name} requires Python {python.value}.", (python,)
    platforms = facts["wheel_platforms_latest"]
    yield (
        f"The wheels of version {newest.value} of {name} on PyPI are for: {_one_clause(platforms.value)}.",
        (platforms,),
    )
    licence = facts["license"]
    yield (
        f"The licence declared by version {newest.value} of {name} is: {_short(licence.value)}.",
        (licence,),
    )
    first = facts["first_release_date"]
    yield f"The earliest upload still listed of {name} is from {first.value}.", (first,)
    if size := facts.get("wheel_size_linux_x86_64"):
        yield (
            f"The Linux x86-64 wheel of version {newest.value} of {name} has a size of {size.value} MB.",
            (size,),
        )


def _one_clause(text: str) -> str:
    """A value without semicolons, at which a sentence would be split, and without its full stop."""
    return text.strip().rstrip(".").replace(";", ",")


def _count(value: str, noun: str) -> str:
    return f"{say_number(value)} {noun}" + ("" if value == "1" else "s")


def _short(text: str) -> str:
    line = _one_clause(text).splitlines()[0]
    return line if len(line) <= 120 else line[:117] + "..."


def _say_activity(rows: Rows) -> Iterator[Statement]:
    facts, name = _by_metric(rows), f"the GitHub repository {rows[0].entity}"
    head = facts["latest_commit_date"]
    yield (
        f"The newest commit of {name} in the copy read for Framewise is from {head.value}.",
        (head,),
    )
    year, people = facts["commits_365d_before_head"], facts["human_authors_365d_before_head"]
    yield (
        f"In the 365 days before {head.value}, {name} had {_count(year.value, 'commit')} by {_count(people.value, 'human author')}.",
        (year, people),
    )
    for number in range(2021, 2026):
        commits, authors = facts.get(f"commits_{number}"), facts.get(f"authors_{number}")
        if commits and authors and head.value > f"{number}":
            until = f" up to {head.value}" if head.value[:4] == str(number) else ""
            yield (
                f"In {number}{until}, {name} had {_count(commits.value, 'commit')} by {_count(authors.value, 'author')}.",
                (commits, authors),
            )
    if notice := facts.get("status_notice"):
        yield (
            f"The status notice of {name}, dated {notice.date}, says in short: {_one_clause(notice.value)}.",
            (notice,),
        )


def _say_hardware(rows: Rows) -> Iterator[Statement]:
    for row in rows:
        yield (
            _HARDWARE.get(row.value, _HARDWARE[""]).format(
                date=row.date, name=row.entity, backend=row.variant, level=row.value
            ),
            (row,),
        )


_HARDWARE = {
    "official stable": "As of {date}, {name} lists {backend} as an officially supported target.",
    "official preview": "As of {date}, {name} supports {backend} officially, but as a preview or experiment.",
    "via plugin": "As of {date}, {name} runs on {backend} through a separate plugin package.",
    "official legacy": "As of {date}, {name} supports {backend} officially, but only as legacy.",
    "contributed": "As of {date}, support of {name} for {backend} is contributed from outside the project.",
    "in progress": "As of {date}, support of {name} for {backend} is in progress and not released.",
    "none": "As of {date}, {name} states that {backend} is not supported.",
    "": "As of {date}, {name} names its support for {backend} as: {level}.",
}


def _say_history(rows: Rows) -> Iterator[Statement]:
    for metric, what in _HISTORY.items():
        series = sorted((row for row in rows if row.metric == metric), key=lambda row: row.date)
        chosen = list({row.date[:4]: row for row in series}.values())  # the last of each year
        for row in chosen:
            yield f"On {row.date}, {row.entity} had {say_number(row.value)} {what}.", (row,)
        if len(series) > 1 and (series[0].number or 0) > 0:
            first, last = series[0], series[-1]
            ratio = (last.number or 0.0) / (first.number or 1.0)
            yield (
                f"From {first.date} to {last.date}, the {what} of {first.entity} changed from {say_number(first.value)} to {say_number(last.value)}, a factor of {ratio:.1f}.",
                (first, last),
            )
    for row in rows:
        if line := _CROSSINGS.get(row.metric):
            yield line.format(date=row.value), (row,)


_HISTORY = {"pypi_monthly_downloads": "PyPI downloads per month", "star_count": "GitHub stars"}
_CROSSINGS = {
    "first_snapshot_pytorch_pypi_downloads_exceed_tensorflow": "The weekly snapshot of {date} is the first from which PyTorch had more monthly PyPI downloads than TensorFlow in every later snapshot.",
    "last_snapshot_tensorflow_pypi_downloads_ahead": "The weekly snapshot of {date} is the last in which TensorFlow had more monthly PyPI downloads than PyTorch.",
    "first_reliable_snapshot_pytorch_github_dependents_exceed_tensorflow": "The weekly snapshot of {date} is the first reliable one in which PyTorch had more dependent GitHub repositories than TensorFlow.",
}


def _say_mlperf(rows: Rows) -> Iterator[Statement]:
    facts = {(row.variant, row.metric): row for row in rows}
    round_ = rows[0].entity
    base, submitters = (
        facts[("(all)", "systems_with_results")],
        facts[("(all)", "distinct_submitters")],
    )
    yield (
        f"{round_}, published on {base.date}, has results of {base.value} systems from {submitters.value} submitters.",
        (base, submitters),
    )
    for name in dict.fromkeys(row.variant for row in rows if row.variant != "(all)"):
        share, count = facts[(name, "system_share")], facts[(name, "systems_declaring")]
        label = "no framework" if name == "not stated" else name
        yield (
            f"In {round_}, {share.value}% of the systems ({count.value} of {base.value}) named {label} as their software.",
            (share, count, base),
        )


def _say_research(rows: Rows) -> Iterator[Statement]:
    for entity in dict.fromkeys(row.entity for row in rows):
        facts = _by_metric([row for row in rows if row.entity == entity])
        torch, tensor = facts.get("pytorch_only_papers"), facts.get("tensorflow_only_papers")
        total, share = (
            facts.get("total_papers"),
            facts.get("pytorch_share_of_pytorch_plus_tensorflow"),
        )
        if torch and tensor and total:
            yield (
                f"At {entity}, {torch.value} of {say_number(total.value)} papers named only PyTorch and {tensor.value} named only TensorFlow.",
                (torch, tensor, total),
            )
        if share:
            yield (
                f"At {entity}, PyTorch had {share.value}% of the papers that named only one of PyTorch and TensorFlow.",
                (share,),
            )
        for row in facts.values():
            if row.metric in _SURVEY:
                yield (
                    f"In the {entity}, {row.value}% of professional developers used {_SURVEY[row.metric]}, as reported second-hand.",
                    (row,),
                )


_SURVEY = {
    "tensorflow_used_by_professional_developers": "TensorFlow",
    "pytorch_used_by_professional_developers": "PyTorch",
    "keras_used_by_professional_developers": "Keras",
}


def _say_backends(rows: Rows) -> Iterator[Statement]:
    for entity in dict.fromkeys(row.entity for row in rows):
        facts = _by_metric([row for row in rows if row.entity == entity])
        torch, total = facts["pytorch_architectures"], facts["all_architectures"]
        tensor, flax = facts["tensorflow_architectures"], facts["flax_architectures"]
        yield (
            f"The {entity} wheel of {torch.date} has PyTorch code for {torch.value}, TensorFlow code for {tensor.value} and Flax code for {flax.value} of {total.value} architectures.",
            (torch, tensor, flax, total),
        )


def _say_milestones(rows: Rows) -> Iterator[Statement]:
    for row in sorted(rows, key=lambda row: row.date):
        when = f"On {row.date}" if len(row.date) == 10 else f"In {say_date(row.date)}"
        kind, value = row.metric.removeprefix("event:"), _one_clause(row.value)
        yield f"{when}, in the history of {row.entity} ({kind}): {value}.", (row,)


def _venue(row: Metric) -> str:
    return re.sub(r"\s+\d{4}$", "", row.entity)


_TABLES: dict[str, tuple[Callable[[Metric], str], Callable[[Rows], Iterator[Statement]]]] = {
    "package_releases": (lambda row: row.entity, _say_releases),
    "repo_activity": (lambda row: row.entity, _say_activity),
    "hardware_support": (lambda row: row.entity, _say_hardware),
    "ecosystem_history": (lambda row: row.entity, _say_history),
    "mlperf_frameworks": (lambda row: row.entity, _say_mlperf),
    "research_usage": (_venue, _say_research),
    "transformers_backends": (lambda row: "transformers", _say_backends),
    "milestones": (lambda row: row.entity, _say_milestones),
}
_TITLES = {
    "package_releases": "release facts from PyPI",
    "repo_activity": "commit activity",
    "hardware_support": "hardware support",
    "ecosystem_history": "downloads and stars over time",
    "mlperf_frameworks": "declared software",
    "research_usage": "framework mentions in papers",
    "transformers_backends": "framework back ends over versions",
    "milestones": "dated events",
}
_TOPICS = {
    "package_releases": ("maintenance", "python-support", "licence"),
    "repo_activity": ("maintenance",),
    "hardware_support": ("nvidia-gpu", "amd-gpu", "tpu", "apple-silicon", "intel"),
    "ecosystem_history": ("popularity", "ecosystem"),
    "mlperf_frameworks": ("performance", "popularity", "distributed-training"),
    "research_usage": ("research", "popularity"),
    "transformers_backends": ("ecosystem", "popularity"),
    "milestones": ("maintenance",),
}
