"""How large a report is, and how long a browser takes with it: `python benchmarks/report.py [CUSTOMERS …]`.

Simulated customers of a business; the page is written, opened in headless Chromium (Debian's, by
playwright) and worked in: until it is ready; until what a letter in the search, another order or a
filter changes has been laid out: the median of several and, in brackets, the slowest.
"""

import resource
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

import reltype
from reltype.simulate import simulate

CHROMIUM = "/usr/bin/chromium"
BUSINESS = "coffee bar"

STEPS = """async () => {
  const done = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
  const timed = async (act) => {
    await done();
    const begin = performance.now();
    act();
    document.body.offsetHeight;
    return performance.now() - begin;
  };
  const q = document.getElementById("q"), kind = document.getElementById("f-kind");
  const type = (text) => () => { q.value = text; q.dispatchEvent(new Event("input", { bubbles: true })); };
  const found = { search: [], sort: [], filter: [], lookup: [] };
  for (const text of ["c", "c-0", "c-00", "7", "42", ""]) found.search.push(await timed(type(text)));
  for (const button of document.querySelectorAll("#list thead button")) {
    found.sort.push(await timed(() => button.click()), await timed(() => button.click()));
  }
  for (const value of ["0", "1", ""]) {
    found.filter.push(await timed(() => { kind.value = value; kind.dispatchEvent(new Event("input", { bubbles: true })); }));
  }
  for (let i = 0; i < 5; i++) found.lookup.push(await timed(() => document.querySelectorAll("#list tbody button")[i].click()));
  return found;
}"""


def main(sizes):
    from playwright.sync_api import sync_playwright

    print(
        "customers  interactions  page       written  ready   search        sort          filter        lookup"
    )
    with TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for size in sizes:
            made = simulate(BUSINESS, customers=size, seed=1).interactions
            log, page = Path(folder, "log.parquet"), Path(folder, "report.html")
            pq.write_table(made, log)
            rows = len(made)
            del made
            found = reltype.classify(log)
            begin = time.process_time()
            found.report(page)
            written = time.process_time() - begin
            tab = browser.new_page(viewport={"width": 1400, "height": 900})
            begin = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-ready]")
            ready = time.perf_counter() - begin
            times = tab.evaluate(STEPS)
            tab.close()
            print(
                f"{size:>9,}  {rows:>12,}  {page.stat().st_size / 1e6:5.2f} MB  {written:6.1f} s"
                f"  {ready:5.2f} s"
                + "".join(
                    f"  {median(times[n]):3.0f} ({max(times[n]):3.0f}) ms"
                    for n in ("search", "sort", "filter", "lookup")
                )
            )
        browser.close()
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main([int(text.replace("_", "")) for text in sys.argv[1:]] or [1_000, 10_000, 100_000])
