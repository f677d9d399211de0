import { writeFileSync } from "node:fs";

export default async ({ page, base, look, script, run, data }) => {
  if (!script) return;
  const { aisha } = data.runs[run];
  const sign = (name) => writeFileSync(`${data.signs}/${name}-${run}`, "");
  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  const row = (name) => page.getByRole("row", { name });
  const archive = () => page.getByRole("button", { name: /^Archive/ }).first().click();
  await row(/Second/).waitFor();

  sign("stop");
  await page.getByText(/^Not connected since \d\d:\d\d/).waitFor();
  await row(/Second/).getByRole("checkbox").check();
  await archive();
  await page.locator(".toast.failed").first().waitFor();
  await row(/Second/).waitFor();
  await look("away");

  sign("start");
  await page.getByText(/^Not connected since/).waitFor({ state: "detached", timeout: 60_000 });
  await row(/Third/).waitFor();
  if (!(await row(/Second/).getByRole("checkbox").isChecked())) await row(/Second/).getByRole("checkbox").check();
  await archive();
  await row(/Second/).waitFor({ state: "detached" });
  await page.getByText("1 conversation archived").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await row(/Second/).waitFor();
};
