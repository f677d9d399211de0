import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import type { Root } from "react-dom/client";
import type { Mail } from "../store/mail.js";
import { MailContext } from "../ui/mail.js";
import { App } from "./App.js";

let shown = 0;

/** Shows mail on the page; nothing is left of what was shown before. */
export function show(root: Root, mail: Mail): void {
  root.render(
    <StrictMode key={++shown}>
      <QueryClientProvider client={mail.cache}>
        <MailContext value={mail}>
          <App />
        </MailContext>
      </QueryClientProvider>
    </StrictMode>,
  );
}
