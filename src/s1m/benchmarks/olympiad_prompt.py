"""What OlympiadBench asks, in both languages (OpenBMB/OlympiadBench, inference/code/evaluators/evaluator.py)."""
# ruff: noqa: RUF001 - the Chinese prompts are written with Chinese signs

from __future__ import annotations

from s1m.benchmarks.reading.row import Row

_ENGLISH = {
    "Numerical": "a numerical value",
    "Expression": "an expression",
    "Equation": "an equation",
    "Interval": "an interval",
}
_CHINESE = {"Numerical": "数值", "Expression": "表达式", "Equation": "方程", "Interval": "区间"}


def prompt_of(row: Row, answer_type: str, subject: str, language: str) -> str:
    """Instruction, then the context of a physics problem, then the question."""
    several = row.flag("is_multiple_answer")
    has_unit = bool(row.text_or("unit"))
    write = _english if language == "English" else _chinese
    instruction = write(subject, _kinds(row, answer_type, language), several, has_unit)
    context = row.text_or("context") if subject != "Math" else ""
    return "\n".join(part for part in (instruction, context, row.filled("question")) if part)


def _kinds(row: Row, answer_type: str, language: str) -> list[str]:
    """The kinds of answer that are asked for, each once where they are all the same; none for tuples."""
    if "Tuple" in answer_type:
        return []
    names = _ENGLISH if language == "English" else _CHINESE
    kinds = []
    for part in answer_type.split(","):
        kind = next((name for name in names if name in part), None)
        if kind is None:
            raise row.wrong("answer_type", f"expected one of {', '.join(names)}; got {answer_type!r}")
        kinds.append(names[kind])
    return kinds[:1] if len(set(kinds)) == 1 else kinds


def _english(subject: str, kinds: list[str], several: bool, has_unit: bool) -> str:
    asked = ""
    if len(kinds) > 1:
        asked = f"The problem has multiple answers, with the answers in order being {', '.join(kinds)}. "
    elif kinds:
        asked = (
            f"The problem has multiple answers, each of them should be {kinds[0]}. "
            if several
            else f"The answer of The problem should be {kinds[0]}. "
        )
    box = r"\boxed{multiple answers connected with commas}" if several else r"\boxed{answer}"
    unit = r", note that the unit of the answer should not be included in \boxed{}" if has_unit else ""
    return (
        f"The following is an open-ended problem from an International {'Math' if subject == 'Math' else 'Physics'} "
        f"competition. {asked}Please calculate the answer according to the given requirements and the information "
        "provided. Please use LaTeX format to represent the variables and formulas used in the solution process and "
        f'results. Please end your solution with "So the final answer is {box}{"(unit)" if has_unit else ""}." and '
        f"give the result explicitly{unit}."
    )


def _chinese(subject: str, kinds: list[str], several: bool, has_unit: bool) -> str:
    asked = ""
    if len(kinds) > 1:
        asked = f"，题目有多个答案，答案类型分别为{'、'.join(kinds)}"
    elif kinds:
        asked = f"，题目有多个答案，答案类型均为{kinds[0]}" if several else f"，答案类型为{kinds[0]}"
    box = r"\boxed{用英文逗号连接的多个答案}" if several else r"\boxed{答案}"
    unit = r"，注意答案的单位不要放在\boxed{}中" if has_unit else ""
    return (
        f"以下是中国{'数学' if subject == 'Math' else '物理'}竞赛中的解答题{asked}。"
        "请根据题目的要求和所提供的信息计算得出答案。"
        "解答过程和结果中使用的变量和公式请使用LaTeX格式表示。请在最后以“所以最终答案是"
        f"{box}{'(单位)' if has_unit else ''}。”显式给出结果{unit}。"
    )
