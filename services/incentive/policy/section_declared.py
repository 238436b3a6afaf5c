"""The section `declared` of a policy file: rewards that a person declares, the limits and the pools they share."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

import yaml

from services.incentive.policy.section_readings import Place, read_reading, read_says
from services.incentive.policy.terms import (
    AtRate,
    DeclaredRewards,
    DeclaredTerms,
    Fixed,
    Grade,
    Grades,
    Measure,
    MeasureStep,
    Pool,
    Reading,
    RewardLimit,
    Steps,
    Texts,
)
from services.incentive.policy.yaml_reader import PolicyFile
from shared.values.money import format_yuan

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SUBJECTS: Final = ("entity", "operator")
_EARNED: Final = ("once", "first", "yearly", "by_difference", "recorded")
_PER: Final = ("subject", "item")
_LIMITED_PER: Final = ("subject_year", "subject", "item")
_OPTIONAL: Final = ("measure", "amount", "at_most", "amounts", "steps", "rate", "at_least", "years", "limits", "pool")
_ALL: Final = "(一)-(十七)"
_GENERAL: Final = ("limits_used_in_order_of_days", "the_day_it_was_earned_on")


class _Form(NamedTuple):
    """What a way to pay goes with: whether a measure is needed, what may stand beside it, how it may be earned."""

    is_measured: bool | None  # None: where `at_most` stands beside it
    beside: tuple[str, ...]
    earned: tuple[str, ...]


_FORMS: Final[Mapping[str, _Form]] = {
    "amount": _Form(None, ("at_most",), ("once", "first")),
    "amounts": _Form(True, (), ("once", "first", "by_difference")),
    "steps": _Form(True, (), ("by_difference",)),
    "rate": _Form(True, ("at_least", "years"), ("once", "yearly")),
}
# Each reading that the code computes, and the members of a rule that it is a reading of.
_READINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "once_for_each_subject": {"earned": "once", "per": "subject"},
    "once_for_each_item": {"earned": "once", "per": "item"},
    "less_what_was_earned_under_this_policy": {"earned": "by_difference"},
    "minimum_before_limits": {"at_least": ""},
    "a_limit_of_its_own": {"limits": ""},
    "rate_for_each_year": {"earned": "yearly"},
    "calendar_years_from_the_first": {"years": ""},
}


def read_declared(
    reader: PolicyFile, node: yaml.Node | None, taken: Collection[str]
) -> tuple[DeclaredRewards, tuple[Reading, ...]]:
    """The section and its readings; nothing where the file has none. `taken` are names of rules that events drive."""
    if node is None:
        return DeclaredRewards(), ()
    members = reader.members(node, "declared", ("readings", "rules"), ("limits", "pools"))
    reader.article = _ALL
    readings = _readings(reader, members.get("readings"), "declared", "declared", _GENERAL)
    for name in _GENERAL:
        if "readings" in members and name not in {reading.reading for reading in readings}:
            reader.fault(members["readings"], "declared.readings", f"缺少读法 {name} / reading {name} is missing")
    limits = {found.limit: found for found in _limits(reader, members.get("limits"))}
    pools = {found.pool: found for found in _pools(reader, members.get("pools"))}
    rules: dict[str, DeclaredTerms] = {}
    for index, item in enumerate(reader.items(members.get("rules"), "declared.rules")):
        rule = _Rule(reader, item, f"declared.rules[{index}]", limits, pools)
        if rule.name in rules or rule.name in taken:
            reader.fault(item, f"{rule.path}.rule", "重复的规则 / repeated rule")
            continue
        rules[rule.name] = rule.terms()
        readings += rule.readings()
    reader.article = "-"
    reader.value("declared.rules", ", ".join(rules))
    used = {limit.limit for terms in rules.values() for limit in terms.limits}
    for name in limits.keys() - used:
        reader.fault(node, "declared.limits", f"没有规则使用限额 {name} / no rule names the limit {name}")
    for name in pools.keys() - {terms.pool.pool for terms in rules.values() if terms.pool is not None}:
        reader.fault(node, "declared.pools", f"没有规则使用额度 {name} / no rule names the pool {name}")
    declared = DeclaredRewards(tuple(rules.values()), tuple(limits.values()), tuple(pools.values()))
    return declared, tuple(readings)


def _limits(reader: PolicyFile, node: yaml.Node | None) -> list[RewardLimit]:
    found: dict[str, RewardLimit] = {}
    for index, item in enumerate(reader.items(node, "declared.limits")):
        path = f"declared.limits[{index}]"
        members = reader.members(item, path, ("limit", "article", "says", "per", "most"))
        name = _name(reader, members.get("limit"), f"{path}.limit", found)
        reader.article = reader.text(members.get("article"), f"{path}.article") or "-"
        says = read_says(reader, members.get("says"), f"{path}.says")
        per = reader.one_of(members.get("per"), f"{path}.per", _LIMITED_PER)
        most_fen = reader.yuan(members.get("most"), f"{path}.most")
        _values(reader, f"declared.limits.{name}", says, article=reader.article, per=per, most=format_yuan(most_fen))
        known = "subject_year" if per == "subject_year" else "item" if per == "item" else "subject"
        found[name] = RewardLimit(name, reader.article, says, known, most_fen)  # type: ignore[arg-type]
    return list(found.values())


def _pools(reader: PolicyFile, node: yaml.Node | None) -> list[Pool]:
    found: dict[str, Pool] = {}
    for index, item in enumerate(reader.items(node, "declared.pools")):
        path = f"declared.pools[{index}]"
        members = reader.members(item, path, ("pool", "article", "says", "annual"))
        name = _name(reader, members.get("pool"), f"{path}.pool", found)
        reader.article = reader.text(members.get("article"), f"{path}.article") or "-"
        says = read_says(reader, members.get("says"), f"{path}.says")
        annual_fen = reader.yuan(members.get("annual"), f"{path}.annual")
        _values(reader, f"declared.pools.{name}", says, article=reader.article, annual=format_yuan(annual_fen))
        found[name] = Pool(name, reader.article, says, annual_fen)
    return list(found.values())


def _name(reader: PolicyFile, node: yaml.Node | None, path: str, taken: Collection[str]) -> str:
    """A name as rules have it, of which there is none yet."""
    text = reader.text(node, path)
    if node is not None and text and _NAME.fullmatch(text) is None:
        reader.fault(node, path, f"须符合 {_NAME.pattern} / must match {_NAME.pattern}")
    if node is not None and text in taken:
        reader.fault(node, path, "重复的名称 / repeated name")
    return text


def _values(reader: PolicyFile, path: str, says: Texts, **members: str) -> None:
    for member, text in members.items():
        reader.value(f"{path}.{member}", text)
    reader.value(f"{path}.says.zh", says.zh)
    reader.value(f"{path}.says.en", says.en)


def _readings(
    reader: PolicyFile, node: yaml.Node | None, path: str, value_path: str, known: Collection[str]
) -> list[Reading]:
    """Readings of a rule or of the whole section, each once; `value_path` is its path among the values."""
    found: list[Reading] = []
    for index, item in enumerate(reader.items(node, f"{path}.readings")):
        member = f"{path}.readings[{index}]"
        members = reader.members(item, member, ("mark", "reading", "says"), ("basis", "alternative"))
        name = reader.text(members.get("reading"), f"{member}.reading")
        clause = value_path.rpartition(".")[2]
        place = Place(item, members, member, f"{value_path}.readings.{name}", clause)
        reading = read_reading(reader, place, tuple(known))
        if reading.reading in {one.reading for one in found}:
            reader.fault(item, f"{member}.reading", "重复的读法 / repeated reading")
        found.append(reading)
    return found


class _Rule:
    """One rule of the section while it is read."""

    def __init__(
        self,
        reader: PolicyFile,
        node: yaml.Node,
        path: str,
        limits: Mapping[str, RewardLimit],
        pools: Mapping[str, Pool],
    ) -> None:
        self._reader, self._node, self.path = reader, node, path
        self._limits, self._pools = limits, pools
        required = ("rule", "article", "name", "subject", "earned", "per")
        self._members = reader.members(node, path, required, (*_OPTIONAL, "readings"))
        reader.article = reader.text(self._members.get("article"), f"{path}.article") or "-"
        self.name = _name(reader, self._members.get("rule"), f"{path}.rule", ())
        self._value_path = f"declared.rules.{self.name}"

    def terms(self) -> DeclaredTerms:
        """Its values, once its members go together."""
        reader, article = self._reader, self._reader.article
        says = read_says(reader, self._members.get("name"), f"{self.path}.name")
        self._value("article", article)
        self._value("name.zh", says.zh)
        self._value("name.en", says.en)
        subject, earned, per = (
            self._one_of(member, known)
            for member, known in (("subject", _SUBJECTS), ("earned", _EARNED), ("per", _PER))
        )
        self._check_form(earned)
        return DeclaredTerms(
            rule=self.name,
            article=article,
            name=says,
            subject="operator" if subject == "operator" else "entity",
            earned=earned,  # type: ignore[arg-type]  # one of them, or a fault
            per="item" if per == "item" else "subject",
            measure=self._measure(),
            amount=self._amount(rising=earned == "by_difference"),
            years=self._years(),
            limits=self._of_limits(),
            pool=self._of_pool(),
        )

    def readings(self) -> list[Reading]:
        """How its place of the text is read, each as its members say."""
        node = self._members.get("readings")
        if node is None:
            return []
        found = _readings(self._reader, node, self.path, self._value_path, _READINGS)
        for reading in found:
            for member, text in _READINGS.get(reading.reading, {}).items():
                stands = self._members.get(member)
                if stands is None or (text and getattr(stands, "value", None) != text):
                    said = (
                        f"读法 {reading.reading} 与 {member} 不符 / reading {reading.reading} is not what {member} says"
                    )
                    self._reader.fault(node, f"{self.path}.readings", said)
        return found

    def _check_form(self, earned: str) -> None:
        """One way to pay, with what goes with it and nothing else; none at all where it is recorded only."""
        ways = [way for way in _FORMS if way in self._members]
        allowed: set[str] = set()
        if earned == "recorded":
            if ways:
                self._fault("earned", "只作记录的没有金额 / what is recorded only has no amount")
        elif len(ways) != 1:
            self._fault("amount", f"须有且只有一个 / must have exactly one of {', '.join(_FORMS)}")
            return
        else:
            form = _FORMS[ways[0]]
            if earned and earned not in form.earned:
                self._fault("earned", f"{ways[0]} 只能是 / {ways[0]} goes with {', '.join(form.earned)} only")
            is_measured = form.is_measured if form.is_measured is not None else "at_most" in self._members
            if is_measured != ("measure" in self._members):
                self._fault(
                    "measure", "须有计量 / needs a measure" if is_measured else "没有可计量的 / nothing is measured"
                )
            allowed = {ways[0], *form.beside, "measure", "limits", "pool"}
        for member in _OPTIONAL:
            if member in self._members and member not in allowed and member not in (*ways, "measure"):
                self._fault(member, "在此没有意义 / has no meaning here")

    def _measure(self) -> Measure | None:
        node = self._members.get("measure")
        if node is None:
            return None
        path = f"{self.path}.measure"
        members = self._reader.members(node, path, ("name", "zh", "en"))
        measure = Measure(
            _name(self._reader, members.get("name"), f"{path}.name", ()), self._reader.texts(members, path)
        )
        self._value("measure.name", measure.name)
        self._value("measure.zh", measure.says.zh)
        self._value("measure.en", measure.says.en)
        return measure

    def _amount(self, *, rising: bool) -> Fixed | Grades | Steps | AtRate | None:
        if "amount" in self._members:
            return Fixed(self._yuan("amount"), self._at_most())
        if "amounts" in self._members:
            return Grades(self._grades(rising=rising))
        if "steps" in self._members:
            return Steps(self._steps())
        if "rate" not in self._members:
            return None
        rate = self._reader.rate(self._members["rate"], f"{self.path}.rate")
        self._value("rate", str(rate))
        return AtRate(rate, self._yuan("at_least") if "at_least" in self._members else None)

    def _at_most(self) -> Decimal | None:
        node = self._members.get("at_most")
        if node is None:
            return None
        text = self._reader.text(node, f"{self.path}.at_most")
        if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) is None:
            self._fault("at_most", '须为小数文本，如 "1.25" / must be a decimal in quotes, such as "1.25"')
            return None
        self._value("at_most", text)
        return Decimal(text)

    def _grades(self, *, rising: bool) -> tuple[Grade, ...]:
        grades: list[Grade] = []
        for index, item in enumerate(self._reader.items(self._members.get("amounts"), f"{self.path}.amounts")):
            path = f"{self.path}.amounts[{index}]"
            members = self._reader.members(item, path, ("grade", "zh", "en", "amount"))
            names = [grade.grade for grade in grades]
            name = _name(self._reader, members.get("grade"), f"{path}.grade", names)
            says = self._reader.texts(members, path)
            grade = Grade(name, says, self._reader.yuan(members.get("amount"), f"{path}.amount"))
            for member, text in (("amount", format_yuan(grade.amount_fen)), ("zh", says.zh), ("en", says.en)):
                self._value(f"amounts.{name}.{member}", text)
            if rising and grades and grade.amount_fen <= grades[-1].amount_fen:
                self._reader.fault(item, f"{path}.amount", "须大于上一档 / must be more than that of the grade before")
            grades.append(grade)
        return tuple(grades)

    def _steps(self) -> tuple[MeasureStep, ...]:
        steps: list[MeasureStep] = []
        for index, item in enumerate(self._reader.items(self._members.get("steps"), f"{self.path}.steps")):
            path = f"{self.path}.steps[{index}]"
            members = self._reader.members(item, path, ("at_least", "amount"))
            step = MeasureStep(
                self._reader.yuan(members.get("at_least"), f"{path}.at_least"),
                self._reader.yuan(members.get("amount"), f"{path}.amount"),
            )
            self._value(f"steps[{index}].at_least", format_yuan(step.at_least_fen))
            self._value(f"steps[{index}].amount", format_yuan(step.amount_fen))
            if steps and (step.at_least_fen <= steps[-1].at_least_fen or step.amount_fen <= steps[-1].amount_fen):
                self._reader.fault(item, path, "须大于上一档 / must be more than the step before")
            steps.append(step)
        return tuple(steps)

    def _years(self) -> int | None:
        node = self._members.get("years")
        if node is None:
            return None
        years = self._reader.whole(node, f"{self.path}.years")
        self._value("years", str(years))
        return years

    def _of_limits(self) -> tuple[RewardLimit, ...]:
        node = self._members.get("limits")
        found: list[RewardLimit] = []
        for index, item in enumerate(() if node is None else self._reader.items(node, f"{self.path}.limits")):
            name = self._reader.text(item, f"{self.path}.limits[{index}]")
            if name in self._limits:
                found.append(self._limits[name])
            else:
                self._reader.fault(item, f"{self.path}.limits[{index}]", "没有此限额 / there is no such limit")
        if found:
            self._value("limits", ", ".join(limit.limit for limit in found))
        return tuple(found)

    def _of_pool(self) -> Pool | None:
        node = self._members.get("pool")
        if node is None:
            return None
        name = self._reader.text(node, f"{self.path}.pool")
        if name not in self._pools:
            self._reader.fault(node, f"{self.path}.pool", "没有此额度 / there is no such pool")
            return None
        self._value("pool", name)
        return self._pools[name]

    def _one_of(self, member: str, known: Collection[str]) -> str:
        text = self._reader.one_of(self._members.get(member), f"{self.path}.{member}", known)
        self._value(member, text)
        return text

    def _yuan(self, member: str) -> int:
        fen = self._reader.yuan(self._members.get(member), f"{self.path}.{member}")
        self._value(member, format_yuan(fen))
        return fen

    def _value(self, member: str, text: str) -> None:
        self._reader.value(f"{self._value_path}.{member}", text)

    def _fault(self, member: str, problem: str) -> None:
        self._reader.fault(self._members.get(member, self._node), f"{self.path}.{member}", problem)
