import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { call, Client, RequestError } from "../jmap/client.js";
import { Mail } from "../store/mail.js";
import { MailContext } from "../ui/mail.js";
import { App } from "./App.js";
import { leave, watch } from "./session.js";
import "../ui/base.css";
import "./app.css";

async function begin(root: HTMLElement) {
  let client: Client;
  try {
    client = await Client.open({ url: location.origin });
  } catch (error) {
    if (error instanceof RequestError && error.status < 500) return leave();
    throw error;
  }
  const mail = new Mail(client);
  watch(client.session, async () => {
    try {
      await client.one(call("Core/echo", {}), { act: true });
    } catch (error) {
      if (error instanceof RequestError && error.status < 500 && error.status !== 429) leave();
    }
  });
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
