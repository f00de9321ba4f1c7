// Keeps an open page true: the server says that something changed, the page is fetched again, and what differs is
// put in place node by node, so focus, open panels and half-typed words stay. Without this file a refresh does it.
"use strict";

const QUIET_REFRESH_MS = 30000;
const STEP_MS = 1000;
const sign = document.getElementById("live");
const says = document.getElementById("says");
let version = document.body.dataset.version;
let fetching = false;
let again = false;
let refreshedAt = Date.now();

function tell(state, word) {
  sign.className = "top-at is-" + state;
  document.getElementById("live-word").textContent = word;
}

// ---- putting a fetched page in place ----

const OWN = new Set(["INPUT", "SELECT", "TEXTAREA"]);

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
}

function settle(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.isEqualNode(fresh)) return;
  if (OWN.has(old.nodeName) && (old === document.activeElement || old.dataset.touched)) return;
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS") && name !== "data-touched") {
      old.removeAttribute(name);
    }
  }
  settleChildren(old, fresh);
}

function settleChildren(old, fresh) {
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id && byId.get(wanted.id);
    if (known && alike(known, wanted)) {
      if (known !== place) old.insertBefore(known, place);
      settle(known, wanted);
      place = known.nextSibling;
    } else if (place && alike(place, wanted) && !wanted.id) {
      settle(place, wanted);
      place = place.nextSibling;
    } else {
      const added = document.importNode(wanted, true);
      if (added.classList && added.dataset.arrives !== undefined) added.classList.add("is-new");
      old.insertBefore(added, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
    if (answer.status === 401 || answer.redirected) return void location.reload();
    if (!answer.ok) return void tell("lost", "The server cannot answer just now");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const wanted = fresh.getElementById(part.id);
      if (wanted) settle(part, wanted);
    }
    document.title = fresh.title;
    version = fresh.body.dataset.version;
    refreshedAt = Date.now();
    announce();
    tick();
  } catch {
    tell("lost", "No connection; trying again");
  } finally {
    fetching = false;
    if (again) {
      again = false;
      setTimeout(refresh, 250);
    }
  }
}

// What matters is said to screen readers once; the counting of devices is not.
let announced = newestWord();

function newestWord() {
  return document.querySelector("[data-word]")?.id;
}

function announce() {
  const words = [...document.querySelectorAll("[data-word]")];
  const known = words.findIndex((word) => word.id === announced);
  const fresh = known < 0 ? words.slice(0, 1) : words.slice(0, known);
  if (fresh.length) says.textContent = fresh.reverse().map((word) => word.dataset.word).join(" ");
  announced = newestWord();
}

// ---- clocks ----

const skew = Date.parse(document.body.dataset.now) - Date.now();

function spell(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s >= 86400) return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
  const rest = String(s % 60).padStart(2, "0");
  const minutes = Math.floor(s / 60) % 60;
  return s >= 3600 ? Math.floor(s / 3600) + ":" + String(minutes).padStart(2, "0") + ":" + rest : minutes + ":" + rest;
}

function spellAge(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 5) return "now";
  if (s < 120) return s + " s ago";
  if (s < 7200) return Math.round(s / 60) + " min ago";
  return s < 172800 ? Math.round(s / 3600) + " h ago" : Math.round(s / 86400) + " d ago";
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function tick() {
  const now = Date.now() + skew;
  for (const node of document.querySelectorAll("time[data-until]")) {
    const left = (Date.parse(node.dateTime) - now) / 1000;
    put(node, left > 0 ? spell(left) + " left" : "ending");
  }
  for (const node of document.querySelectorAll("time[data-age]")) put(node, spellAge((now - Date.parse(node.dateTime)) / 1000));
}

// ---- wiring ----

function follow() {
  const source = new EventSource("/live");
  source.addEventListener("version", (event) => {
    tell("live", "Live");
    if (event.data !== version) refresh();
  });
  source.addEventListener("error", () => {
    tell("lost", "No connection; trying again");
    if (source.readyState !== EventSource.CLOSED) return;
    // Refused rather than interrupted: fetching the page finds out whether one has to sign in again.
    refresh();
    setTimeout(follow, 5000);
  });
}

document.addEventListener("input", (event) => {
  if (OWN.has(event.target.nodeName)) event.target.dataset.touched = "yes";
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[data-floats][open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

setInterval(() => {
  tick();
  if (!document.hidden && Date.now() - refreshedAt > QUIET_REFRESH_MS) {
    refreshedAt = Date.now();
    refresh();
  }
}, STEP_MS);
tick();
if (sign) follow();

// What a form did is said once: after a reload it would be news no more.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
}
