// Filters the listed invoices by what is typed; without scripts the page is complete all the same.
(() => {
  "use strict";
  const all = () => document.querySelectorAll("details");
  window.addEventListener("beforeprint", () => all().forEach((each) => { each.open = true; }));
  const input = document.getElementById("filter");
  if (!input) return;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const groups = [...document.querySelectorAll(".filtered .group")].map((group) => ({
    group,
    open: group.open,
    title: plain(group.querySelector("summary .title").textContent),
    rows: [...group.querySelectorAll("tbody tr")].map((row) => ({ row, text: plain(row.textContent) })),
  }));
  const nothing = document.querySelector(".filter .nothing");
  input.parentElement.hidden = false;
  input.addEventListener("input", () => {
    const wanted = plain(input.value.trim());
    let found = 0;
    for (const { group, open, title, rows } of groups) {
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !(title.includes(wanted) || text.includes(wanted));
        shown += row.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      group.open = wanted ? true : open;
      found += shown;
    }
    nothing.hidden = found > 0;
  });
})();
