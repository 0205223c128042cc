// Quiet refresh: every two seconds the page is fetched again, and what changed inside [data-live] is exchanged.
// What a person has open or is writing stays as it is: only children with another data-version are touched.
"use strict";

const EVERY = 2000; // ms

function refresh(from) {
  for (const place of document.querySelectorAll("[data-live]")) {
    const fresh = from.getElementById(place.id);
    if (fresh) exchange(place, [...fresh.children]);
  }
  dress(document);
}

function exchange(place, fresh) {
  const wanted = new Set(fresh.map((child) => child.id));
  for (const child of [...place.children]) if (!wanted.has(child.id)) child.remove();
  fresh.forEach((child, index) => {
    const known = [...place.children].find((each) => each.id === child.id);
    const kept = known && (known.dataset.version === child.dataset.version || busy(known)) ? known : child;
    if (known && kept !== known) known.replaceWith(kept);
    // moving an element reloads its frames: only what stands in the wrong place is moved
    if (place.children[index] !== kept) place.insertBefore(kept, place.children[index] || null);
  });
}

function busy(element) {
  const writing = [...element.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  return writing || (element.contains(document.activeElement) && document.activeElement.matches("textarea, select, input"));
}

function dress(root) {
  const long = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const short = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = (at.toDateString() === today ? short : long).format(at);
    time.title = long.format(at);
  }
  for (const frame of root.querySelectorAll("iframe:not([data-seen])")) {
    frame.dataset.seen = "1";
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  }
}

function fit(frame) {
  const inside = frame.contentDocument && frame.contentDocument.documentElement;
  if (!inside || !frame.contentDocument.body) return;
  const grow = () => { frame.style.height = `${Math.ceil(inside.getBoundingClientRect().height) + 2}px`; };
  new ResizeObserver(grow).observe(inside);
  grow();
}

let last = "";

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = answer.ok ? await answer.text() : last;
    if (page !== last) refresh(new DOMParser().parseFromString(page, "text/html"));
    last = page;
  } catch {
    // the server is being restarted: the next look finds it again
  }
}

dress(document);
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
