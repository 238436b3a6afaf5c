# `make` without a target lists the targets. Recipes that run a program `exec` it, so that signals reach it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
HA_STAMP := $(VENV)/.ready-ha
SPARK_STAMP := $(VENV)/.ready-spark
ARGS ?=
# With --ha, Patroni too.
READY := $(STAMP) $(if $(filter --ha,$(ARGS)),$(HA_STAMP))
# The set and the tests start many Python processes: the bytecode of our modules is cached next to them.
unexport PYTHONDONTWRITEBYTECODE
# Reference pages are generated from the code; dead links and other warnings are errors.
SITE := LC_ALL=C.UTF-8 $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs build/docs

.DEFAULT_GOAL := help
.PHONY: help setup setup-ha setup-spark demo up test test-all test-ha test-ha-compose test-tools check docs faults mutation advisories release bench bench-check

help:
	@echo '奖补 jiangbu                                                       需要 / needs: Python >= 3.11, git, make'
	@echo
	@echo '  make setup   安装到 .venv                                        install into .venv what the rest needs'
	@echo '  make setup-spark  全量复算任务的 PySpark                         PySpark for the job that recomputes everything'
	@echo '  make demo    演示：一年的样例事件到有解释的奖补                  a year of sample events to explained awards'
	@echo '               ARGS=--stay 演示后保持运行                          goes on until Ctrl-C'
	@echo '               ARGS=--all 列出每项奖补及其说明                     prints every award with its explanation'
	@echo '  make up      空的整套系统，直到 Ctrl-C                           the same set, empty, until Ctrl-C'
	@echo '               ARGS="--data-dir D --json" 可续用，输出一行 JSON    kept in D, one JSON line when ready'
	@echo '               ARGS=--ha 各三个节点；演示中主库所在机器停机        three machines; the demo kills the primary'
	@echo '  make test    检查与日常测试                                      checks and everyday tests, under 6 minutes'
	@echo '  make test-all  全部测试                                          every test, with browser, Compose and faults'
	@echo '  make test-ha   高可用：四种故障，6 分钟以内                        four faults of three machines, under 6 minutes'
	@echo '  make test-ha-compose  Compose 高可用：构建、启动、停主库，约 4 分钟  its Compose overlay, with a failover, in 4 minutes'
	@echo '  make check   代码规范、类型、导入规则、文档                      lint, types, import rules, documents'
	@echo '  make docs    生成文档网站 build/docs                             the site of the documents, in build/docs'
	@echo '  make faults  每种故障多次，与核验程序的测算比对                  every fault many times, checked by the verifier'
	@echo '  make mutation  变异测试资金代码                                  change the money code, and see its tests fail'
	@echo '  make advisories  依赖的已知漏洞，离线核对                        known vulnerabilities of dependencies, offline'
	@echo '  make release  由最后一次提交制作发布文件                         a signed release of the last commit'
	@echo '  make bench   性能测量                                            the measurements'
	@echo '  make bench-check  性能比例较上次变差超过一成即失败               fails if a ratio is a tenth worse than before'

setup: $(READY)

# Everything comes from the lock, with hashes; messages go to stderr, because stdout belongs to `make up --json`.
$(STAMP): requirements.lock pyproject.toml exchange_kit/pyproject.toml jiangbu_client/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo '错误 / error: 需要 Python 3.11 或更高版本 / Python 3.11 or later is needed: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo '错误 / error: 缺少 venv 模块 / the venv module is missing: on Debian, apt-get install python3-venv' >&2; exit 1; }
	@echo '正在安装依赖 / installing dependencies into $(VENV)' >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock >&2 || { \
	  echo '错误 / error: 依赖安装失败 / dependencies could not be installed: check the network or the package index of pip' >&2; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e . -e exchange_kit -e jiangbu_client >&2
	@touch $@

setup-ha: $(HA_STAMP)

$(HA_STAMP): $(STAMP) requirements-ha.lock
	@echo '正在安装 Patroni / installing Patroni into $(VENV)' >&2
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-ha.lock >&2 || { \
	  echo '错误 / error: Patroni 安装失败 / Patroni could not be installed: check the network or the package index of pip' >&2; exit 1; }
	@touch $@

setup-spark: $(SPARK_STAMP)

# With marimo and matplotlib, for the notebook.
$(SPARK_STAMP): $(STAMP) spark/requirements-notebook.lock
	@echo '正在安装 PySpark / installing PySpark into $(VENV)' >&2
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r spark/requirements-notebook.lock >&2 || { \
	  echo '错误 / error: PySpark 安装失败 / PySpark could not be installed: check the network or the package index of pip' >&2; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e spark >&2
	@touch $@

demo: $(READY)
	@exec $(BIN)/python -m devset.demo $(ARGS)

up: $(STAMP)
	@exec $(BIN)/python -m devset.up $(ARGS)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q --no-header --no-summary tests/project_rules
	@$(SITE)

docs: $(STAMP)
	@$(SITE)
	@echo build/docs/index.html

# Tests that need more than one PostgreSQL, one Kafka and one whole set mark themselves (tests/conftest.py).
PYTEST := $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder

HA_TESTS := $(PYTEST) -n 0 -m ha tests/faults/ha

test: check
	@exec $(PYTEST) -n 3 -m 'not extended' $(ARGS)

# The highly available set needs the machine to itself, so its tests come last; with ARGS only those that ARGS name.
# Linux schedules all containers as one group: beside forty programs of other tests a whole Compose set would get a
# fortieth of the processors. The tests therefore run at a lower priority than containers.
test-all: check test-tools setup-ha setup-spark
	@nice -n 5 $(PYTEST) -n 4 -m 'not ha' $(ARGS)
	@$(if $(ARGS),,exec $(HA_TESTS))

test-ha: $(HA_STAMP)
	@exec $(HA_TESTS)

# In no other target: it needs minutes, a Docker engine and the machine to itself.
test-ha-compose: $(STAMP)
	@exec $(PYTEST) -n 0 -m ha tests/compose

test-tools: $(STAMP)
	@$(BIN)/python -m tests.support.engines.programs

faults: $(READY)
	@exec $(BIN)/python -m tests.faults.run $(ARGS)

mutation: $(STAMP)
	@exec $(BIN)/python -m tests.mutation.run $(ARGS)

# ARGS="--from FILE --update" takes newer facts from a ZIP or folder of OSV records.
advisories: $(STAMP)
	@exec $(BIN)/python -m release.advisories $(ARGS)

# ARGS="--to FOLDER --key FILE"; --without image where there is no container engine.
release: $(STAMP)
	@exec $(BIN)/python -m release $(ARGS)

bench: $(READY)
	@exec $(BIN)/python -m tests.bench.bench $(ARGS)

# Needs a report of this machine: make bench ARGS="--only intake --only steady --report build/bench"
bench-check: $(READY)
	@exec $(BIN)/python -m tests.bench.check $(ARGS)
