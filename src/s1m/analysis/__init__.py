"""What a run means: numbers, tables, figures and HTML pages, all computed from its records.

    summary = summarize(load_run(folder))              # run.summarize
    print_table(summary)                               # run.table
    save_figures([summary], folder / "figures")        # run.plots
    write_report([run], folder / "report.html")        # run.report

Imports point one way: ``comparison`` and ``responses`` -> ``run`` -> ``display`` -> ``statistics``. Importing
this package is cheap: numpy, matplotlib, jinja2 and rich are imported by the functions that need them.
"""
