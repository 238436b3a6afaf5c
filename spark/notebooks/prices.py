# The price of policies and readings over an archive, for policy analysts. Needs the extra `notebook` of jiangbu-spark:
#   marimo edit spark/notebooks/prices.py -- --archive /srv/archive --alternatives

import marimo

app = marimo.App(width="medium", app_title="奖补：政策与读法的价格 / prices of policies and readings")


@app.cell
def _():
    from pathlib import Path

    import marimo as mo
    from jiangbu_spark.archive import ParquetArchive, has_few_records
    from jiangbu_spark.plots import TITLES, names_of, plot_distribution, plot_policies
    from jiangbu_spark.prices import COLUMNS
    from jiangbu_spark.recompute import accepted_of
    from jiangbu_spark.session import FIRST_COMPILER, open_session
    from jiangbu_spark.what_if import awards_by_terms, read_terms, report_of

    return (
        COLUMNS,
        FIRST_COMPILER,
        ParquetArchive,
        Path,
        TITLES,
        accepted_of,
        awards_by_terms,
        has_few_records,
        mo,
        names_of,
        open_session,
        plot_distribution,
        plot_policies,
        read_terms,
        report_of,
    )


@app.cell
def _(mo):
    mo.md("""
    # 政策与读法的价格 / What policies and readings cost

    由存档一次算出若干份政策或读法的全部奖补，并与第一份比较。办理记录保持不变。

    Every award of an archive by several policies or readings in one pass, compared with the first.
    Acts stay as recorded.
    """)
    return


@app.cell
def _(Path, mo):
    _given = mo.cli_args()
    place = _given.get("archive")
    policies = [Path(one) for one in _given.get_all("policy")]
    whitelist = Path(_given.get("whitelist")) if _given.get("whitelist") else None
    with_alternatives = "alternatives" in _given
    master = _given.get("master") or "local[*]"
    return master, place, policies, whitelist, with_alternatives


@app.cell
def _(FIRST_COMPILER, has_few_records, master, mo, open_session, place):
    mo.stop(place is None, mo.md("请在命令末尾写明存档 / name the archive: `-- --archive /srv/archive`"))
    spark = open_session(master, **(FIRST_COMPILER if has_few_records(place) else {}))
    return (spark,)


@app.cell
def _(
    ParquetArchive,
    accepted_of,
    awards_by_terms,
    place,
    policies,
    read_terms,
    report_of,
    spark,
    whitelist,
    with_alternatives,
):
    archive = ParquetArchive(spark, place)
    terms = read_terms(archive, policies, whitelist, with_alternatives=with_alternatives)
    # A table of Spark, with all awards and by which policies each is so: for further questions.
    awards = awards_by_terms(archive, accepted_of(archive.records()), terms)
    report = report_of(awards, terms)
    return awards, report, terms


@app.cell
def _(mo, report):
    mo.md("\n".join(f"- {name}：未计算 / not computed：{why}" for name, why in report.uncomputed.items()))
    return


@app.cell
def _(plot_policies, report, terms):
    policies_plot = plot_policies(report.prices, terms.texts)
    policies_plot
    return (policies_plot,)


@app.cell
def _(mo, terms):
    others = mo.ui.dropdown([*list(terms.policies)[1:]], label="与之比较 / compare with")
    others
    return (others,)


@app.cell
def _(TITLES, mo, names_of, others, plot_distribution, report, terms):
    names = names_of(next(iter(terms.policies.values())))
    plots = {dimension: plot_distribution(report.prices, dimension, names, others.value) for dimension in TITLES}
    mo.vstack(list(plots.values()))
    return (plots,)


@app.cell
def _(COLUMNS, mo, report):
    table = [dict(zip(COLUMNS, one.row(), strict=True)) for one in report.prices]
    mo.ui.table(table, selection=None, pagination=True)
    return (table,)


if __name__ == "__main__":
    app.run()
