/** Style and script of the audit page. Its policy allows both by their hashes, and nothing else. */
export const AUDIT_STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}
td:nth-child(n+4){overflow-wrap:anywhere}
thead th{background:#eee}
label{margin-right:1rem}
tr[data-level=error] .level{color:#a40000;font-weight:bold}
tr[data-level=warning] .level{color:#7a4b00;font-weight:bold}
[hidden]{display:none}
`;

/** The filter is in the fragment of the address, so that a link keeps it: `#q=web&level=error&namespace=dev`. */
export const AUDIT_SCRIPT = `
"use strict";
const fields = { q: document.getElementById("q"), level: document.getElementById("level"), namespace: document.getElementById("namespace") };
const rows = [...document.querySelectorAll("#findings tbody tr")];
function filter() {
  const text = fields.q.value.toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const isShown = (fields.level.value === "" || row.dataset.level === fields.level.value)
      && (fields.namespace.value === "" || row.dataset.namespace === fields.namespace.value)
      && row.textContent.toLowerCase().includes(text);
    row.hidden = !isShown;
    if (isShown) shown++;
  }
  document.getElementById("shown").textContent = shown + " of " + rows.length + " findings";
}
function readFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [name, field] of Object.entries(fields)) field.value = given.get(name) ?? "";
  filter();
}
function writeFragment() {
  const chosen = Object.entries(fields).filter(([, field]) => field.value !== "").map(([name, field]) => [name, field.value]);
  history.replaceState(null, "", "#" + new URLSearchParams(chosen));
  filter();
}
for (const field of Object.values(fields)) field.addEventListener("input", writeFragment);
addEventListener("hashchange", readFragment);
readFragment();
`;
