"""An optional language model that reads answers which no rule can read: prompt, verdict, and the file of judgements."""

from s1m.judge.judge import Judge, unjudged
from s1m.judge.judgements import Judgement, Judgements, RecordJudgement, laid_over, text_hash
from s1m.judge.reading import is_asked, judged
from s1m.judge.stream import Scored, StreamJudge

__all__ = [
    "Judge",
    "Judgement",
    "Judgements",
    "RecordJudgement",
    "Scored",
    "StreamJudge",
    "is_asked",
    "judged",
    "laid_over",
    "text_hash",
    "unjudged",
]
