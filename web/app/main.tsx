import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { call, Client } from "../jmap/client.js";
import { tidy } from "../store/forget.js";
import { Mail } from "../store/mail.js";
import { Notices } from "../store/notices.js";
import { parse } from "../store/route.js";
import { warm } from "../store/warm.js";
import { MailContext } from "../ui/mail.js";
import { App } from "./App.js";
import { Failed } from "./Failed.js";
import { leaveAfter, watch } from "./session.js";
import "../ui/base.css";
import "./app.css";

async function begin(root: HTMLElement) {
  let client: Client;
  try {
    client = await Client.open({ url: location.origin });
  } catch (error) {
    if (!leaveAfter(error)) createRoot(root).render(<Failed error={error} />);
    return;
  }
  const mail = new Mail(client);
  void tidy(client.session).then(() => new Notices(client).renew()).catch(() => {}); // they are asked again when the page is opened next
  watch(client.session, async () => {
    try {
      await client.one(call("Core/echo", {}), { act: true });
    } catch (error) {
      leaveAfter(error); // else the service is away for a moment
    }
  });
  warm(mail, parse(location.pathname, location.search));
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={mail.cache}>
        <MailContext value={mail}>
          <App />
        </MailContext>
      </QueryClientProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("app");
if (root) void begin(root);
