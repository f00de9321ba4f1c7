"""Planted bugs: each is one change of the loop's source that a careless hand might make.

(name, file, what stands there, what the bug puts in its place)
"""

MUTANTS = [
    ("acts after the lifetime", "decide.py", "now.boot_ms >= job.deadline_boot_ms:", "now.boot_ms < 0:"),
    (
        "counts the lifetime from the answer",
        "step.py",
        "deadline = event.sent_boot_ms + checked",
        "deadline = now.boot_ms + checked",
    ),
    ("believes an unverified permit", "step.py", "if checked.permit is None:", "if False:"),
    ("acts on a plan that changed", "step.py", "plan_digest(plan) != plan_digest(job.plan)", "False"),
    ("keeps a permit over a restart", "step.py", "(phases.ASKING, phases.PERMITTED)", "(phases.ASKING,)"),
    ("acts again after a kill", "step.py", "(phases.ACTING, phases.RUNNING):", "(phases.RUNNING,):"),
    ("takes what has begun for not begun", "step.py", "if not event.begun and not job.started:", "if not job.started:"),
    ("finishes twice", "jobs.py", "state = settled(with_job(state, None), job.offer.action_id)", "pass"),
    (
        "forgets that it is done",
        "jobs.py",
        "settled(with_job(state, None), job.offer.action_id)",
        "with_job(state, None)",
    ),
    ("does not say that a permit was lost", "step.py", "if event.may_have_arrived:", "if False:"),
    ("does not say that a permit was refused", "step.py", "or request.boot_id != kept.boot_id", "or True"),
    ("forgets reports without a receipt", "journal.py", "if e.report_id != report_id]", "if False]"),
    ("repeats a sequence number", "journal.py", "encode(fitted), kept.sequence + 1)", "encode(fitted), kept.sequence)"),
    ("does not tell that it began", "jobs.py", "if not job.started:", "if False:"),
    ("calls a broken package installed", "step.py", "outcome.reached == events.ALL and", "True or"),
    ("sends a scan it no longer has", "decide.py", "and not state.scan_held", "and False"),
    (
        "scans while a transaction runs",
        "decide.py",
        "if _is_busy(state):\n        return None",
        "if False:\n        return None",
    ),
    (
        "drops what has begun when it is not listed",
        "phases.py",
        "{RECEIVED, DOWNLOADED, PLANNED, READY}",
        "{RECEIVED, RUNNING}",
    ),
    ("sleeps no time", "decide.py", "if due > now.boot_ms), default", "), default"),
    ("repairs for ever", "step.py", "job.repair_count < jobs.REPAIR_COUNT_MAX", "True"),
]
