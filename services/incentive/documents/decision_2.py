"""The words of template decision/2, from a frozen statement (决定书). Released words never change.

They are those of decision/1 but for objections: who objects, why, and the answer with its reason.
"""

from services.incentive.documents.decision_1 import OUTCOMES, day, page_with, papers
from shared.values.json_types import Json


def page_of(statement: Json) -> Json:
    """The page of a statement, as that of decision/1."""
    return page_with(statement, [_objection(one) for one in statement["objections"]])


def _objection(objection: Json) -> str:
    received, registered = objection["received_on"], objection["registered_on"]
    when = f"{day(received)}收到" if received else f"{day(registered)}登记"
    who = f"{objection['by']}提出，" if objection["by"] else ""
    text = f"异议（{who}{when}）：{_sentence(objection)}"
    answer = objection["answer"]
    if answer is None:
        return f"{text}尚未处理。"
    outcome = OUTCOMES.get(answer["outcome"] or "", "已处理")
    return f"{text}{day(answer['answered_on'])}处理：{outcome}。{_sentence(answer)}"


def _sentence(said: Json) -> str:
    """The reason of an objection or answer, with its documents."""
    text = (said["reason"] or "").rstrip("。") + papers(said["documents"])
    return f"{text}。" if text else ""
