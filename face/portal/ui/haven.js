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
