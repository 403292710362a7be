// Keys for the desk, as a good mail client has them; every page works without them.
// data-key="a" on a link, a button or a field: the key presses or enters it. j and k walk along data-rows.
"use strict";
const typing = (at) => at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
const rows = () => [...document.querySelectorAll("[data-rows] a[data-row]")];

function walk(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const help = document.getElementById("keys");
  if (event.key === "Escape") { document.activeElement.blur(); return; }
  if (typing(event.target)) return;
  if (event.key === "?" && help) { help.open ? help.close() : help.showModal(); event.preventDefault(); return; }
  if (help && help.open) return;
  if (event.key === "j" || event.key === "k") { walk(event.key === "j" ? 1 : -1); event.preventDefault(); return; }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted || wanted.disabled) return;
  event.preventDefault();
  const fold = wanted.closest("details");
  if (wanted.tagName === "SUMMARY") {
    fold.open = !fold.open;
    if (fold.open) (fold.querySelector("textarea, input:not([type=hidden]), select") || wanted).focus();
  } else if (typing(wanted)) { wanted.focus(); } else { wanted.click(); }
});

// A form is sent once, however often it is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

// A page that waits for something (data-reload="seconds") looks again by itself.
const waiting = document.querySelector("[data-reload]");
if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.reload) * 1000);
