"""Try an own mechanism on random Cases until a law is broken or the examples are used up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seawall.cascade.own.code import OwnFile
from seawall.mechanism.fuzz.elsewhere import digests, digests_elsewhere
from seawall.mechanism.fuzz.hints import hints
from seawall.mechanism.fuzz.hold import Asked, Breach, Refused, hold
from seawall.mechanism.fuzz.laws import LAWS
from seawall.mechanism.fuzz.probe import probe
from seawall.mechanism.fuzz.shrink import BUDGET, shrink, told
from seawall.mechanism.fuzz.trial import Subject, Trial, nth_trial, subject_of

SCHEMA = "seawall/mechanism-fuzz/1"
EXAMPLES = 40
# So many examples are run in another process too.
ELSEWHERE = 8
# A step that takes longer than this many times everything else in a run is reported.
SLOW = 1.0
# Looking ahead is impossible by construction, so nothing is tried for it.
AHEAD = "a view holds the present step and no later one, so no mechanism can look ahead"


@dataclass(frozen=True)
class Finding:
    """A broken law: what went wrong, the smallest Case found, which example it came from.

    trial     None where the question that broke it was asked outside a Case
    """

    breach: Breach
    trial: Trial | None
    example: int


@dataclass
class Report:
    """What the fuzzer saw. refused: trials whose parameters the mechanism itself refuses; untried:
    sentences on what could not be tried this time.
    """

    subject: Subject
    seed: int
    examples: int = 0
    refused: int = 0
    asked: Asked = field(default_factory=Asked)
    findings: list[Finding] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)


def fuzz(
    file: OwnFile,
    *,
    examples: int = EXAMPLES,
    seed: int = 0,
    budget: int = BUDGET,
    elsewhere: bool = True,
    progress: Callable[[float, str], None] | None = None,
) -> Report:
    """Hold ``file`` against the laws on ``examples`` random Cases; stops at the first finding.

    budget: tries spent on making a failing Case smaller; elsewhere: run the first examples in
    another process too; progress is told the share done and what comes next. Raises InputError
    for a file that is no mechanism.
    """
    tell = progress or (lambda share, text: None)
    subject = subject_of(file)
    report = Report(subject, seed)
    for example in range(examples):
        tell(example / examples, f"random Case {example + 1} of {examples}")
        rng = np.random.default_rng([seed, example, 1])
        report.examples += 1
        trial = nth_trial(subject, seed, example)
        try:
            breach = probe(subject, trial.values, rng)
            if breach is not None:
                report.findings.append(Finding(breach, None, example))
                return report
            breach = hold(subject, trial, report.asked)
        except Refused:
            report.refused += 1
            continue
        if breach is not None:
            tell(1.0, f"{breach.law} is broken: looking for the smallest Case")
            report.findings.append(_smallest(subject, trial, breach, example, budget))
            return report
    if elsewhere:
        tell(1.0, "in another process")
        try:
            report.findings += _elsewhere(subject, seed, min(examples, ELSEWHERE))
        except TimeoutError as late:  # a busy machine is no fault of the mechanism
            report.untried.append(f"whether another process answers the same: {late}")
    if report.asked.times == 0:
        report.findings.append(Finding(Breach("O6", "no example asked it"), None, examples))
    return report


def _elsewhere(subject: Subject, seed: int, count: int) -> list[Finding]:
    """What differs in another process, or that it fails there."""
    there = digests_elsewhere(subject, seed, count)
    if there is None:
        breach = Breach("L10", "another process gave no answer, so nothing is known of it")
        return [Finding(breach, None, count)]
    for example, (one, other) in enumerate(zip(digests(subject, seed, count), there, strict=True)):
        if one != other:
            breach = Breach("L10", "a run in another process, with other hashes, differs")
            return [Finding(breach, nth_trial(subject, seed, example), example)]
    return []


def _smallest(subject: Subject, trial: Trial, breach: Breach, example: int, budget: int) -> Finding:
    def again(candidate: Trial) -> Breach | None:
        try:
            return hold(subject, candidate, Asked(), {breach.law})
        except Refused:
            return None

    small = shrink(trial, lambda one: again(one) is not None, budget)
    # A mechanism with a clock or a generator of its own may not fail twice in the same way.
    return Finding(again(small) or breach, small, example)


def slow(report: Report) -> float | None:
    """Time of the step over that of everything else in a run, where it is more than SLOW."""
    rest = report.asked.whole - report.asked.own
    ratio = report.asked.own / rest if rest > 0 else 0.0
    return ratio if ratio > SLOW else None


def as_json(report: Report) -> dict[str, Any]:
    """The report as the command prints it."""
    return {
        "schema": SCHEMA,
        "file": report.subject.file.name,
        "sha256": report.subject.file.sha256,
        "slot": report.subject.slot,
        "seed": report.seed,
        "examples": report.examples,
        "refused_examples": report.refused,
        "asked": report.asked.times,
        "ahead": AHEAD,
        "untried": report.untried,
        "laws": {name: law.sentence for name, law in LAWS.items()},
        "findings": [_as_json(report, finding) for finding in report.findings],
    }


def _as_json(report: Report, finding: Finding) -> Mapping[str, Any]:
    law = LAWS[finding.breach.law]
    trial = finding.trial
    return {
        "law": finding.breach.law,
        "sentence": law.sentence,
        "detail": finding.breach.detail,
        "example": finding.example,
        "case": None if trial is None else told(trial.recipe),
        "recipe": None if trial is None else vars(trial.recipe),
        "parameters": None if trial is None else dict(trial.values),
        "look_at": law.look_at,
        "rows": hints(report.subject.file.text),
    }
