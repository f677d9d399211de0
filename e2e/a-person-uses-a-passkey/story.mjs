import assert from "node:assert/strict";

export default async ({ page, context, base, look, run, script, data }) => {
  const me = data.people[run];
  const title = () => page.locator("h1").innerText();
  const logIn = async (shared) => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(me.Address);
    await page.locator("#password").fill(me.Password);
    if (!shared) await page.getByLabel("No, it is mine alone").check();
    await page.getByRole("button", { name: "Log in" }).click();
  };
  const leave = async () => {
    await page.goto(`${base}/switch`);
    await page.getByRole("button", { name: "Log out and let another person in" }).click();
  };

  await logIn(false);
  await page.goto(`${base}/account/second-step`);
  await look("none");
  await page.getByRole("link", { name: "Add a passkey" }).click();
  if (!script) {
    await page.getByText("Passkeys need script").waitFor();
    await page.getByLabel("Name of the passkey").fill("My key");
    await page.getByRole("button", { name: "Make the passkey" }).click();
    await page.getByText("Your browser made no passkey.").first().waitFor();
    return;
  }
  const devices = await context.newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const device = (transport) =>
    devices.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
  const key = await device("usb");
  await page.getByLabel("Name of the passkey").fill("");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await page.getByText("Give the passkey a name").first().waitFor();
  await look("add");
  await page.getByLabel("Name of the passkey").fill("My key");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await page.getByRole("heading", { name: "Your passkey is added" }).waitFor();
  const recovery = await page.locator("code.haven-secret").allInnerTexts();
  await look("added");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await page.getByText("My key", { exact: true }).waitFor();
  await look("passkeys");
  await leave();

  await logIn(true);
  assert.equal(await title(), "The second step");
  await look("second-step");
  await page.getByRole("button", { name: "Use your passkey" }).click();
  await page.getByRole("heading", { name: "My mailboxes" }).waitFor();
  await page.goto(`${base}/account/second-step`);
  await page.getByText("Last used on").waitFor();
  await leave();

  await devices.send("WebAuthn.removeVirtualAuthenticator", key);
  await device("internal");
  await logIn(false);
  await page.getByLabel("Recovery code").fill(recovery[0]);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await page.goto(`${base}/account/second-step/passkey`);
  await page.getByLabel("Name of the passkey").fill("This computer");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await page.getByText("The passkey is added.").waitFor();
  await leave();
  await logIn(true);
  await page.getByRole("button", { name: "Use your passkey" }).click();
  await page.getByText("On a shared computer only a passkey on your phone or a security key is taken.").first().waitFor();
  await look("not-here");
  await page.getByLabel("Recovery code").fill(recovery[1]);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  assert.equal(await title(), "My mailboxes");
};
