// Fills the Inbox of a shared mailbox of a demo with made-up letters, for speed.mjs.
//   BASE=http://localhost:8080 LETTERS=100000 USERN=somebody@haven.test PASSWORD=… node web/test/fill.mjs
const base = process.env.BASE ?? "http://localhost:8080";
const most = Number(process.env.LETTERS ?? 100_000);
const at = Number(process.env.AT ?? 200); // letters of one request
const headers = { Authorization: `Basic ${btoa(`${process.env.USERN ?? "aisha.rahman@haven.test"}:${process.env.PASSWORD ?? "quiet-harbour-27"}`)}`, "Content-Type": "application/json" };
const session = await (await fetch(`${base}/.well-known/jmap`, { headers })).json();
const [accountId, account] = Object.entries(session.accounts).find(([, a]) => !a.isPersonal);
const ask = async (name, args) => {
  const answer = await fetch(session.apiUrl, { method: "POST", headers, body: JSON.stringify({ using: Object.keys(session.capabilities), methodCalls: [[name, { accountId, ...args }, "0"]] }) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).methodResponses[0][1];
};
const inbox = (await ask("Mailbox/get", { ids: null })).list.find((f) => f.role === "inbox").id;
const wards = ["Ward 12", "Elder Lane Surgery", "Moorside Infirmary", "Rowan Road Practice", "Discharge lounge", "Stores"];
const matters = ["Discharge note", "Prescription query", "Referral", "Stock", "Holiday hours", "Dosette boxes", "Alert"];
const letter = (n) => ({
  mailboxIds: { [inbox]: true },
  keywords: n % 10 ? { $seen: true } : {},
  receivedAt: new Date(Date.now() - (most - n) * 60_000).toISOString().replace(/\.\d+Z/, "Z"),
  from: [{ name: wards[n % wards.length], email: `sender${n % 97}@hospital.example` }],
  to: [{ email: "pharmacy@haven.test" }],
  subject: `${matters[n % matters.length]} ${n}`,
  bodyValues: { 1: { value: `Letter ${n}. Two tablets at night, review in ${(n % 8) + 1} weeks.` } },
  textBody: [{ partId: "1", type: "text/plain" }],
});

console.log(`${most} letters into ${account.name}`);
const began = Date.now();
for (let n = 0; n < most; n += at) {
  const create = Object.fromEntries(Array.from({ length: Math.min(at, most - n) }, (_, i) => [`k${i}`, letter(n + i)]));
  const { notCreated } = await ask("Email/set", { create });
  if (notCreated) throw new Error(JSON.stringify(Object.values(notCreated)[0]));
  if (n % 5_000 === 0) process.stdout.write(`\r${n + at} after ${Math.round((Date.now() - began) / 1000)} s`);
}
console.log("");
