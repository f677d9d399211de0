// What the pages do when script runs; every job works without it.
import { Button, Checkboxes, ErrorSummary, Header, NotificationBanner, PasswordInput, Radios, SkipLink } from "nhsuk-frontend/dist/nhsuk/components/index.mjs";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");

for (const Part of [Button, Checkboxes, ErrorSummary, Header, NotificationBanner, PasswordInput, Radios, SkipLink]) {
  for (const element of document.querySelectorAll(`[data-module="${Part.moduleName}"]`)) {
    try {
      new Part(element);
    } catch (error) {
      console.error(error); // a part that can't begin leaves the page as it is without script
    }
  }
}

// A button that has the browser make or show a passkey sends its form with what comes of it (WebAuthn Level 3).
for (const button of document.querySelectorAll("button[data-passkey]")) {
  const answer = button.form.elements.credential;
  const says = button.form.querySelector("[data-passkey-says]");
  button.addEventListener("click", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    says.hidden = true;
    try {
      const options = JSON.parse(button.dataset.options);
      const credential =
        button.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      answer.value = JSON.stringify(credential.toJSON());
      button.form.requestSubmit(button);
    } catch {
      says.hidden = false; // the person has said no, or the browser knows no passkeys
    }
  });
}

// A page belongs to one person. Where somebody else logs in or out in this browser, every tab that still shows another's page leaves it; a page that
// nobody has used for a while locks, what was typed there is kept, and nothing of it stays on the screen (Rules 6).
const { whose, idle } = document.body.dataset; // "": nobody is logged in; undefined: a page that can't tell
const tabs = new BroadcastChannel("haven");
if (whose !== undefined) tabs.postMessage({ whose });

// leave shows nothing any more, and goes to another page.
function leave(to) {
  document.body.hidden = true;
  location.replace(to);
}

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // the browser had kept it from before a log out, perhaps
});

// unsent is a form in which something was typed or chosen.
function unsent() {
  const changed = (field) => {
    if (field.type === "password" || field.type === "hidden") return false;
    if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
    if (field.type === "select-one") return !field.selectedOptions[0]?.defaultSelected && field.selectedIndex > 0;
    return field.defaultValue !== undefined && field.value !== field.defaultValue;
  };
  return [...document.querySelectorAll("main form[method=post]")].find((form) => [...form.elements].some(changed));
}

const locks = document.querySelector("form[data-lock]");
let locking = false;

// lock locks the session, and has the server keep what was typed: the fields that may be kept are the server's to choose.
async function lock() {
  if (locking) return;
  locking = true;
  document.body.hidden = true;
  const body = new URLSearchParams(new FormData(locks));
  const form = unsent();
  if (form) {
    for (const field of form.elements) {
      if (field.type === "password" || field.type === "hidden" || !field.name) continue;
      if (["radio", "checkbox"].includes(field.type) && !field.checked) continue;
      body.append(field.name, field.value);
    }
    body.set("kept", form.getAttribute("action"));
  }
  let to = locks.elements.next.value;
  try {
    const answer = await fetch(locks.action, { method: "POST", body, headers: { "Haven-Part": "lock" } });
    if (answer.headers.get("Haven-Part") === "lock") to = await answer.text();
  } finally {
    leave(to); // without an answer the server locks by itself, and says so
  }
}

if (locks) {
  let used = Date.now();
  let told = used;
  const use = () => {
    used = Date.now();
    if (used - told < 5000) return;
    told = used;
    tabs.postMessage({ whose, used });
  };
  for (const sign of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(sign, use, { passive: true });
  tabs.addEventListener("message", ({ data }) => {
    if (data.locked) lock();
    if (data.used) used = Math.max(used, data.used);
  });
  locks.addEventListener("submit", (event) => {
    event.preventDefault();
    tabs.postMessage({ whose, locked: true });
    lock();
  });
  const watch = () => {
    const left = used + Number(idle) * 1000 - Date.now();
    if (left <= 0) lock();
    else setTimeout(watch, Math.min(left, 30000)); // a machine that slept looks again soon
  };
  watch();
}
if (whose) {
  tabs.addEventListener("message", ({ data }) => {
    if (data.whose !== whose) leave("/log-in");
  });
}

// A password says while it is typed what it still lacks. Whether it is taken is the server's to say, and nothing is sent there meanwhile.
for (const says of document.querySelectorAll("[data-strength]")) {
  const field = document.getElementById(says.dataset.strength);
  const least = Number(says.dataset.least);
  const own = (says.dataset.own ?? "").toLowerCase().split(/[^\p{L}]+/u).filter((word) => word.length > 2);
  const judge = (text) => {
    const length = [...text].length;
    const lower = text.toLowerCase();
    const name = own.find((word) => lower.includes(word));
    const easy = length > 0 && (new Set(lower).size < 6 || /(0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf)/.test(lower));
    const long = length >= least;
    // What only the server knows is never marked as kept: a tick that it takes back is worse than none.
    const met = { length: long ? "yes" : "no", name: own.length === 0 ? "" : name ? "no" : "yes", common: long && easy ? "no" : "" };
    if (length === 0) return { met: {}, text: "" };
    if (!long) return { met, text: `${least - length} more ${least - length === 1 ? "character" : "characters"} needed` };
    if (name) return { met, text: `Leave out ${name}: it is in your name or address` };
    if (easy) return { met, text: "Easy to guess: mix words that don't belong together" };
    const words = lower.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2).length;
    return { met, text: words >= 3 || length >= least + 6 ? "Good so far. The rest is looked at when you save it" : "Long enough. One more word makes it better" };
  };
  field?.addEventListener("input", () => {
    const now = judge(field.value);
    says.textContent = now.text;
    for (const rule of document.querySelectorAll(".haven-rules [data-rule]")) rule.dataset.met = now.met[rule.dataset.rule] ?? "";
  });
}

// The directory shows who is found while one types. Without script, and where this fails, the button does the same.
for (const form of document.querySelectorAll("form[data-directory]")) {
  const field = form.elements.q;
  const [says, entries] = ["directory-says", "directory-entries"].map((id) => document.getElementById(id));
  const least = Number(form.dataset.directory);
  let asked = field.value.trim();
  let waiting;
  let asking;
  const ask = async () => {
    const text = field.value.trim();
    if (text === asked) return;
    asked = text;
    asking?.abort();
    const address = new URL(form.action);
    if (text) address.searchParams.set("q", text);
    if (text.length < least) {
      says.textContent = "";
      entries.replaceChildren();
      history.replaceState(null, "", address);
      return;
    }
    asking = new AbortController();
    try {
      const answer = await fetch(address, { headers: { "Haven-Part": "directory" }, signal: asking.signal });
      if (answer.headers.get("Haven-Part") !== "directory") {
        location.assign(address); // a locked page, or a log in
        return;
      }
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      says.textContent = part.getElementById("directory-says").textContent;
      entries.replaceChildren(...part.getElementById("directory-entries").children);
      history.replaceState(null, "", address); // so that Back from a card leads here, and no letter is a page of its own
    } catch (error) {
      if (error.name !== "AbortError") asked = ""; // the next letter tries again
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
}
