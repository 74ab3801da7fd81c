"""Schema words: what an editor says about each key; the long form stands in directives/README.md."""

TEXT = {
    "vi": "The Vietnamese words, on one line.",
    "en": "The English words, on one line.",
    "fr": "The French words, on one line.",
}

DIRECTIVE = {
    "directive": "The number as printed: 412/TB-VPCP, 183-KL/TW. A short name where numbered is false.",
    "numbered": "false for what has no official number: a meeting, a speech, a practice. Then kind is needed.",
    "issued": "The date of issue, YYYY-MM-DD. Numbers restart every year: number and date are the identity.",
    "issuer": "The issuing agency, a code of the registry.",
    "title": "Our own short words for the whole document, in three languages.",
    "kind": "What sort of document it is, where its number does not say.",
    "status": "in_force, draft (not signed yet), or reported (known only from others' words).",
    "relations": "What this document is to others, one word an item: {implements: 183-KL/TW, issued: 2025-08-01}.",
    "note": "A remark on the whole document: what it was read from, what must still be checked.",
    "sources": "The texts that the tasks were read from, each under an id of your choice.",
    "defaults": "What the tasks take over when they do not say otherwise.",
    "defaults.before": "Whether 'before D' leaves D out (exclusive, the default) or includes it.",
    "tasks": "The duties, each under its id: small letters, digits and hyphens, never reused.",
}

SOURCE = {
    "file": "The name of the text's file, without a folder.",
    "language": "Two letters: vi, en, fr.",
    "sha256": "The SHA-256 of the file's bytes, 64 digits.",
}

LOCATOR = {
    "in": "The id of one of the sources.",
    "sentence": "The number of the sentence, counted from 1 through the whole file.",
    "sha256": "The SHA-256 of the sentence's UTF-8 text, 64 digits.",
}

TASK = {
    "record": "The id of the obligation record this came from; a list when one task covers several.",
    "title": "What is to be done, in our own words, in three languages, never the source's sentence.",
    "source": "Where the duty stands: {in: article, sentence: 5, sha256: …}.",
    "attribution": "Whose word it is: explicit (the directive's own), article-context, or narrator.",
    "modality": "How strongly it is said.",
    "class": "What kind of task it is; supervision, reference and emphasis point at others.",
    "track": "false keeps the task for coverage and for the graph; then nobody owes it.",
    "lead": "The one answerable agency. A task has one of lead, for_each and any_of.",
    "for_each": "One assignment for each agency: a set, or a mapping with its exceptions.",
    "any_of": "Each of these agencies and sets may do it; one completion completes the task.",
    "lead_basis": "Where the owner comes from: named in the sentence, inherited from another, or inferred by us.",
    "with": "Those that cooperate, codes or sets; they are not answerable.",
    "via": "The channel a report goes through, in order.",
    "to": "Who the product is for.",
    "needs": "Tasks that come first: ids of this file, or year/number/id.",
    "restates": "Tasks that say the same; ids of this file, or year/number/id.",
    "supervises": "Tasks, or whole directives, that this task watches over.",
    "derives_from": "Documents this task follows from, by number: [183-KL/TW].",
    "takes": "How long it is likely to take: 20 working days. The author's estimate.",
    "due": "The deadline: exactly one rule, and what belongs to it.",
    "deliverable": "The product, in free words.",
    "indicators": "The indicators that measure it: [IND-19].",
    "evidence": "Whether a report of completion must bring evidence.",
    "remind": "A ladder of the registry, or none.",
    "note": "Our own remark: who spoke, what is ambiguous, what must be checked.",
}

FOR_EACH = {
    "agencies": "A set of the registry, a code, or a list of both.",
    "exempt": "Agencies that do not owe it.",
    "on_behalf_of": "The set the lead answers for: a province for its communes.",
    "then": "A cascade: the offices of this set below each agency owe it too, and the agency waits for them.",
    "complete_when": 'When the task as a whole is complete: all, any, a number, or a share such as "60 %".',
}

NEED = {
    "task": "The task that comes first.",
    "kind": "finish-start (default): it must be completed. start-start: started. during: both go on together.",
    "lag": "The time between the two: 5 days.",
    "basis": "stated (default) by the text, or inferred by us.",
}

RELATION = {
    "implements": "This document carries out that one.",
    "amends": "It changes that one in part.",
    "supersedes": "It takes the place of that one.",
    "restates": "It says again what that one says.",
    "refers_to": "It mentions that one.",
    "derives_from": "It follows from that one.",
    "reviews": "It looks at how that one was carried out.",
    "issued": "The date of issue of the other document, where it is known.",
}

DUE = {
    "before": "In time until the end of the day before.",
    "by": "In time until the end of that day, or of that minute: 2025-12-01T09:00.",
    "in": "In time until the end of the month, quarter or year: 2025-08, 2025-Q3, 2025.",
    "within": "A period from what 'of' names: 30 days, 5 working days, 2 weeks, 3 months.",
    "every": "A recurring duty, as a rule of RFC 5545: FREQ=MONTHLY;BYMONTHDAY=25.",
    "from": "The first day of a window; 'to' is its last.",
    "to": "The last day of a window.",
    "review": "No deadline: looked at again when nothing was heard for this long.",
    "done": "The source itself reports the duty as done on that day.",
    "of": "What a period runs from: issue (default), a task's completion, or {event: name}.",
    "of.event": "The name of an event that is recorded when it happens.",
    "bound": "How this 'before' is read: exclusive or inclusive of the day.",
    "time": "The minute of the day a recurring duty is due at.",
    "first": "The first day of a recurring duty.",
    "until": "The last day of a recurring duty.",
    "roll": "Where the end of a period goes from a day off: forward, back, or none.",
    "cutoff": "true: after the deadline the duty is void, never late.",
    "words": "The phrase as printed, short.",
    "scope": "own: the date stands in the task's own sentence; inherited: it comes from another.",
    "alternative": "The last day on the other defensible reading.",
}
